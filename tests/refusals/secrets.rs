//! The secrets that this suite uses, and everything that anybody could read of it.

use std::collections::BTreeSet;
use std::fmt::{Debug, Display};
use std::sync::{Mutex, MutexGuard, OnceLock, PoisonError};
use std::time::{SystemTime, UNIX_EPOCH};

use serde_json::{Value, json};
use tests::wire::Answer;
use ws_server::authenticate::bearer::Signer;
use ws_server::{AcceptReport, RefusalReport};

/// The key of the tokens.
pub(crate) const SECRET: &str = "a secret of thirty-two bytes, ok";
/// An API key that lets in, and one that does not.
pub(crate) const API_KEY: &str = "k-1-which-lets-ann-in";
pub(crate) const WRONG_API_KEY: &str = "k-2-which-nobody-knows";
/// The keys of cookies and tickets.
pub(crate) const COOKIE_KEY: &str = "the key of all session cookies, ok";
pub(crate) const TICKET_KEY: &str = "the key of all one-time tickets, ok";
/// Of a scheme that nobody takes: `ann:correct horse battery staple`.
pub(crate) const BASIC: &str = "YW5uOmNvcnJlY3QgaG9yc2UgYmF0dGVyeSBzdGFwbGU=";

/// Seconds since 1970.
pub(crate) fn now() -> u64 {
    SystemTime::now().duration_since(UNIX_EPOCH).unwrap().as_secs()
}

/// Who signs the tokens that are good.
pub(crate) fn signer() -> Signer {
    Signer::hs256(SECRET.as_bytes()).unwrap().with_id("2026")
}

/// A token of Ann's, with some of its claims replaced; `null` removes.
pub(crate) fn token(changes: &Value) -> String {
    let mut claims = json!({
        "iss": "https://id.example", "aud": "chat", "sub": "ann", "jti": "token-of-ann", "exp": now() + 600,
        "scope": "chat:read", "roles": ["member"],
    });
    let members = claims.as_object_mut().unwrap();
    for (name, value) in changes.as_object().unwrap() {
        members.insert(name.clone(), value.clone());
    }
    members.retain(|_, value| !value.is_null());
    keep(signer().sign(&claims).unwrap())
}

/// Remembers that this is a secret.
pub(crate) fn keep(secret: impl Into<String>) -> String {
    let secret = secret.into();
    lock(&SECRETS).insert(secret.clone());
    secret
}

/// What was ever said, to whomever.
static TOLD: Mutex<String> = Mutex::new(String::new());
/// What was made while the suite ran.
static SECRETS: Mutex<BTreeSet<String>> = Mutex::new(BTreeSet::new());

/// All secrets: what was made meanwhile, and what is always the same, with the parts of tokens that are secret by
/// themselves.
pub(crate) fn all() -> BTreeSet<String> {
    let fixed =
        [SECRET, API_KEY, WRONG_API_KEY, COOKIE_KEY, TICKET_KEY, BASIC, "correct horse battery staple"];
    let mut all: BTreeSet<String> = fixed.map(str::to_owned).into();
    let made = lock(&SECRETS).clone();
    // The header of a token is the same in all of them.
    all.extend(
        made.iter()
            .flat_map(|secret| secret.split('.').skip(1))
            .filter(|part| part.len() > 20)
            .map(str::to_owned),
    );
    all.extend(made);
    all
}

/// Everything that was said so far.
pub(crate) fn all_told() -> String {
    lock(&TOLD).clone()
}

/// Somebody could have read this.
pub(crate) fn told(text: impl Display) {
    let mut told = lock(&TOLD);
    told.push_str(&text.to_string());
    told.push('\n');
}

/// Everything that a client could have read of an answer.
pub(crate) fn answered(answer: &Answer) {
    told(format_args!("{:?} {:?}", answer.fields(), String::from_utf8_lossy(&answer.body)));
}

/// Everything that an application could have kept of a report.
pub(crate) fn reported(report: &RefusalReport<'_>) {
    told(report);
    told(Debugged(report));
    told(format_args!("{:#}", report.trace));
    told(serde_json::to_string(report.trace).unwrap());
}

/// The same of a handshake that was let in.
pub(crate) fn accepted(report: &AcceptReport<'_>) {
    told(report);
    told(Debugged(report));
    told(format_args!("{:#}", report.trace));
    told(serde_json::to_string(report.trace).unwrap());
}

struct Debugged<T>(T);

impl<T: Debug> Display for Debugged<T> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        self.0.fmt(f)
    }
}

/// Has every event of every crate, to the last detail, go where the secrets are looked for.
pub(crate) fn listen() {
    static LISTENING: OnceLock<()> = OnceLock::new();
    LISTENING.get_or_init(|| {
        let writer = || Log;
        let log = tracing_subscriber::fmt()
            .with_ansi(false)
            .with_max_level(tracing::Level::TRACE)
            .with_writer(writer);
        log.init();
    });
}

struct Log;

impl std::io::Write for Log {
    fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
        lock(&TOLD).push_str(&String::from_utf8_lossy(bytes));
        Ok(bytes.len())
    }

    fn flush(&mut self) -> std::io::Result<()> {
        Ok(())
    }
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
