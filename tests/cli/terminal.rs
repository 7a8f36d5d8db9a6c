//! A terminal, and somebody who types.

use std::path::Path;
use std::process::Stdio;

use tests::suites;
use tests::wire::PATIENCE;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::process::{Child, ChildStdin, ChildStdout};
use tokio::time::timeout;

use crate::program::neutral;

/// The program on a terminal of 80 columns.
pub(crate) struct Terminal {
    child: Child,
    keys: ChildStdin,
    screen: ChildStdout,
    /// All that was shown, byte by byte.
    raw: Vec<u8>,
    /// How much of the text was looked at.
    seen: usize,
}

impl Terminal {
    /// Runs a command there; `None`, and says so, where Python is missing.
    pub(crate) fn run(command: &[&str], environment: &[(&str, &str)]) -> Option<Self> {
        let Ok(python) = std::process::Command::new("python3").arg("--version").output() else {
            suites::skip("ws on a terminal", "python3 cannot be found");
            return None;
        };
        assert!(python.status.success(), "python3 does not run");
        let script = concat!(env!("CARGO_MANIFEST_DIR"), "/cli/terminal.py");
        let mut python = neutral(Path::new("python3"));
        python.arg(script).args(command).envs(environment.iter().copied());
        python.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::inherit());
        let mut child = python.spawn().unwrap();
        let (keys, screen) = (child.stdin.take().unwrap(), child.stdout.take().unwrap());
        Some(Self { child, keys, screen, raw: Vec::new(), seen: 0 })
    }

    pub(crate) async fn types(&mut self, keys: &str) {
        self.keys.write_all(keys.as_bytes()).await.unwrap();
    }

    /// Waits until this is shown, after what was waited for before. Colours and movements do not count.
    pub(crate) async fn shows(&mut self, text: &str) {
        loop {
            let shown = self.text();
            if let Some(at) = shown.get(self.seen..).and_then(|new| new.find(text)) {
                self.seen += at + text.len();
                return;
            }
            assert!(self.more().await, "{text:?} does not come:\n{shown}");
        }
    }

    /// Waits for its end; the exit code.
    pub(crate) async fn ends(&mut self) -> i32 {
        while self.more().await {}
        let status = timeout(PATIENCE, self.child.wait()).await.expect("it ends").unwrap();
        status.code().unwrap()
    }

    /// What was shown, without colours and movements.
    pub(crate) fn text(&self) -> String {
        let raw = self.shown();
        let mut text = String::new();
        let mut rest = raw.as_str();
        while let Some((before, sequence)) = rest.split_once('\x1b') {
            text.push_str(before);
            let parameters = sequence.strip_prefix('[').unwrap_or_default();
            let end = parameters.find(|c: char| c.is_ascii_alphabetic());
            rest = end.and_then(|end| parameters.get(end + 1..)).unwrap_or_default();
        }
        text.push_str(rest);
        text
    }

    /// What was shown, byte by byte.
    pub(crate) fn shown(&self) -> String {
        String::from_utf8_lossy(&self.raw).into_owned()
    }

    async fn more(&mut self) -> bool {
        let read = timeout(PATIENCE, self.screen.read_buf(&mut self.raw)).await;
        read.unwrap_or_else(|_| panic!("nothing more comes behind {}:\n{:?}", self.seen, self.text()))
            .unwrap()
            > 0
    }
}
