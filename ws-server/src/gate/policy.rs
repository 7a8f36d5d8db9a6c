use std::{fmt, sync::Arc};

use ws_core::{head::RequestHead, refusal::Challenge};

use super::{facts::Facts, origin_policy::OriginPolicy};
use crate::{
    authenticate::Authenticator,
    authorize::{Authorizer, Roles, Scopes},
};

/// What a route demands of a handshake.
///
/// Without anything said, it is open to everybody of the same origin.
///
/// ```
/// use ws_server::authenticate::bearer::{Bearer, Signer, Verifier};
/// use ws_server::gate::{OriginPolicy, Policy};
///
/// let signer = Signer::hs256(b"thirty-two bytes, at the least..")?;
/// let policy = Policy::new()
///     .origins(OriginPolicy::list(["https://app.example.com", "https://*.example.org"])?)
///     .authenticate(Bearer::new("chat", Verifier::new(signer.verifying_key()).audience("chat")))
///     .scopes(["chat:read"])
///     .roles(["member"])
///     .subprotocols(["chat.v2", "chat.v1"]);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone, Default)]
pub struct Policy {
    pub(super) origins: OriginPolicy,
    pub(super) certificate_required: bool,
    pub(super) authenticators: Vec<Arc<dyn Authenticator>>,
    pub(super) scopes: Scopes,
    pub(super) roles: Roles,
    pub(super) authorizers: Vec<Arc<dyn Authorizer>>,
    pub(super) hide: bool,
    pub(super) subprotocols: Vec<String>,
    pub(super) subprotocol_required: bool,
}

impl Policy {
    /// Open to everybody of the same origin.
    pub fn new() -> Self {
        Self::default()
    }

    /// Which origins may connect (RFC 6455 10.2); the same origin unless this is called.
    #[must_use]
    pub fn origins(mut self, origins: OriginPolicy) -> Self {
        self.origins = origins;
        self
    }

    /// Has one more authenticator say who it is. The first whose credentials are there decides.
    #[must_use]
    pub fn authenticate(mut self, authenticator: impl Authenticator) -> Self {
        self.authenticators.push(Arc::new(authenticator));
        self
    }

    /// Refuses whoever has shown no certificate that the listener trusts (`client-certificate-required`), whatever the
    /// authenticators say then.
    #[must_use]
    pub const fn require_client_certificate(mut self) -> Self {
        self.certificate_required = true;
        self
    }

    /// Requires all of these scopes, and no others.
    #[must_use]
    pub fn scopes<S: Into<String>>(mut self, scopes: impl IntoIterator<Item = S>) -> Self {
        self.scopes = Scopes::all(scopes);
        self
    }

    /// Requires all of these roles, and no others.
    #[must_use]
    pub fn roles<S: Into<String>>(mut self, roles: impl IntoIterator<Item = S>) -> Self {
        self.roles = Roles::all(roles);
        self
    }

    /// Has one more authorizer decide, after scopes and roles: none of them may say no, and one has to say
    /// yes.
    #[must_use]
    pub fn authorize(mut self, authorizer: impl Authorizer) -> Self {
        self.authorizers.push(Arc::new(authorizer));
        self
    }

    /// Answers whoever may not connect as if there were no such route. Somebody who has not said who they are is
    /// still asked to.
    #[must_use]
    pub fn hide(mut self) -> Self {
        self.hide = true;
        self
    }

    /// The subprotocols that are spoken here. The first that the client offers as well is selected.
    #[must_use]
    pub fn subprotocols<S: Into<String>>(mut self, subprotocols: impl IntoIterator<Item = S>) -> Self {
        self.subprotocols = subprotocols.into_iter().map(Into::into).collect();
        self
    }

    /// Refuses whoever offers none of the subprotocols.
    #[must_use]
    pub fn require_subprotocol(mut self) -> Self {
        self.subprotocol_required = true;
        self
    }

    /// Whether a page of this request's `Origin` may connect, and read answers: what an answer for CORS depends on.
    /// False where there is no origin, or none that parses.
    pub fn allows_origin(&self, head: &RequestHead, facts: &Facts) -> bool {
        head.fields().contains("Origin") && self.origins.check(head, facts).is_ok()
    }

    /// Whom to ask what somebody may.
    pub(crate) fn authorizers(&self) -> &[Arc<dyn Authorizer>] {
        &self.authorizers
    }

    /// Whether a client may say in its first message who it is.
    pub(crate) fn takes_first_message(&self) -> bool {
        self.authenticators.iter().any(|authenticator| authenticator.takes_first_message())
    }

    /// Whether it is not enough to be known here.
    pub(crate) fn demands_permission(&self) -> bool {
        !(self.scopes.is_empty() && self.roles.is_empty() && self.authorizers.is_empty())
    }

    /// The subprotocols that are spoken here.
    pub(crate) fn spoken(&self) -> &[String] {
        &self.subprotocols
    }

    /// The first of the subprotocols that are spoken here that is offered.
    pub(super) fn spoken_of(&self, offered: &[String]) -> Option<&str> {
        self.subprotocols.iter().find(|ours| offered.contains(ours)).map(String::as_str)
    }

    /// The one of the subprotocols on offer that is answered. A credential's company is where nothing else is; what
    /// follows it never is.
    pub(crate) fn answer_to(&self, offered: &[String]) -> Option<&str> {
        let company = || {
            let mut names =
                self.authenticators.iter().filter_map(|authenticator| authenticator.subprotocol());
            names.find(|name| offered.iter().any(|offer| offer == name))
        };
        self.spoken_of(offered).or_else(company)
    }

    /// Whether scopes or roles are required of callers whom nobody authenticates.
    pub(crate) fn requires_of_nobody(&self) -> bool {
        self.authenticators.is_empty() && !(self.scopes.is_empty() && self.roles.is_empty())
    }

    /// Whether who offers none of them is refused.
    pub(crate) const fn requires_subprotocol(&self) -> bool {
        self.subprotocol_required
    }

    /// One challenge for each scheme that is accepted (RFC 9110 11.6.1).
    pub(super) fn challenges(&self) -> impl Iterator<Item = Challenge> {
        self.authenticators.iter().flat_map(|authenticator| authenticator.challenges())
    }
}

impl fmt::Debug for Policy {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter
            .debug_struct("Policy")
            .field("origins", &self.origins)
            .field("certificate_required", &self.certificate_required)
            .field("authenticators", &self.authenticators.len())
            .field("scopes", &self.scopes)
            .field("roles", &self.roles)
            .field("authorizers", &self.authorizers.len())
            .field("hide", &self.hide)
            .field("subprotocols", &self.subprotocols)
            .field("subprotocol_required", &self.subprotocol_required)
            .finish()
    }
}
