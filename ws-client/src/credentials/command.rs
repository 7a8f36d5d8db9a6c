//! A token that a program prints.

use std::ffi::OsString;
use std::io;
use std::process::{ExitStatus, Stdio};
use std::time::Duration;

use tokio::io::{AsyncRead, AsyncReadExt as _};
use tokio::process::{Child, Command};
use tokio::time::timeout;
use zeroize::Zeroizing;

use super::{CredentialsError, Token, TokenFuture, TokenProvider};
use crate::refused::Printable;

/// Bytes that a command may print on either of its outputs.
const LONGEST: usize = 64 << 10;

/// The token that a command prints in its first line, such as `gcloud auth print-access-token`. It is run for each token,
/// without a shell: arguments are passed as they are. It gets no input; what it prints on its standard error is told only
/// where it fails, the last line of it.
///
/// Where the token is a JWT, it is renewed ahead of its end; any other is kept until a server does not accept it.
///
/// ```
/// use std::time::Duration;
/// use ws_client::credentials::{Credentials, TokenCommand};
///
/// let command = TokenCommand::new("gcloud").args(["auth", "print-access-token"]);
/// let credentials = Credentials::new(command.timeout(Duration::from_secs(20)));
/// ```
#[derive(Clone, Debug)]
pub struct TokenCommand {
    program: OsString,
    /// What it is called in errors, where that is not the program.
    called: Option<String>,
    arguments: Arguments,
    timeout: Duration,
    lifetime: Option<Duration>,
}

/// They may be secrets.
#[derive(Clone, Default)]
struct Arguments(Vec<OsString>);

impl std::fmt::Debug for Arguments {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{} arguments", self.0.len())
    }
}

impl TokenCommand {
    /// This program: a path, or a name that is looked up as usual.
    pub fn new(program: impl Into<OsString>) -> Self {
        Self {
            program: program.into(),
            called: None,
            arguments: Arguments::default(),
            timeout: Duration::from_secs(10),
            lifetime: None,
        }
    }

    /// Adds an argument.
    #[must_use]
    pub fn arg(mut self, argument: impl Into<OsString>) -> Self {
        self.arguments.0.push(argument.into());
        self
    }

    /// Adds arguments.
    #[must_use]
    pub fn args(mut self, arguments: impl IntoIterator<Item = impl Into<OsString>>) -> Self {
        self.arguments.0.extend(arguments.into_iter().map(Into::into));
        self
    }

    /// How long it may run before it is killed; 10 s by default, and never longer than the time of one request
    /// ([`Credentials::with_timeout`](super::Credentials::with_timeout)).
    #[must_use]
    pub fn timeout(mut self, timeout: Duration) -> Self {
        self.timeout = timeout;
        self
    }

    /// How long a token of it is good, where that is known and the token does not tell itself.
    #[must_use]
    pub fn lifetime(mut self, lifetime: Duration) -> Self {
        self.lifetime = Some(lifetime);
        self
    }

    /// Called so in errors: what a shell runs says more than the shell's name.
    #[cfg(feature = "cli")]
    pub(crate) fn called(mut self, name: impl Into<String>) -> Self {
        self.called = Some(name.into());
        self
    }

    async fn run(&self) -> Result<Token, CredentialsError> {
        let begun = std::time::SystemTime::now();
        let mut child = Command::new(&self.program)
            .args(&self.arguments.0)
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .kill_on_drop(true)
            .spawn()
            .map_err(|error| self.failed(error.to_string()))?;
        let Ok(ended) = timeout(self.timeout, end_of(&mut child)).await else {
            return Err(self.failed(format!("it took longer than {:?} and was killed", self.timeout)));
        };
        let Ended { status, said, complained } = ended.map_err(|error| self.failed(error.to_string()))?;
        if !status.success() {
            let last = last_line(&complained);
            let last = if last.is_empty() { String::new() } else { format!(": {}", Printable(&last)) };
            return Err(self.failed(format!("{status}{last}")));
        }
        if said.len() > LONGEST {
            return Err(self.malformed("it is longer than 64 KiB"));
        }
        let line = said.split(|byte| *byte == b'\n').next().unwrap_or_default();
        let line = std::str::from_utf8(line).map_err(|_| self.malformed("it is not UTF-8"))?;
        let token = Token::new(line.trim_end_matches('\r'));
        match (token.flaw(), self.lifetime) {
            (Some(reason), _) => Err(self.malformed(reason)),
            (None, Some(lifetime)) if token.expires_at().is_none() => {
                Ok(begun.checked_add(lifetime).map_or(token.clone(), |expires| token.expires(expires)))
            }
            (None, _) => Ok(token),
        }
    }

    fn failed(&self, reason: String) -> CredentialsError {
        CredentialsError::Command { command: self.name(), reason }
    }

    fn malformed(&self, reason: &'static str) -> CredentialsError {
        CredentialsError::Malformed { from: format!("the command {:?}", self.name()), reason }
    }

    fn name(&self) -> String {
        self.called.clone().unwrap_or_else(|| self.program.to_string_lossy().into_owned())
    }
}

impl TokenProvider for TokenCommand {
    fn token(&self) -> TokenFuture<'_> {
        Box::pin(self.run())
    }
}

struct Ended {
    status: ExitStatus,
    said: Zeroizing<Vec<u8>>,
    complained: Zeroizing<Vec<u8>>,
}

/// Reads what the child prints until it ends.
async fn end_of(child: &mut Child) -> io::Result<Ended> {
    /// For what is still on its way when the child has ended. Its own children may keep the pipes open for long.
    const REST: Duration = Duration::from_millis(500);
    let (stdout, stderr) = (child.stdout.take(), child.stderr.take());
    let mut said = Zeroizing::new(Vec::with_capacity(4 << 10));
    let mut complained = Zeroizing::new(Vec::new());
    let status = {
        let mut read = std::pin::pin!(async {
            tokio::join!(drain(stdout, &mut said), drain(stderr, &mut complained));
        });
        tokio::select! {
            status = child.wait() => {
                let status = status?;
                // What it has printed by then counts.
                let _ = timeout(REST, read).await;
                status
            }
            () = &mut read => child.wait().await?,
        }
    };
    Ok(Ended { status, said, complained })
}

/// Reads to the end, and keeps what is not too long for that. A pipe that breaks has ended.
async fn drain(pipe: Option<impl AsyncRead + Unpin>, kept: &mut Vec<u8>) {
    let Some(mut pipe) = pipe else { return };
    let mut buffer = Zeroizing::new(vec![0; 4 << 10]);
    while let Ok(count @ 1..) = pipe.read(&mut buffer).await {
        if kept.len() <= LONGEST {
            kept.extend_from_slice(&buffer[..count]);
        }
    }
}

/// The last line that says something, at most 300 characters of it.
fn last_line(bytes: &[u8]) -> String {
    let text = String::from_utf8_lossy(bytes);
    let line = text.lines().map(str::trim).rfind(|line| !line.is_empty()).unwrap_or_default();
    line.chars().take(300).collect()
}

#[cfg(all(test, unix))]
mod tests {
    use std::time::Instant;

    use super::*;

    fn shell(script: &str) -> TokenCommand {
        TokenCommand::new("/bin/sh").args(["-c", script])
    }

    async fn error(command: &TokenCommand) -> String {
        command.token().await.expect_err("no token").to_string()
    }

    #[tokio::test]
    async fn the_first_line_is_the_token() {
        for script in ["echo abc", "printf abc", "printf 'abc\\r\\nmore\\n'", "echo abc; echo noise >&2"] {
            assert_eq!(shell(script).token().await.expect("a token").text(), "abc", "{script}");
        }
        // No shell sees the arguments.
        let echo = TokenCommand::new("echo").arg("$HOME;ls");
        assert_eq!(echo.token().await.expect("a token").text(), "$HOME;ls");
    }

    #[tokio::test]
    async fn a_lifetime_may_be_known() {
        let token = shell("echo abc").lifetime(Duration::from_secs(60)).token().await.expect("a token");
        let left = token.expires_at().expect("known").duration_since(std::time::SystemTime::now());
        assert!((50..=60).contains(&left.expect("ahead").as_secs()));
        // {"exp":1764000000}
        let jwt = shell("echo e30.eyJleHAiOjE3NjQwMDAwMDB9.c2ln").lifetime(Duration::from_secs(60));
        let told = jwt.token().await.expect("a token").expires_at().expect("known");
        assert_eq!(told, std::time::UNIX_EPOCH + Duration::from_secs(1_764_000_000));
    }

    #[tokio::test]
    async fn a_failure_tells_the_last_line_of_the_complaint() {
        let text =
            error(&shell("echo secret; echo one >&2; printf 'log in\\033[2J first\\n\\n' >&2; exit 3")).await;
        assert!(text.contains("exit status: 3: log in") && text.contains("first"), "{text}");
        assert!(!text.contains("secret") && !text.contains("one") && !text.contains('\u{1b}'), "{text}");
        let text = error(&TokenCommand::new("/nowhere/token-helper").arg("secret")).await;
        assert!(text.contains("/nowhere/token-helper") && !text.contains("secret"), "{text}");
        assert!(error(&shell("kill -9 $$")).await.contains("signal"));
    }

    #[tokio::test]
    async fn whatever_is_no_token_is_told_with_the_command() {
        for (script, reason) in [
            ("true", "it is empty"),
            ("echo; echo abc", "it is empty"),
            ("echo Bearer abc", "a space"),
            ("printf '\\377'", "not UTF-8"),
            ("head -c 70000 /dev/zero | tr '\\0' a", "longer than 64 KiB"),
        ] {
            let text = error(&shell(script)).await;
            assert!(text.contains(reason) && text.contains("/bin/sh"), "{script}: {text}");
        }
    }

    #[tokio::test]
    async fn it_ends_in_time_whatever_it_does() {
        let begun = Instant::now();
        let limit = Duration::from_millis(300);
        for script in ["exec sleep 60", "exec yes"] {
            let text = error(&shell(script).timeout(limit)).await;
            assert!(text.contains("was killed"), "{script}: {text}");
        }
        // A child of its own that keeps its outputs.
        let token = shell("echo abc; sleep 5 &").token().await.expect("a token");
        assert_eq!(token.text(), "abc");
        assert!(begun.elapsed() < Duration::from_secs(4), "{:?}", begun.elapsed());
    }

    #[tokio::test]
    async fn it_is_killed_with_the_future() {
        let marker = std::env::temp_dir().join(format!("ws-client-command-{}", std::process::id()));
        let command = shell(&format!("echo $$ > {}; exec sleep 60", marker.display()));
        let mut running = command.token();
        let pid = loop {
            let _ = timeout(Duration::from_millis(5), &mut running).await;
            let pid = std::fs::read_to_string(&marker).unwrap_or_default();
            if pid.ends_with('\n') {
                break pid.trim().to_owned();
            }
        };
        drop(running);
        let _ = std::fs::remove_file(&marker);
        let gone = async {
            while !std::fs::read_to_string(format!("/proc/{pid}/stat"))
                .map_or(true, |stat| stat.contains(") Z "))
            {
                tokio::time::sleep(Duration::from_millis(5)).await;
            }
        };
        timeout(Duration::from_secs(10), gone).await.expect("it is killed");
    }

    #[test]
    fn no_debug_text_has_the_arguments() {
        assert!(!format!("{:?}", shell("hunter2")).contains("hunter2"));
    }
}
