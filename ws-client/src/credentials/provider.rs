//! What gives tokens.

use std::pin::Pin;

use super::{CredentialsError, Token};

/// A token that is on its way.
pub type TokenFuture<'a> = Pin<Box<dyn Future<Output = Result<Token, CredentialsError>> + Send + 'a>>;

/// Gives tokens: a file, a command, an authorization server, or what you write.
pub trait TokenProvider: Send + Sync + 'static {
    /// A token that is good now: a fresh one at each call, for [`Credentials`](super::Credentials) keeps it as long as it
    /// is good and asks once for all who wait.
    fn token(&self) -> TokenFuture<'_>;
}
