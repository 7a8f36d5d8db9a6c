//! The requests: one for each cause that the gate decides on, and what each is to get.

use std::time::{SystemTime, UNIX_EPOCH};

use serde_json::json;
use tests::wire::handshake;
use ws_server::authenticate::bearer::Signer;

use crate::servers::SECRET;

/// A request, and the status and code that it gets; no code where it is let in.
pub(crate) type Case = (String, u16, Option<&'static str>);

fn token(changes: &[(&str, serde_json::Value)]) -> String {
    let now = SystemTime::now().duration_since(UNIX_EPOCH).expect("after 1970").as_secs();
    let mut claims = json!({ "aud": "chat", "sub": "ann", "exp": now + 600 });
    for (name, value) in changes {
        claims[*name] = value.clone();
    }
    let signer = Signer::hs256(SECRET).expect("long enough");
    signer.sign(&claims).expect("plain claims")
}

fn bearer(path: &str, token: &str) -> String {
    handshake(path, &format!("Authorization: Bearer {token}\r\n"))
}

/// A handshake with a good token.
pub(crate) fn good(path: &str) -> String {
    bearer(path, &token(&[]))
}

/// Those that do not depend on how full the server is.
pub(crate) fn all() -> Vec<Case> {
    let plain =
        |path: &str, fields: &str| format!("GET {path} HTTP/1.1\r\nHost: chat.example\r\n{fields}\r\n");
    let good = token(&[]);
    let open = handshake("/open", "");
    let problem = "Accept: application/problem+json\r\n";
    vec![
        (open.clone(), 101, None),
        (handshake("/open", "Sec-WebSocket-Extensions: permessage-deflate\r\n"), 101, None),
        (handshake("/strict", "Sec-WebSocket-Protocol: chat.v1, chat.v2\r\n"), 101, None),
        (bearer("/guarded", &good), 101, None),
        (handshake("/open", "Content-Length: 3\r\n"), 400, Some("unexpected-body")),
        (open.replace("Host: chat.example\r\n", ""), 400, Some("missing-host")),
        (handshake("/open", "Host: b.example\r\n"), 400, Some("duplicate-host")),
        (open.replace("chat.example", "a b"), 400, Some("host-malformed")),
        (open.replace("chat.example", "elsewhere.example"), 421, Some("host-not-served")),
        (handshake(&format!("/{}", "a".repeat(5000)), ""), 414, Some("target-too-long")),
        (handshake("/open", &"X: 1\r\n".repeat(70)), 431, Some("too-many-headers")),
        (handshake("/open", &format!("X: {}\r\n", "a".repeat(9000))), 431, Some("head-too-large")),
        (open.replace("HTTP/1.1", "HTTP/1.0"), 505, Some("http-version-unsupported")),
        (open.replace("GET ", "POST "), 405, Some("method-not-allowed")),
        (plain("/open", ""), 426, Some("upgrade-required")),
        (open.replace("Upgrade: websocket", "Upgrade: h2c"), 400, Some("upgrade-conflicting")),
        (open.replace("Upgrade: websocket\r\n", ""), 426, Some("upgrade-headers-stripped")),
        (open.replace("Version: 13", "Version: 8"), 426, Some("websocket-version-unsupported")),
        (open.replace("Sec-WebSocket-Version: 13\r\n", ""), 400, Some("websocket-version-missing")),
        (open.replace("dGhlIHNhbXBsZSBub25jZQ==", "short"), 400, Some("websocket-key-invalid")),
        (handshake("/open", "Sec-WebSocket-Extensions: a;;b\r\n"), 400, Some("extension-offer-malformed")),
        (handshake("/open", "Sec-WebSocket-Protocol: a, a\r\n"), 400, Some("subprotocol-offer-malformed")),
        (handshake("/strict", "Sec-WebSocket-Protocol: mqtt\r\n"), 400, Some("subprotocol-unsupported")),
        (handshake("/nowhere", ""), 404, Some("route-not-found")),
        (handshake("/open", "Origin: https://evil.example\r\n"), 403, Some("origin-denied")),
        (handshake("/open", "Origin: a b\r\n"), 400, Some("origin-malformed")),
        (handshake("/guarded", ""), 401, Some("credentials-missing")),
        (handshake("/guarded", "Authorization: Bearer\r\n"), 400, Some("credentials-malformed")),
        (handshake("/guarded", "Authorization: Digest x=\"y\"\r\n"), 401, Some("scheme-unsupported")),
        (bearer("/guarded", "abc"), 401, Some("token-malformed")),
        (bearer("/guarded", &format!("{good}x")), 401, Some("token-signature-invalid")),
        (bearer("/guarded", &token(&[("exp", json!(1))])), 401, Some("token-expired")),
        (bearer("/guarded", &token(&[("nbf", json!(99_999_999_999_u64))])), 401, Some("token-not-yet-valid")),
        (bearer("/guarded", &token(&[("aud", json!("mail"))])), 401, Some("token-audience-wrong")),
        (bearer("/scoped", &good), 403, Some("scope-insufficient")),
        (bearer("/roles", &good), 403, Some("role-missing")),
        (handshake("/policy", ""), 403, Some("policy-denied")),
        (bearer("/hidden", &good), 404, Some("route-not-found")),
        (handshake("/authentication-down", ""), 503, Some("authentication-unavailable")),
        (handshake("/authorization-down", ""), 503, Some("authorization-unavailable")),
        (handshake("/panics", ""), 500, Some("internal-error")),
        // Dry runs and their preflights.
        (plain("/open", problem), 200, None),
        (plain("/guarded", problem), 401, Some("credentials-missing")),
        (plain("/nowhere", problem), 404, Some("route-not-found")),
        (
            plain("/open", "Origin: http://chat.example\r\nAccess-Control-Request-Method: GET\r\n")
                .replace("GET /", "OPTIONS /"),
            204,
            None,
        ),
    ]
}
