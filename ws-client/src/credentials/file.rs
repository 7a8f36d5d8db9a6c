//! A token in a file, which somebody else keeps fresh.

use std::fs::{File, Metadata};
use std::io::{self, Read as _};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::{Duration, SystemTime};

use tokio::sync::{Mutex, OwnedMutexGuard};
use tokio::task::spawn_blocking;
use tokio::time::sleep;
use zeroize::Zeroizing;

use super::{CredentialsError, NewsFuture, Token, TokenFuture, TokenProvider};

/// Bytes of a file that are read at the most; tokens have at most 16 KiB.
const LONGEST: u64 = 64 << 10;

/// The token that stands in a file, as Kubernetes, SPIFFE helpers and secret managers leave them there: alone, with or
/// without a line break behind it. It is read anew when it is renewed or rejected, and when the file has changed: that is
/// looked at once in two seconds while somebody follows the tokens, else when somebody needs one.
///
/// ```
/// use ws_client::credentials::{Credentials, TokenFile};
///
/// let credentials = Credentials::new(TokenFile::new("/var/run/secrets/tokens/chat"));
/// ```
#[derive(Clone, Debug)]
pub struct TokenFile(Arc<Inner>);

#[derive(Debug)]
struct Inner {
    path: PathBuf,
    /// What the file was when it was read. Whoever looks at it holds this: where it lies on a server that is gone, one
    /// thread waits for it, and everybody else without one.
    read: Arc<Mutex<Option<Stamp>>>,
}

/// By what a file that was changed can be told.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Stamp {
    length: u64,
    modified: Option<SystemTime>,
    /// Another file may take its name.
    #[cfg(unix)]
    inode: u64,
}

impl TokenFile {
    /// The file at `path`, which does not have to be there yet.
    pub fn new(path: impl Into<PathBuf>) -> Self {
        Self(Arc::new(Inner { path: path.into(), read: Arc::default() }))
    }

    /// Where it is.
    pub fn path(&self) -> &Path {
        &self.0.path
    }
}

impl TokenProvider for TokenFile {
    /// Errors name the file. Whoever writes it in place leaves it empty for a moment: it is read once more then.
    fn token(&self) -> TokenFuture<'_> {
        Box::pin(async {
            match self.read().await {
                Err(CredentialsError::Malformed { reason, .. }) if reason == EMPTY => {
                    sleep(Duration::from_millis(200)).await;
                    self.read().await
                }
                token => token,
            }
        })
    }

    fn news(&self) -> Option<NewsFuture<'_>> {
        let file = Arc::clone(&self.0);
        Some(Box::pin(async move {
            let Ok(read) = Arc::clone(&file.read).try_lock_owned() else { return false };
            spawn_blocking(move || *read != file.stamp()).await.unwrap_or(false)
        }))
    }
}

impl TokenFile {
    async fn read(&self) -> Result<Token, CredentialsError> {
        let file = Arc::clone(&self.0);
        let read = Arc::clone(&file.read).lock_owned().await;
        match spawn_blocking(move || file.read(read)).await {
            Ok(token) => token,
            // The runtime ends.
            Err(error) => Err(self.0.unreadable(io::Error::other(error))),
        }
    }
}

const EMPTY: &str = "it is empty";

impl Inner {
    fn read(&self, mut read: OwnedMutexGuard<Option<Stamp>>) -> Result<Token, CredentialsError> {
        // Before it is read: what is written meanwhile is noticed.
        *read = self.stamp();
        let file = File::open(&self.path).map_err(|error| self.unreadable(error))?;
        // Room enough from the start leaves no copies behind.
        let mut bytes = Zeroizing::new(Vec::with_capacity(4 << 10));
        file.take(LONGEST + 1).read_to_end(&mut bytes).map_err(|error| self.unreadable(error))?;
        if bytes.len() as u64 > LONGEST {
            return Err(self.malformed("it has more than 64 KiB"));
        }
        let text = std::str::from_utf8(&bytes).map_err(|_| self.malformed("it is not UTF-8"))?;
        let token = Token::new(text.trim_end_matches(['\r', '\n']));
        match token.flaw() {
            Some(_) if token.text().is_empty() => Err(self.malformed(EMPTY)),
            Some(reason) => Err(self.malformed(reason)),
            None => Ok(token),
        }
    }

    fn stamp(&self) -> Option<Stamp> {
        std::fs::metadata(&self.path).ok().as_ref().map(Stamp::of)
    }

    fn unreadable(&self, source: io::Error) -> CredentialsError {
        CredentialsError::File { path: self.path.clone(), source: Arc::new(source) }
    }

    fn malformed(&self, reason: &'static str) -> CredentialsError {
        CredentialsError::Malformed { from: format!("the token file {}", self.path.display()), reason }
    }
}

impl Stamp {
    fn of(metadata: &Metadata) -> Self {
        Self {
            length: metadata.len(),
            modified: metadata.modified().ok(),
            #[cfg(unix)]
            inode: std::os::unix::fs::MetadataExt::ino(metadata),
        }
    }
}
