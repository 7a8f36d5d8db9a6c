//! What a trace says was compared.

use super::{super::*, *};

/// What the check that refused has compared.
async fn told(config: GateConfig, policy: Policy, request: &Request) -> String {
    let checked = configured(config, policy).check(&request.head(), &facts()).await;
    let step = checked.trace.steps().last().unwrap();
    assert!(step.cause().is_some(), "{}", checked.trace);
    step.compared.to_string()
}

#[tokio::test]
async fn a_refusal_names_both_sides() {
    let chat = || Request::new().bearer(&good());
    let list = OriginPolicy::list(["https://a.example", "https://b.example"]).unwrap();
    let served = GateConfig { served_hosts: vec!["a.example".into()], ..GateConfig::default() };
    let speaks = Policy::new().subprotocols(["chat.v2", "chat.v1"]).require_subprotocol();
    let any = GateConfig::default;
    for (config, policy, request, expected) in [
        (served, Policy::new(), chat(), "\"example.com\" against 1 served"),
        (
            any(),
            Policy::new(),
            chat().with("Origin", "https://evil.example"),
            "\"https://evil.example\" against http://example.com:80",
        ),
        (
            any(),
            Policy::new().origins(list.clone()),
            chat().with("Origin", "null"),
            "\"null\" against 2 allowed",
        ),
        (
            any(),
            Policy::new().origins(list.and_same_origin()),
            chat().with("Origin", "https://evil.example"),
            "\"https://evil.example\" against 2 allowed and http://example.com:80",
        ),
        (
            any(),
            Policy::new(),
            chat().with("Origin", "https://ann:secret@a.example"),
            "Origin is not an origin",
        ),
        (
            any(),
            Policy::new().authenticate(bearer()),
            chat().bearer(&token(json!({ "aud": "mail" }))),
            "the token is for another audience",
        ),
        (
            any(),
            Policy::new().authenticate(bearer()).scopes(["chat:read", "chat:write"]),
            chat(),
            "chat:read chat:write required, chat:read held",
        ),
        (
            any(),
            Policy::new().authenticate(bearer()).roles(["staff"]),
            chat().bearer(&token(json!({ "roles": null }))),
            "staff required, none held",
        ),
        (any(), speaks, chat().with("Sec-WebSocket-Protocol", "a, b, c"), "3 offered against 2 spoken"),
        (any(), Policy::new(), chat().with("Sec-WebSocket-Version", "8"), "Sec-WebSocket-Version is not 13"),
    ] {
        assert_eq!(told(config, policy, &request).await, expected);
    }
}

#[tokio::test]
async fn a_limit_that_is_reached_is_named() {
    for (crowded, expected) in [
        (Crowded::Address, "7 connections from 192.0.2.1 are as many as may be"),
        (Crowded::Server, "7 connections in all are as many as may be"),
    ] {
        let facts = Facts { crowded: Some(crowded), crowd_limit: Some(7), ..facts() };
        let checked = gate(Policy::new()).check(&Request::new().head(), &facts).await;
        assert_eq!(checked.trace.steps().last().unwrap().compared, expected);
        assert_eq!(checked.decision.unwrap_err().detail, expected);
    }
}

#[tokio::test]
async fn what_passes_says_by_what() {
    let checked = ask(Policy::new().authenticate(bearer()), &Request::new().bearer(&good())).await;
    let compared =
        |check| checked.trace.steps().iter().find(|step| step.check == check).unwrap().compared.clone();
    assert_eq!(compared(Check::Origin), "same origin");
    assert_eq!(compared(Check::Authentication), "bearer");
    assert_eq!(compared(Check::Key), "");
}

/// Time is measured where it is spent.
#[tokio::test]
async fn a_slow_check_is_seen() {
    let slow = |_: &crate::authenticate::HandshakeContext<'_>| async {
        tokio::time::sleep(Duration::from_millis(20)).await;
        Ok(crate::authenticate::Identity::anonymous())
    };
    let checked = ask(Policy::new().authenticate(slow), &Request::new()).await;
    let duration = |check| checked.trace.steps().iter().find(|step| step.check == check).unwrap().duration;
    assert!(duration(Check::Authentication) >= Duration::from_millis(20));
    assert!(duration(Check::Origin) < duration(Check::Authentication));
    let sum: Duration = checked.trace.steps().iter().map(|step| step.duration).sum();
    assert_eq!(sum, checked.trace.duration());
}
