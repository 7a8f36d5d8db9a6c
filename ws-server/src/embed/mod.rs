//! The gate in programs that have a listener of their own: over hyper, in axum, and in memory.
//!
//! Everything is decided and answered by the code that decides behind our own listener: the same statuses, the same
//! fields, the same bodies. What differs is who reads the head and who writes the answer. What is no HTTP, or breaks the
//! limits of the embedding program, never comes this far: that program answers it by itself.

#[cfg(feature = "axum")]
pub mod axum;
mod connection;
mod embedded;
#[cfg(feature = "hyper")]
mod hyper;
mod in_memory;

pub use connection::Connection;
pub use embedded::Embedded;
pub use in_memory::{Handshake, InMemory, Verdict};
