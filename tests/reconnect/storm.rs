//! Two thousand clients that lose their server in the same moment.

use std::collections::HashSet;
use std::fmt;
use std::fs;
use std::path::PathBuf;
use std::process::Command;
use std::time::{Duration, Instant};

use tests::process::{Running, target};
use tests::suites::{asked_for, say};
use tokio::runtime::Handle;
use tokio::sync::Mutex;
use ws_client::reconnect::Backoff;

use crate::crowd::{Choice, Crowd};
use crate::histogram::Histogram;

const CLIENTS: usize = 2000;
/// How long the server is away.
const AWAY: Duration = Duration::from_secs(5);
/// Within this time all are back, the longest wait by far not being reached.
const BACK_WITHIN: Duration = Duration::from_secs(60);

/// Each test needs the machine for itself.
static ALONE: Mutex<()> = Mutex::const_new(());

struct Server {
    running: Running,
    url: String,
}

fn start(name: &str, arguments: &[&str]) -> Server {
    let log: PathBuf = target().join("tmp").join(format!("reconnect-{name}.log"));
    let mut command = Command::new(env!("CARGO_BIN_EXE_returning_server"));
    let limit = Duration::from_secs(20);
    let (running, url) =
        Running::start_server(command.args(arguments), &log, limit).expect("the server starts");
    Server { running, url }
}

/// Another one where the first one was.
fn restart(url: &str, name: &str, arguments: &[&str]) -> Server {
    let address = url.strip_prefix("ws://").expect("a URL");
    start(name, &[&["--listen", address], arguments].concat())
}

/// Until connections count as stable, so that the waits begin anew.
async fn settle() {
    tokio::time::sleep(Backoff::default().stable + Duration::from_millis(500)).await;
}

/// What the clients did between the loss and the moment when the last was back.
struct Storm {
    attempts: Histogram,
    opened: Histogram,
    took: Duration,
}

impl fmt::Display for Storm {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { attempts, opened, took } = self;
        write!(
            f,
            "half are back after {:?}, 99 of 100 after {:?}, all after {took:.1?}; {} attempts in all, at most {} in a quarter \
             of a second; at most {} openings in a quarter of a second",
            opened.percentile(50),
            opened.percentile(99),
            attempts.total(),
            attempts.peak(),
            opened.peak(),
        )
    }
}

async fn kill_and_restart(name: &str, choice: Choice) -> Storm {
    let Server { running, url } = start(name, &[]);
    let crowd = Crowd::open(&url, CLIENTS, choice).await;
    settle().await;
    let killed = Instant::now();
    // SIGKILL.
    drop(running);
    crowd.all_lost(AWAY).await;
    tokio::time::sleep(AWAY.saturating_sub(killed.elapsed())).await;
    let _server = restart(&url, name, &[]);
    crowd.all_open(BACK_WITHIN).await;
    let took = killed.elapsed();
    let open = crowd.clients.iter().filter(|client| client.state().borrow().is_open()).count();
    assert_eq!(open, CLIENTS, "all are back");
    assert!(crowd.clients.iter().all(|client| client.counters().reconnects() >= 1));
    Storm {
        attempts: Histogram::new(&crowd.moments(|log| &log.attempts), killed),
        opened: Histogram::new(&crowd.moments(|log| &log.opened), killed),
        took,
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn two_thousand_lose_their_server_and_come_back_one_by_one() {
    if !asked_for("two thousand clients whose server is killed", "reconnect") {
        return;
    }
    let _alone = ALONE.lock().await;
    let before = (Handle::current().metrics().num_alive_tasks(), sockets());
    let ours = kill_and_restart("killed", Choice::FullJitter).await;
    let alike = kill_and_restart("herd", Choice::Alike).await;
    say(format_args!(
        "{CLIENTS} clients, the server killed at 0 s and back at {AWAY:?}; attempts in each quarter of a second:\n{}\
         connections that opened in each quarter of a second:\n{}{ours}\nThe same without jitter: {alike}",
        ours.attempts, ours.opened,
    ));
    // In the first second each client tries once: a quarter of them in each quarter of it, and a few a second time.
    assert!(ours.attempts.peak() < CLIENTS * 2 / 5, "{}", ours.attempts.peak());
    // How many of the herd try in one quarter of a second is bounded by the machine alone.
    assert!(ours.attempts.peak() < alike.attempts.peak(), "{}", alike.attempts.peak());
    // By the time the server is back the windows have grown.
    assert!(ours.opened.peak() < CLIENTS / 6, "{}", ours.opened.peak());
    assert!(ours.opened.peak() * 2 < alike.opened.peak(), "{}", alike.opened.peak());
    nothing_is_left(before).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn nobody_comes_back_before_the_time_that_the_server_tells() {
    if !asked_for("two thousand clients that are told when to come back", "reconnect") {
        return;
    }
    let _alone = ALONE.lock().await;
    let before = (Handle::current().metrics().num_alive_tasks(), sockets());
    let Server { mut running, url } = start("drained", &["--restart-window", "6"]);
    let crowd = Crowd::open(&url, CLIENTS, Choice::FullJitter).await;
    assert!(sockets() >= CLIENTS, "what counts them sees them");
    settle().await;
    let asked = Instant::now();
    // SIGTERM: a Close frame with 1001, and a time for each.
    let status = running.terminate(Duration::from_secs(20)).expect("it ends");
    assert!(status.success(), "{status}: {}", running.tail());
    crowd.all_lost(Duration::from_secs(20)).await;
    let told_by_frame = crowd.sum(|log| log.told);
    // Then it lets in but a few at first: 503, and a time for all others.
    let few = ["--connections", "300", "--retry-after", "4", "--widen-after", "8"];
    let _server = restart(&url, "full", &few);
    crowd.all_open(BACK_WITHIN).await;
    let storm = Storm {
        attempts: Histogram::new(&crowd.moments(|log| &log.attempts), asked),
        opened: Histogram::new(&crowd.moments(|log| &log.opened), asked),
        took: asked.elapsed(),
    };
    let told_by_refusal = crowd.sum(|log| log.told) - told_by_frame;
    let too_early = crowd.sum(|log| log.too_early);
    say(format_args!(
        "{CLIENTS} clients, sent away with a Close frame at 0 s, then by a server that is full for 8 s; attempts in each \
         quarter of a second:\n{}{storm}; told when to come back: {told_by_frame} times by a Close frame, \
         {told_by_refusal} times by 503; before that time came {too_early}",
        storm.attempts,
    ));
    assert_eq!(too_early, 0);
    assert_eq!(told_by_frame, CLIENTS);
    assert!(told_by_refusal >= CLIENTS / 2, "{told_by_refusal}");
    assert!(storm.attempts.peak() < CLIENTS * 2 / 5, "{}", storm.attempts.peak());
    drop(crowd);
    nothing_is_left(before).await;
}

/// No task and no socket is left of clients that were dropped.
async fn nothing_is_left((tasks, sockets_before): (usize, usize)) {
    let metrics = Handle::current().metrics();
    let gone = async {
        while metrics.num_alive_tasks() > tasks || sockets() > sockets_before {
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
    };
    let in_time = tokio::time::timeout(Duration::from_secs(30), gone).await.is_ok();
    let left = (metrics.num_alive_tasks(), sockets());
    assert!(in_time, "{left:?} tasks and sockets, before: {tasks} and {sockets_before}");
}

/// TCP sockets of this process. Its other descriptors are no measure: each test that begins beside this one has a runtime
/// with some of its own.
fn sockets() -> usize {
    let tables = ["/proc/self/net/tcp", "/proc/self/net/tcp6"]
        .map(|file| fs::read_to_string(file).unwrap_or_default());
    // The tenth column is the number of the socket.
    let tcp: HashSet<&str> = tables
        .iter()
        .flat_map(|table| table.lines())
        .filter_map(|line| line.split_whitespace().nth(9))
        .collect();
    let open = fs::read_dir("/proc/self/fd").expect("a system that tells its descriptors");
    let links = open.filter_map(|entry| fs::read_link(entry.ok()?.path()).ok());
    links
        .filter(|link| {
            let link = link.to_string_lossy();
            link.strip_prefix("socket:[")
                .and_then(|rest| rest.strip_suffix(']'))
                .is_some_and(|id| tcp.contains(id))
        })
        .count()
}
