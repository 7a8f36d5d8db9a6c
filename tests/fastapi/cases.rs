//! What is sent.

use std::time::{Duration, SystemTime, UNIX_EPOCH};

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde_json::{Value, json};
use ws_server::authenticate::bearer::Signer;

/// One row of the table.
pub(crate) struct Case {
    /// The cause for which the gateway refuses it, or `accepted`.
    pub(crate) cause: &'static str,
    /// What is wrong.
    pub(crate) what: &'static str,
    /// The client's address, if it matters; each row has its own otherwise.
    pub(crate) from: Option<&'static str>,
    /// How often the same was sent before.
    pub(crate) before: usize,
    pub(crate) request: fn(&Tokens) -> String,
}

impl Case {
    pub(crate) const NONE: Self =
        Self { cause: "accepted", what: "what is in order", from: None, before: 0, request: good };

    const fn new(cause: &'static str, what: &'static str, request: fn(&Tokens) -> String) -> Self {
        Self { cause, what, request, ..Self::NONE }
    }

    /// Whether the application checks this by itself.
    pub(crate) fn is_the_applications(&self) -> bool {
        const CHECKED: [&str; 16] = [
            "route-not-found",
            "origin-denied",
            "credentials-missing",
            "scheme-unsupported",
            "token-malformed",
            "token-algorithm-denied",
            "token-signature-invalid",
            "token-expired",
            "token-not-yet-valid",
            "token-issuer-wrong",
            "token-audience-wrong",
            "token-claim-missing",
            "scope-insufficient",
            "role-missing",
            "policy-denied",
            "upstream-refused",
        ];
        CHECKED.contains(&self.cause)
    }
}

/// In the order of the gate's checks.
pub(crate) const CASES: &[Case] = &[
    Case::NONE,
    Case::new("malformed-request", "a space before a colon", |tokens| {
        good(tokens).replace("Host: ", "Host : ")
    }),
    Case::new("head-too-large", "a field of 20,000 bytes", |tokens| {
        with_token("/rooms/lobby", &format!("X-Long: {}\r\n", "x".repeat(20_000)), &tokens.good())
    }),
    Case::new("http-version-unsupported", "HTTP/1.0", |tokens| good(tokens).replace("HTTP/1.1", "HTTP/1.0")),
    Case::new("missing-host", "no Host", |tokens| good(tokens).replace("Host: chat.example\r\n", "")),
    Case::new("unexpected-body", "a handshake with a body", |tokens| {
        with_token("/rooms/lobby", "Content-Length: 2\r\n", &tokens.good()) + "{}"
    }),
    Case { from: Some("127.1.0.66"), ..Case::new("address-denied", "an address that is denied", good) },
    Case {
        before: 5,
        ..Case::new("rate-limited", "the sixth attempt in a minute", |tokens| {
            handshake("/rooms/lobby", &bearer(&tokens.expired()))
        })
    },
    Case {
        before: 3,
        ..Case::new("address-quota-exceeded", "a fourth connection from one address", |tokens| {
            // Each of another user, so that it is the address that has too many.
            handshake("/rooms/lobby", &bearer(&tokens.of_somebody_new()))
        })
    },
    Case::new("route-not-found", "a path that is not there", |tokens| {
        with_token("/nowhere", "", &tokens.good())
    }),
    Case::new("method-not-allowed", "POST", |tokens| good(tokens).replacen("GET ", "POST ", 1)),
    Case::new("upgrade-required", "a plain GET", |tokens| {
        format!("GET /rooms/lobby HTTP/1.1\r\nHost: chat.example\r\n{}\r\n", bearer(&tokens.good()))
    }),
    Case::new("upgrade-headers-stripped", "a proxy has dropped Upgrade and Connection", |tokens| {
        good(tokens).replace("Upgrade: websocket\r\nConnection: Upgrade\r\n", "")
    }),
    Case::new("websocket-version-unsupported", "version 8", |tokens| {
        good(tokens).replace("Version: 13", "Version: 8")
    }),
    Case::new("websocket-version-missing", "no version", |tokens| {
        good(tokens).replace("Sec-WebSocket-Version: 13\r\n", "")
    }),
    Case::new("websocket-key-invalid", "a key of 3 bytes", |tokens| {
        good(tokens).replace("dGhlIHNhbXBsZSBub25jZQ==", "AAAA")
    }),
    Case::new("extension-offer-malformed", "an extension without a name", |tokens| {
        with_token("/rooms/lobby", "Sec-WebSocket-Extensions: ;a\r\n", &tokens.good())
    }),
    Case::new("subprotocol-offer-malformed", "the same subprotocol twice", |tokens| {
        with_token("/rooms/lobby", "Sec-WebSocket-Protocol: a, a\r\n", &tokens.good())
    }),
    Case::new("origin-denied", "a page of another site", |tokens| {
        with_token("/rooms/lobby", "Origin: https://evil.example\r\n", &tokens.good())
    }),
    Case::new("credentials-missing", "no token", |_| handshake("/rooms/lobby", "")),
    Case::new("credentials-malformed", "a token in the header and one in the query", |tokens| {
        let good = tokens.good();
        with_token(&format!("/rooms/lobby?token={good}"), "", &good)
    }),
    Case::new("scheme-unsupported", "a password", |_| {
        handshake("/rooms/lobby", "Authorization: Basic YW5uOnB3\r\n")
    }),
    Case::new("token-malformed", "a token that is none", |_| handshake("/rooms/lobby", &bearer("abc"))),
    Case::new("token-algorithm-denied", "an unsigned token (`alg` is `none`)", |tokens| {
        handshake("/rooms/lobby", &bearer(&tokens.unsigned()))
    }),
    Case::new("token-signature-invalid", "a token that somebody else has signed", |tokens| {
        handshake("/rooms/lobby", &bearer(&tokens.forged()))
    }),
    Case::new("token-expired", "a token that has expired", |tokens| {
        handshake("/rooms/lobby", &bearer(&tokens.expired()))
    }),
    Case::new("token-not-yet-valid", "a token for tomorrow", |tokens| {
        with(tokens, &json!({ "nbf": now() + 86_400 }))
    }),
    Case::new("token-issuer-wrong", "a token of another issuer", |tokens| {
        with(tokens, &json!({ "iss": "https://other.example" }))
    }),
    Case::new("token-audience-wrong", "a token for another application", |tokens| {
        with(tokens, &json!({ "aud": "mail" }))
    }),
    Case::new("token-claim-missing", "a token that never expires", |tokens| {
        with(tokens, &json!({ "exp": null }))
    }),
    Case::new("token-revoked", "a token that was revoked", |tokens| {
        with(tokens, &json!({ "jti": "revoked-1" }))
    }),
    Case::new("scope-insufficient", "a token without the scope", |tokens| {
        with(tokens, &json!({ "scope": "chat:write" }))
    }),
    Case::new("role-missing", "a member in the room of the staff", |tokens| {
        with_token("/rooms/staff", "", &tokens.good())
    }),
    Case::new("policy-denied", "somebody who is banned", |tokens| with(tokens, &json!({ "sub": "mallory" }))),
    Case::new("route-not-found", "a member at a room that is hidden from them", |tokens| {
        with_token("/rooms/board", "", &tokens.good())
    }),
    Case {
        before: 2,
        ..Case::new("principal-quota-exceeded", "a third connection of one user", |tokens| {
            with(tokens, &json!({ "sub": "eve" }))
        })
    },
    Case::new("upstream-refused", "a room that only the application knows to be closed", |tokens| {
        with_token("/rooms/archive", "", &tokens.good())
    }),
];

/// Makes tokens.
pub(crate) struct Tokens {
    ours: Signer,
    foreign: Signer,
}

impl Tokens {
    pub(crate) fn new(secret: &str) -> Self {
        let foreign = Signer::hs256(b"a secret that is somebody else's").unwrap();
        Self { ours: Signer::hs256(secret.as_bytes()).unwrap(), foreign }
    }

    /// A token that is in order.
    pub(crate) fn good(&self) -> String {
        self.of_somebody_new()
    }

    /// One that will not be for long, and when it will have expired.
    pub(crate) fn short_lived(&self) -> (String, SystemTime) {
        let expires = now() + 2;
        (self.changed(&json!({ "exp": expires })), UNIX_EPOCH + Duration::from_secs(expires))
    }

    fn expired(&self) -> String {
        self.changed(&json!({ "exp": now() - 60 }))
    }

    /// Each user may have but a few connections.
    fn of_somebody_new(&self) -> String {
        use std::sync::atomic::{AtomicUsize, Ordering};
        static USERS: AtomicUsize = AtomicUsize::new(0);
        self.changed(&json!({ "sub": format!("user-{}", USERS.fetch_add(1, Ordering::Relaxed)) }))
    }

    fn changed(&self, changes: &Value) -> String {
        self.ours.sign(&claims(changes)).unwrap()
    }

    fn forged(&self) -> String {
        self.foreign.sign(&claims(&json!({}))).unwrap()
    }

    fn unsigned(&self) -> String {
        let good = self.good();
        let payload = good.split('.').nth(1).unwrap();
        format!("{}.{payload}.", URL_SAFE_NO_PAD.encode(r#"{"alg":"none","typ":"JWT"}"#))
    }
}

/// The handshake that is let in.
pub(crate) fn good(tokens: &Tokens) -> String {
    with_token("/rooms/lobby", "Origin: https://app.example.com\r\n", &tokens.good())
}

pub(crate) fn handshake(target: &str, fields: &str) -> String {
    tests::wire::handshake(target, fields)
}

/// A handshake whose token has these claims instead; null removes one.
fn with(tokens: &Tokens, changes: &Value) -> String {
    handshake("/rooms/lobby", &bearer(&tokens.changed(changes)))
}

fn with_token(target: &str, fields: &str, token: &str) -> String {
    handshake(target, &format!("{fields}{}", bearer(token)))
}

fn bearer(token: &str) -> String {
    format!("Authorization: Bearer {token}\r\n")
}

fn claims(changes: &Value) -> Value {
    let mut claims = json!({
        "iss": "https://id.example", "aud": "chat", "sub": "ann", "exp": now() + 600, "scope": "chat:read",
        "roles": ["member"],
    });
    for (name, value) in changes.as_object().unwrap() {
        claims[name] = value.clone();
    }
    claims.as_object_mut().unwrap().retain(|_, value| !value.is_null());
    claims
}

fn now() -> u64 {
    SystemTime::now().duration_since(UNIX_EPOCH).unwrap().as_secs()
}
