//! What the operator learns: everything, once.

use std::sync::{Arc, Mutex};

use tests::wire::{echo, handshake};
use ws_core::refusal::{Cause, Disclosure};
use ws_server::Route;
use ws_server::authenticate::HandshakeContext;
use ws_server::authenticate::Identity;
use ws_server::authorize::AuthorizationError;
use ws_server::gate::Check;

use crate::case::start;

#[tokio::test]
async fn a_hook_that_panics_costs_nobody_an_answer() {
    let running = start(|server| server.on_refusal(|_| panic!("a bug, on purpose"))).await;
    let mut peer = running.connect().await;
    for _ in 0..2 {
        assert_eq!(peer.ask(handshake("/nowhere", "")).await.head.status(), 404);
    }
}

#[tokio::test]
async fn each_refusal_is_reported_once_and_whole() {
    let lines = Arc::new(Mutex::new(Vec::new()));
    let reports = Arc::clone(&lines);
    let hide = |_: &HandshakeContext<'_>, _: &Identity| {
        std::future::ready(Err(AuthorizationError::ResourceHidden { rule: "staff only".into() }))
    };
    let running = start(|server| {
        server.disclosure(Disclosure::Minimal).route("/hidden", Route::new(echo).authorize(hide)).on_refusal(
            move |report| {
                reports.lock().unwrap().push((
                    report.cause,
                    report.status,
                    report.peer,
                    report.request_id.to_string(),
                    report.trace.refused_by(),
                    report.to_string(),
                ));
            },
        )
    })
    .await;

    let mut peer = running.connect().await;
    let from = peer.stream.local_addr().unwrap();
    let hidden = peer.ask(handshake("/hidden?token=secret", "")).await;
    let version = peer.ask(handshake("/open", "").replace("Version: 13", "Version: 7")).await;
    let broken = peer.ask("GET / HTTP/1.1\r\nHost : a\r\n\r\n").await;
    // What is accepted is no refusal.
    assert_eq!(running.connect().await.ask(handshake("/open", "")).await.head.status(), 101);

    let reports = lines.lock().unwrap().clone();
    let causes: Vec<_> = reports.iter().map(|report| (report.0, report.1, report.4)).collect();
    assert_eq!(
        causes,
        [
            (Cause::ResourceHidden, Some(404), Some(Check::Policy)),
            (Cause::WebsocketVersionUnsupported, Some(426), Some(Check::WebSocketVersion)),
            (Cause::MalformedRequest, Some(400), None),
        ]
    );
    for (report, answer) in reports.iter().zip([hidden, version, broken]) {
        assert_eq!((report.2, Some(&*report.3)), (from, answer.field("X-Request-Id")));
        assert!(report.5.contains(&report.3), "{}", report.5);
        assert!(!report.5.contains("secret"), "the query may hold credentials: {}", report.5);
    }
    assert!(reports[0].5.starts_with("404 resource-hidden GET /hidden from 127.0.0.1:"), "{}", reports[0].5);
    assert!(reports[0].5.contains("staff only"), "{}", reports[0].5);
}
