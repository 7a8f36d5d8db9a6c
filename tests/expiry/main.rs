//! Ten thousand sessions that end in the same second, while others go on.

#![expect(clippy::unwrap_used, clippy::expect_used, reason = "a test that cannot go on has failed")]

mod crowd;

use std::fs;
use std::path::PathBuf;
use std::process::Command;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use serde_json::json;
use tests::process::{Running, target};
use tests::suites::{asked_for, say};
use tokio::sync::Mutex;
use ws_server::authenticate::bearer::Signer;

use crate::crowd::{Crowd, Talkers};

const SECRET: &str = "the secret of the suite, long enough";
const SESSIONS: usize = 10_000;
const TALKERS: usize = 100;
/// What it takes at the most to open all of them, where other suites want the machine too.
const TO_OPEN: Duration = Duration::from_secs(if cfg!(debug_assertions) { 90 } else { 30 });
/// Within this time all of them are closed.
const CLOSED_WITHIN: Duration = Duration::from_secs(2);

/// Each test needs the machine for itself.
static ALONE: Mutex<()> = Mutex::const_new(());

struct Server {
    _running: Running,
    url: String,
    revoked: PathBuf,
}

fn start(name: &str) -> Server {
    let directory = target().join("tmp");
    fs::create_dir_all(&directory).unwrap();
    let revoked = directory.join(format!("expiry-{name}.revoked"));
    fs::write(&revoked, "# nobody\n").unwrap();
    let mut command = Command::new(env!("CARGO_BIN_EXE_expiring_server"));
    command.args(["--secret", SECRET, "--revoked"]).arg(&revoked);
    let log = directory.join(format!("expiry-{name}.log"));
    let (running, url) =
        Running::start_server(&mut command, &log, Duration::from_secs(20)).expect("the server starts");
    Server { _running: running, url, revoked }
}

fn token(jti: &str, expires: SystemTime) -> String {
    let exp = expires.duration_since(UNIX_EPOCH).unwrap().as_secs();
    Signer::hs256(SECRET.as_bytes())
        .unwrap()
        .sign(&json!({ "sub": "crowd", "jti": jti, "exp": exp }))
        .unwrap()
}

fn in_an_hour() -> SystemTime {
    SystemTime::now() + Duration::from_secs(3600)
}

/// A whole second from now on, as `exp` has it.
fn second_after(time: Duration) -> SystemTime {
    let since = (SystemTime::now() + time).duration_since(UNIX_EPOCH).unwrap();
    UNIX_EPOCH + Duration::from_secs(since.as_secs())
}

#[tokio::test(flavor = "multi_thread")]
async fn ten_thousand_that_expire_in_the_same_second_are_closed_within_two() {
    if !asked_for("ten thousand sessions that expire at once", "expiry") {
        return;
    }
    let _alone = ALONE.lock().await;
    let server = start("expired");
    let expires = second_after(TO_OPEN);
    let crowd = Crowd::open(&server.url, &token("expiring", expires), SESSIONS).await;
    let talkers = Talkers::start(&server.url, &token("talking", in_an_hour()), TALKERS).await;
    let left = expires.duration_since(SystemTime::now()).expect("all are open before it");
    tokio::time::sleep(left.saturating_sub(Duration::from_secs(1))).await;
    talkers.forget();
    let ends = crowd.ended(left + CLOSED_WITHIN * 5).await;
    let talk = talkers.stop();

    say(format_args!(
        "{SESSIONS} sessions whose tokens expired at once: {}; meanwhile {talk}",
        ends.since(expires)
    ));
    ends.check(SESSIONS, "token-expired", expires, CLOSED_WITHIN);
    talk.check();
}

#[tokio::test(flavor = "multi_thread")]
async fn ten_thousand_that_are_revoked_are_closed_at_once() {
    if !asked_for("ten thousand sessions that are revoked at once", "expiry") {
        return;
    }
    let _alone = ALONE.lock().await;
    let server = start("revoked");
    let crowd = Crowd::open(&server.url, &token("stolen", in_an_hour()), SESSIONS).await;
    let talkers = Talkers::start(&server.url, &token("talking", in_an_hour()), TALKERS).await;
    // Opening them has kept everybody busy until now.
    tokio::time::sleep(Duration::from_secs(1)).await;
    talkers.forget();
    let begun = SystemTime::now();
    fs::write(&server.revoked, "stolen\n").unwrap();
    let ends = crowd.ended(CLOSED_WITHIN * 5).await;
    let talk = talkers.stop();

    say(format_args!(
        "{SESSIONS} sessions that were revoked by a file: {}; meanwhile {talk}",
        ends.since(begun)
    ));
    ends.check(SESSIONS, "token-revoked", begun, CLOSED_WITHIN);
    talk.check();
}
