//! What is a request, but no handshake for this server (RFC 6455 4.2.1).

use serde_json::json;
use tests::wire::{echo, handshake};
use ws_core::refusal::Cause;
use ws_server::Route;

use crate::case::{Case, start};

#[tokio::test]
async fn upgrades() {
    check().await;
}

/// RFC 9110 15.5.22, RFC 6455 4.4.
const UPGRADE: &[(&str, &str)] =
    &[("Upgrade", "websocket"), ("Connection", "Upgrade"), ("Sec-WebSocket-Version", "13")];

pub(crate) async fn check() -> Vec<Cause> {
    let running = start(|server| {
        let chat = Route::new(echo).subprotocols(["chat.v2", "chat.v1"]).require_subprotocol();
        server.route("/chat", chat)
    })
    .await;
    let without = |field: &str| handshake("/open", "").replace(field, "");
    let instead = |field: &str, other: &str| handshake("/open", "").replace(field, other);
    let get = |target: &str| format!("GET {target} HTTP/1.1\r\nHost: chat.example\r\n\r\n");
    let key = "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n";
    let mut seen = Vec::new();

    for (request, code, status, fields) in [
        (get("/nowhere"), "route-not-found", 404, &[][..]),
        (handshake("/nowhere", ""), "route-not-found", 404, &[]),
        (instead("GET", "POST"), "method-not-allowed", 405, &[("Allow", "GET")]),
        (instead("GET", "HEAD"), "method-not-allowed", 405, &[("Allow", "GET")]),
        (get("/open"), "upgrade-required", 426, UPGRADE),
        (without("Upgrade: websocket\r\n"), "upgrade-headers-stripped", 426, UPGRADE),
        (without("Connection: Upgrade\r\n"), "upgrade-headers-stripped", 426, UPGRADE),
        (instead("Version: 13", "Version: 8"), "websocket-version-unsupported", 426, UPGRADE),
        (
            without("Sec-WebSocket-Version: 13\r\n"),
            "websocket-version-missing",
            400,
            &[("Sec-WebSocket-Version", "13")],
        ),
        (without(key), "websocket-key-invalid", 400, &[]),
        (instead(key, &key.repeat(2)), "websocket-key-invalid", 400, &[]),
        (instead("dGhlIHNhbXBsZSBub25jZQ==", "dGhlIHNhbXBsZSBub25jZR=="), "websocket-key-invalid", 400, &[]),
        (instead("dGhlIHNhbXBsZSBub25jZQ==", "c2hvcnQ="), "websocket-key-invalid", 400, &[]),
        (handshake("/open", "Sec-WebSocket-Extensions: a;;b\r\n"), "extension-offer-malformed", 400, &[]),
        (handshake("/open", "Sec-WebSocket-Protocol: a, a\r\n"), "subprotocol-offer-malformed", 400, &[]),
        (handshake("/open", "Sec-WebSocket-Protocol:\r\n"), "subprotocol-offer-malformed", 400, &[]),
    ] {
        let request = request.as_bytes();
        seen.push(Case { request, code, status, fields, ..Case::default() }.check(&running).await);
    }

    // The upgrade of a client that could mean HTTP/2 to whoever stands in between.
    for request in [
        instead("Upgrade: websocket", "Upgrade: websocket, h2c"),
        handshake("/open", "HTTP2-Settings: AAMAAABkAAQAAP__\r\n"),
    ] {
        let request = request.as_bytes();
        let case =
            Case { request, code: "upgrade-conflicting", status: 400, closes: true, ..Case::default() };
        seen.push(case.check(&running).await);
    }

    // HTTP/1.0 with a key: a proxy's default, which has the connection closed.
    let downgraded =
        instead("HTTP/1.1", "HTTP/1.0").replace("Upgrade: websocket\r\nConnection: Upgrade\r\n", "");
    let closing =
        &[("Upgrade", "websocket"), ("Connection", "Upgrade, close"), ("Sec-WebSocket-Version", "13")];
    let case = Case {
        request: downgraded.as_bytes(),
        code: "upgrade-headers-stripped",
        status: 426,
        fields: closing,
        closes: true,
        ..Case::default()
    };
    seen.push(case.check(&running).await);

    for request in [handshake("/chat", ""), handshake("/chat", "Sec-WebSocket-Protocol: mqtt\r\n")] {
        let case = Case {
            request: request.as_bytes(),
            code: "subprotocol-unsupported",
            status: 400,
            detail: &format!("{} Supported: chat.v2, chat.v1.", Cause::SubprotocolUnsupported.summary()),
            members: json!({ "supported": ["chat.v2", "chat.v1"] }),
            ..Case::default()
        };
        seen.push(case.check(&running).await);
    }
    seen
}
