//! Dry runs, and what answers for CORS depend on.

use super::{super::*, *};
use crate::authenticate::{AuthenticationError, HandshakeContext, Identity};

fn plain() -> Request {
    Request::new()
        .without("Upgrade")
        .without("Connection")
        .without("Sec-WebSocket-Key")
        .without("Sec-WebSocket-Version")
}

async fn rehearse(policy: Policy, request: &Request) -> Result<Rehearsed, Cause> {
    let checked = gate(policy).check_dry_run(&request.head(), &facts()).await;
    assert!(matches!(checked.trace.outcome(Check::Key), None | Some(Outcome::Skipped)), "{}", checked.trace);
    checked.decision.map_err(|refusal| refusal.cause)
}

#[tokio::test]
async fn a_rehearsal_needs_no_upgrade() {
    let policy = || Policy::new().authenticate(bearer()).subprotocols(["chat.v2"]).require_subprotocol();
    assert_eq!(rehearse(policy(), &plain().bearer(&good())).await.unwrap().route.route, 7);
    assert_eq!(rehearse(policy(), &plain()).await.unwrap_err(), Cause::CredentialsMissing);
    assert_eq!(rehearse(policy(), &plain().target("/")).await.unwrap_err(), Cause::RouteNotFound);
    let foreign = plain().with("Origin", "http://evil.example");
    assert_eq!(rehearse(policy(), &foreign).await.unwrap_err(), Cause::OriginDenied);
    assert_eq!(
        rehearse(policy().roles(["admin"]), &plain().bearer(&good())).await.unwrap_err(),
        Cause::RoleMissing
    );
}

#[tokio::test]
async fn fetch_of_the_same_origin_has_no_origin() {
    let policy = || Policy::new().origins(OriginPolicy::same_origin().required());
    let same = plain().without("Origin").and("Sec-Fetch-Site", "same-origin");
    assert!(rehearse(policy(), &same).await.is_ok());
    let other = plain().without("Origin").and("Sec-Fetch-Site", "cross-site");
    assert_eq!(rehearse(policy(), &other).await.unwrap_err(), Cause::OriginMissing);
    // A handshake always has one, if a browser makes it.
    let handshake = Request::new().without("Origin").and("Sec-Fetch-Site", "same-origin");
    assert_eq!(cause(policy(), &handshake).await, Cause::OriginMissing);
}

/// A page may leave its origin out of a request whose answer it cannot read (Fetch standard, mode `no-cors`), with the
/// cookies of whoever looks at it. The handshake of such a page would have an origin.
#[tokio::test]
async fn a_foreign_page_without_an_origin_asks_nobody() {
    let asked = std::sync::Arc::new(std::sync::atomic::AtomicUsize::new(0));
    let policy = |origins| {
        let asked = Arc::clone(&asked);
        Policy::new().origins(origins).authenticate(move |_: &HandshakeContext<'_>| {
            asked.fetch_add(1, std::sync::atomic::Ordering::SeqCst);
            std::future::ready(Ok(Identity::anonymous()))
        })
    };
    for site in ["cross-site", "same-site"] {
        let foreign = plain().without("Origin").and("Sec-Fetch-Site", site);
        let same = OriginPolicy::same_origin();
        assert_eq!(rehearse(policy(same), &foreign).await.unwrap_err(), Cause::OriginMissing, "{site}");
        assert_eq!(asked.load(std::sync::atomic::Ordering::SeqCst), 0);
    }
    let foreign = plain().without("Origin").and("Sec-Fetch-Site", "cross-site");
    assert!(rehearse(policy(OriginPolicy::any()), &foreign).await.is_ok());
    // Whoever types the address, and whoever is no browser.
    assert!(rehearse(policy(OriginPolicy::same_origin()), &plain().without("Origin")).await.is_ok());
}

/// A ticket is looked at then, not spent.
#[tokio::test]
async fn authenticators_are_told_that_it_is_one() {
    let policy = || {
        Policy::new().authenticate(|request: &HandshakeContext<'_>| {
            let spent = !request.is_dry_run();
            async move { if spent { Err(AuthenticationError::TicketSpent) } else { Ok(Identity::anonymous()) } }
        })
    };
    assert!(rehearse(policy(), &plain()).await.is_ok());
    assert_eq!(cause(policy(), &Request::new()).await, Cause::TicketSpent);
}

#[test]
fn an_origin_is_allowed_where_there_is_one() {
    let policy = Policy::new();
    let allows = |request: &Request| policy.allows_origin(&request.head(), &facts());
    assert!(allows(&Request::new()));
    assert!(!allows(&Request::new().without("Origin")));
    assert!(!allows(&Request::new().with("Origin", "http://evil.example")));
    assert!(!allows(&Request::new().with("Origin", "http://example.com/")));
}
