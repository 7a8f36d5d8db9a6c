//! A server in this process, and a client that sends what it likes and sees every byte of the answer.

use std::io;
use std::net::SocketAddr;
use std::time::Duration;

use bytes::BytesMut;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;
use tokio::task::JoinHandle;
use tokio::time::timeout;
use ws_core::head::{HeadLimits, HeadReader, ResponseHead};
use ws_core::net::Error;
use ws_server::{ServeError, Server, ServerBuilder, ServerHandle, Session};

/// Longer than anything may take.
pub const PATIENCE: Duration = Duration::from_secs(30);

/// A server that serves until the test's runtime ends.
#[derive(Debug)]
pub struct Running {
    /// Where it listens.
    pub address: SocketAddr,
    /// How it is shut down.
    pub handle: ServerHandle,
    /// Its end.
    pub serving: JoinHandle<Result<(), ServeError>>,
}

impl Running {
    /// Serves on a free port of the loopback.
    ///
    /// # Panics
    ///
    /// If the server cannot be built.
    pub async fn start(build: impl FnOnce(ServerBuilder) -> ServerBuilder) -> Self {
        let server = build(Server::builder().listen("127.0.0.1:0")).bind().await;
        let server = server.expect("the server can be built");
        let (address, handle) = (server.local_addr(), server.handle());
        Self { address, handle, serving: tokio::spawn(server.serve()) }
    }

    /// A fresh connection.
    pub async fn connect(&self) -> Peer {
        Peer::to(self.address).await
    }
}

/// A handler that sends back what comes.
///
/// # Errors
///
/// What the connection ends with.
pub async fn echo(mut session: Session) -> Result<(), Error> {
    while let Some(message) = session.recv().await? {
        session.send(message).await?;
    }
    Ok(())
}

/// The client's end of a connection.
#[derive(Debug)]
pub struct Peer {
    /// The connection.
    pub stream: TcpStream,
    /// What was read of it and not looked at yet.
    pub buffer: BytesMut,
}

/// An HTTP answer.
#[derive(Clone, Debug)]
pub struct Answer {
    /// Status line and fields.
    pub head: ResponseHead,
    /// As much of it as `Content-Length` says.
    pub body: Vec<u8>,
}

impl Answer {
    /// The first field of that name.
    pub fn field(&self, name: &str) -> Option<&str> {
        self.head.fields().get_str(name)
    }

    /// All fields in their order.
    pub fn fields(&self) -> Vec<(String, String)> {
        let text = |value: &[u8]| String::from_utf8_lossy(value).into_owned();
        self.head.fields().iter().map(|(name, value)| (name.to_owned(), text(value))).collect()
    }
}

impl Peer {
    /// Connects.
    ///
    /// # Panics
    ///
    /// If nobody listens there.
    pub async fn to(address: SocketAddr) -> Self {
        let stream = TcpStream::connect(address).await.expect("somebody listens");
        stream.set_nodelay(true).expect("a TCP option");
        Self { stream, buffer: BytesMut::new() }
    }

    /// Sends bytes. An error is no news: the server may have ended the connection already.
    pub async fn send(&mut self, bytes: impl AsRef<[u8]>) {
        let _ = self.stream.write_all(bytes.as_ref()).await;
    }

    /// Sends a request and reads the answer.
    ///
    /// # Panics
    ///
    /// As [`answer`](Self::answer).
    pub async fn ask(&mut self, request: impl AsRef<[u8]>) -> Answer {
        self.send(&request).await;
        self.answer(request.as_ref().starts_with(b"HEAD ")).await.expect("an answer")
    }

    /// Reads an answer, of which the body is left out where the request was a HEAD. `None`: the connection ended
    /// before it.
    ///
    /// # Panics
    ///
    /// If the answer is no HTTP, or does not come in time.
    pub async fn answer(&mut self, head_only: bool) -> Option<Answer> {
        let mut reader = HeadReader::new(HeadLimits::default());
        let head = loop {
            if let Some(head) = reader.read_response(&mut self.buffer).expect("an HTTP response") {
                break head;
            }
            if self.more().await.unwrap_or(0) == 0 {
                assert!(self.buffer.is_empty(), "half an answer: {:?}", self.buffer);
                return None;
            }
        };
        let length =
            head.fields().get_str("Content-Length").map_or(0, |text| text.parse().expect("a length"));
        let length: usize = if head_only || matches!(head.status(), 101 | 204 | 304) { 0 } else { length };
        while self.buffer.len() < length {
            assert_ne!(self.more().await.expect("the body"), 0, "half a body");
        }
        Some(Answer { head, body: self.buffer.split_to(length).to_vec() })
    }

    /// Reads what is there, at least a byte; 0 at the end of the stream.
    ///
    /// # Errors
    ///
    /// A reset.
    ///
    /// # Panics
    ///
    /// If nothing happens for too long.
    pub async fn more(&mut self) -> io::Result<usize> {
        timeout(PATIENCE, self.stream.read_buf(&mut self.buffer)).await.expect("something happens in time")
    }

    /// Waits for the end of the connection: `Ok` is the orderly one.
    ///
    /// # Errors
    ///
    /// A reset.
    ///
    /// # Panics
    ///
    /// If bytes come instead, or nothing happens for too long.
    pub async fn end(&mut self) -> io::Result<()> {
        assert!(self.buffer.is_empty(), "bytes before the end: {:?}", self.buffer);
        let read = self.more().await?;
        assert_eq!(read, 0, "bytes before the end: {:?}", self.buffer);
        Ok(())
    }

    /// Reads until the connection ends in whatever way, and throws it all away.
    ///
    /// # Panics
    ///
    /// If it does not end within `time`.
    pub async fn drain(&mut self, time: Duration) {
        let draining = async {
            while matches!(self.stream.read_buf(&mut self.buffer).await, Ok(1..)) {
                self.buffer.clear();
            }
        };
        timeout(time, draining).await.expect("the connection ends in time");
    }
}

/// A handshake for `path`, with these fields besides. Each of them ends in CR LF.
pub fn handshake(path: &str, fields: &str) -> String {
    format!(
        "GET {path} HTTP/1.1\r\nHost: chat.example\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n\
         Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nSec-WebSocket-Version: 13\r\n{fields}\r\n"
    )
}
