//! Tokens that say nothing by themselves: whoever issued them is asked (RFC 7662).

mod answers;
mod authenticator;
mod endpoint;
mod error;
mod flights;
#[cfg(test)]
mod tests;

pub use authenticator::Introspection;
pub use error::ClientCredentialsError;
