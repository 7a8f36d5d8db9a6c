//! Unix sockets: a server on this machine that listens at a path of the file system.

use std::io;
use std::path::PathBuf;
use std::time::Duration;

use thiserror::Error;

/// Why no connection to a Unix socket came about.
#[derive(Debug, Error)]
#[non_exhaustive]
pub enum UnixError {
    /// There is no file at the path.
    #[error("there is no socket {}: start the server, or correct the path", path.display())]
    NotFound {
        /// The path.
        path: PathBuf,
    },
    /// There is a file, but it is no socket.
    #[error("{} is no socket: correct the path", path.display())]
    NotASocket {
        /// The path.
        path: PathBuf,
    },
    /// The socket is there, but nobody listens on it any more.
    #[error("nothing listens on the socket {}: start the server", path.display())]
    Closed {
        /// The path.
        path: PathBuf,
    },
    /// This process may not write to the socket, or not enter a directory on the way.
    #[error("this process may not use the socket {}: check its permissions and those of its directory", path.display())]
    NotPermitted {
        /// The path.
        path: PathBuf,
    },
    /// The path is longer than the system takes (108 bytes on Linux), or cannot be one.
    #[error("the path {} cannot be that of a socket: it is too long, or has a zero byte", path.display())]
    PathInvalid {
        /// The path.
        path: PathBuf,
    },
    /// More connections wait to be accepted than the server has room for.
    #[error("the server on the socket {} accepts no more connections now: it is stuck or overloaded", path.display())]
    Busy {
        /// The path.
        path: PathBuf,
    },
    /// The connection was not there in time.
    #[error("the socket {} did not connect within {after:?}", path.display())]
    TimedOut {
        /// The path.
        path: PathBuf,
        /// The time it was given.
        after: Duration,
    },
    /// Anything else, such as no more file descriptors.
    #[error("the connection to the socket {} failed: {source}", path.display())]
    Failed {
        /// The path.
        path: PathBuf,
        /// What the system said.
        source: io::Error,
    },
}

#[cfg(unix)]
pub(crate) use connecting::connect;

#[cfg(unix)]
mod connecting {
    use std::os::unix::fs::FileTypeExt;
    use std::path::Path;

    use tokio::net::UnixStream;
    use tokio::time::timeout;

    use super::{Duration, UnixError, io};

    /// Connects. Cancel safe.
    pub(crate) async fn connect(path: &Path, within: Duration) -> Result<UnixStream, UnixError> {
        match timeout(within, UnixStream::connect(path)).await {
            Ok(Ok(stream)) => Ok(stream),
            Ok(Err(source)) => Err(typed(path, source).await),
            Err(_) => Err(UnixError::TimedOut { path: path.to_owned(), after: within }),
        }
    }

    async fn typed(path: &Path, source: io::Error) -> UnixError {
        let path = path.to_owned();
        match source.kind() {
            io::ErrorKind::NotFound | io::ErrorKind::NotADirectory => UnixError::NotFound { path },
            // Linux says the same of a file that is no socket at all.
            io::ErrorKind::ConnectionRefused => match tokio::fs::metadata(&path).await {
                Ok(found) if !found.file_type().is_socket() => UnixError::NotASocket { path },
                _ => UnixError::Closed { path },
            },
            io::ErrorKind::PermissionDenied => UnixError::NotPermitted { path },
            io::ErrorKind::InvalidInput => UnixError::PathInvalid { path },
            io::ErrorKind::WouldBlock => UnixError::Busy { path },
            _ => UnixError::Failed { path, source },
        }
    }
}

#[cfg(all(test, unix))]
mod tests {
    use std::os::unix::net::UnixListener;
    use std::path::Path;

    use super::*;

    const WITHIN: Duration = Duration::from_secs(5);

    /// A directory of its own, removed at the end.
    struct Directory(PathBuf);

    impl Directory {
        fn new(name: &str) -> Self {
            let path = std::env::temp_dir().join(format!("ws-client-{name}-{}", std::process::id()));
            std::fs::create_dir_all(&path).expect("a directory");
            Self(path)
        }
    }

    impl Drop for Directory {
        fn drop(&mut self) {
            let _ = std::fs::remove_dir_all(&self.0);
        }
    }

    async fn error(path: &Path) -> UnixError {
        connect(path, WITHIN).await.expect_err("no server")
    }

    #[tokio::test]
    async fn each_failure_by_its_name() {
        let directory = Directory::new("unix-errors");
        let at = |name: &str| directory.0.join(name);
        assert!(matches!(error(&at("absent")).await, UnixError::NotFound { .. }));
        std::fs::write(at("file"), "").expect("a file");
        assert!(matches!(error(&at("file")).await, UnixError::NotASocket { .. }));
        assert!(matches!(error(&at("file/below")).await, UnixError::NotFound { .. }));
        let listener = UnixListener::bind(at("socket")).expect("a socket");
        assert!(connect(&at("socket"), WITHIN).await.is_ok());
        drop(listener);
        let closed = error(&at("socket")).await;
        assert!(matches!(&closed, UnixError::Closed { path } if *path == at("socket")), "{closed:?}");
        assert!(closed.to_string().contains("socket"), "{closed}");
        assert!(matches!(error(&at(&"x".repeat(200))).await, UnixError::PathInvalid { .. }));
    }

    #[tokio::test]
    async fn a_full_queue_is_a_busy_server() {
        let directory = Directory::new("unix-busy");
        let path = directory.0.join("socket");
        let listener = socket_with_queue_of_none(&path);
        let mut waiting = Vec::new();
        let busy = loop {
            match connect(&path, WITHIN).await {
                Ok(stream) => waiting.push(stream),
                Err(error) => break error,
            }
            assert!(waiting.len() < 5000, "the queue has no end");
        };
        assert!(matches!(busy, UnixError::Busy { .. }), "{busy:?}");
        drop(listener);
    }

    fn socket_with_queue_of_none(path: &Path) -> tokio::net::UnixListener {
        let socket = tokio::net::UnixSocket::new_stream().expect("a socket");
        socket.bind(path).expect("bound");
        socket.listen(1).expect("listening")
    }
}
