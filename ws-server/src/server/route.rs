//! One route: a handler, and who may reach it.

use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use ws_core::connection::Limits;
use ws_core::deflate::DeflateConfig;

use crate::authenticate::Authenticator;
use crate::authorize::Authorizer;
use crate::gate::{OriginPolicy, Policy};
use crate::prepare::{Prepare, Preparing, WithHandler};
use crate::session::{MessageRate, Outcome, Renewal, Session, Start};

/// A handler, and the rules for those who want to reach it.
///
/// Without further rules everybody may come, but a browser only from a page of the same origin.
///
/// ```
/// use ws_server::{Route, Session};
///
/// async fn chat(session: Session) { /* … */ }
///
/// let route = Route::new(chat).subprotocols(["chat.v2", "chat.v1"]);
/// ```
pub struct Route {
    /// `None`: the program that embeds it has one.
    pub(super) handler: Option<Arc<dyn Start>>,
    pub(super) prepare: Option<Arc<dyn Preparing>>,
    pub(super) prepare_timeout: Duration,
    pub(super) policy: Policy,
    pub(super) compression: Compression,
    pub(super) limits: Option<Limits>,
    pub(super) renewal: Renewal,
    pub(super) rate: RateOf,
}

/// What a route says about compression.
pub(super) enum Compression {
    AsTheServer,
    Off,
    On(DeflateConfig),
}

/// Whose message rate holds on a route.
#[derive(Clone, Copy)]
pub(super) enum RateOf {
    TheServer,
    TheRoute(Option<MessageRate>),
}

impl Route {
    /// A route that runs `handler` for each connection: an `async fn(Session) -> Result<(), E>`, or one that returns
    /// nothing, or such a closure.
    ///
    /// The connection ends with its handler: after `Ok` (or nothing) with close code 1000 if the handler has not closed
    /// it, after `Err` or a panic with 1011 and the reason `internal-error`. An error that only says that the peer went
    /// away counts as an ordinary end.
    ///
    /// ```
    /// use ws_server::Route;
    ///
    /// let echo = Route::new(|mut session| async move {
    ///     while let Some(message) = session.recv().await? {
    ///         session.send(message).await?;
    ///     }
    ///     Ok::<_, ws_core::net::Error>(())
    /// });
    /// ```
    // The bound names `Fn` itself, so that the parameter of a closure needs no type.
    pub fn new<F, R>(handler: F) -> Self
    where
        F: Fn(Session) -> R + Send + Sync + 'static,
        R: Future<Output: Outcome> + Send + 'static,
    {
        Self { handler: Some(Arc::new(handler)), ..Self::embedded() }
    }

    /// A route that gets something ready after all checks and before the 101, and runs `handler` with it: a gateway, that
    /// lets nobody in before the server behind it has. See [`Prepare`].
    pub fn prepared<P, F, R>(prepare: P, handler: F) -> Self
    where
        P: Prepare,
        F: Fn(Session, P::Value) -> R + Send + Sync + 'static,
        R: Future<Output: Outcome> + Send + 'static,
    {
        Self { prepare: Some(Arc::new(WithHandler::new(prepare, handler))), ..Self::embedded() }
    }

    /// What a [`prepared`](Self::prepared) route has to get ready; 30 s by default. Beyond it: `internal-error`, so that
    /// whoever prepares bounds its own time with a cause that says more.
    #[must_use]
    pub const fn prepare_timeout(mut self, timeout: Duration) -> Self {
        self.prepare_timeout = timeout;
        self
    }

    /// A route whose handler is that of a program that [embeds](crate::embed) it. A server of its own cannot have one.
    pub fn embedded() -> Self {
        Self {
            handler: None,
            prepare: None,
            prepare_timeout: Duration::from_secs(30),
            policy: Policy::default(),
            compression: Compression::AsTheServer,
            limits: None,
            renewal: Renewal::Off,
            rate: RateOf::TheServer,
        }
    }

    /// Demands credentials that `authenticator` takes. Of several, the first whose credentials are there decides.
    #[must_use]
    pub fn authenticate(mut self, authenticator: impl Authenticator) -> Self {
        self.policy = self.policy.authenticate(authenticator);
        self
    }

    /// Demands a certificate of everybody (`client-certificate-required`), whatever else somebody is authenticated by: a
    /// listener has to ask for it (feature `tls`, `TlsFiles::client_ca`). Who it says somebody is, an authenticator has to say.
    #[must_use]
    pub fn require_client_certificate(mut self) -> Self {
        self.policy = self.policy.require_client_certificate();
        self
    }

    /// Demands all of these scopes of the credential (`scope-insufficient`).
    #[must_use]
    pub fn scopes<S: Into<String>>(mut self, scopes: impl IntoIterator<Item = S>) -> Self {
        self.policy = self.policy.scopes(scopes);
        self
    }

    /// Demands all of these roles of the caller (`role-missing`).
    #[must_use]
    pub fn roles<S: Into<String>>(mut self, roles: impl IntoIterator<Item = S>) -> Self {
        self.policy = self.policy.roles(roles);
        self
    }

    /// Asks `authorizer` too, after scopes and roles and after the authorizers that were given before.
    #[must_use]
    pub fn authorize(mut self, authorizer: impl Authorizer) -> Self {
        self.policy = self.policy.authorize(authorizer);
        self
    }

    /// Says from which pages browsers may connect; by default from those of the same origin.
    #[must_use]
    pub fn origins(mut self, origins: OriginPolicy) -> Self {
        self.policy = self.policy.origins(origins);
        self
    }

    /// Speaks these subprotocols. The first of them that the client offers is selected (RFC 6455 4.2.2).
    #[must_use]
    pub fn subprotocols<S: Into<String>>(mut self, subprotocols: impl IntoIterator<Item = S>) -> Self {
        self.policy = self.policy.subprotocols(subprotocols);
        self
    }

    /// Refuses clients that offer none of the route's subprotocols (`subprotocol-unsupported`).
    #[must_use]
    pub fn require_subprotocol(mut self) -> Self {
        self.policy = self.policy.require_subprotocol();
        self
    }

    /// Refuses permission as if the route did not exist.
    #[must_use]
    pub fn hide(mut self) -> Self {
        self.policy = self.policy.hide();
        self
    }

    /// Compresses messages where the client can (RFC 7692), or, with `None`, never does on this route.
    #[must_use]
    pub fn compression(mut self, compression: impl Into<Option<DeflateConfig>>) -> Self {
        self.compression = compression.into().map_or(Compression::Off, Compression::On);
        self
    }

    /// Whether a client may present a fresh credential while it is connected; not by default.
    #[must_use]
    pub const fn renewal(mut self, renewal: Renewal) -> Self {
        self.renewal = renewal;
        self
    }

    /// Limits how much a connection may send in a time on this route (`message-rate-exceeded`), instead of the server's
    /// rate; `None` for any amount.
    #[must_use]
    pub fn message_rate(mut self, rate: impl Into<Option<MessageRate>>) -> Self {
        self.rate = RateOf::TheRoute(rate.into());
        self
    }

    /// Limits what a connection may send on this route, instead of the server's limits.
    #[must_use]
    pub fn limits(mut self, limits: Limits) -> Self {
        self.limits = Some(limits);
        self
    }
}

impl fmt::Debug for Route {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Route").field("policy", &self.policy).finish_non_exhaustive()
    }
}
