//! The program, built once, and what it did.

use std::path::{Path, PathBuf};
use std::process::Stdio;
use std::sync::{LazyLock, OnceLock};
use std::time::Duration;

use tests::certificates::Files;
use tests::process::{run, target, workspace};
use tests::wire::PATIENCE;
use tokio::io::AsyncWriteExt as _;
use tokio::process::{Child, Command};
use tokio::time::timeout;

/// Where the histories of these tests would be; none is the user's.
static STATE: LazyLock<Files> = LazyLock::new(|| Files::new().unwrap());

/// What a run of the program came to.
#[derive(Debug)]
pub(crate) struct Ran {
    pub(crate) code: Option<i32>,
    pub(crate) stdout: String,
    pub(crate) stderr: String,
}

impl Ran {
    /// The row of the block about a failure with this label, its lines joined.
    pub(crate) fn row(&self, label: &str) -> Option<String> {
        let begins = |line: &&str| line.trim_start().starts_with(label);
        let mut lines = self.stderr.lines().skip_while(|line| !begins(line));
        let first = lines.next()?.trim_start().strip_prefix(label)?.trim();
        let rest = lines.take_while(|line| line.starts_with(&" ".repeat(20))).map(str::trim);
        Some(std::iter::once(first).chain(rest).collect::<Vec<_>>().join(" "))
    }

    /// It ended as it should, and said this.
    #[track_caller]
    pub(crate) fn is(&self, code: i32, stdout: &str) {
        assert_eq!((self.code, self.stdout.as_str()), (Some(code), stdout), "{}", self.stderr);
        assert!(!self.stderr.contains("panicked"), "{}", self.stderr);
    }
}

/// The built program.
pub(crate) fn program() -> &'static Path {
    static PROGRAM: OnceLock<PathBuf> = OnceLock::new();
    PROGRAM.get_or_init(|| {
        let cargo = std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into());
        let mut command = std::process::Command::new(cargo);
        command.args(["build", "--quiet", "-p", "ws-client", "--bin", "ws", "--features", "cli"]);
        command.arg("--target-dir").arg(target()).current_dir(workspace());
        let profile = if cfg!(debug_assertions) {
            "debug"
        } else {
            command.arg("--release");
            "release"
        };
        run(&mut command, &target().join("tmp").join("build-ws.log"), Duration::from_secs(900)).unwrap();
        target().join(profile).join("ws")
    })
}

/// A command with the environment of nobody in particular.
pub(crate) fn neutral(program: &Path) -> Command {
    let mut command = Command::new(program);
    for name in [
        "WS_TOKEN",
        "WS_BASIC",
        "NO_COLOR",
        "COLUMNS",
        "http_proxy",
        "https_proxy",
        "all_proxy",
        "HTTP_PROXY",
        "HTTPS_PROXY",
        "ALL_PROXY",
    ] {
        command.env_remove(name);
    }
    command.env("XDG_STATE_HOME", STATE.path()).env("TERM", "xterm").kill_on_drop(true);
    command
}

/// `ws connect` with pipes all around.
pub(crate) fn connect<'a>(args: impl IntoIterator<Item = &'a str>) -> Command {
    let mut command = neutral(program());
    command.arg("connect").args(args);
    command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
    command
}

/// Runs `ws connect` with this input to its end.
pub(crate) async fn ws<'a>(args: impl IntoIterator<Item = &'a str>, input: impl AsRef<[u8]>) -> Ran {
    feed(connect(args).spawn().unwrap(), input.as_ref()).await
}

/// Gives a program its input, and waits for its end.
pub(crate) async fn feed(mut child: Child, input: &[u8]) -> Ran {
    let mut stdin = child.stdin.take().unwrap();
    let input = input.to_vec();
    // It may end without having read all.
    let feeding = tokio::spawn(async move { drop(stdin.write_all(&input).await) });
    let output = timeout(PATIENCE, child.wait_with_output()).await.expect("it ends").unwrap();
    feeding.abort();
    let text = |bytes: Vec<u8>| String::from_utf8_lossy(&bytes).into_owned();
    Ran { code: output.status.code(), stdout: text(output.stdout), stderr: text(output.stderr) }
}

/// Sends a signal to a process of ours.
pub(crate) fn signal(child: &Child, name: &str) {
    let id = child.id().expect("it runs").to_string();
    assert!(std::process::Command::new("kill").args([name, &id]).status().unwrap().success());
}
