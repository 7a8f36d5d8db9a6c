//! What the caller adds to the request, checked before anything is sent.

mod error;
mod fields;
mod grammar;
#[cfg(test)]
mod tests;

pub use error::RequestError;
#[cfg(feature = "proxy")]
pub(crate) use fields::basic;
pub(crate) use fields::{BEARER, Request};
