//! The stream under TLS.

use std::io::{self, IoSlice};
use std::pin::Pin;
use std::task::{Context, Poll, ready};

use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::net::TcpStream;
use ws_core::net::Transport;

use super::witness::Witness;
use crate::connect::dial::Stream;

/// A stream on which a server's last words are heard.
///
/// A server that refuses may say so in an alert and be gone before all is sent. Then sending fails, while the alert
/// waits to be read: so, until the connection is open, a failure to send is told once nothing more can be read.
#[derive(Debug)]
pub(crate) struct Wire {
    stream: Plain,
    /// `None` once the connection is open.
    opening: Option<Opening>,
}

#[derive(Debug, Default)]
struct Opening {
    unsent: Option<io::Error>,
}

enum Plain {
    Tcp(TcpStream),
    Other(Box<dyn Transport>),
}

impl Wire {
    pub(super) fn new(stream: Stream) -> Self {
        let stream = match stream {
            Stream::Tcp(stream) => Plain::Tcp(stream),
            Stream::Other(stream) => Plain::Other(stream),
            // TLS in TLS.
            Stream::Tls(stream) => Plain::Other(Box::new(stream.into_inner())),
        };
        Self { stream, opening: Some(Opening::default()) }
    }

    /// The connection is open: from here on, a failure to send is told at once.
    pub(super) fn opened(&mut self) {
        self.opening = None;
    }

    /// What sending comes to.
    fn sent<T>(&mut self, result: io::Result<T>, instead: T) -> io::Result<T> {
        match (result, &mut self.opening) {
            (Err(error), Some(opening)) => {
                opening.unsent.get_or_insert(error);
                Ok(instead)
            }
            (result, _) => result,
        }
    }

    fn is_gone(&self) -> bool {
        self.opening.as_ref().is_some_and(|opening| opening.unsent.is_some())
    }
}

impl AsyncRead for Wire {
    fn poll_read(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        let this = self.get_mut();
        let before = buffer.filled().len();
        let result = match &mut this.stream {
            Plain::Tcp(stream) => ready!(Pin::new(stream).poll_read(cx, buffer)),
            Plain::Other(stream) => ready!(Pin::new(stream).poll_read(cx, buffer)),
        };
        if let Some(opening) = &mut this.opening {
            let came = &buffer.filled()[before..];
            if came.is_empty() || result.is_err() {
                return Poll::Ready(opening.unsent.take().map_or(result, Err));
            }
            Witness::came(came);
        }
        Poll::Ready(result)
    }
}

impl AsyncWrite for Wire {
    fn poll_write(self: Pin<&mut Self>, cx: &mut Context<'_>, bytes: &[u8]) -> Poll<io::Result<usize>> {
        let this = self.get_mut();
        if this.is_gone() {
            return Poll::Ready(Ok(bytes.len()));
        }
        let result = match &mut this.stream {
            Plain::Tcp(stream) => ready!(Pin::new(stream).poll_write(cx, bytes)),
            Plain::Other(stream) => ready!(Pin::new(stream).poll_write(cx, bytes)),
        };
        Poll::Ready(this.sent(result, bytes.len()))
    }

    fn poll_write_vectored(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        slices: &[IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        let this = self.get_mut();
        let all = || slices.iter().map(|slice| slice.len()).sum();
        if this.is_gone() {
            return Poll::Ready(Ok(all()));
        }
        let result = match &mut this.stream {
            Plain::Tcp(stream) => ready!(Pin::new(stream).poll_write_vectored(cx, slices)),
            Plain::Other(stream) => ready!(Pin::new(stream).poll_write_vectored(cx, slices)),
        };
        Poll::Ready(this.sent(result, all()))
    }

    fn is_write_vectored(&self) -> bool {
        match &self.stream {
            Plain::Tcp(stream) => stream.is_write_vectored(),
            Plain::Other(stream) => stream.is_write_vectored(),
        }
    }

    fn poll_flush(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        let this = self.get_mut();
        if this.is_gone() {
            return Poll::Ready(Ok(()));
        }
        let result = match &mut this.stream {
            Plain::Tcp(stream) => ready!(Pin::new(stream).poll_flush(cx)),
            Plain::Other(stream) => ready!(Pin::new(stream).poll_flush(cx)),
        };
        Poll::Ready(this.sent(result, ()))
    }

    fn poll_shutdown(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        match &mut self.get_mut().stream {
            Plain::Tcp(stream) => Pin::new(stream).poll_shutdown(cx),
            Plain::Other(stream) => Pin::new(stream).poll_shutdown(cx),
        }
    }
}

impl std::fmt::Debug for Plain {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(match self {
            Self::Tcp(_) => "Tcp",
            Self::Other(_) => "Other",
        })
    }
}

#[cfg(test)]
mod tests {
    use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};

    use super::*;

    /// A server that has said its last words, and been gone since.
    struct Gone(&'static [u8]);

    impl AsyncRead for Gone {
        fn poll_read(
            mut self: Pin<&mut Self>,
            _: &mut Context<'_>,
            buffer: &mut ReadBuf<'_>,
        ) -> Poll<io::Result<()>> {
            buffer.put_slice(std::mem::take(&mut self.0));
            Poll::Ready(Ok(()))
        }
    }

    impl AsyncWrite for Gone {
        fn poll_write(self: Pin<&mut Self>, _: &mut Context<'_>, _: &[u8]) -> Poll<io::Result<usize>> {
            Poll::Ready(Err(io::ErrorKind::BrokenPipe.into()))
        }

        fn poll_flush(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<io::Result<()>> {
            Poll::Ready(Err(io::ErrorKind::ConnectionReset.into()))
        }

        fn poll_shutdown(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<io::Result<()>> {
            Poll::Ready(Ok(()))
        }
    }

    fn wire() -> Wire {
        Wire::new(Stream::Other(Box::new(Gone(b"alert"))))
    }

    #[tokio::test]
    async fn last_words_are_heard_before_a_failure_to_send_is_told() {
        let mut wire = wire();
        wire.write_all(b"request").await.expect("nothing is told yet");
        let more = [IoSlice::new(b"mo"), IoSlice::new(b"re")];
        assert_eq!(wire.write_vectored(&more).await.expect("nothing is told yet"), 4);
        wire.flush().await.expect("nothing is told yet");
        let mut words = [0; 8];
        assert_eq!(wire.read(&mut words).await.expect("the last words"), 5);
        // The first failure, once, and then the end.
        assert_eq!(wire.read(&mut words).await.expect_err("told").kind(), io::ErrorKind::BrokenPipe);
        assert_eq!(wire.read(&mut words).await.expect("the end"), 0);
    }

    #[tokio::test]
    async fn once_open_a_failure_is_told_at_once() {
        let mut wire = wire();
        wire.opened();
        assert_eq!(wire.write(b"message").await.expect_err("told").kind(), io::ErrorKind::BrokenPipe);
        assert_eq!(wire.flush().await.expect_err("told").kind(), io::ErrorKind::ConnectionReset);
    }
}
