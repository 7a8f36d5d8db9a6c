//! Programs of others: whether they are there, and where they listen.

use std::fs;
use std::net::TcpStream;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::{Duration, Instant};

use tests::process::Running;

/// Longer than any of them takes to start.
const PATIENCE: Duration = Duration::from_secs(30);

/// Where a program is; Debian keeps some where only root looks.
pub(crate) fn find(program: &str) -> Option<PathBuf> {
    let path = std::env::var_os("PATH").unwrap_or_default();
    let all = std::env::split_paths(&path).chain(["/usr/sbin".into(), "/sbin".into()]);
    all.map(|directory| directory.join(program)).find(|path| path.is_file())
}

/// Starts a program that says what is expected of it in its output, and gives the rest of that line.
pub(crate) fn started(command: &mut Command, log: &Path, sign: &str) -> (Running, String) {
    let mut running = Running::start(command, log).expect("it starts");
    let begun = Instant::now();
    loop {
        let said = fs::read_to_string(log).unwrap_or_default();
        // A line that is not complete may be only half of what it will be.
        let mut complete = said.split_inclusive('\n').filter(|line| line.ends_with('\n'));
        if let Some((_, rest)) = complete.find_map(|line| line.split_once(sign)) {
            return (running, rest.trim().to_owned());
        }
        let alive = running.is_running() && begun.elapsed() < PATIENCE;
        assert!(alive, "{sign:?} was not said: {}", running.tail());
        std::thread::sleep(Duration::from_millis(5));
    }
}

/// Waits until somebody accepts.
pub(crate) fn listening(address: std::net::SocketAddr, running: &mut Running) {
    let begun = Instant::now();
    while TcpStream::connect(address).is_err() {
        let alive = running.is_running() && begun.elapsed() < PATIENCE;
        assert!(alive, "nobody listens at {address}: {}", running.tail());
        std::thread::sleep(Duration::from_millis(5));
    }
}
