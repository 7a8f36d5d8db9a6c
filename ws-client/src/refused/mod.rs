//! A refused handshake: the answer as it came, and what it says.

mod answer;
mod body;
mod chunked;
mod responsible;
mod retry_after;

pub use answer::Refused;
pub use body::{Body, BodyEnd};
pub(crate) use body::{Framing, read};
pub use chunked::ChunkError;
pub use responsible::Responsible;
