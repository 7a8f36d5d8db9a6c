//! The way to a server, one file a stage and one error a stage: the address, its name, the TCP connection,
//! the handshake.

pub(crate) mod dns;
pub(crate) mod handshake;
#[cfg(test)]
mod handshake_tests;
pub(crate) mod tcp;
pub(crate) mod timeouts;
mod url;

pub use dns::DnsError;
pub use handshake::HandshakeError;
pub use tcp::TcpError;
pub use timeouts::Timeouts;
pub use url::{Host, UrlError, WsUrl};
