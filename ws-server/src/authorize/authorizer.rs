use std::{fmt, sync::Arc};

use super::AuthorizationError;
use crate::authenticate::{BoxFuture, HandshakeContext, Identity};

/// Says whether somebody may open this WebSocket.
///
/// Closures are authorizers; [`from_fn`] spares them the types. Their future borrows nothing, so that they take what they
/// need first.
///
/// ```
/// use ws_server::authorize::{self, AllOf, AuthorizationError, Roles};
///
/// let own_room = authorize::from_fn(|request, who| {
///     let own = request.param("room") == who.subject();
///     async move { if own { Ok(()) } else { Err(AuthorizationError::PolicyDenied { rule: "own-room".into() }) } }
/// });
/// let both = AllOf::new().and(Roles::all(["member"])).and(own_room);
/// ```
pub trait Authorizer: Send + Sync + 'static {
    /// Whether `who` may.
    ///
    /// A panic in here, or in the future, refuses the handshake as `internal-error`. The gate bounds the time; a
    /// future that never yields escapes that bound.
    ///
    /// # Errors
    /// Why not.
    ///
    /// # Cancel safety
    /// The future is dropped when the time is over or the client has gone.
    fn authorize<'a>(
        &'a self,
        request: &'a HandshakeContext<'a>,
        who: &'a Identity,
    ) -> BoxFuture<'a, Result<(), AuthorizationError>>;
}

impl<F, R> Authorizer for F
where
    F: Fn(&HandshakeContext<'_>, &Identity) -> R + Send + Sync + 'static,
    R: Future<Output = Result<(), AuthorizationError>> + Send + 'static,
{
    fn authorize<'a>(
        &'a self,
        request: &'a HandshakeContext<'a>,
        who: &'a Identity,
    ) -> BoxFuture<'a, Result<(), AuthorizationError>> {
        Box::pin(self(request, who))
    }
}

/// An authorizer from a closure, whose parameters then need no types.
pub const fn from_fn<F, R>(authorize: F) -> F
where
    F: Fn(&HandshakeContext<'_>, &Identity) -> R + Send + Sync + 'static,
    R: Future<Output = Result<(), AuthorizationError>> + Send + 'static,
{
    authorize
}

/// Lets in whom every one of its authorizers lets in, asked in their order. The first refusal is the answer.
#[derive(Clone, Default)]
pub struct AllOf {
    authorizers: Vec<Arc<dyn Authorizer>>,
}

impl AllOf {
    /// Lets everybody in, until there is somebody to ask.
    pub const fn new() -> Self {
        Self { authorizers: Vec::new() }
    }

    /// Asks one more.
    #[must_use]
    pub fn and(mut self, authorizer: impl Authorizer) -> Self {
        self.authorizers.push(Arc::new(authorizer));
        self
    }
}

impl Authorizer for AllOf {
    fn authorize<'a>(
        &'a self,
        request: &'a HandshakeContext<'a>,
        who: &'a Identity,
    ) -> BoxFuture<'a, Result<(), AuthorizationError>> {
        Box::pin(async move {
            for authorizer in &self.authorizers {
                authorizer.authorize(request, who).await?;
            }
            Ok(())
        })
    }
}

impl fmt::Debug for AllOf {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.debug_struct("AllOf").field("authorizers", &self.authorizers.len()).finish()
    }
}
