use std::time::Duration;

use ws_core::refusal::{Cause, Refusal};

use super::{authentication, check::Check, policy::Policy, trace::Trace};
use crate::{
    authenticate::{HandshakeContext, Identity},
    authorize::{AuthorizationError, decide_handshake},
};

/// Scopes, then roles, then the route's authorizers, which together have `limit`.
pub(super) async fn check(
    request: &HandshakeContext<'_>,
    who: &Identity,
    policy: &Policy,
    limit: Duration,
    trace: &mut Trace,
) -> Result<(), Refusal> {
    check_demands(who, policy, trace)?;
    let authorizers = policy.authorizers();
    if authorizers.is_empty() {
        return settle(Check::Policy, false, Ok(()), who, policy, trace);
    }
    let (result, rule) = match decide_handshake(authorizers, request, who, limit).await {
        Ok(permit) => (Ok(()), permit.into_rule()),
        Err(error) => (Err(error), None),
    };
    settle(Check::Policy, true, result, who, policy, trace)?;
    if let Some(rule) = rule {
        trace.compared(rule);
    }
    Ok(())
}

/// Scopes, then roles.
pub(super) fn check_demands(who: &Identity, policy: &Policy, trace: &mut Trace) -> Result<(), Refusal> {
    let (scopes, roles) = (&policy.scopes, &policy.roles);
    settle(Check::Scopes, !scopes.is_empty(), scopes.check(who), who, policy, trace)?;
    settle(Check::Roles, !roles.is_empty(), roles.check(who), who, policy, trace)
}

/// Notes how a check ended, if it was `asked` for.
fn settle(
    check: Check,
    asked: bool,
    result: Result<(), AuthorizationError>,
    who: &Identity,
    policy: &Policy,
    trace: &mut Trace,
) -> Result<(), Refusal> {
    match result {
        Ok(()) => {
            if asked {
                trace.pass(check);
            } else {
                trace.skip(check);
            }
            Ok(())
        }
        Err(error) => {
            let refusal = refusal(&error, who, policy);
            trace.refuse(check, refusal.cause);
            trace.compared(compared(&error, who));
            Err(refusal)
        }
    }
}

/// What was asked for, and what there is, for the trace.
fn compared(error: &AuthorizationError, who: &Identity) -> String {
    let held = |held: &[String]| if held.is_empty() { "none".to_owned() } else { held.join(" ") };
    match error {
        AuthorizationError::ScopeInsufficient { required } => {
            format!("{} required, {} held", required.join(" "), held(who.scopes()))
        }
        AuthorizationError::RoleMissing { role } => format!("{role} required, {} held", held(who.roles())),
        other => other.to_string(),
    }
}

fn refusal(error: &AuthorizationError, who: &Identity, policy: &Policy) -> Refusal {
    // RFC 9110 15.5.2: who may come in with credentials, and has brought none, is asked for them.
    if error.is_denial() && who.is_anonymous() && policy.challenges().next().is_some() {
        return authentication::missing(policy);
    }
    let refusal = match (error, who.subject()) {
        (AuthorizationError::RoleMissing { .. }, Some(subject)) => {
            let roles = who.roles();
            error.to_refusal().detail(format!("{error}; {subject:?} has the roles {roles:?}"))
        }
        _ => error.to_refusal(),
    };
    if error.is_denial() && policy.hide {
        return Refusal::new(Cause::ResourceHidden).detail(refusal.detail);
    }
    if refusal.cause == Cause::ScopeInsufficient {
        // RFC 6750 3.1: the challenge may name the scopes that are needed.
        return refusal.challenges(policy.challenges().filter(|challenge| challenge.is("Bearer")));
    }
    refusal
}
