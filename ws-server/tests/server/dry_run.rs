//! Asking what a handshake would get.

use ws_core::refusal::Cause;
use ws_server::Route;
use ws_server::authenticate::{HandshakeContext, Identity};
use ws_server::authorize::AuthorizationError;
use ws_server::gate::OriginPolicy;

use crate::support::{Running, echo};

async fn start(dry_run: bool) -> Running {
    Running::start(|server| {
        let origins = OriginPolicy::list(["https://app.example.com"]).unwrap().and_same_origin();
        server.dry_run(dry_run).route("/rooms/{room}", Route::new(echo).origins(origins))
    })
    .await
}

fn ask(path: &str, fields: &str) -> String {
    format!("GET {path} HTTP/1.1\r\nHost: localhost\r\nAccept: application/problem+json\r\n{fields}\r\n")
}

#[tokio::test]
async fn it_says_what_the_handshake_would_get() {
    let running = start(true).await;
    let mut client = running.connect().await;
    let accepted = client.ask(&ask("/rooms/a", "Sec-Fetch-Site: same-origin\r\n")).await;
    assert_eq!((accepted.status(), accepted.field("Content-Type")), (200, Some("application/json")));
    assert!(accepted.body.starts_with(r#"{"accepted":true,"#), "{}", accepted.body);
    assert_eq!(accepted.field("Vary"), Some("Origin"));
    let absent = client.ask(&ask("/nowhere", "")).await;
    assert_eq!((absent.status(), absent.field("Content-Type")), (404, Some("application/problem+json")));
    let denied = client.ask(&ask("/rooms/a", "Origin: https://evil.example\r\n")).await;
    assert_eq!((denied.status(), denied.field("Access-Control-Allow-Origin")), (403, None));
    assert!(!client.is_closed().await);
}

#[tokio::test]
async fn pages_of_allowed_origins_may_read_the_answer() {
    let running = start(true).await;
    let mut client = running.connect().await;
    let accepted = client.ask(&ask("/rooms/a", "Origin: https://app.example.com\r\n")).await;
    assert_eq!(accepted.status(), 200);
    assert_eq!(accepted.field("Access-Control-Allow-Origin"), Some("https://app.example.com"));
    let exposed = accepted.field("Access-Control-Expose-Headers").unwrap();
    assert!(exposed.contains("Refused-By") && exposed.contains("X-Request-Id"), "{exposed}");
}

#[tokio::test]
async fn preflights_are_answered_for_allowed_origins() {
    let running = start(true).await;
    let mut client = running.connect().await;
    let preflight = |origin: &str, path: &str| {
        format!(
            "OPTIONS {path} HTTP/1.1\r\nHost: localhost\r\nOrigin: {origin}\r\n\
             Access-Control-Request-Method: GET\r\nAccess-Control-Request-Headers: authorization\r\n\r\n"
        )
    };
    let allowed = client.ask(&preflight("https://app.example.com", "/rooms/a")).await;
    assert_eq!(
        (allowed.status(), allowed.field("Access-Control-Allow-Headers")),
        (204, Some("authorization"))
    );
    assert_eq!(allowed.field("Access-Control-Allow-Origin"), Some("https://app.example.com"));
    let denied = client.ask(&preflight("https://evil.example", "/rooms/a")).await;
    assert_eq!((denied.status(), denied.field("Access-Control-Allow-Origin")), (403, None));
    assert_eq!(client.ask(&preflight("https://app.example.com", "/nowhere")).await.status(), 404);
}

#[tokio::test]
async fn it_is_off_unless_turned_on() {
    let running = start(false).await;
    let mut client = running.connect().await;
    assert_eq!(client.ask(&ask("/rooms/a", "")).await.status(), 426);
    let counters = running.handle.counters();
    assert_eq!((counters.dry_runs(), counters.refused_for(Cause::UpgradeRequired)), (0, 1));
}

/// What is hidden is answered as what is not there: by the fields of CORS too.
#[tokio::test]
async fn a_hidden_route_is_not_shown_by_what_a_page_may_read() {
    let running = Running::start(|server| {
        let origins = OriginPolicy::list(["https://app.example.com"]).unwrap();
        let hidden = |_: &HandshakeContext<'_>, _: &Identity| {
            std::future::ready(Err(AuthorizationError::ResourceHidden { rule: "staff".into() }))
        };
        server.dry_run(true).route("/hidden", Route::new(echo).origins(origins).authorize(hidden))
    })
    .await;
    let mut client = running.connect().await;
    let mut fields = Vec::new();
    for path in ["/hidden", "/absent"] {
        let answer = client.ask(&ask(path, "Origin: https://app.example.com\r\n")).await;
        assert_eq!(answer.status(), 404);
        let names = answer.head.fields().iter().map(|(name, value)| (name.to_owned(), value.len()));
        fields.push(names.collect::<Vec<_>>());
    }
    assert_eq!(fields[0], fields[1]);
}
