use super::HandshakeError;
use crate::head::{Authority, Fields, RequestHead, Version};

/// What concerns every request, whether it asks for an upgrade or not: HTTP version, `Host`, no body.
pub fn check_head(head: &RequestHead) -> Result<(), HandshakeError> {
    check_version(head)?;
    check_host(head)?;
    check_no_body(head.fields())
}

/// RFC 6455 4.2.1: an HTTP/1.1 or higher GET request.
pub fn check_method(head: &RequestHead) -> Result<(), HandshakeError> {
    if head.method() == "GET" { Ok(()) } else { Err(HandshakeError::Method) }
}

/// The host that the request is for: from the target if it is absolute, else from `Host`
/// (RFC 9112 3.2.2, 3.3).
pub fn host(head: &RequestHead) -> Result<Authority<'_>, HandshakeError> {
    let value = match head.fields().single("Host") {
        Ok(Some(value)) => value,
        Ok(None) => return Err(HandshakeError::HostMissing),
        Err(_) => return Err(HandshakeError::HostRepeated),
    };
    let own = Authority::parse(value).map_err(HandshakeError::HostMalformed)?;
    // RFC 9112 3.2.2: with the absolute form an origin server MUST ignore Host.
    Ok(head.target_authority().unwrap_or(own))
}

/// RFC 6455 4.2.1 demands HTTP/1.1 or higher. RFC 9110 2.5: a later minor version is taken as 1.1.
fn check_version(head: &RequestHead) -> Result<(), HandshakeError> {
    if head.version().is_http_11() || downgraded(head) {
        Ok(())
    } else {
        Err(HandshakeError::HttpVersion(head.version()))
    }
}

/// RFC 9112 3.2: a server MUST respond with 400 to a request that lacks a `Host`, has more than one, or
/// an invalid one.
fn check_host(head: &RequestHead) -> Result<(), HandshakeError> {
    match host(head) {
        // Only HTTP/1.1 demands a Host.
        Err(HandshakeError::HostMissing) if !head.version().is_http_11() => Ok(()),
        other => other.map(|_| ()),
    }
}

/// HTTP/1.0 with a key and no `Upgrade`: a WebSocket client behind a proxy that speaks HTTP/1.0 to us
/// and has removed the hop-by-hop fields. The upgrade stage tells it so.
fn downgraded(head: &RequestHead) -> bool {
    let fields = head.fields();
    head.version() == Version::HTTP_10 && fields.contains("Sec-WebSocket-Key") && !fields.contains("Upgrade")
}

/// What follows the head of a handshake is the first frame. A body would be taken for one by whoever
/// overlooks the field that announces it.
fn check_no_body(fields: &Fields) -> Result<(), HandshakeError> {
    if fields.contains("Transfer-Encoding") {
        return Err(HandshakeError::TransferEncoding);
    }
    match fields.single("Content-Length") {
        Ok(None) => Ok(()),
        // RFC 9112 6.3: anything but one number makes the message's length uncertain.
        Err(_) => Err(HandshakeError::ContentLengthRepeated),
        // RFC 9110 8.6: Content-Length = 1*DIGIT.
        Ok(Some(value)) if value.is_empty() || !value.iter().all(u8::is_ascii_digit) => {
            Err(HandshakeError::ContentLengthMalformed)
        }
        Ok(Some(value)) if value.iter().all(|&digit| digit == b'0') => Ok(()),
        Ok(Some(_)) => Err(HandshakeError::ContentLength),
    }
}
