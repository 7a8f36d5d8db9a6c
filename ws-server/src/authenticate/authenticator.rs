use std::future::ready;
use std::pin::Pin;

use ws_core::refusal::Challenge;

use super::{AuthenticationError, HandshakeContext, Identity};

/// A future whose type is not named.
pub type BoxFuture<'a, T> = Pin<Box<dyn Future<Output = T> + Send + 'a>>;

/// Says who is on the other side of a handshake.
///
/// Closures are authenticators; [`from_fn`] spares them the types. Their future borrows nothing, so that they take what
/// they need from the request first.
///
/// ```
/// use ws_core::refusal::Challenge;
/// use ws_server::authenticate::{
///     self, AuthenticationError, Authenticator, Challenging, Identity, Scheme,
/// };
///
/// let by_key = authenticate::from_fn(|request| {
///     let key = request.head().fields().get_str("X-Api-Key").map(str::to_owned);
///     async move {
///         match key.as_deref() {
///             None => Err(AuthenticationError::CredentialsMissing),
///             // A real one compares in constant time.
///             Some("k-1") => Ok(Identity::new(Scheme::Custom("api-key".into())).with_subject("probe")),
///             Some(_) => Err(AuthenticationError::CredentialsRejected),
///         }
///     }
/// });
/// let authenticator = Challenging::new(Challenge::api_key("chat"), by_key);
/// assert_eq!(authenticator.challenges()[0].to_string(), r#"ApiKey realm="chat""#);
/// ```
pub trait Authenticator: Send + Sync + 'static {
    /// Who it is.
    ///
    /// A panic in here, or in the future, refuses the handshake as `internal-error`. The gate bounds the time; a
    /// future that never yields escapes that bound.
    ///
    /// # Errors
    /// Those by which it finds nothing to judge ([`AuthenticationError::passes_on`]) pass the question on to the
    /// route's next authenticator; every other one is final.
    ///
    /// # Cancel safety
    /// The future is dropped when the time is over or the client has gone.
    fn authenticate<'a>(
        &'a self,
        request: &'a HandshakeContext<'a>,
    ) -> BoxFuture<'a, Result<Identity, AuthenticationError>>;

    /// Who presents this token in a message, within a connection whose handshake was `request`: in the first one, where
    /// the handshake had no credentials, or to renew what it had. [`HandshakeContext::now`] is the time of the message.
    /// The request's own credentials do not count any more. Unless an authenticator says otherwise, it knows no tokens.
    ///
    /// Panics and time are dealt with as for [`authenticate`](Self::authenticate).
    ///
    /// # Errors
    /// As for [`authenticate`](Self::authenticate).
    ///
    /// # Cancel safety
    /// The future is dropped when the time is over or the connection ends.
    fn authenticate_token<'a>(
        &'a self,
        token: &'a str,
        request: &'a HandshakeContext<'a>,
    ) -> BoxFuture<'a, Result<Identity, AuthenticationError>> {
        let _ = (token, request);
        Box::pin(ready(Err(AuthenticationError::SchemeUnsupported)))
    }

    /// Whether a client whose handshake has no credentials at all may present a token in its first message. The
    /// handshake is accepted then, and the handler begins when the token is accepted.
    fn takes_first_message(&self) -> bool {
        false
    }

    /// How to authenticate here: the challenges of the 401, without an `error` (RFC 9110 11.6.1).
    fn challenges(&self) -> Vec<Challenge> {
        Vec::new()
    }

    /// Whether it takes credentials that a browser sends by itself: cookies. Those do not count beside credentials
    /// that somebody has chosen to send. The authenticator is therefore asked twice if need be: with a request of
    /// which [`HandshakeContext::ambient_credentials_count`] is false, for anything but a cookie, and again when
    /// nobody on the route has found such a thing. [`Ambient`](super::Ambient) does this for one that knows cookies
    /// only.
    fn is_ambient(&self) -> bool {
        false
    }

    /// The subprotocol in whose company credentials come, if they do. It is selected where no subprotocol of the
    /// route is, because a browser fails a connection that answers none of those that it offered.
    fn subprotocol(&self) -> Option<&str> {
        None
    }
}

impl<F, R> Authenticator for F
where
    F: Fn(&HandshakeContext<'_>) -> R + Send + Sync + 'static,
    R: Future<Output = Result<Identity, AuthenticationError>> + Send + 'static,
{
    fn authenticate<'a>(
        &'a self,
        request: &'a HandshakeContext<'a>,
    ) -> BoxFuture<'a, Result<Identity, AuthenticationError>> {
        Box::pin(self(request))
    }
}

/// An authenticator from a closure, whose parameter then needs no type.
pub const fn from_fn<F, R>(authenticate: F) -> F
where
    F: Fn(&HandshakeContext<'_>) -> R + Send + Sync + 'static,
    R: Future<Output = Result<Identity, AuthenticationError>> + Send + 'static,
{
    authenticate
}

/// Lets everybody in, as nobody in particular. After other authenticators on a route it makes them optional.
#[derive(Clone, Copy, Debug, Default)]
pub struct Anonymous;

impl Authenticator for Anonymous {
    fn authenticate<'a>(
        &'a self,
        _: &'a HandshakeContext<'a>,
    ) -> BoxFuture<'a, Result<Identity, AuthenticationError>> {
        Box::pin(ready(Ok(Identity::anonymous())))
    }
}

/// An authenticator with a challenge of its own: what a closure says in a 401.
#[derive(Clone, Debug)]
pub struct Challenging<A> {
    challenge: Challenge,
    authenticator: A,
}

impl<A: Authenticator> Challenging<A> {
    /// Has `authenticator` challenge with `challenge`.
    pub const fn new(challenge: Challenge, authenticator: A) -> Self {
        Self { challenge, authenticator }
    }
}

impl<A: Authenticator> Authenticator for Challenging<A> {
    fn authenticate<'a>(
        &'a self,
        request: &'a HandshakeContext<'a>,
    ) -> BoxFuture<'a, Result<Identity, AuthenticationError>> {
        self.authenticator.authenticate(request)
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
        vec![self.challenge.clone()]
    }

    fn is_ambient(&self) -> bool {
        self.authenticator.is_ambient()
    }

    fn subprotocol(&self) -> Option<&str> {
        self.authenticator.subprotocol()
    }
}
