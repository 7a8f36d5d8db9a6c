//! A way of one's own to a server, in place of name resolution, TCP and proxies.

use std::io;
use std::pin::Pin;
use std::time::Duration;

use thiserror::Error;
use tokio::time::timeout;
use ws_core::net::Transport;

use super::WsUrl;

/// A stream that is on its way.
pub type ConnectFuture<'a> = Pin<Box<dyn Future<Output = io::Result<Box<dyn Transport>>> + Send + 'a>>;

/// Makes the stream to a server, in place of name resolution, TCP and proxies: through a tunnel, over a transport that
/// this crate does not know, or within the process. For `wss://` TLS is still put on top, and then the handshake.
///
/// It is asked anew for each connection, and has [`Timeouts::tcp`](crate::Timeouts::tcp) for it; the future is dropped
/// when that is over, or when the caller gives up.
///
/// ```
/// use tokio::sync::mpsc;
/// use ws_client::{Client, ConnectFuture, Connector, WsUrl};
/// use ws_core::net::Transport;
///
/// /// Each connection is one end of a pipe; a server in the same process takes the other.
/// struct InProcess(mpsc::Sender<tokio::io::DuplexStream>);
///
/// impl Connector for InProcess {
///     fn connect<'a>(&'a self, _url: &'a WsUrl) -> ConnectFuture<'a> {
///         Box::pin(async move {
///             let (ours, theirs) = tokio::io::duplex(64 * 1024);
///             self.0.send(theirs).await.map_err(std::io::Error::other)?;
///             Ok(Box::new(ours) as Box<dyn Transport>)
///         })
///     }
/// }
///
/// # fn example() -> Result<(), ws_client::UrlError> {
/// let (to_server, _incoming) = mpsc::channel(16);
/// let client = Client::builder("ws://in.process/rooms")?.connector(InProcess(to_server)).build();
/// # let _ = client;
/// # Ok(())
/// # }
/// ```
pub trait Connector: Send + Sync + 'static {
    /// A stream to the server of `url`, on which nothing has been said.
    ///
    /// # Errors
    ///
    /// What the caller of [`Client::connect`](crate::Client::connect) gets as [`ConnectorError::Failed`].
    fn connect<'a>(&'a self, url: &'a WsUrl) -> ConnectFuture<'a>;
}

/// Why a [`Connector`] gave no stream.
#[derive(Debug, Error)]
#[non_exhaustive]
pub enum ConnectorError {
    /// It failed.
    #[error("the connector gave no stream to {host}: {source}")]
    Failed {
        /// The host and port connected to.
        host: String,
        /// What the connector said. An attempt is worth repeating, unless the kind is `InvalidInput`,
        /// `PermissionDenied` or `Unsupported`.
        source: io::Error,
    },
    /// It did not end in time.
    #[error("the connector gave no stream to {host} within {after:?}")]
    TimedOut {
        /// The host and port connected to.
        host: String,
        /// The time it was given.
        after: Duration,
    },
}

/// Asks `connector` for a stream. Cancel safe as far as the connector is.
pub(crate) async fn connect(
    connector: &dyn Connector,
    url: &WsUrl,
    within: Duration,
) -> Result<Box<dyn Transport>, ConnectorError> {
    match timeout(within, connector.connect(url)).await {
        Ok(Ok(stream)) => Ok(stream),
        Ok(Err(source)) => Err(ConnectorError::Failed { host: url.host_field(), source }),
        Err(_) => Err(ConnectorError::TimedOut { host: url.host_field(), after: within }),
    }
}

#[cfg(test)]
mod tests {
    use std::future::{pending, ready};

    use super::*;

    enum Scripted {
        Pipe,
        Fails(io::ErrorKind),
        Silent,
    }

    impl Connector for Scripted {
        fn connect<'a>(&'a self, _: &'a WsUrl) -> ConnectFuture<'a> {
            match self {
                Self::Pipe => Box::pin(ready(Ok(Box::new(tokio::io::empty()) as Box<dyn Transport>))),
                Self::Fails(kind) => Box::pin(ready(Err((*kind).into()))),
                Self::Silent => Box::pin(pending()),
            }
        }
    }

    #[tokio::test(start_paused = true)]
    async fn a_stream_an_error_or_silence() {
        let url = WsUrl::parse("ws://in.process:7/a?token=hunter2").expect("valid");
        let outcome = async |connector| connect(&connector, &url, Duration::from_secs(3)).await;
        assert!(outcome(Scripted::Pipe).await.is_ok());
        let failed = outcome(Scripted::Fails(io::ErrorKind::BrokenPipe)).await.err().expect("fails");
        assert!(
            matches!(&failed, ConnectorError::Failed { host, .. } if host == "in.process:7"),
            "{failed:?}"
        );
        let silent = outcome(Scripted::Silent).await.err().expect("silent");
        assert!(
            matches!(silent, ConnectorError::TimedOut { after, .. } if after.as_secs() == 3),
            "{silent:?}"
        );
    }
}
