//! One request to the provider, and all who wait for it.

use std::sync::Arc;

use tokio::sync::watch;
use tokio::time::timeout;

use super::shared::Shared;
use super::{CredentialsError, Token};

/// What a request brought.
pub(super) type Outcome = Result<Arc<Token>, CredentialsError>;

/// A request under way. It goes on whoever stops waiting for it, at most for the time that was set: what it brings may be
/// the only copy, as where an authorization server replaces a refresh token.
#[derive(Clone, Debug)]
pub(super) struct Flight(watch::Receiver<Option<Outcome>>);

impl Flight {
    /// Asks the provider, in a task of its own.
    pub(super) fn begin(shared: Arc<Shared>) -> Self {
        let (told, flight) = watch::channel(None);
        tokio::spawn(async move {
            let outcome = shared.landed(ask(&shared).await);
            match &outcome {
                Ok(_) => tracing::debug!(target: "ws_client::credentials", "the provider gave a token"),
                Err(error) => tracing::warn!(target: "ws_client::credentials", %error, "no new token"),
            }
            told.send_replace(Some(outcome));
        });
        Self(flight)
    }

    /// Whether there is nothing to wait for any more.
    pub(super) fn is_over(&self) -> bool {
        self.0.borrow().is_some() || self.0.has_changed().is_err()
    }

    /// What it brings. Cancel safe.
    pub(super) async fn landed(mut self) -> Outcome {
        let outcome = self.0.wait_for(Option::is_some).await;
        outcome.ok().and_then(|outcome| outcome.clone()).unwrap_or_else(|| {
            let reason = "the runtime in which it was asked for has ended".to_owned();
            Err(CredentialsError::Unavailable { reason, retry_after: None })
        })
    }
}

/// Whatever the provider does: it takes too long, it panics, it gives what is no token.
async fn ask(shared: &Shared) -> Result<Token, CredentialsError> {
    let provider = Arc::clone(&shared.provider);
    let mut asking = tokio::spawn(async move { provider.token().await });
    let token = match timeout(shared.limit, &mut asking).await {
        Ok(Ok(given)) => given?,
        Ok(Err(_)) => {
            let reason = "the token provider panicked".to_owned();
            return Err(CredentialsError::Unavailable { reason, retry_after: None });
        }
        Err(_) => {
            asking.abort();
            return Err(CredentialsError::TimedOut { after: shared.limit });
        }
    };
    match token.flaw() {
        None => Ok(token),
        Some(reason) => Err(CredentialsError::Malformed { from: "the token provider".to_owned(), reason }),
    }
}
