//! A server that lets a good request in, and what can be made different about it.

use std::borrow::Cow;
use std::future::ready;
use std::time::Duration;

use tests::wire::echo;
use ws_core::net::Error;
use ws_core::refusal::{Cause, Challenge, Refusal};
use ws_server::authenticate::api_key::{ApiKey, ApiKeyEntry, ApiKeys};
use ws_server::authenticate::bearer::{Bearer, Source, Verifier};
use ws_server::authenticate::cookie::Cookie;
use ws_server::authenticate::signed::SecretKeys;
use ws_server::authenticate::ticket::Ticket;
use ws_server::authenticate::{
    AuthenticationError, CertificateFault, Challenging, ClientCertificates, HandshakeContext, Identity,
    Revocation, Revocations, Scheme,
};
use ws_server::authorize::AuthorizationError;
use ws_server::gate::{AddressPolicy, OriginPolicy};
use ws_server::prepare::{Admission, Prepared, Unprepared};
use ws_server::{Delivery, ProxyProtocol, Route, ServerBuilder, ServerLimits, Session, TrustedProxies};

use crate::secrets;

/// What is special about a server.
#[derive(Clone, Debug, Default)]
#[expect(clippy::struct_excessive_bools, reason = "each is a setting of its own")]
pub(crate) struct Setup {
    pub(crate) limits: ServerLimits,
    pub(crate) denied: Vec<&'static str>,
    pub(crate) served_hosts: Vec<&'static str>,
    /// Attempts of one address, of which the client has made one.
    pub(crate) attempts: Option<&'static str>,
    pub(crate) proxies: Vec<&'static str>,
    pub(crate) proxy_protocol: ProxyProtocol,
    pub(crate) tls: bool,
    pub(crate) origin_required: bool,
    pub(crate) subprotocol_required: bool,
    pub(crate) revoked: Option<&'static str>,
    /// What happens before the request: Ann has a session, from elsewhere.
    pub(crate) session_of_ann: bool,
    /// The same request is made before, and let in.
    pub(crate) spend: bool,
    /// Another connection of the client's own has taken the only place of its address.
    pub(crate) crowd: bool,
    /// All places are taken.
    pub(crate) full: bool,
    pub(crate) shutdown: bool,
}

/// The longest that anything of a route may take.
pub(crate) const SLOW: Duration = Duration::from_millis(150);

impl Setup {
    /// The server.
    pub(crate) fn build(&self, server: ServerBuilder) -> ServerBuilder {
        let addresses = AddressPolicy::new().deny(&self.denied).unwrap();
        let server = server
            .limits(self.limits)
            .served_hosts(self.served_hosts.clone())
            .addresses(addresses)
            .attempts_per_address(self.attempts.map(|rate| rate.parse().unwrap()))
            .trusted_proxies(TrustedProxies::new(&self.proxies).unwrap())
            .proxy_protocol(self.proxy_protocol)
            .authentication_timeout(SLOW)
            .authorization_timeout(SLOW);
        let revocations = Revocations::new();
        if let Some(id) = self.revoked {
            revocations.revoke(Revocation::credential(id)).unwrap();
        }
        self.routes(server.revocations(revocations))
    }

    fn routes(&self, server: ServerBuilder) -> ServerBuilder {
        let keys = |key: &str| SecretKeys::new(key.as_bytes()).unwrap();
        let entry = ApiKeyEntry::plain("probe", secrets::API_KEY).unwrap();
        let by_key = ApiKey::new("chat", ApiKeys::new([entry]).unwrap()).query("key");
        let by_cookie = Cookie::new("chat", "session", keys(secrets::COOKIE_KEY));
        let by_ticket = Ticket::new("chat", "ticket", keys(secrets::TICKET_KEY));
        let route = || Route::new(echo).origins(self.origins());
        server
            .route("/chat", self.chat())
            .route("/key", route().authenticate(by_key))
            .route("/cookie", route().authenticate(by_cookie))
            .route("/ticket", route().authenticate(by_ticket))
            .route("/certificate", route().authenticate(ClientCertificates::new()))
    }

    fn origins(&self) -> OriginPolicy {
        let own = OriginPolicy::same_origin();
        if self.origin_required { own.required() } else { own }
    }

    /// The route that checks everything.
    fn chat(&self) -> Route {
        let verifier =
            Verifier::new(secrets::signer().verifying_key()).issuer("https://id.example").audience("chat");
        let sources = [
            Source::Header,
            Source::Query("access_token".into()),
            Source::Cookie("token".into()),
            Source::Subprotocol,
        ];
        let mut route = Route::prepared(prepare, |session: Session, ()| talk(session))
            .prepare_timeout(SLOW)
            .origins(self.origins())
            .authenticate(Challenging::new(Challenge::ticket("chat"), by_fault))
            .authenticate(Bearer::new("chat", verifier).sources(sources))
            .scopes(["chat:read"])
            .roles(["member"])
            .authorize(rule)
            .subprotocols(["chat"]);
        if self.subprotocol_required {
            route = route.require_subprotocol();
        }
        route
    }
}

async fn talk(session: Session) -> Result<(), Error> {
    echo(session).await
}

/// An authenticator of the application's own, which says what the request wants it to.
fn by_fault(
    request: &HandshakeContext<'_>,
) -> impl Future<Output = Result<Identity, AuthenticationError>> + Send + use<> {
    let wanted = request.head().fields().get_str("X-Authenticator").map(str::to_owned);
    async move {
        Err(match wanted.as_deref() {
            None => AuthenticationError::CredentialsMissing,
            Some("rejects") => AuthenticationError::CredentialsRejected,
            Some("rejects-certificate") => {
                AuthenticationError::ClientCertificateRejected(CertificateFault::UnknownHolder)
            }
            Some("is-down") => AuthenticationError::Unavailable { retry_after: Some(Duration::from_secs(2)) },
            Some("panics") => panic!("a bug, on purpose"),
            Some(_) => std::future::pending().await,
        })
    }
}

/// A rule of the application's own, likewise.
fn rule(
    request: &HandshakeContext<'_>,
    who: &Identity,
) -> std::future::Ready<Result<(), AuthorizationError>> {
    assert_ne!(who.scheme(), &Scheme::Anonymous);
    let rule = || Cow::Borrowed("office-hours");
    ready(match request.head().fields().get_str("X-Rule") {
        None => Ok(()),
        Some("denies") => Err(AuthorizationError::PolicyDenied { rule: rule() }),
        Some("hides") => Err(AuthorizationError::ResourceHidden { rule: rule() }),
        Some(_) => Err(AuthorizationError::Unavailable { retry_after: None }),
    })
}

/// What a gateway does before the 101, likewise.
fn prepare(
    admission: &Admission<'_>,
) -> impl Future<Output = Result<Prepared<()>, Unprepared>> + Send + use<> {
    let upstream = admission.request.head().fields().get_str("X-Upstream").map(str::to_owned);
    async move {
        let cause = match upstream.as_deref() {
            None => return Ok(Prepared::new(())),
            Some("down") => Cause::UpstreamDown,
            Some("refuses") => Cause::UpstreamRefused,
            Some("panics") => panic!("a bug, on purpose"),
            Some(_) => Cause::UpstreamTimeout,
        };
        Err(Refusal::new(cause).detail("what the server behind did").into())
    }
}

/// How a refusal is told, with or without an allowed origin.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(crate) enum Way {
    Http,
    CloseFrame,
    Auto,
    AutoWithOrigin,
}

impl Way {
    pub(crate) const ALL: [Self; 4] = [Self::Http, Self::CloseFrame, Self::Auto, Self::AutoWithOrigin];

    pub(crate) const fn delivery(self) -> Delivery {
        match self {
            Self::Http => Delivery::Http,
            Self::CloseFrame => Delivery::CloseFrame,
            Self::Auto | Self::AutoWithOrigin => Delivery::Auto,
        }
    }
}
