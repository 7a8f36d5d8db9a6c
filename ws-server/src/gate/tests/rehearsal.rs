//! Dry runs, and what answers for CORS depend on.

use super::{super::*, *};

fn plain() -> Request {
    Request::new()
        .without("Upgrade")
        .without("Connection")
        .without("Sec-WebSocket-Key")
        .without("Sec-WebSocket-Version")
}

async fn rehearse(policy: Policy, request: &Request) -> Result<RouteMatch, Cause> {
    let checked = gate(policy).check_dry_run(&request.head(), &facts()).await;
    assert!(matches!(checked.trace.outcome(Check::Key), None | Some(Outcome::Skipped)), "{}", checked.trace);
    checked.decision.map_err(|refusal| refusal.cause)
}

#[tokio::test]
async fn a_rehearsal_needs_no_upgrade() {
    let policy = || Policy::new().authenticate(bearer()).subprotocols(["chat.v2"]).require_subprotocol();
    assert_eq!(rehearse(policy(), &plain().bearer(&good())).await.unwrap().route, 7);
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

#[test]
fn an_origin_is_allowed_where_there_is_one() {
    let policy = Policy::new();
    let allows = |request: &Request| policy.allows_origin(&request.head(), false);
    assert!(allows(&Request::new()));
    assert!(!allows(&Request::new().without("Origin")));
    assert!(!allows(&Request::new().with("Origin", "http://evil.example")));
    assert!(!allows(&Request::new().with("Origin", "http://example.com/")));
}
