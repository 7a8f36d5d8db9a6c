use super::{ExtensionError, KeyError, SubprotocolError};
use crate::head::{AuthorityError, Version};
use crate::refusal::Cause;

/// What is wrong with a client's opening handshake, in the order in which it is checked.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum HandshakeError {
    /// HTTP/1.0 or lower, or another major version (RFC 6455 4.2.1).
    #[error("{0} cannot be upgraded to a WebSocket")]
    HttpVersion(Version),
    /// No `Host` (RFC 9112 3.2).
    #[error("there is no Host")]
    HostMissing,
    /// More than one `Host` (RFC 9112 3.2).
    #[error("there is more than one Host")]
    HostRepeated,
    /// A `Host` that is no host with an optional port (RFC 9110 7.2).
    #[error("Host: {0}")]
    HostMalformed(#[source] AuthorityError),
    /// `Content-Length` is not a decimal number (RFC 9110 8.6).
    #[error("Content-Length is not a number")]
    ContentLengthMalformed,
    /// More than one `Content-Length` (RFC 9112 6.3).
    #[error("there is more than one Content-Length")]
    ContentLengthRepeated,
    /// `Content-Length` announces a body.
    #[error("Content-Length announces a body")]
    ContentLength,
    /// `Transfer-Encoding` announces a body.
    #[error("Transfer-Encoding announces a body")]
    TransferEncoding,
    /// Another method than GET (RFC 6455 4.2.1).
    #[error("the method is not GET")]
    Method,
    /// `Upgrade` is not a list of protocols (RFC 9110 7.8).
    #[error("Upgrade is not a list of protocols")]
    UpgradeMalformed,
    /// `Connection` is not a list of tokens (RFC 9110 7.6.1).
    #[error("Connection is not a list of tokens")]
    ConnectionMalformed,
    /// `Upgrade` names h2c, the way to HTTP/2 that RFC 9113 3.1 took away.
    #[error("Upgrade names h2c")]
    UpgradeToHttp2,
    /// `HTTP2-Settings` belongs to an upgrade to h2c (RFC 7540 3.2.1).
    #[error("HTTP2-Settings is there")]
    Http2Settings,
    /// A plain request: neither `Upgrade` nor `Sec-WebSocket-Key`.
    #[error("the request does not ask for an upgrade")]
    NotAnUpgrade,
    /// `Upgrade` does not name websocket (RFC 6455 4.2.1).
    #[error("Upgrade does not name websocket")]
    UpgradeToOther,
    /// `Upgrade` names websocket, but neither `Connection: Upgrade` nor a key is there.
    #[error("neither Connection: Upgrade nor Sec-WebSocket-Key is there")]
    UpgradeIncomplete,
    /// `Sec-WebSocket-Key` is there, `Upgrade` is not: an intermediary has removed it (RFC 9110 7.6.1).
    #[error("Sec-WebSocket-Key is there, but no Upgrade")]
    UpgradeStripped,
    /// `Sec-WebSocket-Key` is there, `Connection: Upgrade` is not.
    #[error("Sec-WebSocket-Key is there, but no Connection: Upgrade")]
    ConnectionStripped,
    /// No `Sec-WebSocket-Version` (RFC 6455 4.2.1).
    #[error("there is no Sec-WebSocket-Version")]
    VersionMissing,
    /// More than one `Sec-WebSocket-Version` (RFC 6455 11.3.5).
    #[error("there is more than one Sec-WebSocket-Version")]
    VersionRepeated,
    /// `Sec-WebSocket-Version` is not 13 (RFC 6455 4.4).
    #[error("Sec-WebSocket-Version is not 13")]
    VersionUnsupported,
    /// No `Sec-WebSocket-Key` (RFC 6455 4.2.1).
    #[error("there is no Sec-WebSocket-Key")]
    KeyMissing,
    /// More than one `Sec-WebSocket-Key` (RFC 6455 11.3.1).
    #[error("there is more than one Sec-WebSocket-Key")]
    KeyRepeated,
    /// `Sec-WebSocket-Key` is not canonical base64 of 16 bytes (RFC 6455 4.2.1).
    #[error("Sec-WebSocket-Key: {0}")]
    KeyInvalid(#[source] KeyError),
    /// `Sec-WebSocket-Extensions` violates its grammar (RFC 6455 9.1).
    #[error("Sec-WebSocket-Extensions: {0}")]
    Extensions(#[source] ExtensionError),
    /// `Sec-WebSocket-Protocol` is not a list of unique tokens (RFC 6455 4.1).
    #[error("Sec-WebSocket-Protocol: {0}")]
    Subprotocols(#[source] SubprotocolError),
}

impl HandshakeError {
    /// What the server answers.
    #[must_use]
    pub const fn cause(&self) -> Cause {
        match self {
            Self::HttpVersion(_) => Cause::HttpVersionUnsupported,
            Self::HostMissing => Cause::MissingHost,
            Self::HostRepeated => Cause::DuplicateHost,
            Self::HostMalformed(_) => Cause::HostMalformed,
            Self::ContentLengthMalformed
            | Self::ContentLengthRepeated
            | Self::UpgradeMalformed
            | Self::ConnectionMalformed => Cause::MalformedRequest,
            Self::ContentLength | Self::TransferEncoding => Cause::UnexpectedBody,
            Self::Method => Cause::MethodNotAllowed,
            Self::UpgradeToHttp2 | Self::Http2Settings => Cause::UpgradeConflicting,
            Self::NotAnUpgrade | Self::UpgradeToOther | Self::UpgradeIncomplete => Cause::UpgradeRequired,
            Self::UpgradeStripped | Self::ConnectionStripped => Cause::UpgradeHeadersStripped,
            Self::VersionMissing => Cause::WebsocketVersionMissing,
            Self::VersionRepeated | Self::VersionUnsupported => Cause::WebsocketVersionUnsupported,
            Self::KeyMissing | Self::KeyRepeated | Self::KeyInvalid(_) => Cause::WebsocketKeyInvalid,
            Self::Extensions(_) => Cause::ExtensionOfferMalformed,
            Self::Subprotocols(_) => Cause::SubprotocolOfferMalformed,
        }
    }
}
