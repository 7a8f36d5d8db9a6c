//! What a proxy may say, and what may go wrong with it.

use std::io;
use std::time::Duration;

use thiserror::Error;

use super::ProxyUrlError;
use crate::connect::{DnsError, TcpError, TlsError};

/// Why a proxy did not lead to the server. `proxy` is its address, never with its credentials.
#[derive(Debug, Error)]
#[non_exhaustive]
pub enum ProxyError {
    /// A variable of the environment names a proxy, and its value is not valid.
    #[error("the environment variable {variable} is wrong: {source}")]
    Environment {
        /// The variable.
        variable: &'static str,
        /// What is wrong with its value.
        source: ProxyUrlError,
    },
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
    /// There is no TLS connection to an `https://` proxy.
    #[error("there is no secure connection to the proxy {proxy}: {}", insecure(source))]
    Tls {
        /// The proxy.
        proxy: String,
        /// What failed; the server it speaks of is the proxy.
        source: TlsError,
    },
    /// The proxy wants credentials, or others (RFC 9110 15.5.8; RFC 1929).
    #[error("the proxy {proxy} {}", wanted(*.sent, schemes))]
    Authentication {
        /// The proxy.
        proxy: String,
        /// Whether some were sent.
        sent: bool,
        /// The schemes by which an HTTP proxy takes them, where it tells; this client speaks `Basic`.
        schemes: Vec<String>,
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
        /// What the proxy said, in one line.
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
        /// What the proxy said, in one line.
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
    /// The proxy closed the connection before its answer was complete.
    #[error(
        "the proxy {proxy} closed the connection instead of answering: check its scheme, and whether it lets this address in"
    )]
    Closed {
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
    #[error("the connection to the proxy {proxy} broke: {source}")]
    Io {
        /// The proxy.
        proxy: String,
        /// What the system said.
        source: io::Error,
    },
}

/// What it is to be corrected by is the proxy's URL, not the server's.
fn insecure(error: &TlsError) -> String {
    match error {
        TlsError::NotTls => {
            "it does not speak TLS there, write http:// in place of https:// in its URL".to_owned()
        }
        error => error.to_string(),
    }
}

fn wanted(sent: bool, schemes: &[String]) -> String {
    if !schemes.is_empty() && !schemes.iter().any(|scheme| scheme.eq_ignore_ascii_case("Basic")) {
        let schemes = schemes.join(", ");
        return format!(
            "takes credentials by {schemes} alone, and this client speaks Basic: use another proxy"
        );
    }
    if sent {
        return "does not accept the user name and password in its URL: correct them".to_owned();
    }
    "wants a user name and a password: put them into its URL, before the host, as USER:PASSWORD@HOST"
        .to_owned()
}
