//! When what is sent leaves: gathered where it can be, never late.

use std::{sync::atomic::Ordering::SeqCst, time::Duration};

use bytes::BytesMut;
use tokio::time::{Instant, sleep, timeout};
use ws_core::{
    connection::Role,
    frame::OpCode,
    message::{CloseCode, CloseFrame, Message},
    net::SocketConfig,
};

use crate::support::{echo, masked, read_frame, server, socket, text, write};

fn sixteen() -> Vec<Vec<u8>> {
    (0..16).map(|number| text(&format!("message {number}"))).collect()
}

async fn sixteen_answers(far: &mut tokio::io::DuplexStream) {
    let mut buffer = BytesMut::new();
    for number in 0..16 {
        let (opcode, payload) = read_frame(far, &mut buffer).await.unwrap();
        assert_eq!((opcode, payload), (OpCode::Text, format!("message {number}").into_bytes()));
    }
}

#[tokio::test]
async fn a_driven_handler_answers_one_read_in_one_write() {
    let (ws, mut far, writes) = server();
    let driver = ws.driver();
    write(&mut far, &sixteen()).await;
    let session = tokio::spawn(async move { driver.run(Box::pin(echo(ws))).await });
    sixteen_answers(&mut far).await;
    assert_eq!(writes.load(SeqCst), 1);
    session.abort();
}

#[tokio::test]
async fn so_does_a_handler_without_a_driver() {
    let (ws, mut far, writes) = server();
    write(&mut far, &sixteen()).await;
    let session = tokio::spawn(echo(ws));
    sixteen_answers(&mut far).await;
    assert_eq!(writes.load(SeqCst), 1);
    session.abort();
}

#[tokio::test]
async fn so_do_split_halves() {
    let (ws, mut far, writes) = server();
    write(&mut far, &sixteen()).await;
    let (mut recv, mut send) = ws.split();
    let session = tokio::spawn(async move {
        while let Some(message) = recv.recv().await.unwrap() {
            send.send(message).await.unwrap();
        }
    });
    sixteen_answers(&mut far).await;
    assert_eq!(writes.load(SeqCst), 1);
    session.abort();
}

/// A reply never waits for the application: the first of two pipelined messages is answered before the
/// handler is done with the second.
#[tokio::test(start_paused = true)]
async fn a_reply_does_not_wait_for_a_slow_handler() {
    for driven in [true, false] {
        let (mut ws, mut far, _) = server();
        write(&mut far, &[text("first"), text("second")]).await;
        let driver = ws.driver();
        let handler = Box::pin(async move {
            let first = ws.recv().await.unwrap().unwrap();
            ws.send(first).await.unwrap();
            let second = ws.recv().await.unwrap().unwrap();
            sleep(Duration::from_secs(5)).await;
            ws.send(second).await.unwrap();
            ws
        });
        let start = Instant::now();
        let session =
            tokio::spawn(async move { if driven { driver.run(handler).await } else { handler.await } });
        let mut buffer = BytesMut::new();
        assert_eq!(read_frame(&mut far, &mut buffer).await.unwrap().1, b"first");
        assert!(start.elapsed() < Duration::from_millis(10), "driven: {driven}");
        assert_eq!(read_frame(&mut far, &mut buffer).await.unwrap().1, b"second");
        assert!(start.elapsed() >= Duration::from_secs(5));
        drop(session.await.unwrap());
    }
}

/// A handler that only sends sees each message leave when its task yields.
#[tokio::test(start_paused = true)]
async fn a_handler_that_only_sends_is_not_held_back() {
    for driven in [true, false] {
        let (mut ws, mut far, _) = server();
        let driver = ws.driver();
        let handler = Box::pin(async move {
            for number in 0..3 {
                ws.send(format!("tick {number}")).await.unwrap();
                sleep(Duration::from_secs(1)).await;
            }
        });
        let start = Instant::now();
        let session =
            tokio::spawn(async move { if driven { driver.run(handler).await } else { handler.await } });
        let mut buffer = BytesMut::new();
        for number in 0..3 {
            let (_, payload) = read_frame(&mut far, &mut buffer).await.unwrap();
            assert_eq!(payload, format!("tick {number}").into_bytes());
            assert_eq!(start.elapsed().as_secs(), number, "driven: {driven}");
        }
        session.await.unwrap();
    }
}

/// What is fed leaves when it is flushed, in one write.
#[tokio::test]
async fn feed_gathers_until_flush() {
    let (mut ws, mut far, writes) = server();
    for number in 0..16 {
        ws.feed(format!("message {number}")).await.unwrap();
    }
    assert_eq!(writes.load(SeqCst), 0);
    ws.flush().await.unwrap();
    assert_eq!(writes.load(SeqCst), 1);
    sixteen_answers(&mut far).await;
}

/// Backpressure is bounded in bytes: a sender waits while the peer takes nothing, and goes on after.
#[tokio::test]
async fn a_sender_waits_for_a_reader_that_stalls() {
    for driven in [true, false] {
        let (mut ws, mut far, _) = socket(SocketConfig::new(Role::Server), 4096);
        let driver = ws.driver();
        let (sent, counter) = (std::sync::Arc::new(std::sync::atomic::AtomicUsize::new(0)), 1000usize);
        let progress = sent.clone();
        let handler = Box::pin(async move {
            for _ in 0..counter {
                ws.send(vec![7; 1024]).await.unwrap();
                progress.fetch_add(1, SeqCst);
            }
            ws.flush().await.unwrap();
        });
        let session =
            tokio::spawn(async move { if driven { driver.run(handler).await } else { handler.await } });
        sleep(Duration::from_millis(50)).await;
        let queued = sent.load(SeqCst);
        // 256 KiB, what the stream itself holds, and what one poll may gather on top.
        assert!((256..=256 + 4 + 64).contains(&queued), "{queued} KiB were taken, driven: {driven}");
        let mut buffer = BytesMut::new();
        for _ in 0..counter {
            assert_eq!(read_frame(&mut far, &mut buffer).await.unwrap(), (OpCode::Binary, vec![7; 1024]));
        }
        session.await.unwrap();
    }
}

/// Output or pong growth (CVE-2020-35896, CVE-2021-3690): pings against a reader that stalls are capped.
#[tokio::test]
async fn a_ping_flood_against_a_stalled_reader_is_not_read_on() {
    let (ws, mut far, _) = socket(SocketConfig::new(Role::Server), 4096);
    let session = tokio::spawn(echo(ws));
    let flood = masked(OpCode::Ping, true, &[9; 125]).repeat(64);
    let mut taken = 0;
    while timeout(Duration::from_millis(100), tokio::io::AsyncWriteExt::write_all(&mut far, &flood))
        .await
        .is_ok()
    {
        taken += flood.len();
        assert!(taken < 1 << 20, "{taken} bytes of pings were read without an answer taken");
    }
    session.abort();
}

/// A slow peer is given up, not waited for without end.
#[tokio::test(start_paused = true)]
async fn a_write_without_progress_ends_in_time() {
    let (mut ws, _far, _) = socket(SocketConfig::new(Role::Server), 64);
    ws.send(vec![0; 10_000]).await.unwrap();
    let start = Instant::now();
    let error = ws.flush().await.unwrap_err();
    assert!(matches!(error, ws_core::net::Error::WriteTimeout), "{error}");
    assert_eq!(start.elapsed().as_secs(), 20);
    assert!(ws.send("more").await.is_err());
}

/// A received message can be kept and sent back whenever: its bytes do not change.
#[tokio::test]
async fn messages_can_be_kept() {
    let (mut ws, mut far, _) = server();
    let mut kept = Vec::new();
    for round in 0..200u32 {
        write(&mut far, &[text(&format!("a{round}")), masked(OpCode::Binary, true, &round.to_be_bytes())])
            .await;
        kept.push(ws.recv().await.unwrap().unwrap());
        kept.push(ws.recv().await.unwrap().unwrap());
    }
    for (round, pair) in (0..200u32).zip(kept.chunks(2)) {
        assert_eq!(pair[0], Message::text(format!("a{round}")));
        assert_eq!(pair[1], Message::binary(round.to_be_bytes().to_vec()));
    }
    drop(kept);
    write(&mut far, &[masked(OpCode::Close, true, &1000u16.to_be_bytes())]).await;
    assert_eq!(ws.recv().await.unwrap(), None);
    assert_eq!(ws.close_frame(), Some(&CloseFrame::new(CloseCode::NORMAL, "")));
}
