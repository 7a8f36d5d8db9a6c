use std::time::Duration;

use tokio::time::Instant;
use ws_core::refusal::{Cause, Refusal};

use super::{check::Check, policy::Policy, trace::Trace};
use crate::{
    authenticate::{AuthenticationError, HandshakeContext, Identity},
    deadline::after,
    guard::{Guarded, guarded},
};

/// Asks the route's authenticators in their order: the first whose credentials are there decides. All of them
/// together have `limit`.
pub(super) async fn check(
    request: &HandshakeContext<'_>,
    policy: &Policy,
    limit: Duration,
    trace: &mut Trace,
) -> Result<Identity, Refusal> {
    if policy.authenticators.is_empty() {
        trace.skip(Check::Authentication);
        return Ok(Identity::anonymous());
    }
    match identify(request, policy, limit).await {
        Ok(identity) => {
            trace.pass(Check::Authentication);
            trace.compared(identity.scheme().to_name());
            Ok(identity)
        }
        Err(error) => {
            trace.refuse(Check::Authentication, error.cause());
            trace.compared(error.to_string());
            Err(refusal(&error, policy))
        }
    }
}

/// The answer to somebody who has not said who they are, with how to.
pub(super) fn missing(policy: &Policy) -> Refusal {
    refusal(&AuthenticationError::CredentialsMissing, policy)
}

async fn identify(
    request: &HandshakeContext<'_>,
    policy: &Policy,
    limit: Duration,
) -> Result<Identity, AuthenticationError> {
    let deadline = after(limit);
    let mut last = AuthenticationError::CredentialsMissing;
    for authenticator in &policy.authenticators {
        let left = deadline.saturating_duration_since(Instant::now());
        let result = match guarded(left, || authenticator.authenticate(request)).await {
            Guarded::Done(result) => result,
            Guarded::Panicked => Err(AuthenticationError::Internal),
            Guarded::TooSlow => Err(AuthenticationError::Unavailable { retry_after: None }),
        };
        match result {
            Err(AuthenticationError::CredentialsMissing) => {}
            Err(AuthenticationError::SchemeUnsupported) => last = AuthenticationError::SchemeUnsupported,
            // Who brings credentials that nobody takes is told so, rather than let in as nobody.
            Ok(identity) if identity.is_anonymous() && last == AuthenticationError::SchemeUnsupported => {
                return Err(last);
            }
            decided => return decided,
        }
    }
    Err(last)
}

fn refusal(error: &AuthenticationError, policy: &Policy) -> Refusal {
    let cause = error.cause();
    let refusal = Refusal::new(cause).detail(error.to_string());
    match error {
        AuthenticationError::Unavailable { retry_after: Some(wait) } => refusal.retry_after(*wait),
        // RFC 9110 11.6.1: one challenge for each scheme that would do.
        _ if challenged(cause) => refusal.challenges(policy.challenges()),
        _ => refusal,
    }
}

/// Whether the answer to this cause has to say how to authenticate.
fn challenged(cause: Cause) -> bool {
    cause.required_fields().iter().any(|(name, _)| *name == "WWW-Authenticate")
}
