//! TLS (feature `tls`): rustls on ring, with certificates that are read again when their files change.

mod accept;
mod certificates;
mod error;
mod files;
mod port;
mod watch;

pub(crate) use accept::{TlsStream, accept};
pub use error::TlsError;
pub use files::{Tls, TlsFiles};
pub(crate) use port::TlsPort;
pub(crate) use watch::watch;
