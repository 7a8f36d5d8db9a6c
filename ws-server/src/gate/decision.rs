use std::{fmt, sync::Arc, time::Duration};

use ws_core::{handshake::UpgradeRequest, head::RequestHead, refusal::Refusal};

use super::{
    address::{self, AddressPolicy},
    attempts::{self, Attempts},
    authentication, authorization,
    check::Check,
    crowding, draining,
    facts::Facts,
    head, origin,
    quota::{PrincipalPlace, Quota},
    route,
    routes::{RouteMatch, Routes},
    served_host, subprotocol,
    trace::Trace,
    upgrade,
};
use crate::{
    Rate,
    authenticate::{HandshakeContext, Identity, Revocations},
};

/// Decides on handshakes: every check that there is, in the order of [`Check`].
///
/// ```
/// use std::{sync::Arc, time::SystemTime};
/// use ws_core::head::{RequestHead, Version};
/// use ws_core::refusal::Cause;
/// use ws_server::gate::{Check, Facts, Gate, GateConfig, Policy, RouteMatch};
///
/// # tokio::runtime::Builder::new_current_thread().enable_time().build().unwrap().block_on(async {
/// let policy = Arc::new(Policy::new());
/// let routes = move |path: &str| (path == "/chat").then(|| RouteMatch::new(0, Arc::clone(&policy)));
/// let gate = Gate::new(GateConfig::default(), routes);
///
/// let head = RequestHead::from_parts("GET", "/chat", Version::HTTP_11, [
///     ("Host", "example.com"),
///     ("Upgrade", "websocket"),
///     ("Connection", "Upgrade"),
///     ("Sec-WebSocket-Key", "dGhlIHNhbXBsZSBub25jZQ=="),
///     ("Sec-WebSocket-Version", "13"),
///     ("Origin", "http://evil.example"),
/// ]).unwrap();
/// let facts = Facts::new(([192, 0, 2, 1], 4711).into(), SystemTime::now());
/// let checked = gate.check(&head, &facts).await;
/// assert_eq!(checked.decision.unwrap_err().cause, Cause::OriginDenied);
/// assert_eq!(checked.trace.refused_by(), Some(Check::Origin));
/// # });
/// ```
pub struct Gate {
    pub(super) config: GateConfig,
    attempts: Option<Arc<Attempts>>,
    routes: Box<dyn Routes>,
    pub(super) quota: Arc<Quota>,
}

/// What holds for all routes.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct GateConfig {
    /// The hosts that are served, each with a port or for all ports; none means all. What `Host` says is the client's
    /// word, so that a list keeps out pages that let their own name point here (DNS rebinding).
    pub served_hosts: Vec<String>,
    /// Which addresses may connect; all by default.
    pub addresses: AddressPolicy,
    /// How often an IPv4 address or an IPv6 /64 may try to connect, whatever comes of it; `None`, the default: as often
    /// as it likes. Dry runs count, requests for pages do not. Of a good 100,000 addresses at a time it is known how
    /// often they tried; beyond that, those that were quiet for longest are forgotten.
    pub attempts_per_address: Option<Rate>,
    /// What the authenticators of a route have together: 5 s.
    pub authentication_timeout: Duration,
    /// What the authorizers of a route have together: 5 s.
    pub authorization_timeout: Duration,
    /// Credentials and subjects that are refused before their time (`token-revoked`).
    pub revocations: Revocations,
    /// Open connections of one principal: of one scheme, issuer and subject; 20. Beyond it:
    /// `principal-quota-exceeded`.
    pub connections_per_principal: usize,
}

/// A decision, with how it came about.
#[derive(Debug)]
pub struct Checked<T = Accepted> {
    /// Let in, or refused.
    pub decision: Result<T, Refusal>,
    /// The checks that were made.
    pub trace: Trace,
}

/// A handshake that is let in.
#[derive(Debug)]
#[non_exhaustive]
pub struct Accepted {
    /// What was asked for.
    pub upgrade: UpgradeRequest,
    /// Where.
    pub route: RouteMatch,
    /// By whom.
    pub identity: Identity,
    /// Who it is will be said by the first message: the identity is anonymous until then, and what depends on it has
    /// not been checked.
    pub first_message: bool,
    /// The subprotocol to answer with; it was offered.
    pub subprotocol: Option<String>,
    /// Its place among the connections of the principal, to be kept as long as the connection is open. `None` for
    /// somebody anonymous.
    pub principal: Option<PrincipalPlace>,
}

/// A dry run that a handshake would have passed.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct Rehearsed {
    /// Where.
    pub route: RouteMatch,
    /// By whom.
    pub identity: Identity,
    /// Who it is would be said by the first message.
    pub first_message: bool,
}

impl Default for GateConfig {
    fn default() -> Self {
        Self {
            served_hosts: Vec::new(),
            addresses: AddressPolicy::default(),
            attempts_per_address: None,
            authentication_timeout: Duration::from_secs(5),
            authorization_timeout: Duration::from_secs(5),
            revocations: Revocations::new(),
            connections_per_principal: 20,
        }
    }
}

impl Gate {
    /// A gate before these routes.
    pub fn new(config: GateConfig, routes: impl Routes) -> Self {
        let attempts = config.attempts_per_address.map(|rate| Arc::new(Attempts::new(rate)));
        let quota = Quota::new(config.connections_per_principal);
        Self { config, attempts, routes: Box::new(routes), quota }
    }

    /// What is revoked.
    pub const fn revocations(&self) -> &Revocations {
        &self.config.revocations
    }

    /// Goes on with what another gate has counted, as far as the same is counted.
    pub(crate) fn remember(&mut self, before: &Self) {
        if self.config.attempts_per_address == before.config.attempts_per_address {
            self.attempts.clone_from(&before.attempts);
        }
        self.quota = Arc::clone(&before.quota);
        self.quota.limit(self.config.connections_per_principal);
    }

    /// Decides on one handshake.
    ///
    /// Authenticators and authorizers that panic refuse it as `internal-error`, those that are slow as
    /// `authentication-unavailable` and `authorization-unavailable`.
    ///
    /// # Cancel safety
    /// Nothing is kept of a check that is dropped, except by authenticators and authorizers that keep something.
    ///
    /// # Panics
    /// Where a route has authenticators or authorizers: outside a tokio runtime whose time is enabled.
    pub async fn check(&self, head: &RequestHead, facts: &Facts) -> Checked {
        let mut trace = Trace::begin();
        let decision = self.decide(head, facts, None, &mut trace).await;
        Checked { decision, trace }
    }

    /// The checks that come before the route: what a plain request for a page has to pass as well.
    pub fn admit(&self, head: &RequestHead, facts: &Facts) -> Checked<()> {
        let mut trace = Trace::begin();
        let decision = self.enter(head, facts, None, &mut trace);
        Checked { decision, trace }
    }

    /// What the handshake at the same address would get, for a plain GET: no upgrade is demanded.
    ///
    /// Cancel safety and panics as for [`check`](Self::check).
    pub async fn check_dry_run(&self, head: &RequestHead, facts: &Facts) -> Checked<Rehearsed> {
        let mut trace = Trace::begin();
        let decision = self.rehearse(head, facts, None, &mut trace).await;
        Checked { decision, trace }
    }

    /// As [`check`](Self::check), for a route that was found already, by a router that is not ours.
    pub async fn check_at(&self, route: RouteMatch, head: &RequestHead, facts: &Facts) -> Checked {
        let mut trace = Trace::begin();
        let decision = self.decide(head, facts, Some(route), &mut trace).await;
        Checked { decision, trace }
    }

    /// As [`check_dry_run`](Self::check_dry_run), for a route that was found already, by a router that is not ours.
    pub async fn check_dry_run_at(
        &self,
        route: RouteMatch,
        head: &RequestHead,
        facts: &Facts,
    ) -> Checked<Rehearsed> {
        let mut trace = Trace::begin();
        let decision = self.rehearse(head, facts, Some(route), &mut trace).await;
        Checked { decision, trace }
    }

    async fn decide(
        &self,
        head: &RequestHead,
        facts: &Facts,
        route: Option<RouteMatch>,
        trace: &mut Trace,
    ) -> Result<Accepted, Refusal> {
        self.enter(head, facts, self.attempts.as_deref(), trace)?;
        let route = route::find(route, head, &*self.routes, trace)?;
        let upgrade = upgrade::check(head, trace)?;
        origin::check(head, &route.policy.origins, facts, trace)?;
        let request = context(head, facts, &route).with_subprotocols(&upgrade.subprotocols);
        let known = self.know(&request, &route, trace).await?;
        let principal = match &known {
            Some(identity) => self.quota.take(identity, trace)?,
            None => None,
        };
        let (first_message, identity) = (known.is_none(), known.unwrap_or_else(Identity::anonymous));
        let subprotocol = subprotocol::select(&upgrade.subprotocols, &route.policy, trace)?;
        Ok(Accepted { upgrade, route, identity, first_message, subprotocol, principal })
    }

    async fn rehearse(
        &self,
        head: &RequestHead,
        facts: &Facts,
        route: Option<RouteMatch>,
        trace: &mut Trace,
    ) -> Result<Rehearsed, Refusal> {
        self.enter(head, facts, self.attempts.as_deref(), trace)?;
        let route = route::find(route, head, &*self.routes, trace)?;
        upgrade::skip(trace);
        origin::check_rehearsal(head, &route.policy.origins, facts, trace)?;
        let request = context(head, facts, &route).with_dry_run(true);
        let known = self.know(&request, &route, trace).await?;
        if let Some(identity) = &known {
            self.quota.look(identity, trace)?;
        }
        trace.skip(Check::Subprotocol);
        let (first_message, identity) = (known.is_none(), known.unwrap_or_else(Identity::anonymous));
        Ok(Rehearsed { route, identity, first_message })
    }

    fn enter(
        &self,
        head: &RequestHead,
        facts: &Facts,
        attempts: Option<&Attempts>,
        trace: &mut Trace,
    ) -> Result<(), Refusal> {
        head::check(head, trace)?;
        draining::check(facts, trace)?;
        address::check(facts, &self.config.addresses, trace)?;
        attempts::check(facts, attempts, trace)?;
        crowding::check(facts, trace)?;
        served_host::check(head, facts, &self.config.served_hosts, trace)
    }

    /// Who it is, and whether they may. `None`: the first message will tell.
    async fn know(
        &self,
        request: &HandshakeContext<'_>,
        route: &RouteMatch,
        trace: &mut Trace,
    ) -> Result<Option<Identity>, Refusal> {
        let GateConfig { authentication_timeout, authorization_timeout, ref revocations, .. } = self.config;
        let policy = &*route.policy;
        let identity =
            authentication::check(request, policy, revocations, authentication_timeout, trace).await?;
        let Some(identity) = identity else {
            for check in [Check::Scopes, Check::Roles, Check::Policy, Check::PrincipalQuota] {
                trace.skip(check);
            }
            return Ok(None);
        };
        authorization::check(request, &identity, policy, authorization_timeout, trace).await?;
        Ok(Some(identity))
    }
}

fn context<'a>(head: &'a RequestHead, facts: &'a Facts, route: &'a RouteMatch) -> HandshakeContext<'a> {
    HandshakeContext::of(head, facts).with_route(&route.path).with_params(&route.params)
}

impl fmt::Debug for Gate {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.debug_struct("Gate").field("config", &self.config).finish_non_exhaustive()
    }
}
