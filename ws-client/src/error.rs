//! Everything that can go wrong between a URL and an open WebSocket.

use std::fmt;
use std::time::Duration;

use thiserror::Error;
use ws_core::head::ResponseHead;
use ws_core::refusal::Cause;

use crate::connect::{DnsError, HandshakeError, TcpError, UrlError};
use crate::refused::{Closed, Refused, Responsible};
use crate::request::RequestError;

/// Why there is no connection: one variant for each stage on the way, and each with its own error inside.
#[derive(Debug, Error)]
#[non_exhaustive]
pub enum ConnectError {
    /// The address is not one of a WebSocket server.
    #[error(transparent)]
    Url(#[from] UrlError),
    /// The request cannot be sent as it is.
    #[error(transparent)]
    Request(#[from] RequestError),
    /// The host's name did not lead to an address.
    #[error(transparent)]
    Dns(#[from] DnsError),
    /// No TCP connection came about.
    #[error(transparent)]
    Tcp(#[from] TcpError),
    /// There was no proper answer to the handshake.
    #[error(transparent)]
    Handshake(#[from] HandshakeError),
    /// The answer sends the client elsewhere; redirects are not followed.
    #[error("{0}")]
    Redirected(Box<Redirected>),
    /// The handshake was refused with an HTTP status.
    #[error("{0}")]
    Refused(Box<Refused>),
    /// The handshake was refused in a Close frame.
    #[error("{0}")]
    Closed(Box<Closed>),
}

impl ConnectError {
    /// The cause in the catalogue of refusals, where the server told one.
    pub fn cause(&self) -> Option<Cause> {
        match self {
            Self::Refused(refused) => refused.cause(),
            Self::Closed(closed) => closed.cause(),
            _ => None,
        }
    }

    /// When to come back, where the server told it.
    pub fn retry_after(&self) -> Option<Duration> {
        match self {
            Self::Refused(refused) => refused.retry_after,
            Self::Closed(closed) => closed.retry_after(),
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
                TcpError::NotPermitted { .. } | TcpError::Failed { .. } => Responsible::Client,
                TcpError::Unreachable { .. } | TcpError::TimedOut { .. } => Responsible::Network,
            },
            Self::Handshake(error) => match error {
                // What listens there is no WebSocket server, so the address is wrong.
                HandshakeError::TlsPort | HandshakeError::NotHttp => Responsible::Client,
                HandshakeError::Write(_) | HandshakeError::Read(_) => Responsible::Network,
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
            Self::Tcp(error) => !matches!(error, TcpError::NotPermitted { .. }),
            Self::Handshake(error) => matches!(
                error,
                HandshakeError::Write(_)
                    | HandshakeError::Read(_)
                    | HandshakeError::TimedOut { .. }
                    | HandshakeError::NoAnswer
                    | HandshakeError::CutShort { .. }
            ),
            Self::Refused(refused) => refused.is_worth_retrying(),
            Self::Closed(closed) => closed.is_worth_retrying(),
        }
    }
}

/// The answer was a redirection (RFC 9110 15.4).
///
/// RFC 6455 4.1 leaves it open whether a client follows. This one does not: what it sends, credentials
/// included, goes to no address that the caller has not named.
#[derive(Clone)]
#[non_exhaustive]
pub struct Redirected {
    /// The HTTP status, 300 to 399.
    pub status: u16,
    /// Where the answer points to, as it stands there: it may be relative. Bytes that are no UTF-8 are
    /// replaced.
    pub location: String,
    /// The status line and the header fields as they came.
    pub head: ResponseHead,
}

impl Redirected {
    pub(crate) fn new(head: ResponseHead) -> Self {
        let location = head.fields().first("Location").unwrap_or_default();
        Self { status: head.status(), location: String::from_utf8_lossy(location).into_owned(), head }
    }
}

impl fmt::Display for Redirected {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { status, location, .. } = self;
        write!(
            f,
            "the server redirects ({status}) to {location:?}, which is not followed: connect there if you trust it"
        )
    }
}

impl fmt::Debug for Redirected {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { status, location, .. } = self;
        f.debug_struct("Redirected")
            .field("status", status)
            .field("location", location)
            .finish_non_exhaustive()
    }
}
