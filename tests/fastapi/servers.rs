//! The application and the gateway, each a process of its own.

use std::fs;
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::{Duration, Instant};

use tests::process::{self, Running, target};

/// What tokens are signed with. The application and the gateway know it.
pub(crate) const SECRET: &str = "the secret of a chat in a test, ok";

/// How long an answer is waited for.
pub(crate) const PATIENCE: Duration = Duration::from_secs(5);

const LIMIT: Duration = Duration::from_secs(60);

/// `app.py` under uvicorn.
pub(crate) struct FastApi {
    pub(crate) address: SocketAddr,
    process: Running,
}

/// `gateway.toml` under the gateway.
pub(crate) struct Gateway {
    pub(crate) address: SocketAddr,
    process: Running,
}

impl FastApi {
    pub(crate) fn start(python: &Path) -> Self {
        let log = directory().join("uvicorn.log");
        let mut command = Command::new(python);
        command.args(["-m", "uvicorn", "--no-use-colors", "--host", "127.0.0.1", "--port", "0", "--app-dir"]);
        command.arg(source()).arg("app:app").env("CHAT_SECRET", SECRET).env("PYTHONDONTWRITEBYTECODE", "1");
        let mut process = Running::start(&mut command, &log).expect("uvicorn starts");
        let begun = Instant::now();
        // It says where it listens, in words of its own.
        let address = loop {
            let said = fs::read_to_string(&log).unwrap_or_default();
            let address =
                said.split_once("running on http://").and_then(|(_, rest)| rest.split_whitespace().next());
            if let Some(address) = address {
                break address.parse().unwrap();
            }
            assert!(process.is_running() && begun.elapsed() < LIMIT, "{}", process.tail());
            std::thread::sleep(Duration::from_millis(20));
        };
        Self { address, process }
    }

    /// Ends it; says where it was.
    pub(crate) fn stop(mut self) -> SocketAddr {
        // A session that is left does not keep it.
        let _ = self.process.terminate(Duration::from_secs(2));
        self.address
    }
}

impl Gateway {
    pub(crate) fn start(application: SocketAddr) -> Self {
        let directory = directory();
        let config = fs::read_to_string(source().join("gateway.toml")).unwrap();
        assert!(config.contains("ws://127.0.0.1:8000"));
        let config = config.replace("127.0.0.1:8000", &application.to_string());
        fs::write(directory.join("gateway.toml"), config).unwrap();
        fs::copy(source().join("policies.cedar"), directory.join("policies.cedar")).unwrap();
        fs::write(directory.join("chat.key"), SECRET).unwrap();
        fs::write(directory.join("revoked.txt"), "revoked-1\n").unwrap();
        let program = process::example("gateway").unwrap_or_else(|failed| panic!("{failed}"));
        let mut command = Command::new(program);
        command.arg("--config").arg(directory.join("gateway.toml"));
        let (process, url) = Running::start_server(&mut command, &directory.join("gateway.log"), LIMIT)
            .expect("the gateway starts");
        let address =
            url.split_once("://").map(|(_, rest)| rest.trim_end_matches('/')).unwrap().parse().unwrap();
        Self { address, process }
    }

    pub(crate) fn tail(&self) -> String {
        self.process.tail()
    }
}

fn source() -> PathBuf {
    process::workspace().join("tests/fastapi")
}

fn directory() -> PathBuf {
    let directory = target().join("tmp/fastapi");
    fs::create_dir_all(&directory).unwrap();
    directory
}
