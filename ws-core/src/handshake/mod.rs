//! The opening handshake, both sides (RFC 6455 section 4).
//!
//! A server takes a [`RequestHead`](crate::head::RequestHead) through [`check_head`], [`check_method`]
//! and [`UpgradeRequest::parse`], and answers with an [`UpgradeResponse`]. A client sends a
//! [`ClientHandshake`] and holds the answer against it. Every violation is a variant of its own:
//! [`HandshakeError`] for what a client did wrong, [`ResponseError`] for what a server did.

mod client;
mod error;
mod extensions;
mod key;
mod list;
mod server;
mod subprotocols;
#[cfg(test)]
mod tests;
mod upgrade_request;
mod upgrade_response;
mod verify;

pub use client::{ClientHandshake, RequestError};
pub use error::HandshakeError;
pub use extensions::{ExtensionError, ExtensionOffer, parse_extensions};
pub use key::{Key, KeyError, accept_value};
pub use list::{MalformedList, TokenList};
pub use server::{check_head, check_method, host};
pub use subprotocols::SubprotocolError;
pub use upgrade_request::UpgradeRequest;
pub use upgrade_response::{AnswerError, UpgradeResponse};
pub use verify::{Accepted, ResponseError};
