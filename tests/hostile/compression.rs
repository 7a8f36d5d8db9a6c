//! Small on the wire, large in memory (RFC 7692).

use bytes::BytesMut;
use tests::wire::{Peer, Running, handshake};
use ws_core::deflate::{Compressor, DeflateConfig};
use ws_server::ServerBuilder;

use crate::support::{alone, close_code, frame, memory, start, still_serves};

const OFFER: &str = "Sec-WebSocket-Extensions: permessage-deflate\r\n";

fn compressing(server: ServerBuilder) -> ServerBuilder {
    server.compression(DeflateConfig::default())
}

async fn open(running: &Running) -> Peer {
    let mut peer = running.connect().await;
    let answer = peer.ask(handshake("/", OFFER)).await;
    assert_eq!(answer.head.status(), 101);
    assert!(answer.field("Sec-WebSocket-Extensions").unwrap().starts_with("permessage-deflate"));
    peer
}

fn compressed(message: &[u8]) -> BytesMut {
    let mut out = BytesMut::new();
    // The window that a server has to take from a client that was asked for nothing smaller is 32 KiB; 512 bytes fit any.
    Compressor::new(9, true, 1).compress(message, &mut out);
    out
}

/// CVE-2018-1000518, CVE-2026-39804, CVE-2026-1526, CVE-2026-27571: a limit that holds before inflating only.
#[tokio::test]
async fn a_bomb_stops_at_the_limit() {
    let _alone = alone().await;
    let running = start(compressing).await;
    let bomb = compressed(&vec![0; 4 << 20]);
    assert!(bomb.len() < 40 << 10, "a hundred to one: {}", bomb.len());
    let before = memory();
    for _ in 0..2 {
        let mut peer = open(&running).await;
        peer.send(frame(0xc2, &bomb)).await;
        assert_eq!(close_code(&mut peer).await, Some(1009));
        // In fragments it is the same.
        let mut peer = open(&running).await;
        let half = bomb.len() / 2;
        peer.send([frame(0x42, &bomb[..half]), frame(0x80, &bomb[half..])].concat()).await;
        assert_eq!(close_code(&mut peer).await, Some(1009));
    }
    let grown = memory().saturating_sub(before);
    assert!(grown < 8 << 20, "{} MiB", grown >> 20);
    still_serves(&running).await;
}

#[tokio::test]
async fn what_does_not_inflate_is_no_message() {
    let running = start(compressing).await;
    for (bytes, code) in [
        // RFC 1951 3.2.3: a block of the reserved type.
        (frame(0xc2, b"\x07"), 1007),
        // RFC 1951 3.2.5: a distance to before the beginning.
        (frame(0xc2, b"\x4b\x04\x62\x00\xff\xff\xff"), 1007),
        // RFC 7692 6.1: RSV1 is for the first frame of a message, and for no control frame.
        (frame(0xc9, b""), 1002),
        ([frame(0x42, b""), frame(0xc0, b"")].concat(), 1002),
    ] {
        let mut peer = open(&running).await;
        peer.send(&bytes).await;
        assert_eq!(close_code(&mut peer).await, Some(code), "{bytes:x?}");
    }
    still_serves(&running).await;
}

/// CVE-2026-2229: offers with window bits that there are not are declined, and the next one is taken.
#[tokio::test]
async fn offers_that_cannot_be_taken_are_declined() {
    let running = start(compressing).await;
    for bits in ["0", "7", "16", "", "08", "+9", "\"7\""] {
        for parameter in ["server_max_window_bits", "client_max_window_bits"] {
            let offer = format!("permessage-deflate; {parameter}={bits}");
            let request = |offers: &str| handshake("/", &format!("Sec-WebSocket-Extensions: {offers}\r\n"));
            let answer = running.connect().await.ask(request(&offer)).await;
            if answer.head.status() == 400 {
                // Not even the grammar of a parameter.
                assert_eq!(bits, "");
                continue;
            }
            assert_eq!(
                (answer.head.status(), answer.field("Sec-WebSocket-Extensions")),
                (101, None),
                "{offer}"
            );
            let answer = running.connect().await.ask(request(&format!("{offer}, permessage-deflate"))).await;
            assert!(answer.field("Sec-WebSocket-Extensions").is_some(), "{offer}");
        }
    }
    still_serves(&running).await;
}
