//! The suite in pieces: each shard is one `wstest` process and one of ours, with its own ports and report,
//! and as many shards run at a time as there are processors.

use std::fmt;
use std::fs;
use std::net::{IpAddr, Ipv4Addr, SocketAddr, TcpListener, TcpStream};
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::{Condvar, Mutex, PoisonError};
use std::thread;
use std::time::{Duration, Instant};

use serde_json::json;
use tests::certificates::Authority;
use tests::process::{Running, target};

use crate::report::{Outcome, read};

/// How long a program of ours may take to start, and to end when asked to.
const PROMPTLY: Duration = Duration::from_secs(15);
/// How long a shard may take.
const SHARD_LIMIT: Duration = Duration::from_secs(900);

/// The cases of each shard with compression on, the longest first.
const WITH_COMPRESSION: &[&[&str]] = &[
    &["12.1.*"],
    &["12.2.*"],
    &["12.3.*"],
    &["12.4.*"],
    &["12.5.*"],
    &["13.1.*"],
    &["13.2.*"],
    &["13.3.*"],
    &["13.4.*"],
    &["13.5.*"],
    &["13.6.*"],
    &["13.7.*"],
    &["9.*"],
    &["1.*", "2.*", "3.*", "4.*", "5.*", "6.*", "7.*", "10.*"],
];

/// The cases of each shard with compression off: all but the groups on compression.
const WITHOUT_COMPRESSION: &[&[&str]] =
    &[&["9.*"], &["1.*", "2.*", "3.*", "4.*", "5.*", "6.*", "7.*", "10.*"]];

/// The cases of each shard over TLS, unless all are asked for: what depends on how bytes arrive, in the time that there
/// is.
const OVER_TLS: &[&[&str]] = &[&["1.*", "2.*", "3.*", "4.*", "5.*", "6.*", "7.*", "10.*"]];

/// The side of the conversation that is under test.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Side {
    /// Our server, with Autobahn's fuzzing client.
    Server,
    /// Our client, with Autobahn's fuzzing server.
    Client,
    /// Our client, with Autobahn's fuzzing server over TLS.
    ClientOverTls,
}

impl Side {
    /// The example program that stands for this side.
    pub(crate) fn example(self) -> &'static str {
        match self {
            Self::Server => "echo",
            Self::Client | Self::ClientOverTls => "autobahn_client",
        }
    }
}

impl fmt::Display for Side {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Server => "server",
            Self::Client => "client",
            Self::ClientOverTls => "client-over-tls",
        })
    }
}

/// Runs cases against one side and collects how they ended: all, or of those over TLS a part.
///
/// # Panics
///
/// If a shard does not run to its end.
pub(crate) fn run(side: Side, all: bool, wstest: &Path, program: &Path) -> Vec<Outcome> {
    let cases = if all { [WITH_COMPRESSION, WITHOUT_COMPRESSION] } else { [OVER_TLS, &[]] };
    let shards: Vec<Shard<'_>> = [(true, cases[0]), (false, cases[1])]
        .into_iter()
        .flat_map(|(compression, shards)| shards.iter().map(move |cases| (compression, *cases)))
        .map(|(compression, cases)| Shard { side, compression, cases, wstest, program })
        .collect();
    let results: Vec<_> = thread::scope(|scope| {
        let running: Vec<_> = shards
            .iter()
            .map(|shard| {
                // Asked for in order, so that the longest shards start first.
                let turn = TURNS.take();
                scope.spawn(move || {
                    let _turn = turn;
                    shard.run()
                })
            })
            .collect();
        running.into_iter().map(|thread| thread.join().expect("a shard does not panic")).collect()
    });
    let mut outcomes = Vec::new();
    for (shard, result) in shards.iter().zip(results) {
        match result {
            Ok(of_shard) => outcomes.extend(of_shard),
            Err(why) => {
                panic!("{side}, cases {}, compression {}: {why}", shard.cases.join(" "), shard.compression)
            }
        }
    }
    outcomes
}

struct Shard<'a> {
    side: Side,
    compression: bool,
    cases: &'a [&'a str],
    wstest: &'a Path,
    program: &'a Path,
}

impl Shard<'_> {
    fn run(&self) -> Result<Vec<Outcome>, String> {
        let dir = self.directory();
        let _ = fs::remove_dir_all(&dir);
        fs::create_dir_all(&dir).map_err(|error| format!("{}: {error}", dir.display()))?;
        match self.side {
            Side::Server => self.run_fuzzing_client(&dir),
            Side::Client | Side::ClientOverTls => self.run_fuzzing_server(&dir),
        }
        .map_err(|error| error.to_string())?;
        read(&dir.join("report/index.json"), self.compression)
    }

    fn run_fuzzing_client(&self, dir: &Path) -> std::io::Result<()> {
        let mut command = Command::new(self.program);
        command.args(["--listen", "127.0.0.1:0", "--threads", "1"]);
        // Group 9 has messages of 16 MiB.
        command.args(["--max-message", "33554432"]);
        if self.compression {
            command.arg("--deflate");
        }
        let (mut server, url) = Running::start_server(&mut command, &dir.join("server.log"), PROMPTLY)?;
        let spec = json!({
            "outdir": dir.join("report"),
            "servers": [{"agent": "server", "url": websocket_url(&url)}],
            "cases": self.cases,
            "exclude-cases": [],
            "exclude-agent-cases": {},
        });
        let mut fuzzer = self.fuzzer("fuzzingclient", dir, &spec)?;
        succeeded("wstest", fuzzer.wait(SHARD_LIMIT)?, &fuzzer)?;
        succeeded("echo, asked to end,", server.terminate(PROMPTLY)?, &server)
    }

    fn run_fuzzing_server(&self, dir: &Path) -> std::io::Result<()> {
        let address = free_address()?;
        let tls =
            (self.side == Side::ClientOverTls).then(|| TlsFiles::for_host(address.ip(), dir)).transpose()?;
        let url = format!("{}://{address}", if tls.is_some() { "wss" } else { "ws" });
        let mut spec = json!({
            "outdir": dir.join("report"),
            "url": url,
            "cases": self.cases,
            "exclude-cases": [],
            "exclude-agent-cases": {},
        });
        if let Some(tls) = &tls {
            spec["key"] = json!(tls.key);
            spec["cert"] = json!(tls.certificate);
        }
        let mut fuzzer = self.fuzzer("fuzzingserver", dir, &spec)?;
        wait_until_it_accepts(address, &mut fuzzer)?;
        let mut command = Command::new(self.program);
        command.args(["--url", &url, "--agent", "client"]);
        if let Some(tls) = &tls {
            command.arg("--ca").arg(&tls.ca);
        }
        if !self.compression {
            command.arg("--no-deflate");
        }
        let mut client = Running::start(&mut command, &dir.join("client.log"))?;
        succeeded("autobahn_client", client.wait(SHARD_LIMIT)?, &client)
    }

    fn fuzzer(&self, mode: &str, dir: &Path, spec: &serde_json::Value) -> std::io::Result<Running> {
        let path = dir.join("spec.json");
        fs::write(&path, spec.to_string())?;
        let mut command = Command::new(self.wstest);
        command.args(["--mode", mode, "--webport", "0", "--spec"]).arg(&path).current_dir(dir);
        Running::start(&mut command, &dir.join("wstest.log"))
    }

    fn directory(&self) -> PathBuf {
        let compression = if self.compression { "deflate" } else { "plain" };
        let first = self.cases[0].trim_end_matches(".*");
        target().join("autobahn").join(format!("{}-{compression}-{first}", self.side))
    }
}

/// What Autobahn's fuzzing server shows in its own TLS, which is OpenSSL's, and who has issued it: files.
struct TlsFiles {
    certificate: PathBuf,
    key: PathBuf,
    ca: PathBuf,
}

impl TlsFiles {
    fn for_host(host: IpAddr, dir: &Path) -> std::io::Result<Self> {
        let authority = Authority::new("Autobahn");
        let own = authority.issue(&host.to_string());
        let write = |name: &str, pem: String| {
            let path = dir.join(name);
            fs::write(&path, pem).map(|()| path)
        };
        Ok(Self {
            certificate: write("server.pem", own.certificate)?,
            key: write("server.key", own.key)?,
            ca: write("ca.pem", authority.pem())?,
        })
    }
}

fn succeeded(what: &str, status: std::process::ExitStatus, running: &Running) -> std::io::Result<()> {
    if status.success() {
        return Ok(());
    }
    Err(std::io::Error::other(format!("{what} ended with {status}: {}", running.tail())))
}

/// The example prints an `http` or a `ws` URL; Autobahn wants the latter.
fn websocket_url(url: &str) -> String {
    match url.strip_prefix("http://") {
        Some(rest) => format!("ws://{rest}"),
        None => url.to_owned(),
    }
}

/// An address that was free a moment ago. Autobahn cannot be told to choose its own.
fn free_address() -> std::io::Result<SocketAddr> {
    TcpListener::bind((Ipv4Addr::LOCALHOST, 0))?.local_addr()
}

fn wait_until_it_accepts(address: SocketAddr, fuzzer: &mut Running) -> std::io::Result<()> {
    let deadline = Instant::now() + PROMPTLY;
    while TcpStream::connect(address).is_err() {
        if !fuzzer.is_running() || Instant::now() >= deadline {
            return Err(std::io::Error::other(format!("wstest does not listen: {}", fuzzer.tail())));
        }
        thread::sleep(Duration::from_millis(50));
    }
    Ok(())
}

/// Shards of both sides share the processors.
static TURNS: Turns = Turns { taken: Mutex::new(0), given_back: Condvar::new() };

struct Turns {
    taken: Mutex<usize>,
    given_back: Condvar,
}

struct Turn;

impl Turns {
    fn take(&'static self) -> Turn {
        let at_most = thread::available_parallelism().map_or(2, usize::from);
        let taken = self.taken.lock().unwrap_or_else(PoisonError::into_inner);
        let mut taken = self
            .given_back
            .wait_while(taken, |taken| *taken >= at_most)
            .unwrap_or_else(PoisonError::into_inner);
        *taken += 1;
        Turn
    }
}

impl Drop for Turn {
    fn drop(&mut self) {
        *TURNS.taken.lock().unwrap_or_else(PoisonError::into_inner) -= 1;
        TURNS.given_back.notify_one();
    }
}
