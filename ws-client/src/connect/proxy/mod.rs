//! Proxies on the way: HTTP CONNECT (RFC 9110 9.3.6) and SOCKS5 (RFC 1928).

#[cfg(feature = "proxy")]
mod environment;
mod error;
#[cfg(feature = "proxy")]
mod exclusions;
#[cfg(feature = "proxy")]
mod http;
#[cfg(feature = "proxy")]
mod proxies;
#[cfg(feature = "proxy")]
mod socks;
#[cfg(all(test, feature = "proxy"))]
mod tests;
#[cfg(feature = "proxy")]
mod tunnel;
#[cfg(feature = "proxy")]
mod url;
mod url_error;

#[cfg(feature = "proxy")]
pub(crate) use environment::Environment;
pub use error::ProxyError;
#[cfg(feature = "proxy")]
pub(crate) use proxies::Proxies;
#[cfg(feature = "proxy")]
pub(crate) use tunnel::Tunnel;
#[cfg(feature = "proxy")]
pub(crate) use url::ProxyUrl;
pub use url_error::ProxyUrlError;
