//! The order of the checks, and their trace.

use super::{super::*, *};
use crate::{
    authenticate::{HandshakeContext, Identity},
    authorize::AuthorizationError,
};

/// What each check refuses here, in the order of the checks.
const REFUSED: [&str; 23] = [
    "http-version-unsupported",
    "host-malformed",
    "unexpected-body",
    "server-draining",
    "address-denied",
    "rate-limited",
    "address-quota-exceeded",
    "server-full",
    "host-not-served",
    "route-not-found",
    "method-not-allowed",
    "upgrade-conflicting",
    "websocket-version-unsupported",
    "websocket-key-invalid",
    "extension-offer-malformed",
    "subprotocol-offer-malformed",
    "origin-denied",
    "scheme-unsupported",
    "scope-insufficient",
    "role-missing",
    "policy-denied",
    "principal-quota-exceeded",
    "subprotocol-unsupported",
];

/// A handshake with everything wrong, of which one thing after another is repaired.
#[tokio::test]
async fn the_checks_are_made_in_their_order() {
    let config = GateConfig {
        served_hosts: vec!["example.com".to_owned()],
        addresses: AddressPolicy::new().deny(["192.0.2.66"]).unwrap(),
        attempts_per_address: Some("30/1h".parse().unwrap()),
        connections_per_principal: 1,
        ..GateConfig::default()
    };
    let gate = configured(config, demanding());
    let mut request = Request::new()
        .method("POST")
        .target("/mail")
        .version(Version::HTTP_10)
        .with("Host", "@")
        .and("Content-Length", "5")
        .with("Upgrade", "h2c")
        .with("Sec-WebSocket-Version", "8")
        .with("Sec-WebSocket-Key", "x")
        .with("Sec-WebSocket-Extensions", "=")
        .with("Sec-WebSocket-Protocol", "a,a")
        .with("Origin", "null")
        .with("Authorization", "Basic x");
    let denied = ([192, 0, 2, 66], 4711).into();
    let mut facts = Facts { peer: denied, draining: true, crowded: Some(Crowded::Address), ..facts() };
    for _ in 0..30 {
        let _ = gate.check(&Request::new().head(), &self::facts()).await;
    }
    let ann =
        Request::new().bearer(&good()).and("X-Allowed", "yes").with("Sec-WebSocket-Protocol", "chat.v2");
    let elsewhere = Facts { peer: ([192, 0, 2, 3], 4711).into(), ..self::facts() };
    let _open = gate.check(&ann.head(), &elsewhere).await.decision.unwrap();
    for (check, code) in Check::ALL.into_iter().zip(REFUSED) {
        let checked = gate.check(&request.head(), &facts).await;
        assert_eq!(checked.trace.refused_by(), Some(check), "{}", checked.trace);
        assert_eq!(checked.decision.unwrap_err().cause.code(), code);
        request = repaired(check, request, &mut facts);
    }
    let checked = gate.check(&request.head(), &facts).await;
    assert_eq!(checked.decision.unwrap().subprotocol.as_deref(), Some("chat.v2"));
    assert!(checked.trace.steps().iter().all(|step| step.outcome == Outcome::Passed));
    // The preparation is none of the gate's: it comes when the gate has let somebody in.
    assert_eq!(checked.trace.steps().len(), Check::ALL.len() - 1);
}

/// Handshakes and dry runs are attempts; requests for pages are not.
#[tokio::test]
async fn what_counts_as_an_attempt() {
    let config = GateConfig { attempts_per_address: Some("2/10s".parse().unwrap()), ..GateConfig::default() };
    let gate = configured(config, Policy::new());
    let (head, facts) = (Request::new().head(), facts());
    for _ in 0..10 {
        assert!(gate.admit(&head, &facts).decision.is_ok());
    }
    assert!(gate.check(&head, &facts).await.decision.is_ok());
    assert!(gate.check_dry_run(&head, &facts).await.decision.is_ok());
    let refusal = gate.check(&head, &facts).await.decision.unwrap_err();
    assert_eq!((refusal.cause, refusal.retry_after), (Cause::RateLimited, Some(Duration::from_secs(5))));
    let refusal = gate.check_dry_run(&head, &facts).await.decision.unwrap_err();
    assert_eq!(refusal.cause, Cause::RateLimited);
    assert!(gate.admit(&head, &facts).decision.is_ok());
    let later = Facts { now: facts.now + Duration::from_secs(5), ..facts };
    assert!(gate.check(&head, &later).await.decision.is_ok());
}

fn demanding() -> Policy {
    let allowed = |request: &HandshakeContext<'_>, _: &Identity| {
        let allowed = request.head().fields().contains("X-Allowed");
        async move {
            if allowed { Ok(()) } else { Err(AuthorizationError::PolicyDenied { rule: "allowed".into() }) }
        }
    };
    Policy::new()
        .authenticate(bearer())
        .scopes(["chat:read"])
        .roles(["member"])
        .authorize(allowed)
        .subprotocols(["chat.v2"])
        .require_subprotocol()
}

fn repaired(check: Check, request: Request, facts: &mut Facts) -> Request {
    match check {
        Check::Draining => facts.draining = false,
        Check::Address => facts.peer = self::facts().peer,
        Check::Attempts => facts.peer = ([192, 0, 2, 2], 4711).into(),
        Check::ConnectionsPerAddress => facts.crowded = Some(Crowded::Server),
        Check::Connections => facts.crowded = None,
        _ => {}
    }
    match check {
        Check::Draining
        | Check::Address
        | Check::Attempts
        | Check::ConnectionsPerAddress
        | Check::Connections
        | Check::Preparation => request,
        Check::HttpVersion => request.version(Version::HTTP_11),
        Check::Host => request.with("Host", "other.example"),
        Check::Body => request.without("Content-Length"),
        Check::ServedHost => request.with("Host", "example.com"),
        Check::Route => request.target("/chat"),
        Check::Method => request.method("GET"),
        Check::Upgrade => request.with("Upgrade", "websocket"),
        Check::WebSocketVersion => request.with("Sec-WebSocket-Version", "13"),
        Check::Key => request.with("Sec-WebSocket-Key", "dGhlIHNhbXBsZSBub25jZQ=="),
        Check::ExtensionOffer => request.without("Sec-WebSocket-Extensions"),
        Check::SubprotocolOffer => request.with("Sec-WebSocket-Protocol", "other"),
        Check::Origin => request.with("Origin", "http://example.com"),
        Check::Authentication => request.bearer(&token(json!({ "scope": null, "roles": null }))),
        Check::Scopes => request.bearer(&token(json!({ "roles": null }))),
        Check::Roles => request.bearer(&good()),
        Check::Policy => request.and("X-Allowed", "yes"),
        Check::PrincipalQuota => request.bearer(&token(json!({ "sub": "ben" }))),
        Check::Subprotocol => request.with("Sec-WebSocket-Protocol", "chat.v2"),
    }
}

#[tokio::test]
async fn a_trace_says_what_was_checked_and_what_was_not() {
    let checked = ask(Policy::new(), &Request::new()).await;
    assert_eq!(
        checked.trace.to_string(),
        "http-version host body draining (address) (attempts) connections-per-address connections (served-host) route method upgrade \
         websocket-version key extension-offer subprotocol-offer origin (authentication) (scopes) (roles) (policy) \
         (principal-quota) subprotocol"
    );
    let checked = ask(Policy::new(), &Request::new().target("/")).await;
    assert_eq!(
        checked.trace.to_string(),
        "http-version host body draining (address) (attempts) connections-per-address connections (served-host) route=route-not-found"
    );
}

#[tokio::test]
async fn served_hosts_have_a_port_or_all() {
    let ask = async |served: &str, host: &str| {
        let config = GateConfig { served_hosts: vec![served.to_owned()], ..GateConfig::default() };
        let request = Request::new().with("Host", host).without("Origin");
        configured(config, Policy::new()).check(&request.head(), &facts()).await.decision.is_ok()
    };
    for (served, host, expected) in [
        ("example.com", "example.com", true),
        ("example.com", "EXAMPLE.com:9001", true),
        ("example.com:9001", "example.com:9001", true),
        ("example.com:9001", "example.com", false),
        ("example.com", "a.example.com", false),
        ("example.com", "example.com.evil.net", false),
        ("[::1]", "[::1]:9001", true),
    ] {
        assert_eq!(ask(served, host).await, expected, "{host} at {served}");
    }
}

#[tokio::test]
async fn a_subprotocol_is_one_that_both_speak() {
    let policy = || Policy::new().subprotocols(["chat.v2", "chat.v1"]);
    for (offered, selected) in [
        ("chat.v1, chat.v2", Some("chat.v2")),
        ("chat.v1", Some("chat.v1")),
        ("CHAT.V1", None),
        ("other", None),
    ] {
        let request = Request::new().with("Sec-WebSocket-Protocol", offered);
        assert_eq!(accepted(policy(), &request).await.subprotocol.as_deref(), selected, "{offered}");
    }
    assert_eq!(accepted(policy(), &Request::new()).await.subprotocol, None);
    let refusal = ask(policy().require_subprotocol(), &Request::new()).await.decision.unwrap_err();
    assert_eq!(refusal.cause, Cause::SubprotocolUnsupported);
    assert_eq!(refusal.supported, ["chat.v2", "chat.v1"]);
}

#[tokio::test]
async fn what_was_found_is_handed_on() {
    let accepted = accepted(Policy::new(), &Request::new()).await;
    assert_eq!(accepted.route.route, 7);
    assert!(accepted.identity.is_anonymous());
    assert!(accepted.upgrade.subprotocols.is_empty());
}

/// Whoever only asks for the part before the route gets that part.
#[test]
fn a_page_needs_no_route_and_no_upgrade() {
    let request = Request::new().without("Upgrade").without("Connection").target("/page");
    let gate = gate(Policy::new());
    assert!(gate.admit(&request.head(), &facts()).decision.is_ok());
    let refusal = gate.admit(&request.head(), &Facts { draining: true, ..facts() }).decision.unwrap_err();
    assert_eq!(refusal.cause, Cause::ServerDraining);
}

#[test]
fn a_decision_can_be_made_on_any_thread() {
    fn is_send<T: Send>(_: &T) {}
    fn is_sync<T: Send + Sync>(_: &T) {}
    let gate = gate(Policy::new().authenticate(bearer()));
    let (head, facts) = (Request::new().head(), facts());
    is_sync(&gate);
    is_send(&gate.check(&head, &facts));
    is_send(&gate.check_dry_run(&head, &facts));
}
