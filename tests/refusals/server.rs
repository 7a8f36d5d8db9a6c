//! Refusals for want of room or time.

use std::time::Duration;

use serde_json::json;
use tests::wire::{PATIENCE, echo, handshake};
use tokio::time::timeout;
use ws_core::refusal::Cause;
use ws_server::{Route, ServerLimits};

use crate::case::{Case, start};

#[tokio::test]
async fn want_of_room_or_time() {
    check().await;
}

pub(crate) async fn check() -> Vec<Cause> {
    vec![
        full(ServerLimits { connections: 1, ..ServerLimits::default() }, "server-full", 503).await,
        full(
            ServerLimits { connections_per_address: 1, ..ServerLimits::default() },
            "address-quota-exceeded",
            429,
        )
        .await,
        draining().await,
    ]
}

/// The second connection is refused and kept, and accepted as soon as there is a place.
async fn full(limits: ServerLimits, code: &str, status: u16) -> Cause {
    let running =
        start(|server| server.limits(ServerLimits { retry_after: Duration::from_secs(7), ..limits })).await;
    let mut first = running.connect().await;
    assert_eq!(first.ask(handshake("/open", "")).await.head.status(), 101);
    let mut second = running.connect().await;
    let request = handshake("/open", "");
    let fields = &[("Retry-After", "7")];
    let members = json!({ "retry_after": 7 });
    for _ in 0..2 {
        // The page that tells whether the connection is kept has no room either.
        second.send(&request).await;
        let answer = second.answer(false).await.unwrap();
        assert_eq!((answer.head.status(), answer.field("Connection")), (status, None));
    }
    drop(first);
    timeout(PATIENCE, async {
        while running.handle.connections() > 1 {
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
    })
    .await
    .unwrap();
    assert_eq!(second.ask(&request).await.head.status(), 101);
    // The same in all detail, closed at the client's wish, since the page would not be shown.
    let request = handshake("/open", "").replace("Connection: Upgrade", "Connection: Upgrade, close");
    Case { request: request.as_bytes(), code, status, fields, members, closes: true, ..Case::default() }
        .check(&running)
        .await
}

async fn draining() -> Cause {
    let limits = ServerLimits { restart_window: Duration::from_secs(1), ..ServerLimits::default() };
    let running = start(|server| server.limits(limits).route("/deaf", Route::new(echo))).await;
    // A session that does not close keeps the server draining.
    let mut session = running.connect().await;
    assert_eq!(session.ask(handshake("/deaf", "")).await.head.status(), 101);
    running.handle.shutdown();
    let request = handshake("/open", "");
    Case {
        request: request.as_bytes(),
        code: "server-draining",
        status: 503,
        fields: &[("Retry-After", "1")],
        members: json!({ "retry_after": 1 }),
        closes: true,
        ..Case::default()
    }
    .check(&running)
    .await
}

#[tokio::test]
async fn past_the_waiting_room_the_answer_comes_before_the_request() {
    let limits = ServerLimits { connections_per_address: 0, ..ServerLimits::default() };
    let running = start(|server| server.limits(limits)).await;
    let mut waiting = Vec::new();
    for _ in 0..8 {
        waiting.push(running.connect().await);
    }
    timeout(PATIENCE, async {
        while running.handle.connections() < 8 {
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
    })
    .await
    .unwrap();
    let mut turned_away = running.connect().await;
    let answer = turned_away.answer(false).await.unwrap();
    assert_eq!((answer.head.status(), answer.field("Connection")), (429, Some("close")));
    assert!(answer.field("Refused-By").unwrap().contains("code=address-quota-exceeded"));
    turned_away.end().await.unwrap();
}

/// The order of the checks holds at the door too: a shutdown comes before want of room.
#[tokio::test]
async fn past_the_waiting_room_of_a_server_that_drains() {
    let limits = ServerLimits { connections_per_address: 1, ..ServerLimits::default() };
    let running = start(|server| server.limits(limits)).await;
    // A session that does not close keeps the server draining.
    let mut session = running.connect().await;
    assert_eq!(session.ask(handshake("/open", "")).await.head.status(), 101);
    running.handle.shutdown();
    let mut waiting = Vec::new();
    for _ in 0..8 {
        waiting.push(running.connect().await);
    }
    timeout(PATIENCE, async {
        while running.handle.connections() < 9 {
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
    })
    .await
    .unwrap();
    let mut turned_away = running.connect().await;
    let answer = turned_away.answer(false).await.unwrap();
    assert_eq!((answer.head.status(), answer.field("Connection")), (503, Some("close")));
    assert!(answer.field("Refused-By").unwrap().contains("code=server-draining"), "{answer:?}");
    assert!(answer.field("Retry-After").is_some());
}
