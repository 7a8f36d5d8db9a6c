//! Authenticators and authorizers that panic, hang, or take their time.

use std::{
    future::pending,
    sync::atomic::{AtomicUsize, Ordering},
};

use tokio::time::{Instant, sleep};

use super::*;
use crate::{
    authenticate::{AuthenticationError, HandshakeContext, Identity, Scheme},
    authorize::{AllOf, AuthorizationError, Roles, Rules},
    gate::Check,
};

type Authenticated = Result<Identity, AuthenticationError>;
type Authorized = Result<(), AuthorizationError>;

#[tokio::test]
async fn a_panic_is_an_internal_error_wherever_it_happens() {
    let at_once = |_: &HandshakeContext<'_>| -> std::future::Ready<Authenticated> { panic!("at once") };
    let when_polled = |_: &HandshakeContext<'_>| async { panic!("when polled") };
    let later = |_: &HandshakeContext<'_>| async {
        tokio::task::yield_now().await;
        panic!("later")
    };
    let policies = [
        Policy::new().authenticate(at_once),
        Policy::new().authenticate(when_polled),
        Policy::new().authenticate(later),
        Policy::new().authorize(|_: &HandshakeContext<'_>, _: &Identity| -> std::future::Ready<Authorized> {
            panic!("at once")
        }),
        Policy::new().authorize(|_: &HandshakeContext<'_>, _: &Identity| async { panic!("when polled") }),
    ];
    for policy in policies {
        let gate = gate(policy);
        for _ in 0..2 {
            let refusal = gate.check(&Request::new().head(), &facts()).await.decision.unwrap_err();
            assert_eq!(refusal.cause, Cause::InternalError, "{refusal}");
            assert_eq!(refusal.cause.status(), Some(500));
        }
    }
}

#[tokio::test(start_paused = true)]
async fn whoever_hangs_is_unavailable() {
    let began = Instant::now();
    let silent = |_: &HandshakeContext<'_>| pending::<Authenticated>();
    assert_eq!(
        cause(Policy::new().authenticate(silent), &Request::new()).await,
        Cause::AuthenticationUnavailable
    );
    assert_eq!(began.elapsed().as_secs(), 5);
    let silent = |_: &HandshakeContext<'_>, _: &Identity| pending::<Authorized>();
    assert_eq!(
        cause(Policy::new().authorize(silent), &Request::new()).await,
        Cause::AuthorizationUnavailable
    );
    assert_eq!(began.elapsed().as_secs(), 10);
}

/// The limit is for all of them together, and a little less than it is enough.
#[tokio::test(start_paused = true)]
async fn the_time_limit_is_one_for_all() {
    let slow = |milliseconds| {
        move |_: &HandshakeContext<'_>| async move {
            sleep(Duration::from_millis(milliseconds)).await;
            Authenticated::Err(AuthenticationError::CredentialsMissing)
        }
    };
    let two = |first, second| Policy::new().authenticate(slow(first)).authenticate(slow(second));
    assert_eq!(cause(two(2500, 2490), &Request::new()).await, Cause::CredentialsMissing);
    assert_eq!(cause(two(2500, 2510), &Request::new()).await, Cause::AuthenticationUnavailable);

    let slow = |_: &HandshakeContext<'_>, _: &Identity| async {
        sleep(Duration::from_millis(2600)).await;
        Authorized::Ok(())
    };
    accepted(Policy::new().authorize(slow), &Request::new()).await;
    let two = Policy::new().authorize(slow).authorize(slow);
    assert_eq!(cause(two, &Request::new()).await, Cause::AuthorizationUnavailable);
}

/// Nobody is asked for whom the answer is known already.
#[tokio::test]
async fn strangers_cost_nothing() {
    let asked = Arc::new(AtomicUsize::new(0));
    let counting = |asked: &Arc<AtomicUsize>| {
        let asked = Arc::clone(asked);
        move |_: &HandshakeContext<'_>| {
            asked.fetch_add(1, Ordering::Relaxed);
            async { Authenticated::Ok(Identity::new(Scheme::Bearer)) }
        }
    };
    let foreign = Request::new().with("Origin", "http://evil.example");
    assert_eq!(cause(Policy::new().authenticate(counting(&asked)), &foreign).await, Cause::OriginDenied);
    let plain = Request::new().without("Sec-WebSocket-Key");
    cause(Policy::new().authenticate(counting(&asked)), &plain).await;
    assert_eq!(asked.load(Ordering::Relaxed), 0);
    accepted(Policy::new().authenticate(counting(&asked)), &Request::new()).await;
    assert_eq!(asked.load(Ordering::Relaxed), 1);
}

#[tokio::test]
async fn all_of_them_must_agree() {
    let asked = Arc::new(AtomicUsize::new(0));
    let last = {
        let asked = Arc::clone(&asked);
        move |_: &HandshakeContext<'_>, _: &Identity| {
            asked.fetch_add(1, Ordering::Relaxed);
            async { Authorized::Err(AuthorizationError::PolicyDenied { rule: "last".into() }) }
        }
    };
    let request = Request::new().bearer(&good());
    let policy = |all| Policy::new().authenticate(bearer()).authorize(all);
    let nobody = ask(policy(AllOf::new()), &request).await.decision.unwrap_err();
    assert_eq!(nobody.to_string(), "policy-denied: no authorizer decides about this");
    accepted(policy(AllOf::new().and(Roles::all(["member"]))), &request).await;
    let all = AllOf::new().and(Roles::all(["admin"])).and(last.clone());
    assert_eq!(cause(policy(all), &request).await, Cause::RoleMissing);
    assert_eq!(asked.load(Ordering::Relaxed), 0, "the first no is the answer");
    let named = Rules::new().allow("own-room", |_, who| who.subject() == Some("ann"));
    let trace = ask(policy(AllOf::new().and(Roles::all(["member"])).and(named)), &request).await.trace;
    let policy_step = trace.steps().iter().find(|step| step.check == Check::Policy).unwrap();
    assert_eq!(policy_step.compared, "own-room", "the deciding rule");
    let refusal =
        ask(policy(AllOf::new().and(Roles::all(["member"])).and(last)), &request).await.decision.unwrap_err();
    assert_eq!(refusal.cause, Cause::PolicyDenied);
    assert_eq!(refusal.detail, "denied by the rule \"last\"");
    assert!(refusal.detail_is_public);
}
