//! What is a request, but no handshake for this server (RFC 6455 4.2.1).

use crate::fault::{Fault, Stage};

pub(crate) const FAULTS: &[Fault] = &[
    Fault::of_request("host-not-served", Stage::ServedHost, &["host"], |ask| {
        ask.set("Host", "other.example");
    })
    .with(|setup| setup.served_hosts = vec!["chat.example"]),
    Fault::of_request("route-not-found", Stage::Route, &["path"], |ask| ask.path = "/nowhere"),
    Fault::of_request("method-not-allowed", Stage::Method, &["method"], |ask| ask.method = "POST"),
    Fault::of_request(
        "upgrade-required",
        Stage::Upgrade,
        &["upgrade", "version", "key", "protocol"],
        |ask| {
            ask.plain();
        },
    ),
    Fault::of_request("upgrade-conflicting", Stage::Upgrade, &["upgrade"], |ask| {
        ask.set("Upgrade", "websocket, h2c");
    }),
    Fault::of_request("upgrade-conflicting", Stage::Upgrade, &["upgrade"], |ask| {
        ask.add("HTTP2-Settings", "AAMAAABkAAQAAP__");
    }),
    Fault::of_request("upgrade-headers-stripped", Stage::Upgrade, &["upgrade", "key"], |ask| {
        ask.remove("Upgrade");
    }),
    Fault::of_request("upgrade-headers-stripped", Stage::Upgrade, &["upgrade", "key"], |ask| {
        ask.remove("Connection");
    }),
    Fault::of_request("websocket-version-unsupported", Stage::WebSocketVersion, &["version"], |ask| {
        ask.set("Sec-WebSocket-Version", "8");
    }),
    Fault::of_request("websocket-version-missing", Stage::WebSocketVersion, &["version"], |ask| {
        ask.remove("Sec-WebSocket-Version");
    }),
    Fault::of_request("websocket-key-invalid", Stage::Key, &["key"], |ask| {
        ask.set("Sec-WebSocket-Key", "dGhlIHNhbXBsZSBub25jZR==");
    }),
    Fault::of_request("extension-offer-malformed", Stage::ExtensionOffer, &["extensions"], |ask| {
        ask.set("Sec-WebSocket-Extensions", "a;;b");
    }),
    Fault::of_request("subprotocol-offer-malformed", Stage::SubprotocolOffer, &["protocol"], |ask| {
        ask.set("Sec-WebSocket-Protocol", "chat, chat");
    }),
    Fault::of_request("subprotocol-unsupported", Stage::Subprotocol, &["protocol"], |ask| {
        ask.set("Sec-WebSocket-Protocol", "mqtt");
    })
    .with(|setup| setup.subprotocol_required = true),
    upstream("upstream-down", |ask| ask.add("X-Upstream", "down")),
    upstream("upstream-refused", |ask| ask.add("X-Upstream", "refuses")),
    upstream("upstream-timeout", |ask| ask.add("X-Upstream", "is-slow")),
    upstream("internal-error", |ask| ask.add("X-Upstream", "panics")),
];

/// What a gateway meets behind it, after all checks.
const fn upstream(code: &'static str, ask: fn(&mut crate::ask::Ask)) -> Fault {
    Fault::of_request(code, Stage::Preparation, &["upstream"], ask)
}
