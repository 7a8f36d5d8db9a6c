//! The gate in memory: for tests of one's own policies, without a socket.

use std::net::{Ipv4Addr, SocketAddr};

use bytes::BytesMut;
use ws_core::connection::Role;
use ws_core::head::{RequestHead, Version};
use ws_core::net::{SocketConfig, WebSocket};
use ws_core::refusal::{Cause, Problem};

use super::embedded::Met;
use super::{Connection, Embedded};
use crate::authenticate::ClientCertificate;

/// Handshakes without a network: what would a client be told?
///
/// ```
/// use ws_core::refusal::Cause;
/// use ws_server::embed::InMemory;
/// use ws_server::{Route, Server, Session};
///
/// # tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap().block_on(async {
/// let server = Server::builder().route("/rooms/{room}", Route::new(|_: Session| async {}));
/// let gate = InMemory::new(server.embed()?);
///
/// let refused = gate.handshake("/rooms/lobby").field("Origin", "https://evil.example").send().await;
/// assert_eq!(refused.cause(), Some(Cause::OriginDenied));
/// assert_eq!(refused.status(), 403);
///
/// let accepted = gate.handshake("/rooms/lobby").send().await;
/// assert!(accepted.into_socket().is_some());
/// # Ok::<(), ws_server::BuildError>(())
/// # }).unwrap();
/// ```
#[derive(Clone, Debug)]
pub struct InMemory {
    embedded: Embedded,
}

/// A handshake that is about to be tried; made by [`InMemory::handshake`].
#[derive(Clone, Debug)]
#[must_use = "nothing happens before it is sent"]
pub struct Handshake<'a> {
    gate: &'a InMemory,
    method: &'a str,
    target: &'a str,
    fields: Vec<(String, String)>,
    connection: Connection,
}

/// What a handshake in memory came to.
#[derive(Debug)]
pub struct Verdict {
    status: u16,
    fields: Vec<(String, String)>,
    body: Vec<u8>,
    socket: Option<WebSocket>,
}

/// Bytes on their way between the two ends of a connection in memory.
const IN_FLIGHT: usize = 64 * 1024;

impl InMemory {
    /// Asks this server.
    pub const fn new(embedded: Embedded) -> Self {
        Self { embedded }
    }

    /// A handshake as a client would send it, from 127.0.0.1 and without credentials. `target` is the path, with the
    /// query if there is one.
    pub fn handshake<'a>(&'a self, target: &'a str) -> Handshake<'a> {
        let fields = [
            ("Host", "localhost"),
            ("Upgrade", "websocket"),
            ("Connection", "Upgrade"),
            ("Sec-WebSocket-Key", "dGhlIHNhbXBsZSBub25jZQ=="),
            ("Sec-WebSocket-Version", "13"),
        ];
        Handshake {
            gate: self,
            method: "GET",
            target,
            fields: fields.map(|(name, value)| (name.to_owned(), value.to_owned())).into(),
            connection: Connection::new((Ipv4Addr::LOCALHOST, 50_000)),
        }
    }
}

impl Handshake<'_> {
    /// Adds a field.
    pub fn field(mut self, name: impl Into<String>, value: impl Into<String>) -> Self {
        self.fields.push((name.into(), value.into()));
        self
    }

    /// Leaves a field out, `Host` for example.
    pub fn without(mut self, name: &str) -> Self {
        self.fields.retain(|(given, _)| !given.eq_ignore_ascii_case(name));
        self
    }

    /// Comes from this address.
    pub fn from(mut self, peer: impl Into<SocketAddr>) -> Self {
        self.connection.peer = peer.into();
        self
    }

    /// Comes over TLS, with the client's certificate if it has one.
    pub fn over_tls(mut self, certificate: impl Into<Option<ClientCertificate>>) -> Self {
        (self.connection.secure, self.connection.certificate) = (true, certificate.into());
        self
    }

    /// Asks. One that is let in begins a session, whose other end is [`Verdict::into_socket`].
    ///
    /// # Panics
    /// Outside a tokio runtime with time.
    pub async fn send(self) -> Verdict {
        let Self { gate, method, target, fields, connection } = self;
        let fields = fields.iter().map(|(name, value)| (name, value));
        let embedded = &gate.embedded;
        let limits = embedded.head_limits();
        let met = match RequestHead::from_parts_within(limits, method, target, Version::HTTP_11, fields) {
            Ok(head) => embedded.meet(head, &connection, |_| None).await,
            Err(error) => embedded.refuse_head(&error, &connection),
        };
        match met {
            Met::Answered(None) => Verdict { status: 0, fields: Vec::new(), body: Vec::new(), socket: None },
            Met::Answered(Some(answer)) => Verdict {
                status: answer.head.status,
                fields: answer
                    .head
                    .fields
                    .into_iter()
                    .map(|(name, value)| (name.to_owned(), value))
                    .chain(answer.head.foreign)
                    .collect(),
                body: answer.body.into(),
                socket: None,
            },
            Met::Refused { farewell, place } => {
                let (ours, theirs) = tokio::io::duplex(IN_FLIGHT);
                tokio::spawn(async move {
                    farewell.say(|config| WebSocket::from_stream(ours, config, BytesMut::new())).await;
                    drop(place);
                });
                let socket = WebSocket::from_stream(theirs, SocketConfig::new(Role::Client), BytesMut::new());
                Verdict { status: 101, fields: Vec::new(), body: Vec::new(), socket: Some(socket) }
            }
            Met::Admitted { upgrade, place, busy } => {
                let (ours, theirs) = tokio::io::duplex(IN_FLIGHT);
                let deflate = upgrade.deflate();
                let connect = |config| WebSocket::from_stream(ours, config, BytesMut::new());
                upgrade.start(connect, place, busy);
                let config = SocketConfig { deflate, ..SocketConfig::new(Role::Client) };
                let socket = WebSocket::from_stream(theirs, config, BytesMut::new());
                Verdict { status: 101, fields: Vec::new(), body: Vec::new(), socket: Some(socket) }
            }
        }
    }
}

impl Verdict {
    /// The status: 101 where it is let in or refused in a Close frame, 0 where the connection is closed without an answer.
    pub const fn status(&self) -> u16 {
        self.status
    }

    /// Why it is refused, as far as the disclosure lets the client know; `None` where it is let in.
    pub fn cause(&self) -> Option<Cause> {
        self.problem()?.cause()
    }

    /// The whole body of the refusal, read.
    pub fn problem(&self) -> Option<Problem> {
        Problem::parse(&self.body).ok()
    }

    /// The first field of this name.
    pub fn field(&self, name: &str) -> Option<&str> {
        self.fields.iter().find_map(|(given, value)| given.eq_ignore_ascii_case(name).then_some(&**value))
    }

    /// The client's end of the session, if it is let in; that of a connection that is closed at once, if it is refused in
    /// a Close frame ([`Delivery`](crate::Delivery)).
    pub fn into_socket(self) -> Option<WebSocket> {
        self.socket
    }
}
