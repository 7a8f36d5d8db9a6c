//! The browser itself: found, started with a profile of its own, and ended.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::sync::OnceLock;
use std::time::{Duration, Instant};

use serde_json::json;
use tests::process::{Running, target};
use tests::suites;

use crate::devtools::{DevTools, Window};

const START_LIMIT: Duration = Duration::from_secs(60);
const END_LIMIT: Duration = Duration::from_secs(20);

/// For a machine without a graphical display, a sandbox for root and a way to the internet.
const FLAGS: &[&str] = &[
    "--headless=new",
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--disable-dev-shm-usage",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--no-first-run",
    "--remote-debugging-port=0",
];

/// A running Chromium. It is killed when this value is dropped.
pub(crate) struct Chromium {
    running: Running,
    profile: PathBuf,
    devtools: DevTools,
}

impl Chromium {
    /// Starts it for one test; `None`, after saying so, where the suite is to be skipped.
    pub(crate) async fn start(test: &str) -> Option<Self> {
        let program = program()?;
        let profile = target().join("tmp").join(format!("chromium-{test}-{}", std::process::id()));
        let log = target().join("tmp").join(format!("browser-{test}-chromium.log"));
        let mut command = Command::new(program);
        command.args(FLAGS).arg(format!("--user-data-dir={}", profile.display())).arg("about:blank");
        let running = Running::start(&mut command, &log).expect("chromium starts");
        let url = devtools_url(&log)
            .await
            .unwrap_or_else(|| panic!("chromium offers no DevTools: {}", running.tail()));
        let devtools = DevTools::connect(&url).await;
        Some(Self { running, profile, devtools })
    }

    /// Opens a window and waits until the page is there.
    pub(crate) async fn open(&self, url: &str) -> Window {
        self.devtools.open(url).await
    }

    /// Ends the browser. No page of it has thrown, or done what its Content-Security-Policy forbids.
    pub(crate) async fn end(mut self) {
        let complaints = self.devtools.complaints().await;
        self.devtools.call(None, "Browser.close", json!({})).await;
        self.running.wait(END_LIMIT).expect("chromium ends");
        assert!(complaints.is_empty(), "{complaints:#?}");
    }
}

impl Drop for Chromium {
    fn drop(&mut self) {
        // It writes to its profile as long as it lives.
        let _ = self.running.terminate(END_LIMIT);
        let _ = fs::remove_dir_all(&self.profile);
    }
}

/// Chromium's program, asked for and looked for once however many tests want it.
fn program() -> Option<&'static PathBuf> {
    static PROGRAM: OnceLock<Option<PathBuf>> = OnceLock::new();
    PROGRAM
        .get_or_init(|| {
            if !suites::asked_for("browser", "browser") {
                return None;
            }
            let found = find();
            if found.is_none() {
                suites::skip("browser", "no chromium in /usr/bin or on PATH");
            }
            found
        })
        .as_ref()
}

fn find() -> Option<PathBuf> {
    ["/usr/bin/chromium", "chromium", "chromium-browser", "google-chrome"]
        .into_iter()
        .find(|program| {
            Command::new(program)
                .arg("--version")
                .stdin(Stdio::null())
                .stdout(Stdio::null())
                .stderr(Stdio::null())
                .status()
                .is_ok_and(|status| status.success())
        })
        .map(PathBuf::from)
}

/// Where the debugging protocol is spoken: Chromium prints it.
async fn devtools_url(log: &Path) -> Option<String> {
    let begun = Instant::now();
    while begun.elapsed() < START_LIMIT {
        let printed = fs::read(log).map(|bytes| String::from_utf8_lossy(&bytes).into_owned());
        let found = printed.unwrap_or_default().split_inclusive('\n').find_map(|line| {
            Some(line.strip_prefix("DevTools listening on ")?.strip_suffix('\n')?.trim().to_owned())
        });
        if found.is_some() {
            return found;
        }
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
    None
}
