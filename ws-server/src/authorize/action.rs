use std::{fmt, net::SocketAddr, time::SystemTime};

use super::{Authorization, AuthorizationError, Authorizer, Permit};
use crate::authenticate::{BoxFuture, HandshakeContext, Identity, Params};

/// What somebody wants to do in a running connection, and where.
///
/// ```
/// use std::time::SystemTime;
/// use ws_server::authorize::Action;
///
/// let action = Action::new("message:delete", "message/17", SystemTime::now()).with_route("/rooms/{room}");
/// assert_eq!((action.name(), action.resource()), ("message:delete", "message/17"));
/// assert_eq!(action.param("room"), None);
/// ```
#[derive(Clone, Copy, Debug)]
pub struct Action<'a> {
    name: &'a str,
    resource: &'a str,
    now: SystemTime,
    path: &'a str,
    route: &'a str,
    params: Option<&'a Params>,
    peer: Option<SocketAddr>,
    secure: bool,
}

impl<'a> Action<'a> {
    /// The action `name` upon `resource`, both in words of the application's own, at the time `now`. A resource that
    /// is the connection's route itself may be left empty.
    pub const fn new(name: &'a str, resource: &'a str, now: SystemTime) -> Self {
        Self { name, resource, now, path: "", route: "", params: None, peer: None, secure: false }
    }

    /// Adds the path of the session's request, as it was sent.
    #[must_use]
    pub const fn with_path(mut self, path: &'a str) -> Self {
        self.path = path;
        self
    }

    /// Adds the route of the session, as it was given to the builder.
    #[must_use]
    pub const fn with_route(mut self, route: &'a str) -> Self {
        self.route = route;
        self
    }

    /// Adds what the parameters of the route's path stand for.
    #[must_use]
    pub const fn with_params(mut self, params: &'a Params) -> Self {
        self.params = Some(params);
        self
    }

    /// Adds where the client is.
    #[must_use]
    pub const fn with_peer(mut self, peer: SocketAddr) -> Self {
        self.peer = Some(peer);
        self
    }

    /// Whether the client's connection is encrypted.
    #[must_use]
    pub const fn with_security(mut self, secure: bool) -> Self {
        self.secure = secure;
        self
    }

    /// What is to be done: `message:delete`, for example.
    pub const fn name(&self) -> &'a str {
        self.name
    }

    /// What it is to be done to; empty where the session's route says it all.
    pub const fn resource(&self) -> &'a str {
        self.resource
    }

    /// The time.
    pub const fn now(&self) -> SystemTime {
        self.now
    }

    /// The path of the session's request, as it was sent; empty if it is not known.
    pub const fn path(&self) -> &'a str {
        self.path
    }

    /// The route of the session, as it was given to the builder; empty if it is not known.
    pub const fn route(&self) -> &'a str {
        self.route
    }

    /// What the parameters of the route's path stand for.
    pub const fn params(&self) -> Option<&'a Params> {
        self.params
    }

    /// What a parameter of the route's path stands for, decoded.
    pub fn param(&self, name: &str) -> Option<&'a str> {
        self.params.and_then(|params| params.get(name))
    }

    /// Where the client is, if that is known.
    pub const fn peer(&self) -> Option<SocketAddr> {
        self.peer
    }

    /// Whether the client's connection is known to be encrypted.
    pub const fn is_secure(&self) -> bool {
        self.secure
    }
}

/// An authorizer from a closure that decides about actions in running connections.
///
/// It does not decide about handshakes: whoever may connect is up to the route's other authorizers, of whom one has to
/// say yes; [`Everybody`](super::Everybody) does so always.
///
/// ```
/// use ws_server::authorize::{self, AuthorizationError, Everybody};
/// use ws_server::{Route, Session};
///
/// let moderation = authorize::action_fn(|action, who| {
///     let may = action.name() != "message:delete" || who.has_role("moderator");
///     async move { if may { Ok(()) } else { Err(AuthorizationError::PolicyDenied { rule: "moderation".into() }) } }
/// });
/// let route = Route::new(|_: Session| async {}).authorize(Everybody).authorize(moderation);
/// ```
pub const fn action_fn<F, R>(authorize: F) -> ActionFn<F>
where
    F: Fn(&Action<'_>, &Identity) -> R + Send + Sync + 'static,
    R: Future<Output = Result<(), AuthorizationError>> + Send + 'static,
{
    ActionFn(authorize)
}

/// What [`action_fn`] makes.
#[derive(Clone, Copy)]
pub struct ActionFn<F>(F);

impl<F, R> Authorizer for ActionFn<F>
where
    F: Fn(&Action<'_>, &Identity) -> R + Send + Sync + 'static,
    R: Future<Output = Result<(), AuthorizationError>> + Send + 'static,
{
    fn authorize<'a>(&'a self, _: &'a HandshakeContext<'a>, _: &'a Identity) -> BoxFuture<'a, Authorization> {
        Box::pin(std::future::ready(Err(AuthorizationError::Undecided)))
    }

    fn authorize_action<'a>(
        &'a self,
        action: &'a Action<'a>,
        who: &'a Identity,
    ) -> BoxFuture<'a, Authorization> {
        let decision = (self.0)(action, who);
        Box::pin(async move { decision.await.map(Permit::from) })
    }
}

impl<F> fmt::Debug for ActionFn<F> {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.debug_struct("ActionFn").finish_non_exhaustive()
    }
}
