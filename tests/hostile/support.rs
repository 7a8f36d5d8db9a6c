//! Raw frames, and the proof that the server lives.

use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use tests::wire::{PATIENCE, Peer, Running, echo, handshake};
use tokio::sync::{Mutex, MutexGuard};
use tokio::time::timeout;
use ws_core::frame::Header;
use ws_core::net::Error;
use ws_server::{Route, ServerBuilder, ServerLimits, Session};

/// The time for a head here.
pub(crate) const HEAD_TIME: Duration = Duration::from_millis(500);

/// A server with short deadlines.
pub(crate) async fn start(build: impl FnOnce(ServerBuilder) -> ServerBuilder) -> Running {
    let limits = ServerLimits {
        handshake_timeout: HEAD_TIME,
        connections: 10_000,
        connections_per_address: 10_000,
        ..ServerLimits::default()
    };
    Running::start(|server| {
        build(
            server
                .limits(limits)
                .close_timeout(HEAD_TIME)
                .write_timeout(HEAD_TIME)
                .route("/", Route::new(echo)),
        )
    })
    .await
}

/// Messages that a handler has seen, over all of a test's connections.
pub(crate) async fn counting(mut session: Session, seen: &AtomicUsize) -> Result<(), Error> {
    while session.recv().await?.is_some() {
        seen.fetch_add(1, Ordering::SeqCst);
    }
    Ok(())
}

/// A connection that has become a WebSocket.
pub(crate) async fn open(running: &Running) -> Peer {
    let mut peer = running.connect().await;
    assert_eq!(peer.ask(handshake("/", "")).await.head.status(), 101);
    peer
}

/// A masked frame: its first byte, and a payload. The key is zero, so that the payload stays as it is.
pub(crate) fn frame(first: u8, payload: &[u8]) -> Vec<u8> {
    let mut frame = vec![first];
    match payload.len() {
        length @ 0..=125 => frame.push(0x80 | u8::try_from(length).unwrap()),
        length @ 126..=0xffff => {
            frame.push(0xfe);
            frame.extend_from_slice(&u16::try_from(length).unwrap().to_be_bytes());
        }
        length => {
            frame.push(0xff);
            frame.extend_from_slice(&(length as u64).to_be_bytes());
        }
    }
    frame.extend_from_slice(&[0; 4]);
    frame.extend_from_slice(payload);
    frame
}

/// Reads to the end of the connection; the code of the Close frame, if there was one.
pub(crate) async fn close_code(peer: &mut Peer) -> Option<u16> {
    timeout(PATIENCE, async { while matches!(peer.more().await, Ok(1..)) {} }).await.unwrap();
    let mut bytes = &peer.buffer[..];
    while let Ok(Some((header, length))) = Header::parse(bytes) {
        let end = length + usize::try_from(header.length).unwrap();
        let payload = bytes.get(length..end)?;
        if bytes[0] == 0x88 {
            return payload.first_chunk().map(|code| u16::from_be_bytes(*code));
        }
        bytes = &bytes[end..];
    }
    None
}

/// The server takes the next caller, and nobody who is gone holds a place.
pub(crate) async fn still_serves(running: &Running) {
    let mut peer = open(running).await;
    peer.send(frame(0x81, b"alive")).await;
    while peer.buffer.len() < 7 {
        assert_ne!(peer.more().await.unwrap(), 0);
    }
    assert_eq!(&peer.buffer[..], b"\x81\x05alive");
    drop(peer);
    timeout(PATIENCE, async {
        while running.handle.connections() > 0 {
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
    })
    .await
    .unwrap();
}

/// The tests that look at the memory of the process go one after the other.
pub(crate) async fn alone() -> MutexGuard<'static, ()> {
    static ALONE: Mutex<()> = Mutex::const_new(());
    ALONE.lock().await
}

/// Bytes of memory that the process uses; 0 where that cannot be known.
pub(crate) fn memory() -> usize {
    let pages = std::fs::read_to_string("/proc/self/statm").ok();
    pages.and_then(|text| text.split(' ').nth(1)?.parse::<usize>().ok()).unwrap_or(0) * 4096
}
