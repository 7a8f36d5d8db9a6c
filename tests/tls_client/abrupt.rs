//! Servers that end the connection without the alert that ends TLS (RFC 8446 6.1), as many do.

use std::io;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};

use bytes::BytesMut;
use rustls::ServerConfig;
use rustls::pki_types::PrivateKeyDer;
use rustls::pki_types::pem::PemObject as _;
use tests::certificates::{Authority, Pair};
use tokio::io::{AsyncRead, AsyncReadExt as _, AsyncWrite, AsyncWriteExt as _, ReadBuf};
use tokio::net::{TcpListener, TcpStream};
use tokio_rustls::TlsAcceptor;
use tokio_rustls::server::TlsStream;
use ws_client::{Builder, ConnectError, HandshakeError};
use ws_core::connection::Role;
use ws_core::handshake::accept_value;
use ws_core::message::CloseCode;
use ws_core::net::{Error, SocketConfig, WebSocket};

use crate::client;

/// TLS that ends as TCP does.
struct Abrupt(TlsStream<TcpStream>);

impl AsyncRead for Abrupt {
    fn poll_read(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        Pin::new(&mut self.0).poll_read(cx, buffer)
    }
}

impl AsyncWrite for Abrupt {
    fn poll_write(mut self: Pin<&mut Self>, cx: &mut Context<'_>, bytes: &[u8]) -> Poll<io::Result<usize>> {
        Pin::new(&mut self.0).poll_write(cx, bytes)
    }

    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.0).poll_flush(cx)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(self.0.get_mut().0).poll_shutdown(cx)
    }
}

/// A client of a server that has read the request.
async fn server<F: Future<Output = ()> + Send + 'static>(goes_on: fn(Abrupt, String) -> F) -> Builder {
    let authority = Authority::new("an authority");
    let Pair { certificate, key } = authority.issue("rooms.test");
    let key = PrivateKeyDer::from_pem_slice(key.as_bytes()).unwrap();
    let chain = vec![rustls::pki_types::CertificateDer::from_pem_slice(certificate.as_bytes()).unwrap()];
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let config = ServerConfig::builder_with_provider(provider).with_safe_default_protocol_versions().unwrap();
    let config = config.with_no_client_auth().with_single_cert(chain, key).unwrap();
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    tokio::spawn(async move {
        let stream = listener.accept().await.unwrap().0;
        let mut stream = Abrupt(TlsAcceptor::from(Arc::new(config)).accept(stream).await.unwrap());
        let mut head = Vec::new();
        while !head.ends_with(b"\r\n\r\n") {
            head.push(stream.read_u8().await.unwrap());
        }
        goes_on(stream, String::from_utf8(head).unwrap()).await;
    });
    client(address, "rooms.test", &authority)
}

/// The server's side of an open connection.
async fn accepted(stream: Abrupt, head: &str) -> WebSocket {
    WebSocket::from_stream(answered(stream, head).await, SocketConfig::new(Role::Server), BytesMut::new())
}

async fn answered(mut stream: Abrupt, head: &str) -> Abrupt {
    let key = head.lines().find_map(|line| line.strip_prefix("Sec-WebSocket-Key: ")).expect("a key");
    let accept = accept_value(key.trim());
    let answer = format!(
        "HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Accept: {}\r\n\r\n",
        std::str::from_utf8(&accept).unwrap()
    );
    stream.write_all(answer.as_bytes()).await.unwrap();
    stream.flush().await.unwrap();
    stream
}

#[tokio::test]
async fn an_end_before_the_answer_is_no_answer() {
    let client = server(|mut stream, _| async move { stream.shutdown().await.unwrap() }).await;
    let error = client.connect().await.expect_err("no answer");
    assert!(matches!(error, ConnectError::Handshake(HandshakeError::NoAnswer)), "{error:?}");
    assert!(error.is_worth_retrying());

    let client = server(|mut stream, _| async move {
        stream.write_all(b"HTTP/1.1 101 Swi").await.unwrap();
        stream.flush().await.unwrap();
        stream.shutdown().await.unwrap();
    });
    let error = client.await.connect().await.expect_err("half an answer");
    assert!(matches!(error, ConnectError::Handshake(HandshakeError::CutShort { received: 16 })), "{error:?}");
}

#[tokio::test]
async fn an_end_after_both_close_frames_is_a_good_one() {
    let client = server(|stream, head| async move {
        let mut socket = accepted(stream, &head).await;
        while socket.recv().await.unwrap().is_some() {}
    });
    let mut socket = client.await.connect().await.expect("a connection");
    socket.close(None).await.unwrap();
    assert!(matches!(socket.recv().await, Ok(None)));

    let client = server(|stream, head| async move {
        let mut socket = accepted(stream, &head).await;
        socket.close(ws_core::message::CloseFrame::new(CloseCode::GOING_AWAY, "")).await.unwrap();
        while let Ok(Some(_)) = socket.recv().await {}
    });
    let mut socket = client.await.connect().await.expect("a connection");
    assert!(matches!(socket.recv().await, Ok(None)));
    assert_eq!(socket.close_frame().map(|frame| frame.code), Some(CloseCode::GOING_AWAY));
}

// RFC 6455 7.1.5: without a Close frame the connection is lost, whatever TLS says.
#[tokio::test]
async fn an_end_without_a_close_frame_is_a_loss() {
    let client = server(|stream, head| async move {
        let mut stream = answered(stream, &head).await;
        // RFC 6455 5.7: a text message.
        stream.write_all(b"\x81\x05Hello").await.unwrap();
        stream.flush().await.unwrap();
        stream.shutdown().await.unwrap();
    });
    let mut socket = client.await.connect().await.expect("a connection");
    socket.recv().await.expect("hello").expect("hello");
    let error = socket.recv().await.expect_err("lost");
    assert!(matches!(error, Error::Lost), "{error:?}");
}
