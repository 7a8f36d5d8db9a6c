//! A refused handshake: the answer as it came, and what it says.

mod body;
mod chunked;

pub use body::{Body, BodyEnd};
pub(crate) use body::{Framing, read};
pub use chunked::ChunkError;
