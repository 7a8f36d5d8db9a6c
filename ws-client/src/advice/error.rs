//! What follows from an error: its name, whose turn it is, whether to come back, whether new credentials help.

use std::io;
use std::time::Duration;

use ws_core::handshake::ResponseError;
use ws_core::net;
use ws_core::refusal::Cause;

use super::codes::{handshake_code, is_limit, tcp_code, tls_code, unix_code};
use super::refusal::INVALID_TOKEN;
use crate::connect::{
    ConnectorError, DnsError, HandshakeError, ProxyError, RedirectError, TcpError, TlsError, UnixError,
};
use crate::credentials::CredentialsError;
use crate::ended::Error;
use crate::error::ConnectError;
use crate::refused::Responsible;

impl Error {
    /// Its name: a code of the catalogue of refusals where the server told one, else one of the network's.
    pub fn code(&self) -> &'static str {
        match self {
            Self::Connect(error) => error.code(),
            Self::Closed(closed) => closed.cause().map_or("closed", Cause::code),
            Self::Broken(error) => match error {
                net::Error::PingTimeout => "no-pong",
                net::Error::Protocol(error) if is_limit(*error) => "limit-exceeded",
                net::Error::Protocol(_) => "protocol-violated",
                net::Error::Send(_) => "not-sendable",
                net::Error::WriteTimeout => "peer-stalled",
                _ => "connection-lost",
            },
            Self::Restore(_) => "state-not-restored",
        }
    }

    /// The cause in the catalogue of refusals, where the server told one.
    pub fn cause(&self) -> Option<Cause> {
        match self {
            Self::Connect(error) => error.cause(),
            Self::Closed(closed) => closed.cause(),
            Self::Broken(_) | Self::Restore(_) => None,
        }
    }

    /// When to come back, where the server told it.
    pub fn retry_after(&self) -> Option<Duration> {
        match self {
            Self::Connect(error) => error.retry_after(),
            Self::Closed(closed) => closed.retry_after(),
            Self::Broken(_) | Self::Restore(_) => None,
        }
    }

    /// Who has to change something.
    pub fn responsible(&self) -> Responsible {
        match self {
            Self::Connect(error) => error.responsible(),
            Self::Closed(closed) => closed.responsible(),
            // The limit is this side's own.
            Self::Broken(net::Error::Protocol(error)) if is_limit(*error) => Responsible::Client,
            Self::Broken(net::Error::Protocol(_)) => Responsible::Server,
            Self::Broken(net::Error::Send(_)) | Self::Restore(_) => Responsible::Client,
            Self::Broken(_) => Responsible::Network,
        }
    }

    /// Whether connecting again may succeed without any change on this side; if so, not before
    /// [`retry_after`](Self::retry_after).
    pub fn is_worth_retrying(&self) -> bool {
        match self {
            Self::Connect(error) => error.is_worth_retrying(),
            Self::Closed(closed) => closed.is_worth_retrying(),
            Self::Broken(net::Error::Protocol(_) | net::Error::Send(_)) => false,
            Self::Broken(_) | Self::Restore(_) => true,
        }
    }

    /// Whether the same attempt with a fresh credential of the same kind may succeed.
    pub fn do_new_credentials_help(&self) -> bool {
        match self {
            Self::Connect(error) => error.do_new_credentials_help(),
            Self::Closed(closed) => closed.do_new_credentials_help(),
            Self::Broken(_) | Self::Restore(_) => false,
        }
    }
}

impl ConnectError {
    /// Its name: a code of the catalogue of refusals where the server told one, else one of the network's.
    pub fn code(&self) -> &'static str {
        match self {
            Self::Url(_) => "url-invalid",
            Self::Request(_) => "request-invalid",
            Self::Dns(error) => match error {
                DnsError::NotFound { .. } => "dns-not-found",
                DnsError::Failed { .. } | DnsError::TimedOut { .. } => "dns-failed",
            },
            Self::Tcp(error) => tcp_code(error),
            Self::Unix(error) => unix_code(error),
            Self::Connector(error) => match error {
                ConnectorError::Failed { .. } => "connect-failed",
                ConnectorError::TimedOut { .. } => "connect-timeout",
            },
            Self::Proxy(error) => match error {
                ProxyError::Authentication { .. } => "proxy-authentication-required",
                ProxyError::Refused { .. } => "proxy-refused",
                _ => "proxy-failed",
            },
            Self::Tls(error) => tls_code(error),
            Self::Credentials(error) => match error {
                CredentialsError::InClear { .. } => "credentials-in-clear",
                CredentialsError::Denied { .. } => "credentials-denied",
                CredentialsError::Malformed { .. } | CredentialsError::NoSubprotocol => "credentials-invalid",
                CredentialsError::Unanswered { .. } | CredentialsError::NotUnderstood => {
                    "first-message-not-answered"
                }
                CredentialsError::ConnectionLost { .. } => "connection-lost",
                _ => "credentials-unavailable",
            },
            Self::Handshake(error) => handshake_code(error),
            Self::Redirected(_) => "redirected",
            Self::Redirect(error) => match error {
                RedirectError::Elsewhere { source, .. } => source.code(),
                RedirectError::TooMany { .. } | RedirectError::Loop { .. } => "redirected-in-circles",
                RedirectError::Invalid { .. } | RedirectError::Insecure { .. } => "redirected-nowhere",
            },
            Self::Refused(refused) => refused.code(),
            Self::Closed(closed) => closed.cause().map_or("closed-at-once", Cause::code),
        }
    }

    /// The cause in the catalogue of refusals, where the server told one.
    pub fn cause(&self) -> Option<Cause> {
        match self {
            Self::Refused(refused) => refused.cause(),
            Self::Closed(closed) => closed.cause(),
            Self::Redirect(RedirectError::Elsewhere { source, .. }) => source.cause(),
            _ => None,
        }
    }

    /// When to come back, where the server told it.
    pub fn retry_after(&self) -> Option<Duration> {
        match self {
            Self::Refused(refused) => refused.retry_after,
            Self::Closed(closed) => closed.retry_after(),
            Self::Credentials(CredentialsError::Unavailable { retry_after, .. }) => *retry_after,
            Self::Redirect(RedirectError::Elsewhere { source, .. }) => source.retry_after(),
            _ => None,
        }
    }

    /// Who has to change something before a connection can come about.
    pub fn responsible(&self) -> Responsible {
        match self {
            Self::Url(_) | Self::Request(_) | Self::Redirected(_) => Responsible::Client,
            Self::Dns(error) => match error {
                DnsError::NotFound { .. } => Responsible::Client,
                DnsError::Failed { .. } | DnsError::TimedOut { .. } => Responsible::Network,
            },
            Self::Tcp(error) => match error {
                TcpError::PortClosed { .. } => Responsible::Server,
                TcpError::NotPermitted { .. } | TcpError::Exhausted { .. } | TcpError::Failed { .. } => {
                    Responsible::Client
                }
                TcpError::Unreachable { .. } | TcpError::TimedOut { .. } | TcpError::Reset { .. } => {
                    Responsible::Network
                }
            },
            Self::Unix(error) => match error {
                UnixError::NotFound { .. }
                | UnixError::Closed { .. }
                | UnixError::Busy { .. }
                | UnixError::TimedOut { .. } => Responsible::Server,
                _ => Responsible::Client,
            },
            Self::Connector(error) => match error {
                ConnectorError::Failed { .. } => Responsible::Client,
                ConnectorError::TimedOut { .. } => Responsible::Network,
            },
            Self::Proxy(error) => match error {
                ProxyError::Authentication { .. }
                | ProxyError::Environment { .. }
                | ProxyError::Dns { .. }
                | ProxyError::NotAProxy { .. } => Responsible::Client,
                ProxyError::TargetUnreachable { .. } => Responsible::Server,
                ProxyError::Tls { source, .. } => match tls_responsible(source) {
                    Responsible::Server => Responsible::Proxy,
                    other => other,
                },
                _ => Responsible::Proxy,
            },
            Self::Tls(error) => tls_responsible(error),
            Self::Credentials(error) => match error {
                CredentialsError::Unavailable { .. } | CredentialsError::TimedOut { .. } => {
                    Responsible::Server
                }
                CredentialsError::ConnectionLost { .. } => Responsible::Network,
                _ => Responsible::Client,
            },
            Self::Handshake(error) => match error {
                // What listens there is no WebSocket server, so the address is wrong.
                // Or it is this side that wants a subprotocol, and offers others than the server has.
                HandshakeError::TlsPort
                | HandshakeError::NotHttp
                | HandshakeError::Response(ResponseError::SubprotocolMissing) => Responsible::Client,
                HandshakeError::Write(_) | HandshakeError::Read(_) => Responsible::Network,
                _ => Responsible::Server,
            },
            Self::Redirect(error) => match error {
                RedirectError::Elsewhere { source, .. } => source.responsible(),
                // It may allow more.
                RedirectError::TooMany { .. } => Responsible::Client,
                _ => Responsible::Server,
            },
            Self::Refused(refused) => refused.responsible(),
            Self::Closed(closed) => closed.responsible(),
        }
    }

    /// Whether the very same attempt may succeed later, without any change on this side; if so, not before
    /// [`retry_after`](Self::retry_after).
    pub fn is_worth_retrying(&self) -> bool {
        match self {
            Self::Url(_) | Self::Request(_) | Self::Redirected(_) => false,
            Self::Dns(error) => !matches!(error, DnsError::NotFound { .. }),
            Self::Tcp(error) => match error {
                TcpError::NotPermitted { .. } => false,
                // An address that the system does not take, such as one that wants an interface.
                TcpError::Failed { source, .. } => source.kind() != io::ErrorKind::InvalidInput,
                _ => true,
            },
            Self::Unix(error) => !matches!(
                error,
                UnixError::NotASocket { .. } | UnixError::NotPermitted { .. } | UnixError::PathInvalid { .. }
            ),
            Self::Connector(error) => connector_may_recover(error),
            Self::Proxy(error) => match error {
                ProxyError::Tcp { .. }
                | ProxyError::TargetUnreachable { .. }
                | ProxyError::TimedOut { .. }
                | ProxyError::Closed { .. }
                | ProxyError::Io { .. } => true,
                ProxyError::Tls { source, .. } => tls_may_recover(source),
                ProxyError::Dns { source, .. } => !matches!(source, DnsError::NotFound { .. }),
                _ => false,
            },
            Self::Tls(error) => tls_may_recover(error),
            Self::Credentials(error) => matches!(
                error,
                CredentialsError::Unavailable { .. }
                    | CredentialsError::TimedOut { .. }
                    | CredentialsError::Command { .. }
                    | CredentialsError::File { .. }
                    // It may be just about to be written.
                    | CredentialsError::Malformed { .. }
                    | CredentialsError::Unanswered { .. }
                    | CredentialsError::ConnectionLost { .. }
            ),
            Self::Handshake(error) => matches!(
                error,
                HandshakeError::Write(_)
                    | HandshakeError::Read(_)
                    | HandshakeError::TimedOut { .. }
                    | HandshakeError::NoAnswer
                    | HandshakeError::CutShort { .. }
            ),
            Self::Redirect(error) => match error {
                RedirectError::Elsewhere { source, .. } => source.is_worth_retrying(),
                _ => false,
            },
            Self::Refused(refused) => refused.is_worth_retrying(),
            Self::Closed(closed) => closed.is_worth_retrying(),
        }
    }

    /// Whether the same attempt with a fresh credential of the same kind may succeed: one that has expired or been
    /// revoked, or is not accepted any more. Where a scope or a role is missing, another token like it does not help.
    pub fn do_new_credentials_help(&self) -> bool {
        match self {
            Self::Refused(refused) => refused.do_new_credentials_help(),
            Self::Closed(closed) => closed.do_new_credentials_help(),
            _ => false,
        }
    }

    /// RFC 6750 3.1: whether the server says that the token is not valid, in whichever way. One that is renewed at least
    /// tells whether it was the only one.
    pub(crate) fn is_token_invalid(&self) -> bool {
        match (self.cause(), self) {
            // Another origin, which was not shown it.
            (_, Self::Redirect(_)) => false,
            (Some(cause), _) => cause.oauth_error() == Some(INVALID_TOKEN),
            (None, Self::Refused(refused)) => refused.is_token_invalid(),
            _ => false,
        }
    }
}

fn connector_may_recover(error: &ConnectorError) -> bool {
    use std::io::ErrorKind::{InvalidInput, PermissionDenied, Unsupported};
    match error {
        ConnectorError::Failed { source, .. } => {
            !matches!(source.kind(), InvalidInput | PermissionDenied | Unsupported)
        }
        ConnectorError::TimedOut { .. } => true,
    }
}

/// Who has to change something where there is no TLS.
fn tls_responsible(error: &TlsError) -> Responsible {
    match error {
        // No name leads to it.
        TlsError::NameMismatch { presented, .. } if presented.is_empty() => Responsible::Server,
        TlsError::NotTls
        | TlsError::UnknownIssuer { .. }
        | TlsError::SelfSigned
        | TlsError::NameMismatch { .. }
        | TlsError::PinMismatch { .. }
        | TlsError::NameUnknown { .. }
        | TlsError::ClientCertificateRequired
        | TlsError::ClientCertificateRejected { .. }
        | TlsError::RevocationUnknown { .. }
        | TlsError::NameInvalid { .. }
        | TlsError::Failed(_)
        | TlsError::NoRoots { .. } => Responsible::Client,
        TlsError::TimedOut { .. } | TlsError::Closed | TlsError::Io(_) => Responsible::Network,
        _ => Responsible::Server,
    }
}

fn tls_may_recover(error: &TlsError) -> bool {
    matches!(error, TlsError::TimedOut { .. } | TlsError::Closed | TlsError::Io(_))
}
