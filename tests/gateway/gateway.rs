//! A gateway that runs in a process of its own, and what it is asked.

use std::fs;
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::OnceLock;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use serde_json::{Value, json};
use tests::process::{Running, example, target};
use tests::wire::{Answer, Peer, handshake};
use ws_core::net::WebSocket;
use ws_server::authenticate::bearer::Signer;

/// Longer than anything may take.
pub(crate) const PATIENCE: Duration = Duration::from_secs(30);

/// The secret of all tokens.
pub(crate) const SECRET: &[u8] = b"the secret of the gateway's tests";

/// A directory with files, removed at the end.
pub(crate) struct Folder(PathBuf);

impl Folder {
    pub(crate) fn new(name: &str) -> Self {
        static NEXT: AtomicUsize = AtomicUsize::new(0);
        let nth = NEXT.fetch_add(1, Ordering::Relaxed);
        let path = target().join("tmp").join(format!("gateway-{}-{nth}-{name}", std::process::id()));
        fs::create_dir_all(&path).unwrap();
        Self(path)
    }

    pub(crate) fn write(&self, name: &str, content: impl AsRef<[u8]>) -> PathBuf {
        // As a careful operator does it: nobody sees half a file.
        let (path, half) = (self.path(name), self.path(&format!(".{name}.half")));
        fs::write(&half, content).unwrap();
        fs::rename(&half, &path).unwrap();
        path
    }

    pub(crate) fn path(&self, name: &str) -> PathBuf {
        self.0.join(name)
    }
}

impl Drop for Folder {
    fn drop(&mut self) {
        let _ = fs::remove_dir_all(&self.0);
    }
}

/// The program, built once.
pub(crate) fn program() -> &'static Path {
    static PROGRAM: OnceLock<PathBuf> = OnceLock::new();
    PROGRAM.get_or_init(|| example("gateway").unwrap_or_else(|failed| panic!("{failed}")))
}

/// A gateway that runs until the test is over.
pub(crate) struct Gateway {
    pub(crate) process: Running,
    pub(crate) url: String,
    pub(crate) address: SocketAddr,
    pub(crate) folder: Folder,
}

impl Gateway {
    /// Starts with this configuration, which gets a `listen` of its own, and with the key `hs256.key`.
    pub(crate) fn start(name: &str, config: &str) -> Self {
        Self::start_in(Folder::new(name), config)
    }

    /// Starts with files that are there already.
    pub(crate) fn start_in(folder: Folder, config: &str) -> Self {
        folder.write("hs256.key", SECRET);
        folder.write("gateway.toml", Self::with_listen(config));
        let mut command = Command::new(program());
        command.arg("--config").arg(folder.path("gateway.toml")).env_remove("RUST_LOG");
        let (process, url) = Running::start_server(&mut command, &folder.path("log"), PATIENCE).unwrap();
        let address = url.trim_end_matches('/').split("://").nth(1).unwrap().parse().unwrap();
        Self { process, url, address, folder }
    }

    pub(crate) fn with_listen(config: &str) -> String {
        format!("listen = \"127.0.0.1:0\"\n{config}")
    }

    /// What the program has logged so far.
    pub(crate) fn log(&self) -> String {
        fs::read_to_string(self.folder.path("log")).unwrap()
    }

    /// Waits until the log says something.
    pub(crate) async fn logs(&self, text: &str) {
        wait_until(text, || self.log().contains(text)).await;
    }

    pub(crate) async fn connect(&self) -> Peer {
        Peer::to(self.address).await
    }

    /// A handshake on a connection of its own.
    pub(crate) async fn ask(&self, path: &str, fields: &str) -> Answer {
        self.connect().await.ask(handshake(path, fields)).await
    }

    /// What a handshake is refused for: the status and the cause.
    pub(crate) async fn refusal(&self, path: &str, fields: &str) -> (u16, String) {
        refusal(&self.ask(path, fields).await)
    }

    /// Opens a WebSocket with a token.
    pub(crate) async fn open(&self, path: &str, token: Option<&str>) -> WebSocket {
        let mut client = ws_client::Client::builder(format!("ws://{}{path}", self.address)).unwrap();
        if let Some(token) = token {
            client = client.bearer_token(token).unwrap();
        }
        client.connect().await.unwrap_or_else(|error| panic!("{path}: {error}"))
    }
}

/// The status of a refusal, and its cause.
pub(crate) fn refusal(answer: &Answer) -> (u16, String) {
    let body: Value = serde_json::from_slice(&answer.body).unwrap_or_default();
    (answer.head.status(), body["code"].as_str().unwrap_or_default().to_owned())
}

/// Waits for something that has no event.
pub(crate) async fn wait_until(what: &str, mut is_true: impl FnMut() -> bool) {
    let waiting = async {
        while !is_true() {
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
    };
    tokio::time::timeout(PATIENCE, waiting).await.unwrap_or_else(|_| panic!("in vain: {what}"));
}

/// A token with these claims, good for an hour unless they say otherwise.
pub(crate) fn token(claims: &Value) -> String {
    let mut all = json!({ "sub": "ann", "aud": "chat", "iss": "https://id.example", "exp": now() + 3600 });
    for (name, value) in claims.as_object().unwrap() {
        all[name] = value.clone();
    }
    Signer::hs256(SECRET).unwrap().sign(&all).unwrap()
}

/// A good token as a header field.
pub(crate) fn bearer(claims: &Value) -> String {
    format!("Authorization: Bearer {}\r\n", token(claims))
}

pub(crate) fn now() -> u64 {
    std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH).unwrap().as_secs()
}

/// The section for the tokens of these tests.
pub(crate) const BEARER: &str = "[bearer]\nsecret_file = \"hs256.key\"\nalgorithms = [\"HS256\"]\n\
     issuer = \"https://id.example\"\naudience = \"chat\"\n";

/// A route with the built-in echo.
pub(crate) fn route(path: &str, rules: &str) -> String {
    format!("[[route]]\npath = \"{path}\"\nupstream = \"echo\"\n{rules}\n")
}
