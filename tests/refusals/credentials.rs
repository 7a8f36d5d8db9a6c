//! Who is it: what is wrong with credentials (RFC 6750, RFC 7515, RFC 7519).

use std::future::ready;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde_json::{Value, json};
use tests::wire::{echo, handshake};
use ws_core::refusal::{Cause, Challenge};
use ws_server::Route;
use ws_server::authenticate::bearer::{Bearer, Signer, Verifier};
use ws_server::authenticate::{AuthenticationError, CertificateFault, Challenging, HandshakeContext};

use crate::case::{Case, start};

const SECRET: &[u8] = b"a secret of thirty-two bytes, ok";

#[tokio::test]
async fn credentials() {
    check().await;
}

pub(crate) async fn check() -> Vec<Cause> {
    let mut seen = bearer().await;
    seen.extend(other_schemes().await);
    seen
}

fn now() -> u64 {
    SystemTime::now().duration_since(UNIX_EPOCH).unwrap().as_secs()
}

/// The claims of a good token, with some of them replaced; `null` removes.
fn claims(changes: &Value) -> Value {
    let mut claims = json!({ "iss": "https://id.example", "aud": "chat", "sub": "ann", "exp": now() + 600 });
    for (name, value) in changes.as_object().unwrap() {
        let claims = claims.as_object_mut().unwrap();
        if value.is_null() {
            claims.remove(name)
        } else {
            claims.insert(name.clone(), value.clone())
        };
    }
    claims
}

async fn bearer() -> Vec<Cause> {
    let signer = Signer::hs256(SECRET).unwrap().with_id("2026");
    let verifier = Verifier::new(signer.verifying_key()).issuer("https://id.example").audience("chat");
    let running =
        start(|server| server.route("/chat", Route::new(echo).authenticate(Bearer::new("chat", verifier))))
            .await;
    let sign = |changes: Value| signer.sign(&claims(&changes)).unwrap();
    let good = sign(json!({}));
    let (content, signature) = good.rsplit_once('.').unwrap();
    let tampered = format!("{content}.{}", signature.chars().rev().collect::<String>());
    let unsigned = {
        let header = URL_SAFE_NO_PAD.encode(r#"{"alg":"none"}"#);
        format!("{header}.{}.", content.split_once('.').unwrap().1)
    };
    let stranger = Signer::hs256(SECRET).unwrap().with_id("1999").sign(&claims(&json!({}))).unwrap();
    let mut seen = Vec::new();

    let request = handshake("/chat", "");
    let missing = Case {
        request: request.as_bytes(),
        code: "credentials-missing",
        status: 401,
        // RFC 6750 3.1: no error for who has said nothing yet.
        fields: &[("WWW-Authenticate", "Bearer realm=\"chat\"")],
        ..Case::default()
    };
    seen.push(missing.check(&running).await);
    let request = handshake("/chat", "Authorization: Basic YTpi\r\n");
    let scheme = Case { request: request.as_bytes(), code: "scheme-unsupported", ..missing };
    seen.push(scheme.check(&running).await);

    for fields in [
        format!("Authorization: Bearer {good}\r\nAuthorization: Bearer {good}\r\n"),
        "Authorization: Bearer a b\r\n".to_owned(),
    ] {
        let challenge = "Bearer realm=\"chat\", error=\"invalid_request\", \
                         error_description=\"The credentials are malformed\"";
        let request = handshake("/chat", &fields);
        let case = Case {
            request: request.as_bytes(),
            code: "credentials-malformed",
            status: 400,
            fields: &[("WWW-Authenticate", challenge)],
            ..Case::default()
        };
        seen.push(case.check(&running).await);
    }

    for (token, code) in [
        ("abc".to_owned(), "token-malformed"),
        (sign(json!({ "exp": "soon" })), "token-malformed"),
        (unsigned, "token-algorithm-denied"),
        (stranger, "token-key-unknown"),
        (tampered, "token-signature-invalid"),
        (sign(json!({ "exp": now() - 5 })), "token-expired"),
        (sign(json!({ "nbf": now() + 500 })), "token-not-yet-valid"),
        (sign(json!({ "iss": "https://other.example" })), "token-issuer-wrong"),
        (sign(json!({ "aud": "mail" })), "token-audience-wrong"),
        (sign(json!({ "exp": null })), "token-claim-missing"),
    ] {
        let title = Cause::from_code(code).unwrap().title();
        let challenge =
            format!("Bearer realm=\"chat\", error=\"invalid_token\", error_description=\"{title}\"");
        let request = handshake("/chat", &format!("Authorization: Bearer {token}\r\n"));
        let case = Case {
            request: request.as_bytes(),
            code,
            status: 401,
            fields: &[("WWW-Authenticate", &challenge)],
            ..Case::default()
        };
        seen.push(case.check(&running).await);
    }
    let welcome =
        running.connect().await.ask(handshake("/chat", &format!("Authorization: Bearer {good}\r\n"))).await;
    assert_eq!(welcome.head.status(), 101);
    seen
}

/// What an authenticator of the application's own may say.
async fn other_schemes() -> Vec<Cause> {
    fn refusing(error: AuthenticationError) -> Route {
        let authenticator = move |_: &HandshakeContext<'_>| ready(Err(error.clone()));
        Route::new(echo).authenticate(Challenging::new(Challenge::ticket("chat"), authenticator))
    }
    let challenge = &[("WWW-Authenticate", "Ticket realm=\"chat\"")][..];
    let wait = &[("Retry-After", "2")][..];
    let mut seen = Vec::new();
    for (error, code, status, fields) in [
        (AuthenticationError::CredentialsRejected, "credentials-rejected", 401, challenge),
        (AuthenticationError::TicketSpent, "ticket-spent", 401, challenge),
        (AuthenticationError::TicketExpired, "ticket-expired", 401, challenge),
        (AuthenticationError::ClientCertificateRequired, "client-certificate-required", 403, &[]),
        (
            AuthenticationError::ClientCertificateRejected(CertificateFault::UnknownHolder),
            "client-certificate-rejected",
            403,
            &[],
        ),
        (
            AuthenticationError::Unavailable { retry_after: Some(Duration::from_secs(2)) },
            "authentication-unavailable",
            503,
            wait,
        ),
        (AuthenticationError::Internal, "internal-error", 500, &[]),
    ] {
        let running = start(|server| server.route("/chat", refusing(error))).await;
        let members = if status == 503 { json!({ "retry_after": 2 }) } else { json!({}) };
        let request = handshake("/chat", "");
        let request = request.as_bytes();
        seen.push(Case { request, code, status, fields, members, ..Case::default() }.check(&running).await);
    }
    seen
}

#[tokio::test]
async fn an_authenticator_that_panics_or_hangs_is_our_fault() {
    let running = start(|server| {
        let panics = |_: &HandshakeContext<'_>| -> std::future::Ready<Result<_, AuthenticationError>> {
            panic!("a bug, on purpose")
        };
        let hangs = |_: &HandshakeContext<'_>| std::future::pending::<Result<_, AuthenticationError>>();
        server
            .authentication_timeout(Duration::from_millis(100))
            .route("/panics", Route::new(echo).authenticate(panics))
            .route("/hangs", Route::new(echo).authenticate(hangs))
    })
    .await;
    let request = handshake("/panics", "");
    let case = Case { request: request.as_bytes(), code: "internal-error", status: 500, ..Case::default() };
    case.check(&running).await;
    let request = handshake("/hangs", "");
    Case {
        request: request.as_bytes(),
        code: "authentication-unavailable",
        status: 503,
        fields: &[("Retry-After", "5")],
        members: json!({ "retry_after": 5 }),
        ..Case::default()
    }
    .check(&running)
    .await;
}
