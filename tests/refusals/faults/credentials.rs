//! Who is it: what is wrong with credentials (RFC 6750, RFC 7515, RFC 7519).

use std::time::{Duration, SystemTime};

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde_json::json;
use ws_server::authenticate::bearer::Signer;
use ws_server::authenticate::signed::SecretKeys;
use ws_server::authenticate::ticket::{Grant, TicketIssuer};

use crate::ask::{Ask, Credential};
use crate::fault::{Fault, Stage};
use crate::secrets::{self, keep, now};

pub(crate) const FAULTS: &[Fault] = &[
    nobody("credentials-missing", |ask| ask.credential = Credential::Nothing),
    nobody("scheme-unsupported", |ask| authorization(ask, format!("Basic {}", keep(secrets::BASIC)))),
    credential("credentials-malformed", |ask| {
        let token = secrets::token(&ask.claims);
        ask.add("Authorization", format!("Bearer {token}"));
    }),
    credential("credentials-malformed", |ask| {
        let token = secrets::token(&ask.claims);
        authorization(ask, format!("Bearer {token} {token}"));
    }),
    elsewhere("credentials-malformed", |ask| {
        ask.query = format!("?access_token={}", secrets::token(&ask.claims));
    }),
    credential("token-malformed", |ask| {
        authorization(ask, format!("Bearer {}", keep("what-is-this-supposed-to-be")));
    }),
    claims("token-malformed", |ask| ask.claim("exp", json!("soon"))),
    credential("token-algorithm-denied", |ask| {
        let header = URL_SAFE_NO_PAD.encode(r#"{"alg":"none"}"#);
        let good = secrets::token(&ask.claims);
        let payload = good.split('.').nth(1).unwrap();
        authorization(ask, format!("Bearer {}", keep(format!("{header}.{payload}."))));
    }),
    credential("token-key-unknown", |ask| {
        let stranger = Signer::hs256(secrets::SECRET.as_bytes()).unwrap().with_id("1999");
        let token = stranger.sign(&json!({ "sub": "ann", "exp": now() + 600 })).unwrap();
        authorization(ask, format!("Bearer {}", keep(token)));
    }),
    credential("token-signature-invalid", |ask| {
        let good = secrets::token(&ask.claims);
        let (content, signature) = good.rsplit_once('.').unwrap();
        let tampered = format!("{content}.{}", signature.chars().rev().collect::<String>());
        authorization(ask, format!("Bearer {}", keep(tampered)));
    }),
    claims("token-expired", |ask| ask.claim("exp", json!(now() - 5))),
    claims("token-not-yet-valid", |ask| ask.claim("nbf", json!(now() + 500))),
    claims("token-issuer-wrong", |ask| ask.claim("iss", json!("https://other.example"))),
    claims("token-audience-wrong", |ask| ask.claim("aud", json!("mail"))),
    claims("token-claim-missing", |ask| ask.claim("exp", json!(null))),
    claims("token-revoked", |ask| ask.claim("jti", json!("a-stolen-one")))
        .with(|setup| setup.revoked = Some("a-stolen-one")),
    // A token is as little told where it travels in other places.
    elsewhere("token-expired", |ask| expired(ask, Credential::Query)),
    elsewhere("token-expired", |ask| expired(ask, Credential::Cookie)),
    elsewhere("token-expired", |ask| expired(ask, Credential::Subprotocol)),
    credential("credentials-rejected", |ask| ask.add("X-Authenticator", "rejects")),
    elsewhere("credentials-rejected", |ask| {
        (ask.path, ask.credential) = ("/key", Credential::Nothing);
        ask.add("X-Api-Key", keep(secrets::WRONG_API_KEY));
    }),
    elsewhere("credentials-rejected", |ask| {
        (ask.path, ask.credential) = ("/cookie", Credential::Nothing);
        let stranger = keys("another key than that of the server");
        let cookie = stranger.sign(&json!({ "sub": "ann", "exp": now() + 60 })).unwrap();
        ask.add("Cookie", format!("session={}", keep(cookie)));
    }),
    elsewhere("ticket-expired", |ask| with_ticket(ask, SystemTime::now() - Duration::from_secs(3600))),
    elsewhere("ticket-spent", |ask| with_ticket(ask, SystemTime::now())).with(|setup| setup.spend = true),
    elsewhere("client-certificate-required", |ask| {
        (ask.path, ask.credential) = ("/certificate", Credential::Nothing);
    }),
    credential("client-certificate-rejected", |ask| ask.add("X-Authenticator", "rejects-certificate")),
    credential("authentication-unavailable", |ask| ask.add("X-Authenticator", "is-down")),
    credential("authentication-unavailable", |ask| ask.add("X-Authenticator", "hangs")),
    credential("internal-error", |ask| ask.add("X-Authenticator", "panics")),
];

/// Without a token, nothing can be wrong with one.
const fn nobody(code: &'static str, ask: fn(&mut Ask)) -> Fault {
    Fault::of_request(code, Stage::Authentication, &["credential", "claims", "scope", "roles"], ask)
}

/// What is wrong with how somebody says who they are.
const fn credential(code: &'static str, ask: fn(&mut Ask)) -> Fault {
    Fault::of_request(code, Stage::Authentication, &["credential", "claims"], ask)
}

/// What is wrong with the claims of a token, of which scope and roles may be wrong as well.
const fn claims(code: &'static str, ask: fn(&mut Ask)) -> Fault {
    Fault::of_request(code, Stage::Authentication, &["credential", "claims"], ask)
}

/// On another route, or in another place, than the token of the good request.
const fn elsewhere(code: &'static str, ask: fn(&mut Ask)) -> Fault {
    const TOUCHED: &[&str] = &[
        "path",
        "query",
        "credential",
        "claims",
        "scope",
        "roles",
        "rule",
        "upstream",
        "protocol",
        "upgrade",
    ];
    Fault::of_request(code, Stage::Authentication, TOUCHED, ask)
}

fn authorization(ask: &mut Ask, value: String) {
    ask.credential = Credential::Authorization(value);
}

fn expired(ask: &mut Ask, credential: Credential) {
    ask.claim("exp", json!(now() - 5));
    ask.credential = credential;
}

fn keys(key: &str) -> SecretKeys {
    SecretKeys::new(key.as_bytes()).unwrap()
}

fn with_ticket(ask: &mut Ask, issued: SystemTime) {
    (ask.path, ask.credential) = ("/ticket", Credential::Nothing);
    let ticket = TicketIssuer::new(keys(secrets::TICKET_KEY)).issue(&Grant::to("ann"), issued).unwrap();
    ask.query = format!("?ticket={}", keep(ticket));
}
