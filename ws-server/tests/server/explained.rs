//! What the operator learns of each handshake: one event, one call, one count.

use std::sync::{Arc, Mutex};
use std::time::Duration;

use tokio::time::timeout;
use ws_core::message::{CloseCode, CloseFrame};
use ws_core::refusal::{Cause, Refusal};
use ws_server::authenticate::{AuthenticationError, HandshakeContext, Identity, Scheme};
use ws_server::{HandlerError, Route, Session};

use crate::events::Events;
use crate::support::{PATIENCE, Running, echo, handshake};

/// Everybody is Ann, with a line break in her name.
fn ann(_: &HandshakeContext<'_>) -> std::future::Ready<Result<Identity, AuthenticationError>> {
    let who = Identity::new(Scheme::Custom("test".into())).with_subject("ann\nann");
    std::future::ready(Ok(who))
}

async fn ask(running: &Running, path: &str) -> u16 {
    running.connect().await.ask(&handshake(path)).await.status()
}

#[tokio::test]
async fn each_handshake_is_one_event_one_call_and_one_count() {
    let events = Events::default();
    let _guard = events.listen();
    let calls = Arc::new(Mutex::new(Vec::new()));
    let (accepts, refusals) = (Arc::clone(&calls), Arc::clone(&calls));
    let running = Running::start(|server| {
        server
            .route("/rooms/{room}", Route::new(echo).authenticate(ann).subprotocols(["chat"]))
            .on_accept(move |accepted| {
                let trace = serde_json::to_value(accepted.trace).unwrap();
                assert_eq!(trace[0]["check"], "http-version");
                accepts.lock().unwrap().push(accepted.to_string());
            })
            .on_refusal(move |refused| refusals.lock().unwrap().push(refused.to_string()))
    })
    .await;

    assert_eq!(ask(&running, "/rooms/one?token=secret").await, 101);
    let accepted = events.take();
    assert_eq!(accepted.len(), 1, "{accepted:?}");
    let accepted = &accepted[0];
    for (field, value) in [
        ("target", "ws_server::handshake"),
        ("message", "accepted"),
        ("route", "/rooms/{room}"),
        ("path", "/rooms/one"),
        ("scheme", "test"),
        ("subject", "ann\\nann"),
    ] {
        assert_eq!(accepted[field], value, "{field}");
    }
    assert!(accepted["checks"].starts_with("http-version:"), "{}", accepted["checks"]);
    assert!(accepted["checks"].contains(" authentication:"), "{}", accepted["checks"]);
    assert!(accepted["checks"].contains("{test} "), "{}", accepted["checks"]);
    assert_eq!(accepted["request_id"].len(), 24);
    assert!(accepted["duration_us"].parse::<u64>().is_ok());

    assert_eq!(ask(&running, "/nowhere?token=secret").await, 404);
    let refused = events.take();
    assert_eq!(refused.len(), 1, "{refused:?}");
    let refused = &refused[0];
    for (field, value) in [
        ("target", "ws_server::refusal"),
        ("cause", "route-not-found"),
        ("path", "/nowhere"),
        ("status", "404"),
    ] {
        assert_eq!(refused[field], value, "{field}");
    }
    assert!(refused["checks"].contains(" route=route-not-found"), "{}", refused["checks"]);

    let calls = calls.lock().unwrap();
    assert_eq!(calls.len(), 2, "{calls:?}");
    let id = &accepted["request_id"];
    assert!(calls[0].starts_with("101 GET /rooms/one from 127.0.0.1:"), "{}", calls[0]);
    assert!(calls[0].ends_with(&format!(" as \"ann\\nann\" (test) [{id}]")), "{}", calls[0]);
    assert!(calls[1].starts_with("404 route-not-found GET /nowhere from "), "{}", calls[1]);
    for told in [format!("{accepted:?}"), format!("{refused:?}"), calls.join(" ")] {
        assert!(!told.contains("secret"), "the query may hold credentials: {told}");
    }

    let counters = running.handle.counters();
    assert_eq!((counters.accepted(), counters.refused_for(Cause::RouteNotFound)), (1, 1));
    assert_eq!(counters.refused().map(|(_, count)| count).sum::<u64>(), 1);
    assert!(counters.time_deciding().as_nanos() > 0);
    let metrics = running.handle.metrics();
    for line in [
        "ws_handshakes_accepted_total 1",
        "ws_handshakes_refused_total{cause=\"route-not-found\",status=\"404\"} 1",
    ] {
        assert!(metrics.lines().any(|told| told == line), "{line} in {metrics}");
    }
}

#[tokio::test]
async fn a_hook_that_panics_keeps_nobody_out() {
    let running = Running::start(|server| {
        server.route("/echo", Route::new(echo)).on_accept(|_| panic!("a bug, on purpose"))
    })
    .await;
    for _ in 0..2 {
        assert_eq!(ask(&running, "/echo").await, 101);
    }
}

/// How a session ends, whoever ends it, is counted by close code, and by cause where there is one.
#[tokio::test]
async fn ends_are_counted_by_code_and_cause() {
    let obey = |mut session: Session| async move {
        match session.recv().await?.and_then(|message| message.as_text().map(str::to_owned)).as_deref() {
            Some("fail") => Err(HandlerError::from("a fault of its own")),
            Some("refuse") => Err(Refusal::new(Cause::PolicyDenied).into()),
            _ => session.recv().await.map(drop).map_err(HandlerError::from),
        }
    };
    let running = Running::start(|server| {
        server.close_timeout(Duration::from_millis(50)).route("/obey", Route::new(obey))
    })
    .await;
    let counters = running.handle.counters();
    let over = async |count: u64| {
        let wait = async {
            while counters.closed().map(|(_, count)| count).sum::<u64>() < count || counters.open() > 0 {
                tokio::time::sleep(Duration::from_millis(2)).await;
            }
        };
        timeout(PATIENCE, wait).await.expect("in time");
    };

    let mut socket = running.open("/obey").await;
    assert_eq!(counters.open(), 1);
    socket.close(CloseFrame::new(CloseCode::new(4321).unwrap(), "")).await.unwrap();
    over(1).await;
    for (word, nth) in [("fail", 2), ("refuse", 3)] {
        let mut socket = running.open("/obey").await;
        socket.send(word).await.unwrap();
        assert_eq!(socket.recv().await.unwrap(), None);
        over(nth).await;
    }
    let mut client = running.connect().await;
    assert_eq!(client.ask(&handshake("/obey")).await.status(), 101);
    // RFC 6455 5.1: a frame of a client's has a mask.
    client.send(b"\x81\x02hi").await;
    over(4).await;
    let mut client = running.connect().await;
    assert_eq!(client.ask(&handshake("/obey")).await.status(), 101);
    drop(client);
    over(5).await;
    let mut socket = running.open("/obey").await;
    running.handle.shutdown();
    assert_eq!(socket.recv().await.unwrap(), None);
    over(6).await;

    let closed: Vec<_> = counters.closed().filter(|(_, count)| *count > 0).collect();
    let expected = [Some(1001), Some(1002), Some(1006), Some(1011), Some(3003), None];
    assert_eq!(closed, expected.map(|code| (code, 1)));
    let ended: Vec<_> =
        counters.ended().filter(|(_, count)| *count > 0).map(|(cause, _)| cause.code()).collect();
    assert_eq!(ended, ["policy-denied", "server-draining", "internal-error"]);
    let metrics = running.handle.metrics();
    for line in [
        "ws_sessions_open 0",
        "ws_sessions_closed_total{code=\"3003\"} 1",
        "ws_sessions_ended_total{cause=\"policy-denied\"} 1",
    ] {
        assert!(metrics.lines().any(|told| told == line), "{line} in {metrics}");
    }
}

#[tokio::test]
async fn dry_runs_are_counted_apart() {
    let running = Running::start(|server| server.dry_run(true).route("/echo", Route::new(echo))).await;
    for (path, status) in [("/echo", 200), ("/nowhere", 404)] {
        let request = format!("GET {path} HTTP/1.1\r\nHost: a\r\nAccept: application/problem+json\r\n\r\n");
        assert_eq!(running.connect().await.ask(&request).await.status(), status);
    }
    let counters = running.handle.counters();
    assert_eq!((counters.dry_runs(), counters.accepted()), (2, 0));
    assert_eq!(counters.refused().map(|(_, count)| count).sum::<u64>(), 0);
}
