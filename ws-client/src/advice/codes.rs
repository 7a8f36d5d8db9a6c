//! The names of errors that have no cause of the catalogue, and what several of them have in common.

use ws_core::connection::ProtocolError;
use ws_core::handshake::ResponseError;

use crate::connect::{HandshakeError, TcpError, TlsError, UnixError};

pub(super) fn tcp_code(error: &TcpError) -> &'static str {
    match error {
        TcpError::PortClosed { .. } => "port-closed",
        TcpError::Unreachable { .. } => "host-unreachable",
        TcpError::TimedOut { .. } => "connect-timeout",
        TcpError::Reset { .. } => "connection-reset",
        TcpError::NotPermitted { .. } => "connect-not-permitted",
        TcpError::Exhausted { .. } => "connect-exhausted",
        TcpError::Failed { .. } => "connect-failed",
    }
}

pub(super) fn unix_code(error: &UnixError) -> &'static str {
    match error {
        UnixError::NotFound { .. } => "socket-not-found",
        UnixError::NotASocket { .. } | UnixError::PathInvalid { .. } => "not-a-socket",
        UnixError::Closed { .. } => "port-closed",
        UnixError::NotPermitted { .. } => "connect-not-permitted",
        UnixError::Busy { .. } => "server-busy",
        UnixError::TimedOut { .. } => "connect-timeout",
        UnixError::Failed { .. } => "connect-failed",
    }
}

pub(super) fn tls_code(error: &TlsError) -> &'static str {
    match error {
        TlsError::NotTls => "tls-on-plain-port",
        TlsError::Expired { .. } => "certificate-expired",
        TlsError::NotYetValid { .. } => "certificate-not-yet-valid",
        TlsError::NameMismatch { .. } => "certificate-name-mismatch",
        TlsError::SelfSigned | TlsError::UnknownIssuer { .. } => "certificate-untrusted",
        TlsError::Revoked => "certificate-revoked",
        TlsError::RevocationUnknown { .. } => "certificate-revocation-unknown",
        TlsError::PinMismatch { .. } => "certificate-not-pinned",
        TlsError::CertificateInvalid { .. } => "certificate-invalid",
        TlsError::VersionUnsupported { .. } => "tls-version-unsupported",
        TlsError::ClientCertificateRequired => "client-certificate-required",
        TlsError::ClientCertificateRejected { .. } => "client-certificate-rejected",
        TlsError::TimedOut { .. } => "tls-timeout",
        TlsError::NoRoots { .. } => "no-roots",
        TlsError::Closed | TlsError::Io(_) => "connection-reset",
        TlsError::NothingInCommon { .. }
        | TlsError::NameInvalid { .. }
        | TlsError::NameUnknown { .. }
        | TlsError::Alert { .. }
        | TlsError::Failed(_)
        | TlsError::Protocol(_) => "tls-failed",
    }
}

pub(super) fn handshake_code(error: &HandshakeError) -> &'static str {
    match error {
        HandshakeError::Write(_) | HandshakeError::Read(_) => "connection-reset",
        HandshakeError::TimedOut { .. }
        | HandshakeError::NoAnswer
        | HandshakeError::CutShort { .. }
        | HandshakeError::NotHttp => "no-http-answer",
        HandshakeError::TlsPort => "plain-http-on-tls-port",
        HandshakeError::Head(_) | HandshakeError::TooManyInterim | HandshakeError::ContentLength => {
            "http-answer-invalid"
        }
        HandshakeError::Response(error) => match error {
            ResponseError::AcceptMissing | ResponseError::AcceptRepeated | ResponseError::AcceptWrong => {
                "accept-key-wrong"
            }
            ResponseError::SubprotocolNotOffered => "subprotocol-not-offered",
            ResponseError::SubprotocolMissing => "subprotocol-not-selected",
            ResponseError::ExtensionNotOffered => "extension-not-offered",
            _ => "handshake-answer-invalid",
        },
        HandshakeError::Compression(_) => "extension-answer-invalid",
    }
}

/// Whether it is a limit of this side that was exceeded, not a rule of the protocol.
pub(super) fn is_limit(error: ProtocolError) -> bool {
    matches!(
        error,
        ProtocolError::FrameTooBig { .. }
            | ProtocolError::MessageTooBig { .. }
            | ProtocolError::TooManyFragments
            | ProtocolError::RatioTooHigh
    )
}
