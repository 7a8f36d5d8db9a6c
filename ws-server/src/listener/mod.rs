//! From a listening socket to an accepted connection that has its place among the others.

mod accept;
mod bind;
mod crc32c;
mod forwarded;
mod places;
mod proxy_protocol;
mod trusted_proxies;

pub(crate) use accept::accept_loop;
pub use bind::BindError;
pub(crate) use bind::{ListenAddress, bind};
pub use forwarded::ForwardedError;
pub(crate) use places::{Crowded, Entry, Place, Places};
pub use proxy_protocol::ProxyProtocol;
pub(crate) use proxy_protocol::{ProxyHeader, ProxyHeaderError};
pub use trusted_proxies::{ForwardedClient, TrustedProxies};
