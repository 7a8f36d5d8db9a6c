//! Everything that can go wrong between a URL and an open WebSocket.

use std::borrow::Cow;
use std::fmt;

use thiserror::Error;
use ws_core::head::ResponseHead;

use crate::connect::{
    ConnectorError, DnsError, HandshakeError, ProxyError, RedirectError, TcpError, TlsError, UnixError,
    UrlError,
};
use crate::credentials::CredentialsError;
use crate::refused::{Closed, Refused};
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
    /// No connection to a Unix socket came about.
    #[error(transparent)]
    Unix(#[from] UnixError),
    /// The caller's own connector gave no stream.
    #[error(transparent)]
    Connector(#[from] ConnectorError),
    /// A proxy on the way did not lead to the server.
    #[error(transparent)]
    Proxy(#[from] ProxyError),
    /// There is no TLS connection.
    #[error(transparent)]
    Tls(#[from] TlsError),
    /// There is no credential to send.
    #[error(transparent)]
    Credentials(#[from] CredentialsError),
    /// There was no proper answer to the handshake.
    #[error(transparent)]
    Handshake(#[from] HandshakeError),
    /// The answer sends the client elsewhere, and redirections are not followed.
    #[error("{0}")]
    Redirected(Box<Redirected>),
    /// The answer sends the client elsewhere, and that did not lead to a connection.
    #[error(transparent)]
    Redirect(#[from] RedirectError),
    /// The handshake was refused with an HTTP status.
    #[error("{0}")]
    Refused(Box<Refused>),
    /// The handshake was refused in a Close frame.
    #[error("{0}")]
    Closed(Box<Closed>),
}

/// The answer was a redirection (RFC 9110 15.4).
///
/// RFC 6455 4.1 leaves it open whether a client follows. This one does so only if asked to
/// ([`Builder::follow_redirects`](crate::Builder::follow_redirects)): what it sends goes to no address that the caller
/// has not named.
#[derive(Clone)]
#[non_exhaustive]
pub struct Redirected {
    /// The HTTP status, 300 to 399.
    pub status: u16,
    /// Where the answer points to, as it stands there: it may be relative, and its query may hold what was sent in ours.
    /// Bytes that are no UTF-8 are replaced.
    pub location: String,
    /// The status line and the header fields as they came.
    pub head: ResponseHead,
}

impl Redirected {
    pub(crate) fn new(head: ResponseHead) -> Self {
        let location = head.fields().first("Location").unwrap_or_default();
        Self { status: head.status(), location: String::from_utf8_lossy(location).into_owned(), head }
    }

    fn location_without_query(&self) -> Cow<'_, str> {
        match self.location.split_once('?') {
            Some((path, query)) if !query.is_empty() => format!("{path}?…").into(),
            _ => self.location.as_str().into(),
        }
    }
}

/// Without the query of the location: servers repeat there what they were asked for, tokens included.
impl fmt::Display for Redirected {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (status, location) = (self.status, self.location_without_query());
        write!(
            f,
            "the server redirects ({status}) to {location:?}, which is not followed: connect there if you trust it, or allow redirections"
        )
    }
}

impl fmt::Debug for Redirected {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Redirected")
            .field("status", &self.status)
            .field("location", &self.location_without_query())
            .finish_non_exhaustive()
    }
}
