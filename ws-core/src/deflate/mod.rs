//! Compression of messages: permessage-deflate (RFC 7692).
//!
//! A server [negotiates](DeflateConfig::negotiate) with the client's offers, a client
//! [offers](DeflateConfig::offer) and [accepts](DeflateConfig::accept) the answer; both then hold the
//! same [`DeflateParams`], and each side has a [`Compressor`] for what it sends and an [`Inflater`]
//! for what it receives.
//!
//! zlib cannot compress with a window of 256 bytes (8 bits). A server therefore declines an offer
//! that asks it to, and a client to which the server allows no more sends stored blocks; what was
//! compressed with 8 bits is inflated with 9.

mod compressor;
mod config;
mod error;
mod inflater;
mod negotiate;
mod params;
mod pool;
mod stored;

#[cfg(test)]
mod oracle;
#[cfg(test)]
mod tests;

pub use compressor::Compressor;
pub use config::DeflateConfig;
pub use error::InflateError;
pub use inflater::Inflater;
pub use negotiate::DeflateAnswer;
pub use params::{DeflateAnswerError, DeflateParams};

/// What a sender takes off the end of a message and a receiver puts back (RFC 7692 7.2.1, 7.2.2):
/// the length of an empty stored block.
const TAIL: [u8; 4] = [0x00, 0x00, 0xff, 0xff];
