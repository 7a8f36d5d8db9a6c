use super::list::tokens_of;
use super::{ClientHandshake, ExtensionError, ExtensionOffer, TokenList, parse_extensions};
use crate::head::{Fields, ResponseHead, Version, is_token};

/// What a server has agreed to.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Accepted {
    /// The subprotocol it has selected among those offered.
    pub subprotocol: Option<String>,
    /// The extensions it has accepted, each of which was offered; what their parameters may be is for
    /// the extension to judge.
    pub extensions: Vec<ExtensionOffer>,
}

/// What is wrong with a server's answer to an opening handshake, in the order in which it is checked
/// (RFC 6455 4.1).
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum ResponseError {
    /// Any status but 101: an answer of HTTP, to be handled as such.
    #[error("the server answered with status {0}")]
    Status(u16),
    /// 101 in another version than HTTP/1.1 (RFC 9110 7.8, 15.2).
    #[error("the server switches protocols in {0}")]
    HttpVersion(Version),
    /// No `Upgrade`.
    #[error("the answer has no Upgrade")]
    UpgradeMissing,
    /// `Upgrade` names something other than websocket.
    #[error("Upgrade of the answer is not websocket")]
    UpgradeWrong,
    /// No `Connection`.
    #[error("the answer has no Connection")]
    ConnectionMissing,
    /// `Connection` does not contain upgrade.
    #[error("Connection of the answer does not contain upgrade")]
    ConnectionWrong,
    /// No `Sec-WebSocket-Accept`.
    #[error("the answer has no Sec-WebSocket-Accept")]
    AcceptMissing,
    /// More than one `Sec-WebSocket-Accept` (RFC 6455 11.3.3).
    #[error("the answer has more than one Sec-WebSocket-Accept")]
    AcceptRepeated,
    /// `Sec-WebSocket-Accept` does not answer the key that was sent.
    #[error("Sec-WebSocket-Accept does not answer the key")]
    AcceptWrong,
    /// `Sec-WebSocket-Extensions` violates its grammar (RFC 6455 9.1).
    #[error("Sec-WebSocket-Extensions of the answer: {0}")]
    ExtensionsMalformed(#[source] ExtensionError),
    /// An extension that was not offered.
    #[error("the server uses an extension that was not offered")]
    ExtensionNotOffered,
    /// The same extension twice.
    #[error("the server uses an extension twice")]
    ExtensionRepeated,
    /// More than one `Sec-WebSocket-Protocol` (RFC 6455 11.3.4).
    #[error("the answer has more than one Sec-WebSocket-Protocol")]
    SubprotocolRepeated,
    /// `Sec-WebSocket-Protocol` is not one token (RFC 6455 4.3).
    #[error("Sec-WebSocket-Protocol of the answer is not one token")]
    SubprotocolMalformed,
    /// A subprotocol that was not offered.
    #[error("the server selected a subprotocol that was not offered")]
    SubprotocolNotOffered,
    /// None of the offered subprotocols was selected, where
    /// [one is required](ClientHandshake::require_subprotocol).
    #[error("the server selected no subprotocol")]
    SubprotocolMissing,
}

/// RFC 6455 4.1: the list "Once the client's opening handshake has been sent", in its order.
pub(super) fn verify(request: &ClientHandshake, response: &ResponseHead) -> Result<Accepted, ResponseError> {
    if response.status() != 101 {
        return Err(ResponseError::Status(response.status()));
    }
    if !response.version().is_http_11() {
        return Err(ResponseError::HttpVersion(response.version()));
    }
    let fields = response.fields();
    verify_upgrade(fields)?;
    verify_connection(fields)?;
    verify_accept(request, fields)?;
    Ok(Accepted {
        extensions: verify_extensions(request, fields)?,
        subprotocol: verify_subprotocol(request, fields)?,
    })
}

/// RFC 6455 4.1: `Upgrade` is missing, or is not an ASCII case-insensitive match for "websocket".
fn verify_upgrade(fields: &Fields) -> Result<(), ResponseError> {
    let mut protocols = tokens_of(fields, "Upgrade");
    match (protocols.next(), protocols.next()) {
        (None, _) => Err(ResponseError::UpgradeMissing),
        (Some(Ok(protocol)), None) if protocol.eq_ignore_ascii_case("websocket") => Ok(()),
        _ => Err(ResponseError::UpgradeWrong),
    }
}

/// RFC 6455 4.1: `Connection` is missing, or has no token that is a match for "Upgrade".
fn verify_connection(fields: &Fields) -> Result<(), ResponseError> {
    if !fields.contains("Connection") {
        return Err(ResponseError::ConnectionMissing);
    }
    match TokenList::of(fields.get_all("Connection")).contains("upgrade") {
        Ok(true) => Ok(()),
        Ok(false) | Err(_) => Err(ResponseError::ConnectionWrong),
    }
}

/// RFC 6455 4.1: `Sec-WebSocket-Accept` is missing, or is not the base64-encoded SHA-1 of key and GUID.
fn verify_accept(request: &ClientHandshake, fields: &Fields) -> Result<(), ResponseError> {
    match fields.single("Sec-WebSocket-Accept") {
        Ok(Some(value)) if value == request.key().accept() => Ok(()),
        Ok(Some(_)) => Err(ResponseError::AcceptWrong),
        Ok(None) => Err(ResponseError::AcceptMissing),
        Err(_) => Err(ResponseError::AcceptRepeated),
    }
}

/// RFC 6455 4.1, 9.1: an extension that was not present in the client's handshake fails the connection.
fn verify_extensions(
    request: &ClientHandshake,
    fields: &Fields,
) -> Result<Vec<ExtensionOffer>, ResponseError> {
    let accepted = parse_extensions(fields.get_all("Sec-WebSocket-Extensions"))
        .map_err(ResponseError::ExtensionsMalformed)?;
    for (index, extension) in accepted.iter().enumerate() {
        if request.extensions.iter().all(|offer| offer.name != extension.name) {
            return Err(ResponseError::ExtensionNotOffered);
        }
        // All before are among the offers, so this stays short.
        if accepted.iter().take(index).any(|other| other.name == extension.name) {
            return Err(ResponseError::ExtensionRepeated);
        }
    }
    Ok(accepted)
}

/// RFC 6455 4.1: a subprotocol that was not present in the client's handshake fails the connection.
fn verify_subprotocol(request: &ClientHandshake, fields: &Fields) -> Result<Option<String>, ResponseError> {
    match fields.single("Sec-WebSocket-Protocol") {
        Err(_) => Err(ResponseError::SubprotocolRepeated),
        Ok(None) if request.subprotocol_required && !request.subprotocols.is_empty() => {
            Err(ResponseError::SubprotocolMissing)
        }
        Ok(None) => Ok(None),
        Ok(Some(value)) if !is_token(value) => Err(ResponseError::SubprotocolMalformed),
        Ok(Some(value)) => {
            let selected = request.subprotocols.iter().find(|offer| offer.as_bytes() == value);
            selected.cloned().map(Some).ok_or(ResponseError::SubprotocolNotOffered)
        }
    }
}
