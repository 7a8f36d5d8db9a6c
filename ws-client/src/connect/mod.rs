//! The way to a server, one file a stage and one error a stage: the address, its name, the TCP connection, a proxy,
//! TLS, the handshake.

pub(crate) mod connector;
pub(crate) mod dial;
pub(crate) mod dns;
pub(crate) mod handshake;
#[cfg(test)]
mod handshake_tests;
pub(crate) mod private;
pub(crate) mod proxy;
pub(crate) mod redirect;
#[cfg(test)]
mod redirect_tests;
pub(crate) mod resolver;
pub(crate) mod tcp;
pub(crate) mod timeouts;
pub(crate) mod tls;
pub(crate) mod unix;
mod url;

pub use connector::{ConnectFuture, Connector, ConnectorError};
pub use dns::DnsError;
pub use handshake::HandshakeError;
pub use proxy::{ProxyError, ProxyUrlError};
pub use redirect::RedirectError;
pub use resolver::{ResolveFuture, Resolver};
pub use tcp::TcpError;
pub use timeouts::Timeouts;
#[cfg(feature = "tls")]
pub use tls::{TlsConfigError, TlsInput};
pub use tls::{TlsError, TlsVersion};
pub use unix::UnixError;
pub use url::{Host, UrlError, WsUrl};
