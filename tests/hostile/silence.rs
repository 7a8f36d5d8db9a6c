//! Peers that fall silent or vanish.

use std::time::Duration;

use tests::wire::{PATIENCE, handshake};
use tokio::time::{Instant, timeout};
use ws_server::Route;

use crate::support::{HEAD_TIME, frame, open, start, still_serves};

#[tokio::test]
async fn a_half_open_connection_is_ended() {
    let running = start(|server| server).await;
    let mut silent = running.connect().await;
    let began = Instant::now();
    assert_eq!(silent.answer(false).await.unwrap().head.status(), 408);
    silent.end().await.unwrap();
    assert!((HEAD_TIME..HEAD_TIME * 4).contains(&began.elapsed()));
    still_serves(&running).await;
}

#[tokio::test]
async fn a_session_whose_peer_is_silent_is_pinged_and_given_up() {
    let interval = Duration::from_millis(200);
    let running = start(|server| server.keepalive(interval, interval)).await;
    let mut peer = open(&running).await;
    let began = Instant::now();
    peer.drain(PATIENCE).await;
    assert!((interval * 2..interval * 20).contains(&began.elapsed()), "{:?}", began.elapsed());
    still_serves(&running).await;
}

/// Wherever the connection is cut, nothing stays behind.
#[tokio::test]
async fn resets_at_every_stage() {
    let running = start(|server| server).await;
    let whole =
        [handshake("/", "").into_bytes(), frame(0x81, b"hello"), frame(0x01, b"half a mess")].concat();
    for length in (0..=whole.len()).step_by(3) {
        let mut peer = running.connect().await;
        peer.send(&whole[..length]).await;
        // Without a moment to linger, closing sends a reset.
        peer.stream.set_zero_linger().unwrap();
        drop(peer);
    }
    still_serves(&running).await;
}

/// The place comes back at once, not at a deadline, also while the gate waits for an authenticator.
#[tokio::test]
async fn whoever_leaves_during_the_decision_gives_the_place_back() {
    use ws_server::authenticate::{AuthenticationError, HandshakeContext, Identity};
    let slow = |_: &HandshakeContext<'_>| std::future::pending::<Result<Identity, AuthenticationError>>();
    let running = start(|server| {
        server
            .authentication_timeout(PATIENCE)
            .route("/slow", Route::new(tests::wire::echo).authenticate(slow))
    })
    .await;
    let mut peer = running.connect().await;
    peer.send(handshake("/slow", "")).await;
    tokio::time::sleep(Duration::from_millis(100)).await;
    assert_eq!(running.handle.connections(), 1);
    drop(peer);
    timeout(PATIENCE / 10, async {
        while running.handle.connections() > 0 {
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
    })
    .await
    .unwrap();
    still_serves(&running).await;
}

/// An answer that nobody takes is given up.
#[tokio::test]
async fn a_caller_who_does_not_read_the_answer_is_left() {
    let running = start(|server| server.page("/large", "text/plain", vec![b'x'; 16 << 20])).await;
    let mut peer = running.connect().await;
    peer.send("GET /large HTTP/1.1\r\nHost: a\r\n\r\n").await;
    let began = Instant::now();
    tokio::time::sleep(HEAD_TIME / 5).await;
    while running.handle.connections() > 0 {
        assert!(began.elapsed() < HEAD_TIME * 8);
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
    drop(peer);
    still_serves(&running).await;
}
