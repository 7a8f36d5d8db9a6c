//! Heads that are none, too large, too slow, or cut off.

use proptest::strategy::{Strategy as _, ValueTree as _};
use proptest::test_runner::TestRunner;
use tests::wire::{PATIENCE, Running, handshake};
use tokio::io::AsyncWriteExt as _;
use tokio::task::JoinSet;
use tokio::time::{Instant, sleep, timeout};

use crate::support::{HEAD_TIME, frame, start, still_serves};

/// Sends bytes and the end of the stream; the status of the answer, if there is one.
async fn outcome(address: std::net::SocketAddr, bytes: Vec<u8>) -> Option<u16> {
    let mut peer = tests::wire::Peer::to(address).await;
    peer.send(&bytes).await;
    let _ = peer.stream.shutdown().await;
    let status = match peer.answer(false).await {
        Some(answer) => answer.head.status(),
        None => return None,
    };
    peer.drain(PATIENCE).await;
    Some(status)
}

/// Runs many at once.
async fn outcomes(running: &Running, inputs: impl IntoIterator<Item = Vec<u8>>) -> Vec<Option<u16>> {
    let mut statuses = Vec::new();
    let mut tasks = JoinSet::new();
    for input in inputs {
        if tasks.len() >= 64 {
            statuses.push(tasks.join_next().await.unwrap().unwrap());
        }
        tasks.spawn(outcome(running.address, input));
    }
    statuses.extend(tasks.join_all().await);
    statuses
}

#[tokio::test]
async fn garbage_is_answered_with_400_or_not_at_all() {
    let running = start(|server| server).await;
    let mut runner = TestRunner::deterministic();
    let garbage = proptest::collection::vec(proptest::num::u8::ANY, 1..600);
    let inputs: Vec<_> = (0..500).map(|_| garbage.new_tree(&mut runner).unwrap().current()).collect();
    for status in outcomes(&running, inputs).await {
        assert!(matches!(status, None | Some(400 | 414 | 431)), "{status:?}");
    }
    still_serves(&running).await;
}

/// CVE-2022-21676, CVE-2022-41940, CVE-2020-7693, CVE-2024-11738: one odd byte in the upgrade ended the process.
#[tokio::test]
async fn every_byte_of_a_handshake_can_be_any_other() {
    let running = start(|server| server).await;
    let good =
        handshake("/", "Sec-WebSocket-Extensions: permessage-deflate\r\nSec-WebSocket-Protocol: a, b\r\n");
    let mut inputs = Vec::new();
    for position in 0..good.len() {
        for other in [0x00, b'\n', b'\r', b' ', b',', b':', b'"', 0x7f, 0x80, 0xff] {
            let mut bytes = good.clone().into_bytes();
            bytes[position] = other;
            inputs.push(bytes);
        }
    }
    let statuses = outcomes(&running, inputs).await;
    let answered = statuses.iter().flatten().count();
    assert!(answered > statuses.len() / 2, "{answered} of {}", statuses.len());
    for status in statuses.into_iter().flatten() {
        assert!(matches!(status, 101 | 400 | 403 | 404 | 405 | 421 | 426 | 505), "{status}");
    }
    still_serves(&running).await;
}

#[tokio::test]
async fn every_truncation_of_a_handshake_is_no_handshake() {
    let running = start(|server| server).await;
    let good = handshake("/", "").into_bytes();
    let cut = (0..good.len()).map(|length| good[..length].to_vec());
    for status in outcomes(&running, cut).await {
        // Who ends the stream in the middle of a head is not there any more.
        assert_eq!(status, None);
    }
    assert_eq!(outcome(running.address, good).await, Some(101));
    still_serves(&running).await;
}

/// RUSTSEC-2021-0020, -0078, -0081, CVE-2020-35863, CVE-2020-35884, CVE-2025-43859, CVE-2026-28367: what two parsers read
/// in two ways. CVE-2026-58055 and "h2c smuggling": what hides a second request.
#[tokio::test]
async fn what_can_be_read_in_two_ways_is_refused_and_closed() {
    let running = start(|server| server).await;
    let second = "GET /page HTTP/1.1\r\nHost: a\r\n\r\n";
    for fields in [
        "Content-Length: 4\r\n",
        "Content-Length: +4\r\n",
        "Content-Length: 4, 4\r\n",
        "Content-Length: 0\r\nContent-Length: 4\r\n",
        "Transfer-Encoding: chunked\r\n",
        "Transfer-Encoding: identity\r\nContent-Length: 0\r\n",
        "Transfer-Encoding : chunked\r\n",
        "HTTP2-Settings: AAMAAABkAAQAAP__\r\n",
        "X: y\nContent-Length: 4\r\n",
        "X: y\r\n Content-Length: 4\r\n",
        "X: y\r\rContent-Length: 4\r\n",
        "X: y\0\r\n",
        "Host: b\r\n",
    ] {
        let mut peer = running.connect().await;
        peer.send(handshake("/", fields) + second).await;
        let answer = peer.answer(false).await.unwrap();
        assert_eq!((answer.head.status(), answer.field("Connection")), (400, Some("close")), "{fields:?}");
        peer.end().await.unwrap_or_else(|error| panic!("{error} after {fields:?}"));
    }
    still_serves(&running).await;
}

/// CVE-2023-43669: a head that comes byte by byte is not read from its start each time.
#[tokio::test]
async fn a_large_head_byte_by_byte_ends_in_431() {
    let running = Running::start(|server| server.route("/", ws_server::Route::new(tests::wire::echo))).await;
    let mut peer = running.connect().await;
    let began = Instant::now();
    let head = handshake("/", &format!("Cookie: {}\r\n", "a".repeat(9000)));
    for byte in head.as_bytes().chunks(1) {
        peer.send(byte).await;
    }
    assert_eq!(peer.answer(false).await.unwrap().head.status(), 431);
    assert!(began.elapsed() < PATIENCE / 3, "{:?}", began.elapsed());
    peer.drain(PATIENCE).await;
    still_serves(&running).await;
}

/// CVE-2021-32640, CVE-2020-7662, CVE-2020-7663, CVE-2024-37890: many header fields, or long lists in one.
#[tokio::test]
async fn ten_thousand_headers_and_endless_heads_end_in_431() {
    let running = start(|server| server).await;
    let list = |name: &str| format!("{name}: {}\r\n", "a,".repeat(3000));
    for (fields, status) in [
        ("A: b\r\n".repeat(10_000), 431),
        ("A:\r\n".repeat(10_000), 431),
        (format!("A: {}\r\n", "b".repeat(10 << 20)), 431),
        (list("Sec-WebSocket-Protocol"), 400),
        (list("Sec-WebSocket-Extensions"), 101),
        (list("Connection"), 101),
        (format!("Sec-WebSocket-Extensions: {}\r\n", "a;b=\"".repeat(1500)), 400),
    ] {
        let began = Instant::now();
        let mut peer = running.connect().await;
        // The server may have closed before all of it is sent.
        let request = handshake("/", &fields);
        let (_, answer) = {
            let (mut read, mut write) = peer.stream.split();
            let mut buffer = vec![0; 12];
            tokio::join!(write.write_all(request.as_bytes()), async {
                tokio::io::AsyncReadExt::read_exact(&mut read, &mut buffer).await.unwrap();
                buffer
            })
        };
        assert_eq!(answer, format!("HTTP/1.1 {status}").into_bytes(), "{:?}", &fields[..30]);
        assert!(began.elapsed() < PATIENCE / 3);
    }
    still_serves(&running).await;
}

#[tokio::test]
async fn a_head_that_trickles_in_has_no_more_time_than_one_that_does_not_come() {
    let running = start(|server| server).await;
    let mut peer = running.connect().await;
    let began = Instant::now();
    let (mut read, mut write) = peer.stream.split();
    let trickle = async {
        for byte in handshake("/", "").as_bytes().chunks(1) {
            if write.write_all(byte).await.is_err() {
                return;
            }
            sleep(HEAD_TIME / 10).await;
        }
    };
    let mut status = [0; 12];
    tokio::select! {
        read = tokio::io::AsyncReadExt::read_exact(&mut read, &mut status) => drop(read.unwrap()),
        () = trickle => panic!("the whole head was taken"),
    }
    assert_eq!(&status, b"HTTP/1.1 408");
    assert!((HEAD_TIME..HEAD_TIME * 4).contains(&began.elapsed()), "{:?}", began.elapsed());
    drop(peer);
    still_serves(&running).await;
}

/// Bytes behind the head are the first frames, at every split between head and frames.
#[tokio::test]
async fn frames_may_come_with_the_head_in_any_pieces() {
    let running = start(|server| server).await;
    let mut bytes = handshake("/", "").into_bytes();
    bytes.extend_from_slice(&frame(0x81, b"one"));
    bytes.extend_from_slice(&frame(0x81, b"two"));
    let mut tasks = JoinSet::new();
    for split in 0..bytes.len() {
        let (address, bytes) = (running.address, bytes.clone());
        tasks.spawn(async move {
            let mut peer = tests::wire::Peer::to(address).await;
            peer.send(&bytes[..split]).await;
            sleep(HEAD_TIME / 20).await;
            peer.send(&bytes[split..]).await;
            assert_eq!(peer.answer(true).await.unwrap().head.status(), 101, "split at {split}");
            while peer.buffer.len() < 10 {
                assert_ne!(peer.more().await.unwrap(), 0, "split at {split}");
            }
            assert_eq!(&peer.buffer[..], b"\x81\x03one\x81\x03two", "split at {split}");
        });
    }
    timeout(PATIENCE, tasks.join_all()).await.unwrap();
    still_serves(&running).await;
}
