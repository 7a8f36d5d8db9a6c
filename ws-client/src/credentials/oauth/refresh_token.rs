//! Tokens by a refresh token.

use std::fmt;
use std::sync::{Arc, Mutex, PoisonError};

use oauth2::TokenResponse as _;
use zeroize::Zeroizing;

use super::TokenEndpoint;
use super::answer::Asked;
use crate::credentials::{CredentialsError, Token, TokenFuture, TokenProvider};

/// Tokens by a refresh token (RFC 6749 6): see [`TokenEndpoint::refresh_token`].
///
/// Where the server replaces the refresh token, the new one is used from then on, and told to
/// [`on_rotation`](Self::on_rotation), for such servers take the old one for stolen when it comes once more. A program
/// that is started again needs the new one.
///
/// ```
/// use ws_client::credentials::Credentials;
/// use ws_client::credentials::oauth::TokenEndpoint;
///
/// # fn example() -> Result<(), Box<dyn std::error::Error>> {
/// let stored = std::fs::read_to_string("refresh-token")?;
/// let provider = TokenEndpoint::new("https://id.example/oauth/token", "chat-app")?
///     .refresh_token(stored.trim_end())
///     .on_rotation(|token| {
///         if let Err(error) = std::fs::write("refresh-token", token) {
///             eprintln!("the refresh token is not kept: {error}");
///         }
///     });
/// let credentials = Credentials::new(provider);
/// # Ok(())
/// # }
/// ```
pub struct RefreshToken {
    endpoint: TokenEndpoint,
    current: Mutex<Zeroizing<String>>,
    rotated: Option<Arc<Hook>>,
}

type Hook = dyn Fn(&str) + Send + Sync;

impl RefreshToken {
    pub(super) fn new(endpoint: TokenEndpoint, token: String) -> Self {
        Self { endpoint, current: Mutex::new(Zeroizing::new(token)), rotated: None }
    }

    /// Has `keep` called with each new refresh token, before the access token that came with it is used. It is called in a
    /// task, and should not block for long.
    #[must_use]
    pub fn on_rotation(mut self, keep: impl Fn(&str) + Send + Sync + 'static) -> Self {
        self.rotated = Some(Arc::new(keep));
        self
    }

    async fn ask(&self) -> Result<Token, CredentialsError> {
        let asked = Asked::now(&self.endpoint);
        let http = self.endpoint.http().await.map_err(|error| asked.failed(error))?;
        let client = self.endpoint.client();
        let current = oauth2::RefreshToken::new(self.lock().to_string());
        let mut request =
            client.exchange_refresh_token(&current).add_scopes(self.endpoint.requested_scopes());
        for (name, value) in self.endpoint.parameters() {
            request = request.add_extra_param(name, value);
        }
        let answer = request.request_async(http).await.map_err(|error| asked.refused(error))?;
        // RFC 6749 6: "The authorization server MAY issue a new refresh token, in which case the client MUST discard the
        // old refresh token and replace it with the new refresh token."
        if let Some(next) = answer.refresh_token().filter(|next| next.secret() != current.secret()) {
            *self.lock() = Zeroizing::new(next.secret().clone());
            if let Some(rotated) = &self.rotated {
                rotated(next.secret());
            }
        }
        asked.token(&answer)
    }

    fn lock(&self) -> std::sync::MutexGuard<'_, Zeroizing<String>> {
        self.current.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl TokenProvider for RefreshToken {
    fn token(&self) -> TokenFuture<'_> {
        Box::pin(self.ask())
    }
}

/// Without the token.
impl fmt::Debug for RefreshToken {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("RefreshToken").field("endpoint", &self.endpoint).finish_non_exhaustive()
    }
}
