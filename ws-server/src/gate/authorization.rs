use std::time::Duration;

use tokio::time::Instant;
use ws_core::refusal::{Cause, Refusal};

use super::{
    authentication,
    check::Check,
    guard::{Guarded, guarded},
    policy::Policy,
    trace::Trace,
};
use crate::{
    authenticate::{HandshakeContext, Identity},
    authorize::AuthorizationError,
    deadline::after,
};

/// Scopes, then roles, then the route's authorizers, which together have `limit`.
pub(super) async fn check(
    request: &HandshakeContext<'_>,
    who: &Identity,
    policy: &Policy,
    limit: Duration,
    trace: &mut Trace,
) -> Result<(), Refusal> {
    let mut settle = |check, asked: bool, result: Result<(), AuthorizationError>| match result {
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
    };
    settle(Check::Scopes, !policy.scopes.is_empty(), policy.scopes.check(who))?;
    settle(Check::Roles, !policy.roles.is_empty(), policy.roles.check(who))?;
    let result = ask(request, who, policy, limit).await;
    settle(Check::Policy, !policy.authorizers.is_empty(), result)
}

async fn ask(
    request: &HandshakeContext<'_>,
    who: &Identity,
    policy: &Policy,
    limit: Duration,
) -> Result<(), AuthorizationError> {
    let deadline = after(limit);
    for authorizer in &policy.authorizers {
        let left = deadline.saturating_duration_since(Instant::now());
        match guarded(left, || authorizer.authorize(request, who)).await {
            Guarded::Done(result) => result?,
            Guarded::Panicked => return Err(AuthorizationError::Internal),
            Guarded::TooSlow => return Err(AuthorizationError::Unavailable { retry_after: None }),
        }
    }
    Ok(())
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
    let detail = match (error, who.subject()) {
        (AuthorizationError::RoleMissing { .. }, Some(subject)) => {
            format!("{error}; {subject:?} has the roles {:?}", who.roles())
        }
        _ => error.to_string(),
    };
    if error.is_denial() && policy.hide {
        return Refusal::new(Cause::ResourceHidden).detail(detail);
    }
    let refusal = Refusal::new(error.cause());
    match error {
        // RFC 6750 3.1: the challenge may name the scopes that are needed.
        AuthorizationError::ScopeInsufficient { required } => refusal
            .detail(detail)
            .required_scope(required.join(" "))
            .challenges(policy.challenges().filter(|challenge| challenge.is("Bearer"))),
        AuthorizationError::PolicyDenied { .. } => refusal.public_detail(detail),
        AuthorizationError::Unavailable { retry_after: Some(wait) } => {
            refusal.detail(detail).retry_after(*wait)
        }
        _ => refusal.detail(detail),
    }
}
