//! Tests of the handshake: each violation by name on both sides, the grammars, what has gone wrong
//! elsewhere, and agreement with `tungstenite`.

mod against_tungstenite;
mod client;
mod extensions;
mod hostile;
mod key;
mod lists;
mod server;

use bytes::BytesMut;

use super::{Accepted, ClientHandshake, HandshakeError, Key, ResponseError, UpgradeRequest};
use crate::head::{HeadLimits, HeadReader, RequestHead, ResponseHead};

/// RFC 6455 1.3: the example key, its answer, and the bytes behind it.
const KEY: &str = "dGhlIHNhbXBsZSBub25jZQ==";
const ACCEPT: &str = "s3pPLMBiTxaQ9kYGzzhZRbK+xOo=";
const NONCE: &[u8; 16] = b"the sample nonce";

/// A message that is valid until a test changes it.
#[derive(Clone, Debug)]
struct Lines {
    start: String,
    fields: Vec<(String, Vec<u8>)>,
}

impl Lines {
    /// RFC 6455 1.2: the client's handshake.
    fn request() -> Self {
        Self::new("GET /chat HTTP/1.1")
            .also("Host", "server.example.com")
            .also("Upgrade", "websocket")
            .also("Connection", "Upgrade")
            .also("Sec-WebSocket-Key", KEY)
            .also("Sec-WebSocket-Version", "13")
    }

    /// RFC 6455 1.2: the server's handshake.
    fn response() -> Self {
        Self::new("HTTP/1.1 101 Switching Protocols")
            .also("Upgrade", "websocket")
            .also("Connection", "Upgrade")
            .also("Sec-WebSocket-Accept", ACCEPT)
    }

    fn new(start: &str) -> Self {
        Self { start: start.to_owned(), fields: Vec::new() }
    }

    fn start(self, start: &str) -> Self {
        Self { start: start.to_owned(), ..self }
    }

    fn also(mut self, name: &str, value: impl AsRef<[u8]>) -> Self {
        self.fields.push((name.to_owned(), value.as_ref().to_vec()));
        self
    }

    fn without(mut self, name: &str) -> Self {
        self.fields.retain(|(own, _)| own != name);
        self
    }

    fn with(self, name: &str, value: impl AsRef<[u8]>) -> Self {
        self.without(name).also(name, value)
    }

    fn bytes(&self) -> Vec<u8> {
        let mut bytes = format!("{}\r\n", self.start).into_bytes();
        for (name, value) in &self.fields {
            bytes.extend_from_slice(&[name.as_bytes(), b": ", value, b"\r\n"].concat());
        }
        bytes.extend_from_slice(b"\r\n");
        bytes
    }

    fn request_head(&self) -> RequestHead {
        request_head(&self.bytes()).expect("the head itself is valid")
    }

    fn checked(&self) -> Result<UpgradeRequest, HandshakeError> {
        UpgradeRequest::from_head(&self.request_head())
    }

    fn verified_by(&self, client: &ClientHandshake) -> Result<Accepted, ResponseError> {
        client.verify(&response_head(&self.bytes()).expect("the head itself is valid"))
    }
}

fn request_head(bytes: &[u8]) -> Option<RequestHead> {
    HeadReader::new(HeadLimits::default()).read_request(&mut BytesMut::from(bytes)).ok().flatten()
}

fn response_head(bytes: &[u8]) -> Option<ResponseHead> {
    HeadReader::new(HeadLimits::default()).read_response(&mut BytesMut::from(bytes)).ok().flatten()
}

/// A client that has sent the example key.
fn client() -> ClientHandshake {
    ClientHandshake::with_key("server.example.com", "/chat", Key::from_bytes(*NONCE)).unwrap()
}
