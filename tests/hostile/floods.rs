//! More than anybody needs.

use std::io;
use std::time::Duration;

use tests::wire::PATIENCE;
use tokio::io::AsyncWriteExt as _;
use tokio::time::timeout;
use ws_server::{Route, ServerLimits, Session};

use crate::support::{alone, close_code, frame, memory, open, start, still_serves};

/// What a flood may add to the memory of the whole process, the client's side included.
const BOUND: usize = 32 << 20;

/// Sends `unit` until the server takes no more for a second, or ends the connection; the number of bytes.
async fn flood(stream: &mut tokio::net::TcpStream, unit: &[u8], most: usize) -> (usize, io::Result<()>) {
    let mut sent = 0;
    while sent < most {
        match timeout(Duration::from_secs(1), stream.write_all(unit)).await {
            Err(_) => return (sent, Ok(())),
            Ok(Err(error)) => return (sent, Err(error)),
            Ok(Ok(())) => sent += unit.len(),
        }
    }
    (sent, Ok(()))
}

/// CVE-2020-35896, CVE-2021-3690: answers to pings and messages gathered without a bound while nobody read them.
#[tokio::test]
async fn a_reader_that_stalls_is_not_written_to_without_end() {
    let _alone = alone().await;
    let running = start(|server| server).await;
    for unit in [frame(0x89, &[0x55; 125]).repeat(500), frame(0x82, &vec![0x55; 60_000])] {
        let mut peer = open(&running).await;
        let before = memory();
        let most = 256 << 20;
        let (sent, ended) = flood(&mut peer.stream, &unit, most).await;
        let grown = memory().saturating_sub(before);
        assert!(sent < most, "{sent} bytes were taken from who takes nothing");
        assert!(grown < BOUND, "{} MiB after {} MiB", grown >> 20, sent >> 20);
        // In the end the server gives up: who takes nothing for the write timeout is gone.
        if ended.is_ok() {
            timeout(PATIENCE, async {
                while running.handle.connections() > 0 {
                    tokio::time::sleep(Duration::from_millis(10)).await;
                }
            })
            .await
            .unwrap();
        }
        drop(peer);
    }
    still_serves(&running).await;
}

/// CVE-2026-48779: fragments without end and without content.
#[tokio::test]
async fn fragments_have_an_end() {
    let _alone = alone().await;
    let running = start(|server| server).await;
    let before = memory();
    for (first, unit) in [
        (frame(0x01, b""), frame(0x00, b"")),
        (frame(0x02, b"x"), frame(0x00, b"x")),
        // Pings in between change nothing.
        (frame(0x01, b""), [frame(0x00, b""), frame(0x89, b"")].concat()),
    ] {
        let mut peer = open(&running).await;
        peer.send(first).await;
        let (sent, _) = flood(&mut peer.stream, &unit.repeat(100), 64 << 20).await;
        assert!(sent < 64 << 20);
        assert!(matches!(close_code(&mut peer).await, Some(1008) | None));
    }
    // A message in as many bytes as are allowed, each in a fragment of its own, is cut off by the same limit.
    assert!(memory().saturating_sub(before) < BOUND);
    still_serves(&running).await;
}

#[tokio::test]
async fn fragments_that_carry_too_much_are_1009() {
    let running = start(|server| server).await;
    let mut peer = open(&running).await;
    peer.send(frame(0x02, &vec![0; 60_000])).await;
    for _ in 0..20 {
        peer.send(frame(0x00, &vec![0; 60_000])).await;
    }
    assert_eq!(close_code(&mut peer).await, Some(1009));
    still_serves(&running).await;
}

/// A handler that reads nothing is no place to store messages in.
#[tokio::test]
async fn what_nobody_reads_is_not_taken_in() {
    async fn deaf(session: Session) {
        tokio::time::sleep(Duration::from_secs(3)).await;
        drop(session);
    }
    let _alone = alone().await;
    let running = start(|server| server.route("/deaf", Route::new(deaf))).await;
    let mut peer = running.connect().await;
    assert_eq!(peer.ask(tests::wire::handshake("/deaf", "")).await.head.status(), 101);
    let before = memory();
    let (sent, _) = flood(&mut peer.stream, &frame(0x82, &vec![0; 60_000]), 256 << 20).await;
    assert!(sent < 256 << 20 && memory().saturating_sub(before) < BOUND);
    drop(peer);
    still_serves(&running).await;
}

/// A page is not copied for each of those who ask for it and then take nothing.
#[tokio::test]
async fn a_large_page_is_in_memory_once() {
    let _alone = alone().await;
    // They have all the time that the test takes.
    let limits = ServerLimits { handshake_timeout: PATIENCE, ..ServerLimits::default() };
    let running =
        start(|server| server.limits(limits).page("/large", "text/plain", vec![b'x'; 4 << 20])).await;
    let before = memory();
    let mut peers = Vec::new();
    for _ in 0..50 {
        let mut peer = running.connect().await;
        peer.send("GET /large HTTP/1.1\r\nHost: a\r\n\r\n").await;
        peers.push(peer);
    }
    tokio::time::sleep(Duration::from_millis(200)).await;
    assert_eq!(running.handle.connections(), 50);
    let grown = memory().saturating_sub(before);
    assert!(grown < BOUND, "{} MiB", grown >> 20);
    drop(peers);
    still_serves(&running).await;
}

#[tokio::test]
async fn a_thousand_connections_that_do_nothing_harm_nobody() {
    let _alone = alone().await;
    let running = start(|server| server).await;
    let before = memory();
    let mut peers = Vec::new();
    for nth in 0..1000 {
        let mut peer = running.connect().await;
        if nth % 2 == 0 {
            peer.send("GET / HTTP/1.1\r\nHost: ").await;
        }
        peers.push(peer);
    }
    assert!(memory().saturating_sub(before) < BOUND);
    let mut caller = open(&running).await;
    caller.send(frame(0x81, b"hello")).await;
    assert_ne!(caller.more().await.unwrap(), 0);
    drop(caller);
    for mut peer in peers {
        assert_eq!(peer.answer(false).await.unwrap().head.status(), 408);
    }
    still_serves(&running).await;
}
