use std::fmt;

use super::list::elements;
use super::subprotocols::parse_subprotocols;
use super::{ExtensionOffer, HandshakeError, Key, TokenList, check_head, check_method, parse_extensions};
use crate::head::{Fields, RequestHead, is_token};

/// A request to become a WebSocket, all of whose fields are as RFC 6455 4.2.1 wants them.
///
/// ```
/// use ws_core::handshake::UpgradeRequest;
/// use ws_core::head::{RequestHead, Version};
///
/// let head = RequestHead::from_parts("GET", "/chat", Version::HTTP_11, [
///     ("Host", "server.example.com"),
///     ("Upgrade", "websocket"),
///     ("Connection", "Upgrade"),
///     ("Sec-WebSocket-Key", "dGhlIHNhbXBsZSBub25jZQ=="),
///     ("Sec-WebSocket-Protocol", "chat, superchat"),
///     ("Sec-WebSocket-Version", "13"),
/// ])?;
/// let request = UpgradeRequest::from_head(&head).unwrap();
/// assert_eq!(request.subprotocols, ["chat", "superchat"]);
/// # Ok::<(), ws_core::head::HeadError>(())
/// ```
#[derive(Clone)]
pub struct UpgradeRequest {
    /// The key, from which the answer is made.
    pub key: Key,
    /// The subprotocols that the client speaks, by preference.
    pub subprotocols: Vec<String>,
    /// The extensions that the client offers, by preference.
    pub extensions: Vec<ExtensionOffer>,
}

impl UpgradeRequest {
    /// All checks in their order: [`check_head`], [`check_method`], [`parse`](Self::parse).
    pub fn from_head(head: &RequestHead) -> Result<Self, HandshakeError> {
        check_head(head)?;
        check_method(head)?;
        Self::parse(head)
    }

    /// The checks from the upgrade on: `Upgrade` and `Connection`, version, key, extensions,
    /// subprotocols.
    pub fn parse(head: &RequestHead) -> Result<Self, HandshakeError> {
        let fields = head.fields();
        check_upgrade(fields)?;
        check_websocket_version(fields)?;
        Ok(Self {
            key: parse_key(fields)?,
            extensions: parse_extensions(fields.get_all("Sec-WebSocket-Extensions"))
                .map_err(HandshakeError::Extensions)?,
            subprotocols: parse_subprotocols(fields).map_err(HandshakeError::Subprotocols)?,
        })
    }
}

/// Not the subprotocols, in which some clients send credentials.
impl fmt::Debug for UpgradeRequest {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("UpgradeRequest").field("extensions", &self.extensions).finish_non_exhaustive()
    }
}

/// RFC 6455 4.2.1: an `Upgrade` that contains websocket, and a `Connection` that contains upgrade.
fn check_upgrade(fields: &Fields) -> Result<(), HandshakeError> {
    let (mut asked, mut websocket) = (false, false);
    for protocol in fields.get_all("Upgrade").flat_map(elements) {
        asked = true;
        websocket |= protocol.eq_ignore_ascii_case(b"websocket");
        // Whoever stands between would have to guess which of the two becomes of the connection.
        if protocol.eq_ignore_ascii_case(b"h2c") {
            return Err(HandshakeError::UpgradeToHttp2);
        }
        // RFC 9110 7.8: protocol = protocol-name ["/" protocol-version], both of them tokens.
        if !protocol.splitn(2, |&byte| byte == b'/').all(is_token) {
            return Err(HandshakeError::UpgradeMalformed);
        }
    }
    if fields.contains("HTTP2-Settings") {
        return Err(HandshakeError::Http2Settings);
    }
    let connection = TokenList::of(fields.get_all("Connection"))
        .contains("upgrade")
        .map_err(|_| HandshakeError::ConnectionMalformed)?;
    let key = fields.contains("Sec-WebSocket-Key");
    match (asked, websocket, connection, key) {
        (_, true, true, _) => Ok(()),
        (false, _, _, false) => Err(HandshakeError::NotAnUpgrade),
        (false, _, _, true) => Err(HandshakeError::UpgradeStripped),
        (true, false, _, _) => Err(HandshakeError::UpgradeToOther),
        (true, true, false, true) => Err(HandshakeError::ConnectionStripped),
        (true, true, false, false) => Err(HandshakeError::UpgradeIncomplete),
    }
}

/// RFC 6455 4.2.1: a `Sec-WebSocket-Version` with the value 13. 11.3.5: not more than once.
fn check_websocket_version(fields: &Fields) -> Result<(), HandshakeError> {
    match fields.single("Sec-WebSocket-Version") {
        Ok(Some(b"13")) => Ok(()),
        Ok(Some(_)) => Err(HandshakeError::VersionUnsupported),
        Ok(None) => Err(HandshakeError::VersionMissing),
        Err(_) => Err(HandshakeError::VersionRepeated),
    }
}

/// RFC 6455 4.2.1: a base64-encoded value of 16 bytes. 11.3.1: not more than once.
fn parse_key(fields: &Fields) -> Result<Key, HandshakeError> {
    match fields.single("Sec-WebSocket-Key") {
        Ok(Some(value)) => Key::parse(value).map_err(HandshakeError::KeyInvalid),
        Ok(None) => Err(HandshakeError::KeyMissing),
        Err(_) => Err(HandshakeError::KeyRepeated),
    }
}
