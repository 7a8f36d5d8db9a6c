//! Frames that no client may send.

use std::sync::atomic::{AtomicUsize, Ordering};

use ws_server::Route;

use crate::support::{alone, close_code, counting, frame, memory, open, start, still_serves};

/// CVE-2026-19204: frames that are not masked, or have reserved bits or opcodes, were delivered.
#[tokio::test]
async fn frames_against_the_protocol_never_reach_the_handler() {
    static SEEN: AtomicUsize = AtomicUsize::new(0);
    let running =
        start(|server| server.route("/count", Route::new(|session| counting(session, &SEEN)))).await;
    let request = tests::wire::handshake("/count", "");
    for bytes in [
        // RFC 6455 5.1: not masked.
        b"\x81\x02hi".to_vec(),
        // RFC 6455 5.2: reserved bits, and RSV1 without an extension.
        frame(0xc1, b"hi"),
        frame(0xa1, b"hi"),
        frame(0x91, b"hi"),
        // RFC 6455 5.2: reserved opcodes.
        frame(0x83, b"hi"),
        frame(0x8b, b"hi"),
        // RFC 6455 5.5: a control frame in fragments, or over 125 bytes.
        frame(0x09, b"hi"),
        frame(0x89, &[0; 126]),
        // RFC 6455 5.4: a continuation of nothing, and a message within a message.
        frame(0x80, b"hi"),
        [frame(0x01, b"h"), frame(0x81, b"i")].concat(),
        // RFC 6455 5.5.1: a Close frame with one byte.
        frame(0x88, b"x"),
        // RFC 6455 5.2: lengths that are not in their shortest form.
        [&b"\x81\xfe\x00\x02\0\0\0\0"[..], b"hi"].concat(),
        [&b"\x81\xff\0\0\0\0\0\0\x00\x02\0\0\0\0"[..], b"hi"].concat(),
    ] {
        // Together with the head, where nobody may be listening yet.
        for together in [true, false] {
            let mut peer = running.connect().await;
            if together {
                peer.send([request.as_bytes(), &bytes].concat()).await;
                assert_eq!(peer.answer(true).await.unwrap().head.status(), 101);
            } else {
                assert_eq!(peer.ask(&request).await.head.status(), 101);
                peer.send(&bytes).await;
            }
            assert_eq!(close_code(&mut peer).await, Some(1002), "{bytes:x?}");
        }
    }
    // RFC 6455 8.1: text that is not UTF-8, and a Close frame whose code or reason is not allowed.
    for (bytes, code) in [
        (frame(0x81, b"\xff"), 1007),
        (frame(0x88, b"\x03\xe8\xff"), 1007),
        (frame(0x88, &1005_u16.to_be_bytes()), 1002),
    ] {
        let mut peer = running.connect().await;
        assert_eq!(peer.ask(&request).await.head.status(), 101);
        peer.send(&bytes).await;
        assert_eq!(close_code(&mut peer).await, Some(code), "{bytes:x?}");
    }
    assert_eq!(SEEN.load(Ordering::SeqCst), 0);
    still_serves(&running).await;
}

/// CVE-2022-35922, CVE-2020-27813, CVE-2020-13935, CVE-2026-54466, CVE-2026-0716: memory or arithmetic on the word of a
/// stranger about a length.
#[tokio::test]
async fn lengths_are_not_believed() {
    let _alone = alone().await;
    let running = start(|server| server).await;
    let before = memory();
    for power in [31_u32, 32, 53, 62, 63] {
        for length in [(1_u64 << power) - 1, 1 << power, (1 << power) + 1] {
            for opcode in [0x82, 0x02] {
                let mut peer = open(&running).await;
                let mut bytes = vec![opcode, 0xff];
                bytes.extend_from_slice(&length.to_be_bytes());
                bytes.extend_from_slice(&[0; 4 + 100]);
                peer.send(&bytes).await;
                // RFC 6455 5.2: the most significant bit MUST be 0.
                let code = if length >> 63 == 1 { 1002 } else { 1009 };
                assert_eq!(close_code(&mut peer).await, Some(code), "{length}");
            }
        }
    }
    // At the limit nothing is wrong, and nothing is reserved ahead.
    let mut peers = Vec::new();
    for _ in 0..200 {
        let mut peer = open(&running).await;
        peer.send([&[0x82, 0xff][..], &(1_u64 << 20).to_be_bytes(), &[0; 4 + 100]].concat()).await;
        peers.push(peer);
    }
    assert!(memory().saturating_sub(before) < 64 << 20, "{} MiB", (memory() - before) >> 20);
    drop(peers);
    still_serves(&running).await;
}
