use std::future::ready;

use super::{Action, Authorization, AuthorizationError, Permit};
use crate::authenticate::{BoxFuture, HandshakeContext, Identity};

/// Says whether somebody may open this WebSocket, and what they may do in it.
///
/// Of a route's authorizers none may say no, and one has to say yes. Closures are authorizers; [`from_fn`] spares them
/// the types. Their future borrows nothing, so that they take what they need first.
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
///
/// An authorizer of a type of its own:
///
/// ```
/// use ws_server::authenticate::{BoxFuture, HandshakeContext, Identity};
/// use ws_server::authorize::{Authorization, AuthorizationError, Authorizer, Permit};
///
/// struct Tenant(String);
///
/// impl Authorizer for Tenant {
///     fn authorize<'a>(&'a self, _: &'a HandshakeContext<'a>, who: &'a Identity) -> BoxFuture<'a, Authorization> {
///         Box::pin(async move {
///             match who.claims().get("tenant").and_then(|tenant| tenant.as_str()) {
///                 Some(tenant) if tenant == self.0 => Ok(Permit::new()),
///                 _ => Err(AuthorizationError::PolicyDenied { rule: "tenant".into() }),
///             }
///         })
///     }
/// }
/// ```
pub trait Authorizer: Send + Sync + 'static {
    /// Whether `who` may open this WebSocket.
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
    ) -> BoxFuture<'a, Authorization>;

    /// Whether `who` may do this in a connection that runs. Unless an authorizer says otherwise, it does not decide
    /// about actions.
    ///
    /// Panics and time are dealt with as for [`authorize`](Self::authorize).
    ///
    /// # Errors
    /// Why not.
    ///
    /// # Cancel safety
    /// The future is dropped when the time is over or the connection ends.
    fn authorize_action<'a>(
        &'a self,
        action: &'a Action<'a>,
        who: &'a Identity,
    ) -> BoxFuture<'a, Authorization> {
        let _ = (action, who);
        Box::pin(ready(Err(AuthorizationError::Undecided)))
    }
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
    ) -> BoxFuture<'a, Authorization> {
        let decision = self(request, who);
        Box::pin(async move { decision.await.map(Permit::from) })
    }
}

/// An authorizer from a closure, whose parameters then need no types. For actions there is
/// [`action_fn`](super::action_fn).
pub const fn from_fn<F, R>(authorize: F) -> F
where
    F: Fn(&HandshakeContext<'_>, &Identity) -> R + Send + Sync + 'static,
    R: Future<Output = Result<(), AuthorizationError>> + Send + 'static,
{
    authorize
}

/// Lets everybody connect. It does not decide about actions.
#[derive(Clone, Copy, Debug, Default)]
pub struct Everybody;

impl Authorizer for Everybody {
    fn authorize<'a>(&'a self, _: &'a HandshakeContext<'a>, _: &'a Identity) -> BoxFuture<'a, Authorization> {
        Box::pin(ready(Ok(Permit::new())))
    }
}
