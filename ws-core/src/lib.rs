//! RFC 6455 and RFC 7692 without I/O, and the catalogue of refusals.

pub mod connection;
pub mod deflate;
pub mod frame;
pub mod handshake;
pub mod head;
pub mod message;
#[cfg(feature = "tokio")]
pub mod net;
pub mod refusal;
