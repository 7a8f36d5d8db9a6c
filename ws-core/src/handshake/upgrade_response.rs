use bytes::BytesMut;

use super::{UpgradeRequest, parse_extensions};
use crate::head::{InvalidField, OutgoingFields};

/// The answer that accepts a handshake (RFC 6455 4.2.2). It can hold only what the request has offered.
///
/// ```
/// use bytes::BytesMut;
/// use ws_core::handshake::{UpgradeRequest, UpgradeResponse};
/// # use ws_core::head::{RequestHead, Version};
/// # let head = RequestHead::from_parts("GET", "/chat", Version::HTTP_11, [
/// #     ("Host", "server.example.com"), ("Upgrade", "websocket"), ("Connection", "Upgrade"),
/// #     ("Sec-WebSocket-Key", "dGhlIHNhbXBsZSBub25jZQ=="), ("Sec-WebSocket-Version", "13"),
/// #     ("Sec-WebSocket-Protocol", "chat, superchat"),
/// # ]).unwrap();
/// let request = UpgradeRequest::from_head(&head).unwrap();
/// let mut response = UpgradeResponse::new(&request);
/// response.subprotocol("chat")?;
/// assert!(response.subprotocol("mqtt").is_err());
/// let mut out = BytesMut::new();
/// response.encode(&mut out);
/// assert!(out.starts_with(b"HTTP/1.1 101 Switching Protocols\r\n"));
/// # Ok::<(), ws_core::handshake::AnswerError>(())
/// ```
#[derive(Clone, Debug)]
pub struct UpgradeResponse<'a> {
    request: &'a UpgradeRequest,
    subprotocol: Option<&'a str>,
    extensions: OutgoingFields,
    fields: OutgoingFields,
}

/// Why an answer cannot be given to this request: a mistake of the caller, not of the client.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum AnswerError {
    /// The client does not speak this subprotocol (RFC 6455 4.2.2).
    #[error("the client has not offered this subprotocol")]
    SubprotocolNotOffered,
    /// The client did not offer one of the extensions (RFC 6455 9.1).
    #[error("the client has not offered this extension")]
    ExtensionNotOffered,
    /// The value is not a list of extensions (RFC 6455 9.1).
    #[error("this is not a list of extensions")]
    ExtensionsMalformed,
    /// A further field cannot be sent.
    #[error(transparent)]
    Field(#[from] InvalidField),
}

impl<'a> UpgradeResponse<'a> {
    /// Accepts the request, with no subprotocol and no extension.
    #[must_use]
    pub const fn new(request: &'a UpgradeRequest) -> Self {
        Self { request, subprotocol: None, extensions: OutgoingFields::new(), fields: OutgoingFields::new() }
    }

    /// Selects a subprotocol among those offered (RFC 6455 4.2.2).
    pub fn subprotocol(&mut self, name: &str) -> Result<&mut Self, AnswerError> {
        let offered = self.request.subprotocols.iter().find(|offered| *offered == name);
        self.subprotocol = Some(offered.ok_or(AnswerError::SubprotocolNotOffered)?);
        Ok(self)
    }

    /// Accepts extensions: the value of `Sec-WebSocket-Extensions` (RFC 6455 9.1).
    pub fn extensions(&mut self, value: &str) -> Result<&mut Self, AnswerError> {
        let accepted = parse_extensions([value.as_bytes()]).map_err(|_| AnswerError::ExtensionsMalformed)?;
        let offered = &self.request.extensions;
        if accepted.iter().any(|one| offered.iter().all(|offer| offer.name != one.name)) {
            return Err(AnswerError::ExtensionNotOffered);
        }
        self.extensions = OutgoingFields::new();
        self.extensions.push("Sec-WebSocket-Extensions", value)?;
        Ok(self)
    }

    /// Adds a further field, such as `Set-Cookie`. The fields of the handshake itself, and those that
    /// would announce a body, are refused.
    pub fn field(&mut self, name: &str, value: &str) -> Result<&mut Self, AnswerError> {
        if is_reserved(name) {
            return Err(InvalidField::Reserved.into());
        }
        self.fields.push(name, value)?;
        Ok(self)
    }

    /// Appends the whole head of the response.
    pub fn encode(&self, out: &mut BytesMut) {
        out.extend_from_slice(
            b"HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Accept: ",
        );
        out.extend_from_slice(&self.request.key.accept());
        out.extend_from_slice(b"\r\n");
        if let Some(subprotocol) = self.subprotocol {
            out.extend_from_slice(b"Sec-WebSocket-Protocol: ");
            out.extend_from_slice(subprotocol.as_bytes());
            out.extend_from_slice(b"\r\n");
        }
        self.extensions.encode(out);
        self.fields.encode(out);
        out.extend_from_slice(b"\r\n");
    }
}

/// The fields that the handshake sets itself or that would change how the head is read.
pub(super) fn is_reserved(name: &str) -> bool {
    const RESERVED: [&str; 7] =
        ["Connection", "Content-Length", "Host", "HTTP2-Settings", "Trailer", "Transfer-Encoding", "Upgrade"];
    const PREFIX: &str = "Sec-WebSocket-";
    let has_prefix = name.get(..PREFIX.len()).is_some_and(|start| start.eq_ignore_ascii_case(PREFIX));
    has_prefix || RESERVED.iter().any(|reserved| name.eq_ignore_ascii_case(reserved))
}
