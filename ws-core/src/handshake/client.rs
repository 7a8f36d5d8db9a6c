use std::fmt;

use bytes::BytesMut;

use super::subprotocols::has_repeated;
use super::upgrade_response::is_reserved;
use super::verify::verify;
use super::{Accepted, ExtensionOffer, Key, ResponseError, parse_extensions};
use crate::head::{
    Authority, AuthorityError, InvalidField, OutgoingFields, RequestHead, ResponseHead, Version, is_token,
};

/// A client's opening handshake: the request, and what an answer to it has to look like
/// (RFC 6455 4.1).
///
/// ```
/// use bytes::BytesMut;
/// use ws_core::handshake::ClientHandshake;
/// use ws_core::head::{HeadLimits, HeadReader};
///
/// let handshake = ClientHandshake::new("server.example.com:9001", "/chat")?.subprotocols(["chat"])?;
/// let mut request = BytesMut::new();
/// handshake.encode(&mut request);
/// assert!(request.starts_with(b"GET /chat HTTP/1.1\r\nHost: server.example.com:9001\r\n"));
///
/// let mut answer = BytesMut::from("HTTP/1.1 404 Not Found\r\n\r\n");
/// let head = HeadReader::new(HeadLimits::default()).read_response(&mut answer).unwrap().unwrap();
/// assert!(handshake.verify(&head).is_err());
/// # Ok::<(), ws_core::handshake::RequestError>(())
/// ```
#[derive(Clone)]
pub struct ClientHandshake {
    target: String,
    host: String,
    key: Key,
    pub(super) subprotocols: Vec<String>,
    pub(super) subprotocol_required: bool,
    pub(super) extensions: Vec<ExtensionOffer>,
    fields: OutgoingFields,
}

/// Why a request cannot be built: a mistake of the caller.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum RequestError {
    /// The host cannot stand in `Host`.
    #[error("the host: {0}")]
    Host(#[source] AuthorityError),
    /// The resource name does not begin with `/`, or holds what no target can hold (RFC 6455 3).
    #[error("the resource name is malformed")]
    Target,
    /// A subprotocol is not a token (RFC 6455 4.1).
    #[error("a subprotocol is not a token")]
    SubprotocolNotToken,
    /// The subprotocols are not unique (RFC 6455 4.1).
    #[error("a subprotocol is listed twice")]
    SubprotocolRepeated,
    /// The value is not a list of extensions (RFC 6455 9.1).
    #[error("this is not a list of extensions")]
    Extensions,
    /// A further field cannot be sent.
    #[error(transparent)]
    Field(#[from] InvalidField),
    /// The operating system has no random numbers for the key.
    #[error("no random numbers")]
    NoRandom,
}

impl ClientHandshake {
    /// A request for a resource name (path and query, RFC 6455 3) of a host (with its port, unless
    /// that is the default one), with a fresh key.
    pub fn new(host: &str, target: &str) -> Result<Self, RequestError> {
        Self::with_key(host, target, Key::generate().ok_or(RequestError::NoRandom)?)
    }

    /// As [`new`](Self::new) with a key of the caller's, for replaying a handshake. RFC 6455 4.1 wants
    /// a key chosen at random for each connection.
    pub fn with_key(host: &str, target: &str, key: Key) -> Result<Self, RequestError> {
        Authority::parse(host.as_bytes()).map_err(RequestError::Host)?;
        // What we would refuse as a server we do not send as a client.
        if !target.starts_with('/')
            || RequestHead::from_parts("GET", target, Version::HTTP_11, NO_FIELDS).is_err()
        {
            return Err(RequestError::Target);
        }
        Ok(Self {
            target: target.to_owned(),
            host: host.to_owned(),
            key,
            subprotocols: Vec::new(),
            subprotocol_required: false,
            extensions: Vec::new(),
            fields: OutgoingFields::new(),
        })
    }

    /// Sends `Origin` (RFC 6455 4.1).
    pub fn origin(mut self, origin: &str) -> Result<Self, RequestError> {
        self.fields.push("Origin", origin)?;
        Ok(self)
    }

    /// Offers these subprotocols, by preference (RFC 6455 4.1).
    pub fn subprotocols<S: Into<String>>(
        mut self,
        subprotocols: impl IntoIterator<Item = S>,
    ) -> Result<Self, RequestError> {
        self.subprotocols = subprotocols.into_iter().map(Into::into).collect();
        if !self.subprotocols.iter().all(|one| is_token(one.as_bytes())) {
            return Err(RequestError::SubprotocolNotToken);
        }
        if has_repeated(&self.subprotocols) {
            return Err(RequestError::SubprotocolRepeated);
        }
        Ok(self)
    }

    /// Whether an answer that selects none of the offered subprotocols is an error. RFC 6455 4.1 lets a
    /// server select none; browsers do not.
    #[must_use]
    pub const fn require_subprotocol(mut self, required: bool) -> Self {
        self.subprotocol_required = required;
        self
    }

    /// Offers extensions: the value of `Sec-WebSocket-Extensions` (RFC 6455 9.1).
    pub fn extensions(mut self, value: &str) -> Result<Self, RequestError> {
        self.extensions = parse_extensions([value.as_bytes()]).map_err(|_| RequestError::Extensions)?;
        Ok(self)
    }

    /// Adds a further field, such as `Authorization`. The fields of the handshake itself are refused.
    pub fn field(mut self, name: &str, value: &str) -> Result<Self, RequestError> {
        if is_reserved(name) {
            return Err(InvalidField::Reserved.into());
        }
        self.fields.push(name, value)?;
        Ok(self)
    }

    /// The key that is sent.
    #[must_use]
    pub const fn key(&self) -> &Key {
        &self.key
    }

    /// Appends the whole head of the request.
    pub fn encode(&self, out: &mut BytesMut) {
        let mut put = |parts: &[&[u8]]| parts.iter().for_each(|part| out.extend_from_slice(part));
        put(&[b"GET ", self.target.as_bytes(), b" HTTP/1.1\r\nHost: ", self.host.as_bytes()]);
        put(&[b"\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Key: ", &self.key.encode()]);
        put(&[b"\r\nSec-WebSocket-Version: 13\r\n"]);
        if !self.subprotocols.is_empty() {
            put(&[b"Sec-WebSocket-Protocol: ", self.subprotocols.join(", ").as_bytes(), b"\r\n"]);
        }
        if !self.extensions.is_empty() {
            let offers: Vec<String> = self.extensions.iter().map(ToString::to_string).collect();
            put(&[b"Sec-WebSocket-Extensions: ", offers.join(", ").as_bytes(), b"\r\n"]);
        }
        self.fields.encode(out);
        out.extend_from_slice(b"\r\n");
    }

    /// Holds an answer against this request. Interim responses
    /// ([`is_interim`](ResponseHead::is_interim)) have to be skipped before.
    ///
    /// # Errors
    /// Any violation of RFC 6455 4.1, upon which the client must fail the connection.
    pub fn verify(&self, response: &ResponseHead) -> Result<Accepted, ResponseError> {
        verify(self, response)
    }
}

/// Not the target, the subprotocols and the fields, any of which may hold credentials.
impl fmt::Debug for ClientHandshake {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ClientHandshake").field("host", &self.host).finish_non_exhaustive()
    }
}

const NO_FIELDS: [(&str, &str); 0] = [];
