use std::future::ready;

use ws_core::refusal::Challenge;

use super::{AuthenticationError, Authenticator, BoxFuture, HandshakeContext, Identity};

/// An authenticator of cookies, which is asked only where the request has no credentials that somebody has chosen to
/// send.
///
/// ```
/// use ws_core::refusal::Challenge;
/// use ws_server::Route;
/// use ws_server::authenticate::{self, Ambient, AuthenticationError, Challenging, Identity, Scheme};
///
/// let by_session = authenticate::from_fn(|request| {
///     let cookies = request.head().fields().get_str("Cookie").map(str::to_owned);
///     async move {
///         match cookies {
///             None => Err(AuthenticationError::CredentialsMissing),
///             // A real one looks the session up in its store.
///             Some(_) => Ok(Identity::new(Scheme::Cookie).with_subject("ann")),
///         }
///     }
/// });
/// let by_session = Challenging::new(Challenge::cookie("chat"), by_session);
/// let route = Route::new(|_session| async {}).authenticate(Ambient::new(by_session));
/// ```
#[derive(Clone, Copy, Debug)]
pub struct Ambient<A> {
    authenticator: A,
}

impl<A: Authenticator> Ambient<A> {
    /// Has `authenticator` wait until nobody has found anything else.
    pub const fn new(authenticator: A) -> Self {
        Self { authenticator }
    }
}

impl<A: Authenticator> Authenticator for Ambient<A> {
    fn authenticate<'a>(
        &'a self,
        request: &'a HandshakeContext<'a>,
    ) -> BoxFuture<'a, Result<Identity, AuthenticationError>> {
        if request.ambient_credentials_count() {
            self.authenticator.authenticate(request)
        } else {
            Box::pin(ready(Err(AuthenticationError::CredentialsMissing)))
        }
    }

    fn authenticate_token<'a>(
        &'a self,
        token: &'a str,
        request: &'a HandshakeContext<'a>,
    ) -> BoxFuture<'a, Result<Identity, AuthenticationError>> {
        self.authenticator.authenticate_token(token, request)
    }

    fn takes_first_message(&self) -> bool {
        self.authenticator.takes_first_message()
    }

    fn challenges(&self) -> Vec<Challenge> {
        self.authenticator.challenges()
    }

    fn is_ambient(&self) -> bool {
        true
    }

    fn subprotocol(&self) -> Option<&str> {
        self.authenticator.subprotocol()
    }
}
