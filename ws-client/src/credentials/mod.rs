//! Tokens: where they come from, how long they are good, and who has to give a new one.

mod error;
mod presented;
mod provider;
mod shared;
mod token;

pub use error::CredentialsError;
pub(crate) use presented::Presented;
pub use provider::{TokenFuture, TokenProvider};
pub use shared::Credentials;
pub use token::Token;
