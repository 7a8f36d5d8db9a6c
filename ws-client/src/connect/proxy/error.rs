//! What a proxy may say, and what may go wrong with it.

use std::io;
use std::time::Duration;

use thiserror::Error;

use crate::connect::{DnsError, TcpError};

/// Why a proxy did not lead to the server. `proxy` is its address, never with its credentials.
#[derive(Debug, Error)]
#[non_exhaustive]
pub enum ProxyError {
    /// The proxy's own name did not lead to an address.
    #[error("the proxy {proxy} cannot be found: {source}")]
    Dns {
        /// The proxy.
        proxy: String,
        /// What name resolution said.
        source: DnsError,
    },
    /// No TCP connection to the proxy came about.
    #[error("the proxy {proxy} cannot be reached: {source}")]
    Tcp {
        /// The proxy.
        proxy: String,
        /// What was tried.
        source: TcpError,
    },
    /// The proxy wants credentials, or others (RFC 9110 15.5.8; RFC 1929).
    #[error("the proxy {proxy} wants a user name and a password, or others: put them into the proxy's URL")]
    Authentication {
        /// The proxy.
        proxy: String,
        /// Whether some were sent.
        sent: bool,
    },
    /// The proxy does not let this client through to the server.
    #[error("the proxy {proxy} does not connect to {target}: {reason}")]
    Refused {
        /// The proxy.
        proxy: String,
        /// Where it was asked to connect to.
        target: String,
        /// The HTTP status of a CONNECT.
        status: Option<u16>,
        /// What the proxy said.
        reason: String,
    },
    /// The proxy tried, and did not get through to the server.
    #[error("the proxy {proxy} cannot reach {target}: {reason}")]
    TargetUnreachable {
        /// The proxy.
        proxy: String,
        /// Where it was asked to connect to.
        target: String,
        /// The HTTP status of a CONNECT.
        status: Option<u16>,
        /// What the proxy said.
        reason: String,
    },
    /// What listens there is no proxy of this kind.
    #[error(
        "what listens at {proxy} does not answer as a proxy of this kind: check its address and its scheme"
    )]
    NotAProxy {
        /// The proxy.
        proxy: String,
    },
    /// The proxy did not answer in time.
    #[error("the proxy {proxy} did not answer within {after:?}")]
    TimedOut {
        /// The proxy.
        proxy: String,
        /// The time it was given.
        after: Duration,
    },
    /// The connection to the proxy broke.
    #[error("the connection to the proxy {proxy} broke")]
    Io {
        /// The proxy.
        proxy: String,
        /// What the system said.
        source: io::Error,
    },
}
