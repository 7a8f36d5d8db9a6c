//! What gives tokens.

use std::pin::Pin;

use super::{CredentialsError, Token};

/// A token that is on its way.
pub type TokenFuture<'a> = Pin<Box<dyn Future<Output = Result<Token, CredentialsError>> + Send + 'a>>;

/// Whether there is another token, being found out.
pub type NewsFuture<'a> = Pin<Box<dyn Future<Output = bool> + Send + 'a>>;

/// Gives tokens: a file, a command, an authorization server, or what you write.
///
/// ```
/// use std::time::{Duration, SystemTime};
/// use ws_client::credentials::{Credentials, Token, TokenFuture, TokenProvider};
///
/// struct Signer;
///
/// impl TokenProvider for Signer {
///     fn token(&self) -> TokenFuture<'_> {
///         Box::pin(async {
///             let expires = SystemTime::now() + Duration::from_secs(300);
///             Ok(Token::new("signed by ourselves").expires(expires))
///         })
///     }
/// }
///
/// let credentials = Credentials::new(Signer);
/// ```
///
/// Where a closure is enough, there is [`from_fn`].
pub trait TokenProvider: Send + Sync + 'static {
    /// A token that is good now: a fresh one at each call, for [`Credentials`](super::Credentials) keeps it as long as it
    /// is good and asks once for all who wait.
    ///
    /// It is called in a task of its own, which ends when its time is over: [`Credentials::with_timeout`]. Nobody else
    /// calls it meanwhile.
    ///
    /// [`Credentials::with_timeout`]: super::Credentials::with_timeout
    fn token(&self) -> TokenFuture<'_>;

    /// Whether there may be another token than the one given last, for providers that can tell at little cost: they are
    /// asked now and then, and [`token`](Self::token) follows at once where there is. `None`, as by default: it cannot be
    /// told, and a token is kept for as long as it is good.
    fn news(&self) -> Option<NewsFuture<'_>> {
        None
    }
}

impl TokenProvider for Box<dyn TokenProvider> {
    fn token(&self) -> TokenFuture<'_> {
        (**self).token()
    }

    fn news(&self) -> Option<NewsFuture<'_>> {
        (**self).news()
    }
}

/// A provider that calls a closure for each token.
///
/// ```
/// use ws_client::credentials::{self, Credentials, Token};
///
/// let credentials = Credentials::new(credentials::from_fn(async || Ok(Token::new("from my vault"))));
/// ```
pub fn from_fn<F, Fut>(give: F) -> FromFn<F>
where
    F: Fn() -> Fut + Send + Sync + 'static,
    Fut: Future<Output = Result<Token, CredentialsError>> + Send + 'static,
{
    FromFn(give)
}

/// What [`from_fn`] makes.
#[derive(Clone, Copy, Debug)]
pub struct FromFn<F>(F);

impl<F, Fut> TokenProvider for FromFn<F>
where
    F: Fn() -> Fut + Send + Sync + 'static,
    Fut: Future<Output = Result<Token, CredentialsError>> + Send + 'static,
{
    fn token(&self) -> TokenFuture<'_> {
        Box::pin((self.0)())
    }
}

/// A token that never changes.
///
/// ```
/// use ws_client::credentials::{Credentials, StaticToken, Token};
///
/// let credentials = Credentials::new(StaticToken::new(Token::new("eyJhbGciOiJIUzI1NiJ9.e30.c2lnbmF0dXJl")));
/// ```
#[derive(Clone, Debug)]
pub struct StaticToken(Token);

impl StaticToken {
    /// This token, always.
    pub fn new(token: Token) -> Self {
        Self(token)
    }
}

impl TokenProvider for StaticToken {
    fn token(&self) -> TokenFuture<'_> {
        let token = self.0.clone();
        Box::pin(async move { Ok(token) })
    }
}
