//! Whether the connection stays after a refusal, beyond what the cause says.

use std::time::Duration;

use tests::wire::{PATIENCE, handshake};
use tokio::io::AsyncWriteExt as _;
use tokio::time::Instant;
use ws_server::ServerLimits;

use crate::case::{Case, start};

fn not_found<'a>(request: &'a str, fields: &'a [(&'a str, &'a str)], closes: bool) -> Case<'a> {
    Case {
        request: request.as_bytes(),
        code: "route-not-found",
        status: 404,
        fields,
        closes,
        ..Case::default()
    }
}

#[tokio::test]
async fn bytes_behind_the_head_of_an_upgrade_are_never_read_as_a_request() {
    let running = start(|server| server).await;
    let smuggled = handshake("/nowhere", "") + "GET /page HTTP/1.1\r\nHost: chat.example\r\n\r\n";
    not_found(&smuggled, &[], true).check(&running).await;
    // Behind a plain request they are the next one.
    let mut peer = running.connect().await;
    peer.send("GET /nowhere HTTP/1.1\r\nHost: a\r\n\r\nGET /page HTTP/1.1\r\nHost: a\r\n\r\n").await;
    assert_eq!(peer.answer(false).await.unwrap().head.status(), 404);
    assert_eq!(peer.answer(false).await.unwrap().head.status(), 200);
}

#[tokio::test]
async fn the_caller_may_ask_for_the_end() {
    let running = start(|server| server).await;
    let request = "GET /nowhere HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n";
    not_found(request, &[], true).check(&running).await;
}

#[tokio::test]
async fn a_refused_handshake_can_be_repeated_on_the_same_connection() {
    let running = start(|server| server).await;
    let mut peer = running.connect().await;
    for _ in 0..3 {
        not_found(&handshake("/nowhere", ""), &[], false).check_on(&mut peer).await;
    }
    assert_eq!(peer.ask(handshake("/open", "")).await.head.status(), 101);
}

#[tokio::test]
async fn the_last_of_the_allowed_requests_ends_the_connection() {
    let running = start(|server| server).await;
    let mut peer = running.connect().await;
    for nth in 1..=100 {
        let answer = peer.ask("GET /nowhere HTTP/1.1\r\nHost: a\r\n\r\n").await;
        let closes = answer.field("Connection") == Some("close");
        assert_eq!(closes, nth == 100, "{nth}");
    }
    peer.end().await.unwrap();
}

#[tokio::test]
async fn a_kept_connection_has_its_time_for_each_head_and_is_then_closed_without_a_word() {
    let limits = ServerLimits { handshake_timeout: Duration::from_millis(400), ..ServerLimits::default() };
    let running = start(|server| server.limits(limits)).await;
    let mut peer = running.connect().await;
    for _ in 0..4 {
        // All of it together takes longer than one head may.
        tokio::time::sleep(Duration::from_millis(200)).await;
        not_found("GET /nowhere HTTP/1.1\r\nHost: a\r\n\r\n", &[], false).check_on(&mut peer).await;
    }
    let silent = Instant::now();
    peer.end().await.unwrap();
    assert!((300..3000).contains(&silent.elapsed().as_millis()), "{:?}", silent.elapsed());
}

#[tokio::test]
async fn the_answer_arrives_although_the_client_goes_on_sending() {
    let running = start(|server| server).await;
    let mut peer = running.connect().await;
    // RFC 9112 9.6: unread bytes would have the system reset the connection, and the answer with it.
    peer.send([&b"GET / HTTP/1.1\r\nHost : a\r\n\r\n"[..], &vec![b'x'; 60_000]].concat()).await;
    let answer = peer.answer(false).await.unwrap();
    assert_eq!((answer.head.status(), answer.field("Connection")), (400, Some("close")));
    peer.end().await.unwrap();
}

/// RFC 9112 9.6: the server waits for the client's end, for a second and 64 KiB at most.
#[tokio::test]
async fn a_client_that_stays_after_the_last_answer_is_left() {
    let running = start(|server| server).await;
    for talks in [false, true] {
        let mut peer = running.connect().await;
        let answer = peer.ask("GET / HTTP/1.1\r\nHost : a\r\n\r\n").await;
        assert_eq!(answer.head.status(), 400);
        assert_eq!(running.handle.connections(), 1, "it lingers, and counts");
        let began = Instant::now();
        if talks {
            // More than is thrown away: it is cut off before its second is over.
            while began.elapsed() < PATIENCE && peer.stream.write_all(&vec![b'x'; 16 << 10]).await.is_ok() {}
        }
        while running.handle.connections() > 0 {
            assert!(began.elapsed() < PATIENCE);
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
        let (earliest, latest) = if talks { (0, 900) } else { (900, 5000) };
        assert!((earliest..latest).contains(&began.elapsed().as_millis()), "{:?}", began.elapsed());
    }
}
