//! Who may: origins, scopes, roles, rules.

use std::borrow::Cow;
use std::future::ready;
use std::time::Duration;

use serde_json::json;
use tests::wire::{echo, handshake};
use ws_core::refusal::Cause;
use ws_server::authenticate::{AuthenticationError, HandshakeContext, Identity, Revocation, Scheme};
use ws_server::authorize::AuthorizationError;
use ws_server::gate::OriginPolicy;
use ws_server::{Route, ServerLimits};

use crate::case::{Case, start};

#[tokio::test]
async fn permissions() {
    check().await;
}

/// Everybody is Ann.
fn ann(_: &HandshakeContext<'_>) -> std::future::Ready<Result<Identity, AuthenticationError>> {
    ready(Ok(Identity::new(Scheme::Custom("Test".into())).with_subject("ann").with_scopes(["chat:read"])))
}

fn denying(error: AuthorizationError) -> Route {
    Route::new(echo)
        .authenticate(ann)
        .authorize(move |_: &HandshakeContext<'_>, _: &Identity| ready(Err(error.clone())))
}

pub(crate) async fn check() -> Vec<Cause> {
    let mut seen = origins().await;
    seen.extend(authorization().await);
    seen.push(quota().await);
    seen.push(revocation().await);
    seen
}

/// RFC 6455 10.2, RFC 6454 7.
async fn origins() -> Vec<Cause> {
    let running = start(|server| {
        let listed = OriginPolicy::list(["https://app.example.com"]).unwrap().required();
        server.route("/listed", Route::new(echo).origins(listed))
    })
    .await;
    let mut seen = Vec::new();
    for (path, fields, code, status) in [
        ("/open", "Origin: https://evil.example\r\n", "origin-denied", 403),
        ("/open", "Origin: null\r\n", "origin-denied", 403),
        ("/listed", "Origin: https://app.example.com.evil.example\r\n", "origin-denied", 403),
        ("/listed", "", "origin-missing", 403),
        (
            "/listed",
            "Origin: https://app.example.com\r\nOrigin: https://app.example.com\r\n",
            "origin-malformed",
            400,
        ),
        ("/listed", "Origin: https://app.example.com/path\r\n", "origin-malformed", 400),
    ] {
        let request = handshake(path, fields);
        let request = request.as_bytes();
        seen.push(Case { request, code, status, ..Case::default() }.check(&running).await);
    }
    seen
}

async fn authorization() -> Vec<Cause> {
    let rule = |name: &'static str| Cow::Borrowed(name);
    let running = start(|server| {
        server
            .route("/scopes", Route::new(echo).authenticate(ann).scopes(["chat:read", "chat:write"]))
            .route("/roles", Route::new(echo).authenticate(ann).roles(["member"]))
            .route("/denied", denying(AuthorizationError::PolicyDenied { rule: rule("office-hours") }))
            .route("/hidden", denying(AuthorizationError::ResourceHidden { rule: rule("secret") }))
            .route(
                "/down",
                denying(AuthorizationError::Unavailable { retry_after: Some(Duration::from_secs(3)) }),
            )
            .route("/broken", denying(AuthorizationError::Internal))
    })
    .await;
    let mut seen = Vec::new();
    for (path, code, status, fields, members) in [
        ("/roles", "role-missing", 403, &[][..], json!({})),
        ("/broken", "internal-error", 500, &[], json!({})),
        ("/down", "authorization-unavailable", 503, &[("Retry-After", "3")], json!({ "retry_after": 3 })),
    ] {
        let request = handshake(path, "");
        let request = request.as_bytes();
        seen.push(Case { request, code, status, fields, members, ..Case::default() }.check(&running).await);
    }
    let request = handshake("/scopes", "");
    let scopes = Case {
        request: request.as_bytes(),
        code: "scope-insufficient",
        status: 403,
        detail: &format!("{} Required: chat:read chat:write.", Cause::ScopeInsufficient.summary()),
        fields: &[(
            "WWW-Authenticate",
            "Bearer realm=\"ws-server\", error=\"insufficient_scope\", \
             error_description=\"The token lacks a scope\", scope=\"chat:read chat:write\"",
        )],
        members: json!({ "required_scope": "chat:read chat:write" }),
        ..Case::default()
    };
    seen.push(scopes.check(&running).await);
    let request = handshake("/denied", "");
    let denied = Case {
        request: request.as_bytes(),
        code: "policy-denied",
        status: 403,
        detail: "denied by the rule \"office-hours\".",
        ..Case::default()
    };
    seen.push(denied.check(&running).await);
    // What is hidden is, byte for byte, what is not there.
    let request = handshake("/hidden", "");
    let hidden =
        Case { request: request.as_bytes(), code: "route-not-found", status: 404, ..Case::default() };
    hidden.check(&running).await;
    seen.push(Cause::ResourceHidden);
    seen
}

async fn quota() -> Cause {
    let limits = ServerLimits { connections_per_principal: 0, ..ServerLimits::default() };
    let running =
        start(|server| server.limits(limits).route("/ann", Route::new(echo).authenticate(ann))).await;
    let request = handshake("/ann", "");
    Case {
        request: request.as_bytes(),
        code: "principal-quota-exceeded",
        status: 429,
        fields: &[("Retry-After", "5")],
        members: json!({ "retry_after": 5 }),
        ..Case::default()
    }
    .check(&running)
    .await
}

async fn revocation() -> Cause {
    let running = start(|server| server.route("/ann", Route::new(echo).authenticate(ann))).await;
    running.handle.revoke(Revocation::subject("ann")).unwrap();
    let request = handshake("/ann", "");
    Case {
        request: request.as_bytes(),
        code: "token-revoked",
        status: 401,
        fields: &[(
            "WWW-Authenticate",
            "Bearer realm=\"ws-server\", error=\"invalid_token\", error_description=\"The token was revoked\"",
        )],
        ..Case::default()
    }
    .check(&running)
    .await
}

#[tokio::test]
async fn what_is_hidden_differs_from_what_is_not_there_in_nothing_but_the_identifier() {
    let running = start(|server| {
        server.route("/hidden", denying(AuthorizationError::ResourceHidden { rule: "secret".into() }))
    })
    .await;
    let mut answers = Vec::new();
    for path in ["/hidden", "/absent"] {
        let mut peer = running.connect().await;
        peer.send(handshake(path, "").replace("Connection: Upgrade", "Connection: Upgrade, close")).await;
        while peer.more().await.unwrap() > 0 {}
        let text = String::from_utf8(peer.buffer.to_vec()).unwrap();
        let (_, rest) = text.split_once("X-Request-Id: ").unwrap();
        let text = text.replace(&rest[..24], "ID");
        let (before, date) = text.split_once("Date: ").unwrap();
        answers.push(format!("{before}{}", &date[29..]));
    }
    assert_eq!(answers[0], answers[1]);
    assert!(answers[0].contains("404") && answers[0].contains("ID"), "{}", answers[0]);
}
