//! Who somebody is: each method of the file, right and wrong.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde_json::json;
use tests::wire::handshake;
use ws_server::authenticate::signed::SecretKeys;

use crate::gateway::{BEARER, Folder, Gateway, bearer, now, refusal, route, token};

#[tokio::test]
async fn tokens() {
    let config = format!(
        "[address]\ndeny = []\n{BEARER}leeway = \"0s\"\nfrom = [\"header\", \"query:access\", \"cookie:token\", \"subprotocol\"]\n\
         scope_claim = \"scp\"\nroles_claim = \"groups\"\n{}",
        route(
            "/",
            "authenticate = [\"bearer\"]\nscopes = [\"chat:read\"]\nroles = [\"member\"]\nsubprotocols = [\"chat\"]"
        )
    );
    let gateway = Gateway::start("tokens", &config);
    let good = json!({ "scp": "chat:read chat:write", "groups": ["member"] });
    assert_eq!(gateway.ask("/", &bearer(&good)).await.head.status(), 101);
    assert_eq!(gateway.ask(&format!("/?access={}", token(&good)), "").await.head.status(), 101);
    let cookie = format!("Cookie: a=b; token={}\r\n", token(&good));
    assert_eq!(gateway.ask("/", &cookie).await.head.status(), 101);
    let pair = format!("Sec-WebSocket-Protocol: bearer, {}\r\n", token(&good));
    let answer = gateway.ask("/", &pair).await;
    assert_eq!((answer.head.status(), answer.field("Sec-WebSocket-Protocol")), (101, Some("bearer")));

    let claims = |claims: serde_json::Value| bearer(&claims);
    for (fields, status, code) in [
        (String::new(), 401, "credentials-missing"),
        ("Authorization: Basic YTpi\r\n".to_owned(), 401, "scheme-unsupported"),
        ("Authorization: Bearer\r\n".to_owned(), 400, "credentials-malformed"),
        ("Authorization: Bearer x.y\r\n".to_owned(), 401, "token-malformed"),
        (
            format!("{}Cookie: token={}\r\n", bearer(&good), token(&good)),
            101,
            "", // A cookie that a browser sends by itself does not count beside an explicit credential.
        ),
        (claims(json!({ "exp": now() - 1 })), 401, "token-expired"),
        (claims(json!({ "nbf": now() + 600 })), 401, "token-not-yet-valid"),
        (claims(json!({ "iss": "https://evil.example" })), 401, "token-issuer-wrong"),
        (claims(json!({ "aud": "mail" })), 401, "token-audience-wrong"),
        (claims(json!({ "exp": null })), 401, "token-malformed"),
        (claims_without_expiry(), 401, "token-claim-missing"),
        (claims(json!({ "groups": ["member"] })), 403, "scope-insufficient"),
        (claims(json!({ "scp": ["chat:read"] })), 403, "role-missing"),
    ] {
        let refused = refusal(&gateway.ask("/", &fields).await);
        assert_eq!(refused, (status, code.to_owned()), "{fields}");
    }
    let tampered = bearer(&good).replace("\r\n", "A\r\n");
    assert_eq!(gateway.refusal("/", &tampered).await, (401, "token-signature-invalid".to_owned()));
    // No secret and no token is in the log.
    let log = gateway.log();
    assert!(!log.contains(&token(&good)) && log.contains("token-expired"), "{log}");
}

fn claims_without_expiry() -> String {
    let claims = json!({ "sub": "ann", "aud": "chat", "iss": "https://id.example" });
    let token = ws_server::authenticate::bearer::Signer::hs256(crate::gateway::SECRET).unwrap().sign(&claims);
    format!("Authorization: Bearer {}\r\n", token.unwrap())
}

#[tokio::test]
async fn keys_in_files() {
    for (keys, file, content) in [
        ("public_key_file = \"k\"\nalgorithms = [\"ES256\"]", "k", tests::keys::P256_PUBLIC.to_vec()),
        ("jwks_file = \"k\"", "k", br#"{"keys":[{"kty":"OKP","crv":"Ed25519","kid":"1","x":"11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo"}]}"#.to_vec()),
    ] {
        let folder = Folder::new("keys");
        folder.write(file, content);
        let config = format!("[bearer]\n{keys}\n{}", route("/", "authenticate = [\"bearer\"]"));
        let gateway = Gateway::start_in(folder, &config);
        // An algorithm is pinned to its key: the public key is no secret for HS256.
        let (status, code) = gateway.refusal("/", &bearer(&json!({}))).await;
        assert_eq!((status, &*code), (401, "token-algorithm-denied"), "{keys}");
        if keys.contains("jwks") {
            let other = ws_server::authenticate::bearer::Signer::ed25519(&[7; 32]).unwrap().with_id("2");
            let token = other.sign(&json!({ "exp": now() + 60 })).unwrap();
            let refused = gateway.refusal("/", &format!("Authorization: Bearer {token}\r\n")).await;
            assert_eq!(refused, (401, "token-key-unknown".to_owned()));
        }
    }
}

#[tokio::test]
async fn keys_that_cannot_be_fetched_are_nobodys_fault() {
    for source in ["jwks_url = \"http://127.0.0.1:1/jwks\"", "openid_issuer = \"http://127.0.0.1:1\""] {
        let config = format!("[bearer]\n{source}\n{}", route("/", "authenticate = [\"bearer\"]"));
        let gateway = Gateway::start("unavailable", &config);
        let answer = gateway.ask("/", &bearer(&json!({}))).await;
        assert_eq!(refusal(&answer), (503, "authentication-unavailable".to_owned()), "{source}");
        assert!(answer.field("Retry-After").is_some());
    }
    let config = format!(
        "[introspection]\nurl = \"http://127.0.0.1:1/\"\ntimeout = \"1s\"\n{}",
        route("/", "authenticate = [\"introspection\"]")
    );
    let gateway = Gateway::start("unavailable", &config);
    let refused = gateway.refusal("/", "Authorization: Bearer opaque\r\n").await;
    assert_eq!(refused, (503, "authentication-unavailable".to_owned()));
}

#[tokio::test]
async fn passwords_api_keys_cookies_and_tickets() {
    let folder = Folder::new("local");
    // The password is "secret".
    folder.write("users", "ann:$2y$05$CCCCCCCCCCCCCCCCCCCCC.E5YPO9kmyuRGyh0XouQYb4YMJKvyOeW\n");
    folder.write(
        "keys.toml",
        "[[key]]\nname = \"probe\"\nsha256 = \"2c70e12b7a0646f92279f427c7b38e7334d8e5389cff167a1dc30e73f826b683\"\nroles = [\"monitor\"]\n",
    );
    let secret = b"cookie secret, long enough";
    let tickets = b"ticket secret, long enough";
    folder.write("cookie.key", [&secret[..], b"\n"].concat());
    folder.write("ticket.key", tickets);
    let config = format!(
        "dry_run = true\n[basic]\nhtpasswd_file = \"users\"\n[api_key]\nheader = \"X-Key\"\nkeys_file = \"keys.toml\"\n\
         [cookie]\nname = \"sid\"\nsecret_file = \"cookie.key\"\n\
         [ticket]\nparameter = \"t\"\nsecret_file = \"ticket.key\"\nlifetime = \"20s\"\n{}{}{}",
        route("/all", "authenticate = [\"basic\", \"api-key\", \"cookie\", \"ticket\"]"),
        route("/monitor", "authenticate = [\"api-key\"]\nroles = [\"monitor\"]"),
        route("/optional", "authenticate = [\"cookie\", \"none\"]"),
    );
    let gateway = Gateway::start_in(folder, &config);
    let basic = |pair: &str| format!("Authorization: Basic {}\r\n", STANDARD.encode(pair));
    let sid = SecretKeys::new(secret).unwrap().sign(&json!({ "sub": "ann" })).unwrap();
    let ticket = |claims: serde_json::Value| SecretKeys::new(tickets).unwrap().sign(&claims).unwrap();
    let good = ticket(json!({ "sub": "ann", "jti": "1", "exp": now() + 10 }));
    let late = ticket(json!({ "sub": "ann", "jti": "2", "exp": now() - 1 }));
    let endless = ticket(json!({ "sub": "ann", "jti": "3", "exp": now() + 600 }));
    let rejected = (401, "credentials-rejected".to_owned());

    let answer = gateway.ask("/all", "").await;
    assert_eq!(refusal(&answer), (401, "credentials-missing".to_owned()));
    let challenges: Vec<String> = answer
        .fields()
        .into_iter()
        .filter(|(name, _)| name.eq_ignore_ascii_case("WWW-Authenticate"))
        .map(|(_, value)| value)
        .collect();
    let challenges = challenges.join(", ");
    for scheme in ["Basic", "ApiKey", "Cookie", "Ticket"] {
        assert!(challenges.contains(&format!("{scheme} realm=\"gateway\"")), "{scheme} in {challenges}");
    }
    assert_eq!(gateway.refusal("/all", &basic("ann:wrong")).await, rejected);
    assert_eq!(
        gateway.refusal("/all", &basic("bob:secret")).await,
        rejected,
        "no such user, the same answer"
    );
    assert_eq!(gateway.refusal("/all", "X-Key: wrong\r\n").await, rejected);
    assert_eq!(gateway.refusal("/all", "Cookie: sid=x.y\r\n").await, rejected);
    let dry = format!("GET /all?t={good} HTTP/1.1\r\nHost: h\r\nAccept: application/problem+json\r\n\r\n");
    assert_eq!(gateway.connect().await.ask(dry).await.head.status(), 200, "looked at, not spent");
    assert_eq!(gateway.ask(&format!("/all?t={good}"), "").await.head.status(), 101);
    assert_eq!(gateway.refusal(&format!("/all?t={good}"), "").await, (401, "ticket-spent".to_owned()));
    assert_eq!(gateway.refusal(&format!("/all?t={late}"), "").await, (401, "ticket-expired".to_owned()));
    assert_eq!(gateway.refusal(&format!("/all?t={endless}"), "").await, rejected, "beyond the lifetime");
    assert_eq!(gateway.ask("/all", &format!("Cookie: sid={sid}\r\n")).await.head.status(), 101);
    assert_eq!(gateway.refusal("/monitor", "").await, (401, "credentials-missing".to_owned()));
    assert_eq!(gateway.ask("/optional", "").await.head.status(), 101);
    assert_eq!(
        gateway.refusal("/optional", "Cookie: sid=x.y\r\n").await,
        rejected,
        "optional is not whatever"
    );
    let mut kept = gateway.connect().await;
    assert_eq!(kept.ask(handshake("/all", "")).await.head.status(), 401);
    let log = gateway.log();
    for secret in [&*good, &sid, "ann:wrong", &STANDARD.encode("ann:wrong")] {
        assert!(!log.contains(secret), "a secret in the log");
    }
}
