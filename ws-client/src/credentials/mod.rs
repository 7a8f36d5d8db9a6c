//! Tokens: where they come from, how long they are good, and who has to give a new one.

mod command;
mod error;
mod file;
#[cfg(test)]
mod file_tests;
mod first_message;
mod flight;
mod in_band;
#[cfg(test)]
mod in_band_tests;
mod jwt;
mod keeper;
#[cfg(feature = "oauth")]
pub mod oauth;
mod placement;
#[cfg(test)]
mod placement_tests;
mod presented;
#[cfg(test)]
mod presented_tests;
mod provider;
mod schedule;
mod shared;
#[cfg(test)]
mod shared_tests;
mod state;
#[cfg(test)]
mod state_tests;
mod token;
mod words;

pub use command::TokenCommand;
pub use error::CredentialsError;
pub use file::TokenFile;
pub use keeper::Tokens;
pub use placement::Placement;
pub(crate) use presented::Presented;
pub use provider::{FromFn, NewsFuture, StaticToken, TokenFuture, TokenProvider, from_fn};
pub use shared::Credentials;
pub use token::Token;
