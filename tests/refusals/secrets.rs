//! The secrets that this suite uses, and everything that anybody could read of it.

use std::collections::{BTreeSet, HashMap, HashSet};
use std::fmt::{Debug, Display};
use std::sync::{Mutex, MutexGuard, OnceLock, PoisonError};
use std::time::{SystemTime, UNIX_EPOCH};

use base64::Engine as _;
use base64::engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD};
use serde_json::{Value, json};
use tests::wire::Answer;
use url::form_urlencoded;
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

/// The same of what never changes.
pub(crate) fn keep_all(secrets: &[&str]) {
    for secret in secrets {
        keep(*secret);
    }
}

/// What was ever said, to whomever.
static TOLD: Mutex<String> = Mutex::new(String::new());
/// What was made while the suite ran.
static SECRETS: Mutex<BTreeSet<String>> = Mutex::new(BTreeSet::new());

/// All secrets in every form in which they could be said: what was made meanwhile, and what is always the same.
pub(crate) fn all() -> BTreeSet<String> {
    let fixed =
        [SECRET, API_KEY, WRONG_API_KEY, COOKIE_KEY, TICKET_KEY, BASIC, "correct horse battery staple"];
    let made = lock(&SECRETS).clone();
    fixed.map(str::to_owned).into_iter().chain(made).flat_map(|secret| forms(&secret)).collect()
}

/// The secret as it is, in base64, percent-encoded, and by its beginning; of a token each part that is secret by itself.
fn forms(secret: &str) -> Vec<String> {
    let mut forms = vec![
        secret.to_owned(),
        STANDARD.encode(secret),
        URL_SAFE_NO_PAD.encode(secret),
        secret.bytes().map(|byte| format!("%{byte:02X}")).collect::<Vec<_>>().concat(),
        form_urlencoded::byte_serialize(secret.as_bytes()).collect(),
    ];
    // The header of a token is the same in all of them.
    let parts: Vec<_> = if secret.matches('.').count() == 2 {
        secret.split('.').skip(1).collect()
    } else {
        secret.split('.').collect()
    };
    for part in parts.into_iter().filter(|part| part.len() > BEGINNING) {
        forms.push(part.to_owned());
        forms.extend(part.get(..BEGINNING).map(str::to_owned));
    }
    forms
}

/// So much of a secret tells it from everything else; less of a claim set would be that of every token.
const BEGINNING: usize = 24;

/// The first secret that is in a text, with the line that it is in. The text is long and the secrets are many, so that
/// each place is looked at once, for those that begin as it does.
pub(crate) fn found<'a>(told: &'a str, secrets: &BTreeSet<String>) -> Option<(String, &'a str)> {
    let mut by_beginning: HashMap<&[u8], Vec<&String>> = HashMap::new();
    for secret in secrets {
        by_beginning.entry(&secret.as_bytes()[..KEY]).or_default().push(secret);
    }
    let begins: HashSet<u8> = by_beginning.keys().map(|key| key[0]).collect();
    let places = told.as_bytes().windows(KEY).enumerate().filter(|(_, window)| begins.contains(&window[0]));
    let candidates = places.filter_map(|(at, window)| Some((at, by_beginning.get(window)?)));
    for (at, candidates) in candidates {
        if let Some(secret) =
            candidates.iter().find(|secret| told.as_bytes()[at..].starts_with(secret.as_bytes()))
        {
            let line = told.lines().find(|line| line.contains(secret.as_str())).unwrap_or(told);
            return Some(((*secret).clone(), line));
        }
    }
    None
}

/// The bytes by which secrets are looked up; the shortest has more.
const KEY: usize = 8;

/// In base64, as credentials travel.
pub(crate) fn base64(text: &str) -> String {
    STANDARD.encode(text)
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

/// The metrics that have counted something.
pub(crate) fn measured(metrics: &str) {
    metrics.lines().filter(|line| !line.ends_with(" 0")).for_each(told);
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
