//! Connections that never finish closing.

use tests::wire::{PATIENCE, handshake};
use tokio::time::Instant;
use ws_core::message::{CloseCode, CloseFrame};
use ws_server::{Route, Session};

use crate::support::{HEAD_TIME, close_code, frame, open, start, still_serves};

/// CVE-2024-23672: a peer that does not answer a Close frame keeps nothing open.
#[tokio::test]
async fn a_close_frame_that_is_not_answered_has_a_deadline() {
    async fn farewell(mut session: Session) -> Result<(), ws_core::net::Error> {
        session.close(CloseFrame::new(CloseCode::NORMAL, "bye")).await.map(drop)
    }
    async fn leave(_: Session) {}
    let running =
        start(|server| server.route("/close", Route::new(farewell)).route("/leave", Route::new(leave))).await;
    for path in ["/close", "/leave"] {
        for chatty in [false, true] {
            let mut peer = running.connect().await;
            let began = Instant::now();
            assert_eq!(peer.ask(handshake(path, "")).await.head.status(), 101);
            if chatty {
                // It goes on talking instead.
                peer.send(frame(0x81, b"and another thing").repeat(1000)).await;
            }
            assert_eq!(close_code(&mut peer).await, Some(1000), "{path}");
            assert!(began.elapsed() < HEAD_TIME * 6, "{path}: {:?}", began.elapsed());
        }
    }
    still_serves(&running).await;
}

/// RFC 6455 7.1.1: the server ends the stream, and does not wait for the client to do so.
#[tokio::test]
async fn a_client_that_closes_and_stays_is_left() {
    let running = start(|server| server).await;
    let mut peer = open(&running).await;
    peer.send(frame(0x88, &1000_u16.to_be_bytes())).await;
    let began = Instant::now();
    assert_eq!(close_code(&mut peer).await, Some(1000));
    assert!(began.elapsed() < PATIENCE / 10);
    still_serves(&running).await;
    drop(peer);
}

#[tokio::test]
async fn frames_behind_a_close_frame_are_nothing() {
    let running = start(|server| server).await;
    let mut peer = open(&running).await;
    peer.send([frame(0x88, &1000_u16.to_be_bytes()), frame(0x81, b"too late"), vec![0xff; 100_000]].concat())
        .await;
    assert_eq!(close_code(&mut peer).await, Some(1000));
    still_serves(&running).await;
}
