use std::future::ready;

use ws_core::refusal::Challenge;

use super::{
    error::TokenError,
    source::{self, Source},
    verifier::Verifier,
};
use crate::authenticate::{AuthenticationError, Authenticator, BoxFuture, HandshakeContext, Identity};

/// Authenticates by a bearer token (RFC 6750) that a [`Verifier`] accepts.
///
/// The token comes in `Authorization`, unless other places are named.
///
/// ```
/// use ws_server::authenticate::bearer::{Bearer, Signer, Source, Verifier};
/// use ws_server::authenticate::Authenticator;
///
/// let signer = Signer::hs256(b"thirty-two bytes, at the least..")?;
/// let verifier = Verifier::new(signer.verifying_key()).audience("chat");
/// let bearer = Bearer::new("chat", verifier).sources([Source::Header, Source::Query("token".into())]);
/// assert_eq!(bearer.challenges()[0].to_string(), r#"Bearer realm="chat""#);
/// # Ok::<(), ws_server::authenticate::bearer::KeyError>(())
/// ```
#[derive(Clone, Debug)]
pub struct Bearer {
    realm: String,
    verifier: Verifier,
    sources: Vec<Source>,
}

impl Bearer {
    /// Challenges for `realm` (RFC 9110 11.5).
    pub fn new(realm: impl Into<String>, verifier: Verifier) -> Self {
        Self { realm: realm.into(), verifier, sources: vec![Source::Header] }
    }

    /// Replaces the places that a token may come from. One in two of them is refused, wherever it stands first.
    #[must_use]
    pub fn sources(mut self, sources: impl IntoIterator<Item = Source>) -> Self {
        self.sources = sources.into_iter().collect();
        self
    }

    fn identify(&self, request: &HandshakeContext<'_>) -> Result<Identity, AuthenticationError> {
        let token = source::find(&self.sources, request)?;
        Ok(self.verifier.verify(&token, request.now())?)
    }

    /// After keys have been fetched.
    async fn identify_fresh(&self, request: &HandshakeContext<'_>) -> Result<Identity, AuthenticationError> {
        let token = source::find(&self.sources, request)?;
        Ok(self.verifier.verify_fresh(&token, request.now()).await?)
    }
}

impl Authenticator for Bearer {
    fn authenticate<'a>(
        &'a self,
        request: &'a HandshakeContext<'a>,
    ) -> BoxFuture<'a, Result<Identity, AuthenticationError>> {
        match self.identify(request) {
            Err(
                AuthenticationError::Token(TokenError::KeyUnknown) | AuthenticationError::Unavailable { .. },
            ) if self.verifier.has_source() => Box::pin(self.identify_fresh(request)),
            decided => Box::pin(ready(decided)),
        }
    }

    fn challenges(&self) -> Vec<Challenge> {
        vec![Challenge::bearer(&self.realm)]
    }

    fn is_ambient(&self) -> bool {
        self.sources.iter().any(|source| matches!(source, Source::Cookie(_)))
    }

    fn subprotocol(&self) -> Option<&str> {
        self.sources.contains(&Source::Subprotocol).then_some(source::SUBPROTOCOL)
    }
}
