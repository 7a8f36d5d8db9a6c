use std::{borrow::Cow, future::ready, time::SystemTime};

use ws_core::refusal::Challenge;

use super::{
    source::{self, Source},
    verifier::{Refused, Verifier},
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

    /// Judges a token, once more after keys have been fetched if there may be one that is not known yet.
    fn judge<'a>(
        &'a self,
        token: Cow<'a, str>,
        now: SystemTime,
    ) -> BoxFuture<'a, Result<Identity, AuthenticationError>> {
        match self.verifier.check(&token, now) {
            Ok(identity) => Box::pin(ready(Ok(identity))),
            Err(Refused::Final(error)) => Box::pin(ready(Err(error.into()))),
            Err(open) => Box::pin(async move { Ok(self.verifier.check_again(open, &token, now).await?) }),
        }
    }
}

impl Authenticator for Bearer {
    fn authenticate<'a>(
        &'a self,
        request: &'a HandshakeContext<'a>,
    ) -> BoxFuture<'a, Result<Identity, AuthenticationError>> {
        match source::find(&self.sources, request) {
            Ok(token) => self.judge(token, request.now()),
            Err(error) => Box::pin(ready(Err(error))),
        }
    }

    fn authenticate_token<'a>(
        &'a self,
        token: &'a str,
        request: &'a HandshakeContext<'a>,
    ) -> BoxFuture<'a, Result<Identity, AuthenticationError>> {
        self.judge(Cow::Borrowed(token), request.now())
    }

    fn takes_first_message(&self) -> bool {
        self.sources.contains(&Source::FirstMessage)
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
