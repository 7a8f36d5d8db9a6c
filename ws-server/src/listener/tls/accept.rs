//! The TLS handshake of one connection.

use std::io::{self, IoSlice};
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};

use bytes::{Buf as _, BytesMut};
use rustls::server::ServerConfig;
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::net::TcpStream;
use tokio_rustls::TlsAcceptor;

use crate::authenticate::ClientCertificate;

/// TLS over TCP.
pub(crate) type TlsStream = tokio_rustls::server::TlsStream<Prefixed>;

/// Does the handshake; `read` is what was read from the stream already.
///
/// # Errors
/// What was wrong, and the stream, on which the alert has been sent.
pub(crate) async fn accept(
    config: Arc<ServerConfig>,
    stream: TcpStream,
    read: BytesMut,
) -> Result<(Box<TlsStream>, Option<ClientCertificate>), (io::Error, TcpStream)> {
    let accepting = TlsAcceptor::from(config).accept(Prefixed { read, stream }).into_fallible();
    match accepting.await {
        Ok(stream) => {
            let certificate = certificate(&stream);
            Ok((Box::new(stream), certificate))
        }
        Err((error, stream)) => Err((error, stream.stream)),
    }
}

/// What the client has shown, if it is trusted: the verifier has looked at it.
fn certificate(stream: &TlsStream) -> Option<ClientCertificate> {
    let chain = stream.get_ref().1.peer_certificates()?;
    Some(ClientCertificate::new(chain.iter().map(|certificate| certificate.to_vec())))
}

/// A stream of which some bytes have been read already.
#[derive(Debug)]
pub(crate) struct Prefixed {
    read: BytesMut,
    stream: TcpStream,
}

impl AsyncRead for Prefixed {
    fn poll_read(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        let this = self.get_mut();
        if this.read.is_empty() {
            return Pin::new(&mut this.stream).poll_read(cx, buffer);
        }
        let count = this.read.len().min(buffer.remaining());
        buffer.put_slice(&this.read[..count]);
        this.read.advance(count);
        if this.read.is_empty() {
            this.read = BytesMut::new();
        }
        Poll::Ready(Ok(()))
    }
}

impl AsyncWrite for Prefixed {
    fn poll_write(mut self: Pin<&mut Self>, cx: &mut Context<'_>, bytes: &[u8]) -> Poll<io::Result<usize>> {
        Pin::new(&mut self.stream).poll_write(cx, bytes)
    }

    fn poll_write_vectored(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        slices: &[IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        Pin::new(&mut self.stream).poll_write_vectored(cx, slices)
    }

    fn is_write_vectored(&self) -> bool {
        self.stream.is_write_vectored()
    }

    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_flush(cx)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_shutdown(cx)
    }
}
