//! Proxies on the way: HTTP CONNECT (RFC 9110 9.3.6) and SOCKS5 (RFC 1928).

mod error;

pub use error::ProxyError;
