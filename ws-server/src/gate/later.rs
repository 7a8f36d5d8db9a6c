//! What is decided about a connection after its handshake, by the same rules.

use std::time::Duration;

use ws_core::refusal::Refusal;

use super::decision::Gate;
use super::policy::Policy;
use super::quota::PrincipalPlace;
use super::trace::Trace;
use super::{authentication, authorization};
use crate::authenticate::{HandshakeContext, Identity};

impl Gate {
    /// Who presents this token in a message: the first, or one that renews what came before.
    pub(crate) async fn check_token(
        &self,
        token: &str,
        first: bool,
        policy: &Policy,
        request: &HandshakeContext<'_>,
    ) -> Result<Identity, Refusal> {
        let limit = self.config.authentication_timeout;
        authentication::check_token(token, first, request, policy, &self.config.revocations, limit).await
    }

    /// Whether `who` may still be here.
    pub(crate) async fn check_permission(
        &self,
        policy: &Policy,
        request: &HandshakeContext<'_>,
        who: &Identity,
    ) -> Result<(), Refusal> {
        let limit = self.config.authorization_timeout;
        authorization::check(request, who, policy, limit, &mut Trace::default()).await
    }

    /// As much of that as does not depend on the request: scopes and roles.
    pub(crate) fn check_demands(policy: &Policy, who: &Identity) -> Result<(), Refusal> {
        authorization::check_demands(who, policy, &mut Trace::default())
    }

    /// Takes a place for one more connection of `who`.
    pub(crate) fn take_place(&self, who: &Identity) -> Result<Option<PrincipalPlace>, Refusal> {
        self.quota.take(who, &mut Trace::default())
    }

    /// What the authorizers of a route have together.
    pub(crate) const fn authorization_timeout(&self) -> Duration {
        self.config.authorization_timeout
    }
}
