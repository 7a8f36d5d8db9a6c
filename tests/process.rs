//! Child processes with time limits, killed when the test that owns them is over.

use std::ffi::OsStr;
use std::fmt;
use std::fs::{self, File};
use std::io::{self, BufRead, BufReader, Write};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, ExitStatus, Stdio};
use std::sync::mpsc;
use std::thread;
use std::time::{Duration, Instant};

/// A running child. It is killed when this value is dropped.
#[derive(Debug)]
pub struct Running {
    child: Child,
    log: PathBuf,
}

impl Running {
    /// Starts `command` with everything that it prints going to the file `log`.
    pub fn start(command: &mut Command, log: &Path) -> io::Result<Self> {
        let out = create(log)?;
        let err = out.try_clone()?;
        let child = command.stdin(Stdio::null()).stdout(out).stderr(err).spawn()?;
        Ok(Self { child, log: log.to_path_buf() })
    }

    /// Starts a server and waits until it prints `listening on URL` on stdout; gives that URL as well.
    /// What it prints on stderr goes to the file `log`, and what it prints on stdout beside it; see
    /// [`printed`](Self::printed).
    pub fn start_server(command: &mut Command, log: &Path, limit: Duration) -> io::Result<(Self, String)> {
        let child = command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(create(log)?).spawn()?;
        let mut running = Self { child, log: log.to_path_buf() };
        let mut printed = create(&running.stdout())?;
        let (sender, receiver) = mpsc::channel();
        if let Some(stdout) = running.child.stdout.take() {
            // Reads on to the end, so that the child never blocks on a full pipe.
            thread::spawn(move || {
                for line in BufReader::new(stdout).lines().map_while(Result::ok) {
                    let _ = writeln!(printed, "{line}");
                    if let Some(url) = line.strip_prefix("listening on ") {
                        let _ = sender.send(url.trim().to_owned());
                    }
                }
            });
        }
        match receiver.recv_timeout(limit) {
            Ok(url) => Ok((running, url)),
            Err(_) => Err(io::Error::other(format!(
                "the server did not print `listening on URL` within {limit:?}: {}",
                running.tail()
            ))),
        }
    }

    /// Waits for the child to end by itself; kills it after `limit`.
    pub fn wait(&mut self, limit: Duration) -> io::Result<ExitStatus> {
        let deadline = Instant::now() + limit;
        loop {
            if let Some(status) = self.child.try_wait()? {
                return Ok(status);
            }
            if Instant::now() >= deadline {
                self.kill();
                return Err(io::Error::new(
                    io::ErrorKind::TimedOut,
                    format!("still running after {limit:?}: {}", self.tail()),
                ));
            }
            thread::sleep(Duration::from_millis(20));
        }
    }

    /// Asks the child to end (SIGTERM) and waits for it; kills it after `limit`.
    pub fn terminate(&mut self, limit: Duration) -> io::Result<ExitStatus> {
        let pid = self.child.id().to_string();
        if self.child.try_wait()?.is_none() {
            Command::new("kill").args(["-TERM", &pid]).status()?;
        }
        self.wait(limit)
    }

    /// The last lines of the child's log, for the message of a failing test.
    pub fn tail(&self) -> String {
        tail(&self.log)
    }

    /// What a server has printed on stdout so far.
    pub fn printed(&self) -> String {
        fs::read_to_string(self.stdout()).unwrap_or_default()
    }

    fn stdout(&self) -> PathBuf {
        self.log.with_extension("stdout")
    }

    /// Whether the child has not ended yet.
    pub fn is_running(&mut self) -> bool {
        matches!(self.child.try_wait(), Ok(None))
    }

    fn kill(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        self.kill();
    }
}

/// Why a command that was to run to its end and succeed did not.
#[derive(Debug)]
pub struct Failed {
    what: String,
    log: String,
}

impl fmt::Display for Failed {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}\n{}", self.what, self.log)
    }
}

impl std::error::Error for Failed {}

/// Runs a command to its end, which must come within `limit` and be a success.
pub fn run(command: &mut Command, log: &Path, limit: Duration) -> Result<(), Failed> {
    let shown = shown(command);
    let ended = Running::start(command, log).and_then(|mut running| running.wait(limit));
    match ended {
        Ok(status) if status.success() => Ok(()),
        Ok(status) => Err(Failed { what: format!("`{shown}` ended with {status}"), log: tail(log) }),
        Err(error) => Err(Failed { what: format!("`{shown}`: {error}"), log: String::new() }),
    }
}

/// Builds an example of the package `examples` with the profile of this test and gives its path.
pub fn example(name: &str) -> Result<PathBuf, Failed> {
    let cargo = std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into());
    let mut command = Command::new(cargo);
    command.args(["build", "--quiet", "-p", "examples", "--example", name]).current_dir(workspace());
    if !cfg!(debug_assertions) {
        command.arg("--release");
    }
    command.arg("--target-dir").arg(target());
    let log = target().join("tmp").join(format!("build-{name}.log"));
    run(&mut command, &log, Duration::from_secs(900))?;
    let profile = if cfg!(debug_assertions) { "debug" } else { "release" };
    Ok(target().join(profile).join("examples").join(name))
}

/// The workspace's directory.
pub fn workspace() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR")).parent().unwrap_or(Path::new("."))
}

/// Cargo's target directory: the one that this test was built in.
pub fn target() -> PathBuf {
    std::env::current_exe()
        .ok()
        .and_then(|exe| exe.ancestors().find(|dir| dir.join("CACHEDIR.TAG").exists()).map(Path::to_path_buf))
        .unwrap_or_else(|| workspace().join("target"))
}

fn create(log: &Path) -> io::Result<File> {
    if let Some(parent) = log.parent() {
        fs::create_dir_all(parent)?;
    }
    File::create(log)
}

fn tail(log: &Path) -> String {
    let text = fs::read(log).map(|bytes| String::from_utf8_lossy(&bytes).into_owned()).unwrap_or_default();
    let lines: Vec<&str> = text.lines().collect();
    let last = &lines[lines.len().saturating_sub(15)..];
    format!("(the end of {})\n{}", log.display(), last.join("\n"))
}

fn shown(command: &Command) -> String {
    std::iter::once(command.get_program())
        .chain(command.get_args())
        .map(OsStr::to_string_lossy)
        .collect::<Vec<_>>()
        .join(" ")
}

#[cfg(test)]
mod tests {
    use super::*;

    const SOON: Duration = Duration::from_secs(20);

    fn log(name: &str) -> PathBuf {
        target().join("tmp").join(format!("process-{name}.log"))
    }

    fn shell(script: &str) -> Command {
        let mut command = Command::new("sh");
        command.args(["-c", script]);
        command
    }

    #[test]
    fn a_failure_tells_the_command_its_status_and_its_last_words() {
        let failed = run(&mut shell("echo last words >&2; exit 3"), &log("failure"), SOON)
            .expect_err("it fails")
            .to_string();
        for part in ["sh -c", "exit status: 3", "last words"] {
            assert!(failed.contains(part), "{part} in {failed}");
        }
        run(&mut shell("exit 0"), &log("success"), SOON).expect("it succeeds");
    }

    #[test]
    fn what_takes_too_long_is_killed() {
        let begun = Instant::now();
        let mut running = Running::start(&mut shell("exec sleep 600"), &log("long")).expect("it starts");
        let error = running.wait(Duration::from_millis(50)).expect_err("it does not end");
        assert_eq!(error.kind(), io::ErrorKind::TimedOut);
        assert!(!running.is_running());
        assert!(begun.elapsed() < SOON);
    }

    #[test]
    fn a_server_is_asked_to_end_and_may_say_goodbye() {
        let script = "trap 'exit 7' TERM; echo starting; echo listening on ws://127.0.0.1:1/; while :; do sleep 0.05; done";
        let (mut server, url) =
            Running::start_server(&mut shell(script), &log("server"), SOON).expect("it starts");
        assert_eq!(url, "ws://127.0.0.1:1/");
        assert_eq!(server.printed(), "starting\nlistening on ws://127.0.0.1:1/\n");
        assert_eq!(server.terminate(SOON).expect("it ends").code(), Some(7));
    }

    #[test]
    fn a_server_that_does_not_listen_is_no_server() {
        let error = Running::start_server(&mut shell("echo no port >&2"), &log("deaf"), SOON)
            .expect_err("it does not listen")
            .to_string();
        assert!(error.contains("no port"), "{error}");
    }
}
