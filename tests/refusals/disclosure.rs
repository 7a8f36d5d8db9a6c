//! How much a stranger is told.

use tests::wire::{Answer, Running, handshake};
use ws_core::refusal::Disclosure;

use crate::case::start;

const REQUESTS: [(&str, &str); 4] = [
    ("GET /open HTTP/1.1\r\nHost: a b\r\n\r\n", "host-malformed"),
    ("GET /open HTTP/1.1\r\nHost: a\r\nHost: a\r\n\r\n", "duplicate-host"),
    ("GET /open HTTP/1.1\r\n\r\n", "missing-host"),
    ("GET /open HTTP/1.1\r\nHost: a\r\nContent-Length: 1\r\n\r\n", "unexpected-body"),
];

async fn ask(running: &Running, request: &str) -> Answer {
    running.connect().await.ask(request).await
}

#[tokio::test]
async fn minimal_says_the_same_for_every_cause_of_a_status() {
    let running = start(|server| server.disclosure(Disclosure::Minimal)).await;
    for (request, code) in REQUESTS {
        let answer = ask(&running, request).await;
        assert_eq!(answer.body, br#"{"type":"about:blank","title":"Bad Request","status":400}"#, "{code}");
        let id = answer.field("X-Request-Id").unwrap();
        assert_eq!(answer.field("Refused-By"), Some(&*format!("ws-server; id={id}")));
        assert!(!answer.fields().iter().any(|(_, value)| value.contains(code)), "{answer:?}");
    }
}

#[tokio::test]
async fn full_tells_the_detail_and_standard_does_not() {
    for (disclosure, told) in [(Disclosure::Full, true), (Disclosure::Standard, false)] {
        let running = start(|server| server.disclosure(disclosure)).await;
        let request = handshake("/open", "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n");
        let answer = ask(&running, &request).await;
        let body = String::from_utf8(answer.body).unwrap();
        let summary = ws_core::refusal::Cause::WebsocketKeyInvalid.summary();
        assert_eq!(!body.contains(summary), told, "{body}");
    }
}

#[tokio::test]
async fn the_name_and_the_documentation_are_the_operators() {
    let running = start(|server| server.name("edge-7").documentation("https://docs.example/why")).await;
    let answer = ask(&running, REQUESTS[0].0).await;
    assert!(answer.field("Refused-By").unwrap().starts_with("edge-7; code=host-malformed; id="));
    let body = String::from_utf8(answer.body).unwrap();
    assert!(body.contains(r#""type":"https://docs.example/why#host-malformed""#), "{body}");
}
