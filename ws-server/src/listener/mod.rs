//! From a listening socket to an accepted connection that has its place among the others.

mod accept;
mod bind;
mod crc32c;
mod door;
mod forwarded;
mod places;
mod proxy_protocol;
mod stream;
#[cfg(feature = "tls")]
mod tls;
mod trusted_proxies;

pub(crate) use accept::accept_loop;
pub use bind::BindError;
pub(crate) use bind::{ListenAddress, bind};
pub(crate) use door::Door;
pub use forwarded::ForwardedError;
pub(crate) use places::{Crowded, Entry, Place, Places};
pub use proxy_protocol::ProxyProtocol;
pub(crate) use proxy_protocol::{ProxyHeader, ProxyHeaderError};
pub(crate) use stream::Stream;
#[cfg(feature = "tls")]
pub use tls::{Tls, TlsError, TlsFiles};
#[cfg(feature = "tls")]
pub(crate) use tls::{TlsPort, accept, watch};
pub use trusted_proxies::{ForwardedClient, TrustedProxies};
