//! A refused handshake: the answer or the Close frame as it came, and what it says.

mod answer;
mod body;
mod chunked;
mod closed;
mod responsible;
pub(crate) mod retry_after;
mod said;
mod sent;
mod unexplained;

#[cfg_attr(not(any(feature = "json", feature = "proxy", feature = "tls")), allow(unused_imports))]
pub(crate) use answer::Printable;
pub use answer::Refused;
pub use body::{Body, BodyEnd};
pub(crate) use body::{Framing, read};
pub use chunked::ChunkError;
pub use closed::Closed;
pub use responsible::Responsible;
#[cfg(feature = "proxy")]
pub(crate) use said::said;
pub use sent::SentCredential;
#[cfg(feature = "cli")]
pub(crate) use sent::places;
