use std::fs;
use std::path::PathBuf;
use std::sync::atomic::{AtomicUsize, Ordering::SeqCst};
use std::time::{Duration, Instant};

use tokio::time::timeout;

use super::{Credentials, CredentialsError, TokenFile, TokenProvider as _};

/// A path of its own, in a directory that goes with it.
struct Scratch(PathBuf);

impl Scratch {
    fn new() -> Self {
        static NUMBER: AtomicUsize = AtomicUsize::new(0);
        let name = format!("ws-client-token-{}-{}", std::process::id(), NUMBER.fetch_add(1, SeqCst));
        let directory = std::env::temp_dir().join(name);
        fs::create_dir_all(&directory).expect("it can be made");
        Self(directory)
    }

    fn file(&self) -> PathBuf {
        self.0.join("token")
    }

    /// As those do who leave no moment without a whole file.
    fn replace(&self, text: impl AsRef<[u8]>) {
        let new = self.0.join("token.new");
        fs::write(&new, text).expect("it is written");
        fs::rename(new, self.file()).expect("it is replaced");
    }
}

impl Drop for Scratch {
    fn drop(&mut self) {
        let _ = fs::remove_dir_all(&self.0);
    }
}

async fn read(content: impl AsRef<[u8]>) -> Result<String, CredentialsError> {
    let scratch = Scratch::new();
    scratch.replace(content);
    Ok(TokenFile::new(scratch.file()).token().await?.text().to_owned())
}

#[tokio::test]
async fn the_line_break_at_the_end_is_no_part_of_it() {
    for content in ["abc.def", "abc.def\n", "abc.def\r\n", "abc.def\n\n"] {
        assert_eq!(read(content).await.expect("a token"), "abc.def", "{content:?}");
    }
}

#[tokio::test]
async fn whatever_is_no_token_is_told_with_the_file() {
    let long = "a".repeat(100_000);
    let cases: [(&[u8], &str); 6] = [
        (b"", "it is empty"),
        (b"\n", "it is empty"),
        (b"Bearer abc", "without \"Bearer \""),
        (b"abc\ndef\n", "a line break"),
        (b"\xff\xfe", "not UTF-8"),
        (long.as_bytes(), "more than 64 KiB"),
    ];
    for (content, reason) in cases {
        let error = read(content).await.expect_err("no token").to_string();
        assert!(error.contains(reason) && error.contains("ws-client-token-"), "{error}");
        assert!(!error.contains("abc"), "{error}");
    }
    let scratch = Scratch::new();
    let error = TokenFile::new(scratch.file()).token().await.expect_err("no file");
    assert!(matches!(&error, CredentialsError::File { path, .. } if *path == scratch.file()), "{error}");
    let error = TokenFile::new(&scratch.0).token().await.expect_err("a directory");
    assert!(matches!(error, CredentialsError::File { .. }), "{error}");
}

#[tokio::test]
async fn a_file_that_is_being_written_is_read_once_more() {
    let scratch = Scratch::new();
    fs::write(scratch.file(), "").expect("it is written");
    let file = TokenFile::new(scratch.file());
    let write = async {
        tokio::task::yield_now().await;
        fs::write(scratch.file(), "abc").expect("it is written");
    };
    let (token, ()) = tokio::join!(file.token(), write);
    assert_eq!(token.expect("a token").text(), "abc");
}

#[tokio::test]
async fn a_change_is_noticed() {
    let scratch = Scratch::new();
    let file = TokenFile::new(scratch.file());
    let news = async || file.news().expect("it can tell").await;
    assert!(!news().await, "there is nothing");
    scratch.replace("abc");
    assert!(news().await);
    file.token().await.expect("a token");
    assert!(!news().await);
    // The same length, and another file.
    scratch.replace("def");
    assert!(news().await);
    assert_eq!(file.token().await.expect("a token").text(), "def");
    fs::remove_file(scratch.file()).expect("it was there");
    assert!(news().await);
    file.token().await.expect_err("no file");
    assert!(!news().await);
}

#[tokio::test]
async fn who_follows_has_what_is_written() {
    let scratch = Scratch::new();
    let credentials = Credentials::new(TokenFile::new(scratch.file()));
    credentials.current().await.expect_err("no file yet");
    let mut tokens = credentials.subscribe();
    scratch.replace("first");
    let begun = Instant::now();
    assert_eq!(tokens.next().await.text(), "first");
    scratch.replace("second");
    assert_eq!(timeout(Duration::from_secs(30), tokens.next()).await.expect("in time").text(), "second");
    assert!(begun.elapsed() < Duration::from_secs(30));
    assert_eq!(credentials.current().await.expect("a token").text(), "second");
}

#[tokio::test]
async fn a_rejected_token_is_read_anew() {
    let scratch = Scratch::new();
    scratch.replace("old");
    let credentials = Credentials::new(TokenFile::new(scratch.file()));
    let old = credentials.current().await.expect("a token");
    scratch.replace("new");
    credentials.reject(&old);
    assert_eq!(credentials.current().await.expect("a token").text(), "new");
}

/// A file on a server that is gone: each read waits without end. One thread does so, whoever else asks.
#[cfg(unix)]
#[test]
fn a_file_that_hangs_takes_one_thread() {
    let scratch = Scratch::new();
    // Whoever opens a pipe to read waits for somebody who writes.
    let made = std::process::Command::new("mkfifo").arg(scratch.file()).status().expect("it is there");
    assert!(made.success());
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().max_blocking_threads(2).build();
    let runtime = runtime.expect("a runtime");
    let free = runtime.block_on(async {
        let file = TokenFile::new(scratch.file());
        for _ in 0..3 {
            timeout(Duration::from_millis(50), file.token()).await.expect_err("it hangs");
            assert!(!file.news().expect("it can tell").await);
        }
        timeout(Duration::from_secs(5), tokio::task::spawn_blocking(|| "a thread")).await
    });
    // Threads that hang are not waited for.
    runtime.shutdown_background();
    drop(fs::OpenOptions::new().read(true).write(true).open(scratch.file()).expect("a pipe"));
    assert_eq!(free.expect("others have threads").expect("no panic"), "a thread");
}
