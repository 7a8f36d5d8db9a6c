//! A running server, and a client that sees every byte.

use std::net::SocketAddr;
use std::time::Duration;

use bytes::BytesMut;
use tokio::io::{AsyncRead, AsyncReadExt as _, AsyncWrite, AsyncWriteExt as _};
use tokio::net::{TcpSocket, TcpStream};
use tokio::task::JoinHandle;
use tokio::time::timeout;
use ws_core::connection::Role;
use ws_core::handshake::ClientHandshake;
use ws_core::head::{HeadLimits, HeadReader, ResponseHead};
use ws_core::net::{SocketConfig, WebSocket};
use ws_server::{ServeError, Server, ServerBuilder, ServerHandle, Session};

/// Longer than anything here may take.
pub(crate) const PATIENCE: Duration = Duration::from_secs(20);

/// A server that serves, and ends with the test.
pub(crate) struct Running {
    pub(crate) address: SocketAddr,
    pub(crate) handle: ServerHandle,
    pub(crate) serving: JoinHandle<Result<(), ServeError>>,
}

impl Running {
    /// Serves on a free port of the loopback.
    pub(crate) async fn start(build: impl FnOnce(ServerBuilder) -> ServerBuilder) -> Self {
        Self::of(build(Server::builder().listen("127.0.0.1:0"))).await
    }

    /// Serves what was built.
    pub(crate) async fn of(builder: ServerBuilder) -> Self {
        let server = builder.bind().await.expect("the server starts");
        let (address, handle) = (server.local_addr(), server.handle());
        Self { address, handle, serving: tokio::spawn(server.serve()) }
    }

    pub(crate) async fn connect(&self) -> Client {
        Client::to(self.address).await
    }

    /// A WebSocket at `path`.
    pub(crate) async fn open(&self, path: &str) -> WebSocket {
        self.connect().await.upgrade(path).await.expect("the handshake is accepted")
    }
}

/// Sends back what comes, until the peer closes.
pub(crate) async fn echo(mut session: Session) -> Result<(), ws_core::net::Error> {
    while let Some(message) = session.recv().await? {
        session.send(message).await?;
    }
    Ok(())
}

/// One connection before it is a WebSocket.
pub(crate) struct Client<S = TcpStream> {
    pub(crate) stream: S,
    pub(crate) buffer: BytesMut,
}

/// An answer: its head and its body.
#[derive(Debug)]
pub(crate) struct Answer {
    pub(crate) head: ResponseHead,
    pub(crate) body: String,
}

impl Answer {
    pub(crate) fn status(&self) -> u16 {
        self.head.status()
    }

    pub(crate) fn field(&self, name: &str) -> Option<&str> {
        self.head.fields().get_str(name)
    }
}

impl Client {
    pub(crate) async fn to(address: SocketAddr) -> Self {
        Self { stream: TcpStream::connect(address).await.unwrap(), buffer: BytesMut::new() }
    }

    /// A connection that comes from this address of the loopback.
    pub(crate) async fn from(source: &str, address: SocketAddr) -> Self {
        let socket = TcpSocket::new_v4().unwrap();
        socket.bind(SocketAddr::new(source.parse().unwrap(), 0)).unwrap();
        Self { stream: socket.connect(address).await.unwrap(), buffer: BytesMut::new() }
    }

    /// Becomes a WebSocket.
    pub(crate) async fn upgrade(mut self, path: &str) -> Result<WebSocket, Answer> {
        let host = self.stream.peer_addr().unwrap().to_string();
        let handshake = ClientHandshake::new(&host, path).unwrap();
        let mut request = BytesMut::new();
        handshake.encode(&mut request);
        self.send(&request).await;
        let answer = self.answer(true).await;
        match handshake.verify(&answer.head) {
            Ok(_) => Ok(WebSocket::from_tcp(self.stream, SocketConfig::new(Role::Client), self.buffer)),
            Err(_) => Err(answer),
        }
    }
}

impl<S: AsyncRead + AsyncWrite + Unpin> Client<S> {
    /// Reads until this holds for what came.
    pub(crate) async fn bytes_until(&mut self, enough: impl Fn(&[u8]) -> bool) -> &[u8] {
        timeout(PATIENCE, async {
            while !enough(&self.buffer) {
                assert_ne!(self.stream.read_buf(&mut self.buffer).await.unwrap(), 0, "closed too early");
            }
        })
        .await
        .expect("enough bytes in time");
        &self.buffer
    }

    pub(crate) async fn send(&mut self, text: impl AsRef<[u8]>) {
        self.stream.write_all(text.as_ref()).await.unwrap();
    }

    /// Reads one answer; `head_only` where the request was a HEAD.
    pub(crate) async fn answer(&mut self, head_only: bool) -> Answer {
        timeout(PATIENCE, self.read_answer(head_only)).await.expect("an answer in time")
    }

    /// Sends a request and reads the answer.
    pub(crate) async fn ask(&mut self, request: &str) -> Answer {
        self.send(request).await;
        self.answer(request.starts_with("HEAD ")).await
    }

    async fn read_answer(&mut self, head_only: bool) -> Answer {
        let mut reader = HeadReader::new(HeadLimits::default());
        let head = loop {
            if let Some(head) = reader.read_response(&mut self.buffer).unwrap() {
                break head;
            }
            assert_ne!(self.stream.read_buf(&mut self.buffer).await.unwrap(), 0, "closed before an answer");
        };
        let length = head.fields().get_str("Content-Length").map_or(0, |length| length.parse().unwrap());
        let length = if head_only || head.status() == 304 { 0 } else { length };
        while self.buffer.len() < length {
            assert_ne!(self.stream.read_buf(&mut self.buffer).await.unwrap(), 0, "closed within an answer");
        }
        let body = String::from_utf8(self.buffer.split_to(length).to_vec()).unwrap();
        Answer { head, body }
    }

    /// Whether the server has ended the connection, without a further byte.
    pub(crate) async fn is_closed(&mut self) -> bool {
        assert!(self.buffer.is_empty(), "bytes behind the answer: {:?}", self.buffer);
        let mut byte = [0];
        match timeout(Duration::from_millis(300), self.stream.read(&mut byte)).await {
            Err(_) => false,
            Ok(Ok(0) | Err(_)) => true,
            Ok(Ok(_)) => panic!("a byte behind the answer: {byte:?}"),
        }
    }
}

/// A handshake for `path` in its plainest form.
pub(crate) fn handshake(path: &str) -> String {
    format!(
        "GET {path} HTTP/1.1\r\nHost: localhost\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n\
         Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nSec-WebSocket-Version: 13\r\n\r\n"
    )
}

/// A plain GET of `path`.
pub(crate) fn get(path: &str) -> String {
    format!("GET {path} HTTP/1.1\r\nHost: localhost\r\n\r\n")
}
