use std::{fmt, sync::Arc};

use ws_core::refusal::{Cause, Challenge};

use super::{AuthenticationError, Authenticator, BoxFuture, HandshakeContext, Identity};

/// Several authenticators in one: whoever is accepted by any of them is let in.
///
/// On a route that has several authenticators, the first that finds credentials decides. In here the next one is asked
/// even after that, so that the same credentials may be good for one and bad for another: tokens of two issuers in
/// the same field, or tokens of which some are JSON Web Tokens and some are not. A cookie still counts only where
/// nobody has found credentials that somebody has chosen to send.
///
/// ```
/// use ws_server::Route;
/// use ws_server::authenticate::AnyOf;
/// use ws_server::authenticate::bearer::{Bearer, Signer, Verifier};
///
/// let ours = Signer::hs256(b"thirty-two bytes, at the least..")?;
/// let theirs = Signer::hs256(b"another thirty-two bytes, if not")?;
/// let verifier = |signer: &Signer, issuer: &str| Verifier::new(signer.verifying_key()).issuer(issuer);
/// let either = AnyOf::new()
///     .or(Bearer::new("chat", verifier(&ours, "https://id.example").audience("chat")))
///     .or(Bearer::new("chat", verifier(&theirs, "https://partner.example").audience("chat")));
/// let route = Route::new(|_session| async {}).authenticate(either);
/// # Ok::<(), ws_server::authenticate::bearer::KeyError>(())
/// ```
///
/// # Which failure is told
/// Where nobody accepts, the failure that tells the caller most is the answer, and of two that tell as much the one of
/// the authenticator that stands first. From the least to the most:
///
/// 1. `client-certificate-required`: asking for the other credentials says more.
/// 2. `credentials-missing`.
/// 3. `scheme-unsupported`.
/// 4. `token-malformed`, as long as no signature has verified: it may be somebody else's kind of token.
/// 5. `token-key-unknown`: it may be somebody else's token.
/// 6. `token-algorithm-denied`, `token-signature-invalid`, `credentials-rejected`, `client-certificate-rejected`.
/// 7. `token-malformed` (a claim), `token-claim-missing`, `token-issuer-wrong`, `token-audience-wrong`: somebody who is
///    trusted has signed it.
/// 8. `token-not-yet-valid`, `token-expired`, `token-revoked`, `ticket-expired`, `ticket-spent`: these are the right
///    credentials at the wrong time.
/// 9. `authentication-unavailable`, then `internal-error`: one that cannot be asked might have accepted, and a fault
///    of ours is never blamed on the caller.
/// 10. `credentials-malformed`: the request itself is in disorder. Nobody else is asked after that.
#[derive(Clone, Default)]
pub struct AnyOf {
    authenticators: Vec<Arc<dyn Authenticator>>,
}

impl AnyOf {
    /// Nobody yet: accepts no one, and finds no credentials.
    pub fn new() -> Self {
        Self::default()
    }

    /// Adds one.
    #[must_use]
    pub fn or(mut self, authenticator: impl Authenticator) -> Self {
        self.authenticators.push(Arc::new(authenticator));
        self
    }

    async fn ask(&self, request: &HandshakeContext<'_>) -> Result<Identity, AuthenticationError> {
        let mut found = Found::default();
        let explicit = request.with_ambient_credentials(false);
        for authenticator in &self.authenticators {
            if let Some(decided) = found.add(authenticator.authenticate(&explicit).await) {
                return decided;
            }
        }
        if request.ambient_credentials_count() && found.nothing() {
            for authenticator in self.authenticators.iter().filter(|one| one.is_ambient()) {
                if let Some(decided) = found.add(authenticator.authenticate(request).await) {
                    return decided;
                }
            }
        }
        found.decide()
    }
}

/// What has been found so far.
#[derive(Default)]
struct Found {
    failure: Option<AuthenticationError>,
    nobody: Option<Identity>,
}

impl Found {
    /// Takes note of one result, or returns it if it decides.
    fn add(
        &mut self,
        result: Result<Identity, AuthenticationError>,
    ) -> Option<Result<Identity, AuthenticationError>> {
        match result {
            Ok(identity) if identity.is_anonymous() => self.nobody = Some(identity),
            Err(error) if error.cause() != Cause::CredentialsMalformed => {
                self.failure = Some(error.or_more_informative(self.failure.take()));
            }
            decided => return Some(decided),
        }
        None
    }

    /// Whether nobody has judged anything.
    fn nothing(&self) -> bool {
        self.failure.as_ref().is_none_or(AuthenticationError::passes_on)
    }

    fn decide(self) -> Result<Identity, AuthenticationError> {
        let refused = self.failure.as_ref().is_some_and(|failure| {
            // Who brings credentials that nobody takes is told so, rather than let in as nobody.
            !failure.passes_on() || *failure == AuthenticationError::SchemeUnsupported
        });
        match (self.nobody, self.failure) {
            (Some(nobody), _) if !refused => Ok(nobody),
            (_, failure) => Err(failure.unwrap_or(AuthenticationError::CredentialsMissing)),
        }
    }
}

impl Authenticator for AnyOf {
    fn authenticate<'a>(
        &'a self,
        request: &'a HandshakeContext<'a>,
    ) -> BoxFuture<'a, Result<Identity, AuthenticationError>> {
        Box::pin(self.ask(request))
    }

    fn authenticate_token<'a>(
        &'a self,
        token: &'a str,
        request: &'a HandshakeContext<'a>,
    ) -> BoxFuture<'a, Result<Identity, AuthenticationError>> {
        Box::pin(async move {
            let mut found = Found::default();
            for authenticator in &self.authenticators {
                if let Some(decided) = found.add(authenticator.authenticate_token(token, request).await) {
                    return decided;
                }
            }
            found.decide()
        })
    }

    fn takes_first_message(&self) -> bool {
        self.authenticators.iter().any(|authenticator| authenticator.takes_first_message())
    }

    /// Those of all, each once.
    fn challenges(&self) -> Vec<Challenge> {
        let mut challenges: Vec<Challenge> = Vec::new();
        for challenge in self.authenticators.iter().flat_map(|authenticator| authenticator.challenges()) {
            if !challenges.contains(&challenge) {
                challenges.push(challenge);
            }
        }
        challenges
    }

    fn is_ambient(&self) -> bool {
        self.authenticators.iter().any(|authenticator| authenticator.is_ambient())
    }

    fn subprotocol(&self) -> Option<&str> {
        self.authenticators.iter().find_map(|authenticator| authenticator.subprotocol())
    }
}

impl fmt::Debug for AnyOf {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.debug_struct("AnyOf").field("authenticators", &self.authenticators.len()).finish()
    }
}

#[cfg(test)]
#[path = "any_of_tests.rs"]
mod tests;
