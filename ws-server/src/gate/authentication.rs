use std::{sync::Arc, time::Duration};

use tokio::time::Instant;
use ws_core::refusal::{Cause, Refusal};

use super::{check::Check, policy::Policy, trace::Trace};
use crate::{
    authenticate::{AuthenticationError, Authenticator, HandshakeContext, Identity, Revocations},
    deadline::after,
    guard::{Guarded, guarded},
};

/// Asks the route's authenticators in their order: the first whose credentials are there decides, unless they are
/// revoked, and a cookie only counts where there is nothing else. All of them together have `limit`. `None`: there are no
/// credentials yet, and the first message may bring some.
pub(super) async fn check(
    request: &HandshakeContext<'_>,
    policy: &Policy,
    revocations: &Revocations,
    limit: Duration,
    trace: &mut Trace,
) -> Result<Option<Identity>, Refusal> {
    if policy.certificate_required && request.client_certificate().is_none() {
        let error = AuthenticationError::ClientCertificateRequired;
        trace.refuse(Check::Authentication, error.cause());
        trace.compared(error.to_string());
        return Err(refusal(&error, policy));
    }
    if policy.authenticators.is_empty() {
        trace.skip(Check::Authentication);
        return Ok(Some(Identity::anonymous()));
    }
    match identify(request, policy, limit).await {
        Ok(identity) if revocations.is_revoked(&identity, request.now()) => {
            trace.refuse(Check::Authentication, Cause::TokenRevoked);
            Err(Refusal::new(Cause::TokenRevoked).challenges(policy.challenges()))
        }
        Ok(identity) => {
            trace.pass(Check::Authentication);
            trace.compared(identity.scheme().to_name());
            Ok(Some(identity))
        }
        Err(error) if error.finds_nothing() && policy.takes_first_message() => {
            trace.skip(Check::Authentication);
            Ok(None)
        }
        Err(error) => {
            trace.refuse(Check::Authentication, error.cause());
            trace.compared(error.to_string());
            Err(refusal(&error, policy))
        }
    }
}

/// Asks who presents this token in a message: those who take a `first` message, or all. The first who judges it decides,
/// unless it is revoked.
pub(super) async fn check_token(
    token: &str,
    first: bool,
    request: &HandshakeContext<'_>,
    policy: &Policy,
    revocations: &Revocations,
    limit: Duration,
) -> Result<Identity, Refusal> {
    let deadline = after(limit);
    let mut absence = None;
    for authenticator in policy.authenticators.iter().filter(|one| !first || one.takes_first_message()) {
        let left = deadline.saturating_duration_since(Instant::now());
        match settled(guarded(left, || authenticator.authenticate_token(token, request)).await) {
            Err(error) if error.passes_on() => absence = Some(error.or_more_informative(absence)),
            Err(error) => return Err(refusal(&error, policy)),
            Ok(identity) if revocations.is_revoked(&identity, request.now()) => {
                return Err(Refusal::new(Cause::TokenRevoked));
            }
            Ok(identity) => return Ok(identity),
        }
    }
    Err(refusal(&absence.unwrap_or(AuthenticationError::SchemeUnsupported), policy))
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
    let explicit = request.with_ambient_credentials(false);
    let (mut asked, mut absence, mut nobody) = (0, None, None);
    for authenticator in &policy.authenticators {
        asked += 1;
        match ask(authenticator, &explicit, deadline).await {
            Err(error) if error.passes_on() => absence = Some(error.or_more_informative(absence)),
            Ok(identity) if identity.is_anonymous() => {
                nobody = Some(identity);
                break;
            }
            decided => return decided,
        }
    }
    // What a browser sends by itself counts only now: where nobody has found what somebody has chosen to send.
    let ambient = request.with_ambient_credentials(true);
    for authenticator in policy.authenticators.iter().take(asked).filter(|one| one.is_ambient()) {
        match ask(authenticator, &ambient, deadline).await {
            Err(error) if error.passes_on() => absence = Some(error.or_more_informative(absence)),
            Ok(identity) if identity.is_anonymous() => nobody = Some(identity),
            decided => return decided,
        }
    }
    match (nobody, absence) {
        // Who brings credentials that nobody takes is told so, rather than let in as nobody.
        (Some(_), Some(AuthenticationError::SchemeUnsupported)) => {
            Err(AuthenticationError::SchemeUnsupported)
        }
        (Some(nobody), _) => Ok(nobody),
        (None, absence) => Err(absence.unwrap_or(AuthenticationError::CredentialsMissing)),
    }
}

async fn ask(
    authenticator: &Arc<dyn Authenticator>,
    request: &HandshakeContext<'_>,
    deadline: Instant,
) -> Result<Identity, AuthenticationError> {
    let left = deadline.saturating_duration_since(Instant::now());
    settled(guarded(left, || authenticator.authenticate(request)).await)
}

fn settled(guarded: Guarded<Result<Identity, AuthenticationError>>) -> Result<Identity, AuthenticationError> {
    match guarded {
        Guarded::Done(result) => result,
        Guarded::Panicked => Err(AuthenticationError::Internal),
        Guarded::TooSlow => Err(AuthenticationError::Unavailable { retry_after: None }),
    }
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
