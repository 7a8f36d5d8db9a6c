//! The provider: a script beside this file, as a process of its own that can be stopped and started again.

use std::path::PathBuf;
use std::process::Command;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde_json::Value;
use tests::process::{Running, target, workspace};
use tests::wire::Peer;
use tests::{runtimes, suites};

const LIMIT: Duration = Duration::from_secs(60);

/// A provider that ends with this value.
pub(crate) struct Provider {
    /// Its issuer, which is its address too.
    pub(crate) issuer: String,
    process: Option<Running>,
    command: Box<dyn Fn(&str) -> Command + Send + Sync>,
    log: PathBuf,
}

/// What the provider calls the audience of its tokens.
pub(crate) const AUDIENCE: &str = "chat";

/// The algorithms of its JWT access tokens.
pub(crate) const ALGORITHMS: [&str; 4] = ["RS256", "PS256", "ES256", "EdDSA"];

/// The secret of a client.
pub(crate) fn secret(client: &str) -> String {
    format!("secret of {client}, with + and %")
}

impl Provider {
    /// A provider with fresh keys, of the generation `a`. `None`: it cannot be had here, and that was said.
    pub(crate) fn start(suite: &str) -> Option<Self> {
        Self::start_with(suite, Duration::from_secs(600))
    }

    /// As [`start`](Self::start), with tokens that are good for so long, in whole seconds.
    pub(crate) fn start_with(suite: &str, lifetime: Duration) -> Option<Self> {
        static NUMBER: AtomicUsize = AtomicUsize::new(0);
        if !suites::asked_for(suite, "openid") {
            return None;
        }
        let (node, installed) = match runtimes::node_oidc_provider() {
            Ok(there) => there,
            Err(why) => {
                suites::skip(suite, format_args!("oidc-provider cannot be had: {why}"));
                return None;
            }
        };
        let number = NUMBER.fetch_add(1, Ordering::Relaxed);
        let file = |kind| target().join("tmp").join(format!("openid-{}-{number}.{kind}", std::process::id()));
        let keys = file("json");
        let command = Box::new(move |port: &str| {
            let mut command = Command::new(&node);
            command.arg(workspace().join("tests/openid/provider.mjs")).arg(port).arg(&keys);
            command.env("TOKEN_SECONDS", lifetime.as_secs().to_string());
            command.env("OIDC_MODULE", installed.join("node_modules/oidc-provider/lib/index.js"));
            command
        });
        let (process, issuer) =
            Running::start_server(&mut command("0"), &file("log"), LIMIT).expect("the provider starts");
        Some(Self { issuer, process: Some(process), command, log: file("log") })
    }

    pub(crate) fn stop(&mut self) {
        let mut process = self.process.take().expect("it runs");
        process.terminate(LIMIT).expect("it ends");
    }

    /// Starts it where it was, with the keys of the youngest generation. Opaque tokens are forgotten.
    pub(crate) fn start_again(&mut self) {
        let (_, port) = self.issuer.rsplit_once(':').expect("a port");
        let (process, issuer) =
            Running::start_server(&mut (self.command)(port), &self.log, LIMIT).expect("it starts again");
        assert_eq!(issuer, self.issuer);
        self.process = Some(process);
    }

    /// Replaces the keys, by generations; the first of them signs.
    pub(crate) async fn use_keys(&self, generations: &str) {
        let request = format!("PUT /keys?ids={generations} HTTP/1.1\r\nHost: localhost\r\n\r\n");
        assert_eq!(self.ask(&request).await.0, 200);
    }

    /// How many requests for tokens there were since it was started.
    pub(crate) async fn requests(&self) -> u64 {
        let (status, count) = self.ask("GET /requests HTTP/1.1\r\nHost: localhost\r\n\r\n").await;
        assert_eq!(status, 200);
        count.as_u64().expect("a number")
    }

    /// A refresh token of the client `web`, for the user `ann`.
    pub(crate) async fn refresh_token(&self) -> String {
        let (status, token) = self.ask("PUT /refresh-token HTTP/1.1\r\nHost: localhost\r\n\r\n").await;
        assert_eq!(status, 200);
        token.as_str().expect("a token").to_owned()
    }

    /// An access token in JWT form, signed with this algorithm.
    pub(crate) async fn signed(&self, algorithm: &str) -> String {
        self.token(&format!("&resource=https%3A%2F%2Fchat.example%2F{algorithm}")).await
    }

    /// An opaque access token.
    pub(crate) async fn opaque(&self) -> String {
        self.token("&resource=https%3A%2F%2Fchat.example%2Fopaque").await
    }

    /// Withdraws an opaque token (RFC 7009).
    pub(crate) async fn revoke(&self, token: &str) {
        assert_eq!(self.post("/token/revocation", &format!("token={token}")).await.0, 200);
    }

    /// RFC 6749 4.4
    async fn token(&self, more: &str) -> String {
        let form = format!("grant_type=client_credentials&scope=chat%3Aread{more}");
        let (status, answer) = self.post("/token", &form).await;
        assert_eq!(status, 200, "{answer}");
        answer["access_token"].as_str().expect("a token").to_owned()
    }

    async fn post(&self, path: &str, form: &str) -> (u16, Value) {
        // RFC 6749 2.3.1: both parts encoded as in a form.
        let credentials =
            format!("app:{}", secret("app").replace('%', "%25").replace('+', "%2B").replace(' ', "+"));
        let request = format!(
            "POST {path} HTTP/1.1\r\nHost: {}\r\nAuthorization: Basic {}\r\nContent-Type: \
             application/x-www-form-urlencoded\r\nContent-Length: {}\r\n\r\n{form}",
            self.authority(),
            STANDARD.encode(credentials),
            form.len(),
        );
        self.ask(&request).await
    }

    async fn ask(&self, request: &str) -> (u16, Value) {
        let mut peer = Peer::to(self.authority().parse().expect("an address")).await;
        let answer = peer.ask(request).await;
        (answer.head.status(), serde_json::from_slice(&answer.body).unwrap_or_default())
    }

    fn authority(&self) -> &str {
        self.issuer.strip_prefix("http://").expect("a plain address")
    }
}
