//! A request with any faults at once.

use std::time::{SystemTime, UNIX_EPOCH};

use serde_json::json;
use ws_server::authenticate::bearer::Signer;

use super::fault::Fault;

/// The one token that is revoked.
pub(super) const STOLEN: &str = "token-that-was-stolen";

/// How it is asked whether one is let in.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Way {
    Handshake,
    DryRun,
}

/// Whose tokens are good.
pub(super) fn signer() -> Signer {
    Signer::hs256(b"a secret of thirty-two bytes, ok").unwrap()
}

/// A request of Ann's with these faults, as far as they are the request's. Each is in a place of its own, so that none
/// hides another.
pub(super) fn request(faults: &[Fault], way: Way) -> String {
    let pick = |fault, wrong: &'static str, right| if faults.contains(&fault) { wrong } else { right };
    let upgrades = way == Way::Handshake;
    let line = [
        if upgrades { pick(Fault::Method, "POST ", "GET ") } else { "GET " },
        // RFC 9112 3.2.2: the host of an absolute target is the one that is asked for, whatever `Host` says.
        pick(Fault::ServedHost, "http://other.example", ""),
        pick(Fault::Route, "/nowhere ", "/chat "),
        pick(Fault::HttpVersion, "HTTP/1.0\r\n", "HTTP/1.1\r\n"),
    ];
    let fields = [
        pick(Fault::Syntax, "Spaced : out\r\n", ""),
        pick(Fault::Host, "Host: chat example\r\n", "Host: chat.example\r\n"),
        pick(Fault::Body, "Content-Length: 5\r\n", ""),
        pick(Fault::Origin, "Origin: http://evil.example\r\n", ""),
        pick(Fault::Policy, "X-Policy: no\r\n", ""),
        pick(Fault::Preparation, "X-Upstream: down\r\n", ""),
    ];
    let upgrade = [
        pick(
            Fault::Upgrade,
            "Upgrade: websocket\r\nConnection: keep-alive\r\n",
            "Upgrade: websocket\r\nConnection: Upgrade\r\n",
        ),
        pick(Fault::WebSocketVersion, "Sec-WebSocket-Version: 8\r\n", "Sec-WebSocket-Version: 13\r\n"),
        pick(Fault::Key, "Sec-WebSocket-Key: short\r\n", "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n"),
        pick(Fault::ExtensionOffer, "Sec-WebSocket-Extensions: a;;b\r\n", ""),
        "Sec-WebSocket-Protocol: ",
        pick(Fault::Subprotocol, "mqtt", "chat"),
        // Once more than RFC 6455 4.1 allows.
        pick(Fault::SubprotocolOffer, ", other, other\r\n", ", other\r\n"),
    ];
    let rest = if upgrades { upgrade.concat() } else { "Accept: application/problem+json\r\n".to_owned() };
    let more = pick(Fault::TooManyFields, "More: x\r\n", "").repeat(64);
    let (line, fields, token) = (line.concat(), fields.concat(), token(faults));
    format!("{line}{fields}{rest}Authorization: Bearer {token}\r\n{more}\r\n")
}

fn token(faults: &[Fault]) -> String {
    let has = |fault| faults.contains(&fault);
    let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap().as_secs();
    let claims = json!({
        "sub": "ann",
        "aud": "chat",
        "jti": if has(Fault::Revoked) { STOLEN } else { "token-of-ann" },
        "exp": if has(Fault::Expired) { now - 600 } else { now + 600 },
        "scope": if has(Fault::Scopes) { "chat:write" } else { "chat:read" },
        "roles": if has(Fault::Roles) { json!(["guest"]) } else { json!(["member"]) },
    });
    signer().sign(&claims).unwrap()
}
