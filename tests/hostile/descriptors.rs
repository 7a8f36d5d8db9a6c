//! A server that has run out of descriptors.

use std::process::Stdio;
use std::time::Duration;

use tests::wire::{PATIENCE, Peer, Running, echo, handshake};
use tokio::io::{AsyncBufReadExt as _, AsyncWriteExt as _, BufReader};
use tokio::process::{Child, Command};
use tokio::time::{sleep, timeout};
use ws_server::{Route, ServerLimits};

/// Set for the process that is the server.
const IS_SERVER: &str = "WS_TESTS_HOSTILE_SERVER";
/// The descriptors that it gets.
const DESCRIPTORS: usize = 60;

/// The server, where this test binary is run once more as one; nothing otherwise.
#[tokio::test]
async fn is_server() {
    if std::env::var_os(IS_SERVER).is_none() {
        return;
    }
    let limits = ServerLimits { handshake_timeout: PATIENCE, ..ServerLimits::default() };
    let running = Running::start(|server| server.limits(limits).route("/", Route::new(echo))).await;
    tokio::io::stdout().write_all(format!("\nlistening on {}\n", running.address).as_bytes()).await.unwrap();
    running.serving.await.unwrap().unwrap();
}

/// `EMFILE` at accept: the loop pauses, and goes on when there are descriptors again.
#[tokio::test]
async fn no_descriptor_left_is_a_pause_and_not_the_end() {
    if cfg!(not(target_os = "linux")) {
        return;
    }
    let (mut server, address) = spawn().await;
    let mut peers = Vec::new();
    // The kernel completes more connections than the server can accept.
    for _ in 0..DESCRIPTORS * 2 {
        peers.push(Peer::to(address).await);
    }
    sleep(Duration::from_millis(300)).await;
    assert!(server.try_wait().unwrap().is_none(), "the server has ended");
    // It does not spin while it waits either.
    let before = cpu_time(&server);
    sleep(Duration::from_secs(1)).await;
    let used = cpu_time(&server).saturating_sub(before);
    assert!(used < Duration::from_millis(300), "the accept loop spins: {used:?}");
    // Those who waited in the queue are served once the others have left.
    let mut last = peers.pop().unwrap();
    drop(peers);
    let answer = timeout(PATIENCE, last.ask(handshake("/", ""))).await.unwrap();
    assert_eq!(answer.head.status(), 101);
    server.kill().await.unwrap();
}

async fn spawn() -> (Child, std::net::SocketAddr) {
    let mut server = Command::new("sh")
        .arg("-c")
        .arg(format!("ulimit -n {DESCRIPTORS} && exec \"$0\" --exact descriptors::is_server --nocapture"))
        .arg(std::env::current_exe().unwrap())
        .env(IS_SERVER, "1")
        .stdout(Stdio::piped())
        .stderr(Stdio::null())
        .kill_on_drop(true)
        .spawn()
        .unwrap();
    let mut lines = BufReader::new(server.stdout.take().unwrap()).lines();
    let address = timeout(PATIENCE, async {
        loop {
            let line = lines.next_line().await.unwrap().unwrap();
            if let Some(address) = line.strip_prefix("listening on ") {
                return address.parse().unwrap();
            }
        }
    });
    let address = address.await.unwrap();
    (server, address)
}

/// What the process has used so far: the nanoseconds of its threads on a processor.
fn cpu_time(process: &Child) -> Duration {
    let tasks = std::fs::read_dir(format!("/proc/{}/task", process.id().unwrap())).unwrap();
    let nanoseconds = tasks.filter_map(|task| {
        let text = std::fs::read_to_string(task.ok()?.path().join("schedstat")).ok()?;
        text.split(' ').next()?.parse::<u64>().ok()
    });
    Duration::from_nanos(nanoseconds.sum())
}
