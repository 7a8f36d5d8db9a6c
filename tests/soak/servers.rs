//! Servers that are restarted again and again.

use std::cell::Cell;
use std::process::Stdio;
use std::time::Duration;

use tokio::io::{AsyncBufReadExt as _, BufReader};
use tokio::process::{Child, Command};
use tokio::time::{Instant, sleep_until, timeout};

const PROMPTLY: Duration = Duration::from_secs(20);

/// One server, a process of its own, at the same address whenever it runs. It is started and awaited without a thread,
/// whose memory would be counted as the clients'.
struct Restarted {
    address: String,
    running: Child,
}

impl Restarted {
    async fn start(number: usize) -> Self {
        // An address of its own, from which no client connects: nobody else takes the port meanwhile.
        let (running, address) = run(&format!("127.0.0.{}:0", number + 2)).await;
        Self { address, running }
    }

    /// Ends it and starts it again: gracefully, or as if its power was cut.
    async fn restart(&mut self, gracefully: bool) {
        if gracefully {
            let pid = self.running.id().expect("it runs").to_string();
            let asked = Command::new("kill").args(["-TERM", &pid]).status().await;
            assert!(asked.is_ok_and(|status| status.success()), "it cannot be asked to end");
            let ended = timeout(PROMPTLY, self.running.wait()).await.expect("it ends").expect("a status");
            assert!(ended.success(), "a server ended with {ended}");
        } else {
            self.running.kill().await.expect("it runs");
        }
        (self.running, _) = run(&self.address).await;
    }
}

/// A server there, and where it really is.
async fn run(address: &str) -> (Child, String) {
    let mut command = Command::new(env!("CARGO_BIN_EXE_soak_server"));
    command.args(["--listen", address]).kill_on_drop(true).stdin(Stdio::null()).stdout(Stdio::piped());
    let mut running = command.spawn().expect("the server starts");
    let mut lines = BufReader::new(running.stdout.take().expect("piped")).lines();
    let listening = timeout(PROMPTLY, lines.next_line()).await.expect("it listens").expect("a line");
    let listening = listening.expect("it listens");
    let address = listening.strip_prefix("listening on ws://").expect("an address").to_owned();
    (running, address)
}

/// Several servers, of which one after the other is restarted, every second time gracefully.
pub(crate) struct Servers {
    servers: Vec<Restarted>,
    /// Between two restarts.
    pause: Duration,
}

impl Servers {
    /// Each of the servers will be restarted once in this time.
    pub(crate) async fn start(count: usize, each: Duration) -> Self {
        let mut servers = Vec::new();
        for number in 0..count {
            servers.push(Restarted::start(number).await);
        }
        Self { servers, pause: each / u32::try_from(count).expect("a few") }
    }

    /// Where clients find the servers.
    pub(crate) fn urls(&self) -> Vec<String> {
        self.servers.iter().map(|server| format!("ws://{}/", server.address)).collect()
    }

    /// Restarts them until it is too late for another one, and counts.
    pub(crate) async fn restart_until(&mut self, end: Instant, restarts: &Cell<u64>) {
        let count = self.servers.len();
        let (mut next, mut turn) = (Instant::now() + self.pause, 0);
        while next < end {
            sleep_until(next).await;
            // Of an even number of servers each has its turn to be cut, too.
            self.servers[turn % count].restart((turn + turn / count).is_multiple_of(2)).await;
            restarts.set(restarts.get() + 1);
            turn += 1;
            next += self.pause;
        }
    }
}
