//! Every row of the catalogue that ends an open connection, at every level, over a real socket.

use std::collections::BTreeSet;

use futures_util::future::join_all;
use tests::wire::{PATIENCE, Peer, handshake};
use tokio::sync::OnceCell;
use tokio::time::timeout;
use ws_core::refusal::{Cause, CloseRefusal, Disclosure};

use crate::ask::Ask;
use crate::endings::{self, Ending};
use crate::observed::ByPlace;
use crate::{house, secrets};

/// What was observed: cause, occasion, close code, and the reason at the level standard.
pub(crate) type Ended = Vec<(ByPlace, &'static str, u16, String)>;

#[tokio::test]
async fn every_row_ends_as_the_catalogue_says() {
    let seen: BTreeSet<_> = run().await.iter().map(|(cause, ..)| cause.code()).collect();
    let after = Cause::ALL.iter().filter(|cause| cause.close_code().is_some());
    assert_eq!(seen, after.map(|cause| cause.code()).collect(), "no row is forgotten");
}

/// Brings about all ends, once for all tests.
pub(crate) async fn run() -> &'static Ended {
    static ENDED: OnceCell<Ended> = OnceCell::const_new();
    ENDED.get_or_init(end_all).await
}

async fn end_all() -> Ended {
    let mut ended = Ended::new();
    for endings in endings::all().chunks(12) {
        for row in join_all(endings.iter().map(play)).await {
            ended.push(row);
        }
    }
    ended.sort_by_key(|(cause, ..)| *cause);
    ended
}

async fn play(ending: &Ending) -> (ByPlace, &'static str, u16, String) {
    let mut standard = (0, String::new());
    for disclosure in [Disclosure::Full, Disclosure::Minimal, Disclosure::Standard] {
        let (code, reason) = end(ending, disclosure).await;
        let at = format!("{} {} {disclosure:?}: {code} {reason:?}", ending.cause, ending.when);
        let expected = if ending.restarts { Some(1012) } else { ending.cause.close_code() };
        assert_eq!(Some(code), expected, "{at}");
        assert!(reason.len() <= 123, "{at}");
        let closed = CloseRefusal { code, reason: reason.clone() };
        let told = disclosure != Disclosure::Minimal;
        assert_eq!(closed.cause(), told.then_some(ending.cause), "{at}");
        assert!(!told || !closed.detail().is_empty(), "{at}");
        assert!(told || ending.cause.is_temporary() || reason.is_empty(), "{at}");
        standard = (code, reason);
    }
    (ByPlace(ending.cause), ending.when, standard.0, standard.1)
}

/// Opens a session, has it end, and reads the close code and the reason.
async fn end(ending: &Ending, disclosure: Disclosure) -> (u16, String) {
    secrets::listen();
    let running = house::start(disclosure, ending.silent).await;
    let mut peer = running.connect().await;
    let mut ask = Ask::good();
    ask.path = ending.path;
    (ending.ask)(&mut ask);
    let request =
        if ask.path == "/first-message" { handshake(ask.path, "").into_bytes() } else { ask.bytes() };
    peer.send(request).await;
    let answer = peer.answer(false).await.unwrap();
    secrets::answered(&answer);
    assert_eq!(answer.head.status(), 101, "{}: {answer:?}", ending.when);
    for message in (ending.messages)() {
        peer.send(text_frame(message.as_bytes())).await;
    }
    (ending.then)(&running.handle);
    let told = timeout(PATIENCE, close_frame(&mut peer)).await;
    let (code, reason) = told.unwrap_or_else(|_| panic!("{} does not end", ending.when));
    secrets::told(&reason);
    // The operator can count it, by close code and by cause.
    drop(peer);
    house::counted(&running.handle, ending, (code, &reason)).await;
    secrets::measured(&running.handle.metrics());
    (code, reason)
}

/// RFC 6455 5.2, 5.3: a text frame of a client's, under a mask of zeros.
pub(crate) fn text_frame(payload: &[u8]) -> Vec<u8> {
    let mut frame = vec![0x81];
    if let Ok(length @ ..=125) = u8::try_from(payload.len()) {
        frame.push(0x80 | length);
    } else {
        // The mask bit, and that two bytes of length follow.
        frame.push(0xfe);
        frame.extend_from_slice(&u16::try_from(payload.len()).unwrap().to_be_bytes());
    }
    frame.extend_from_slice(&[0; 4]);
    frame.extend_from_slice(payload);
    frame
}

/// Reads frames up to the Close frame.
pub(crate) async fn close_frame(peer: &mut Peer) -> (u16, String) {
    loop {
        while let Some((opcode, payload)) = next_frame(peer) {
            if opcode == 8 {
                let reason = String::from_utf8(payload[2..].to_vec()).unwrap();
                return (u16::from_be_bytes([payload[0], payload[1]]), reason);
            }
            if opcode == 1 {
                secrets::told(String::from_utf8_lossy(&payload));
            }
        }
        assert_ne!(peer.more().await.unwrap(), 0, "the end without a Close frame");
    }
}

/// The next whole frame: its opcode and payload.
fn next_frame(peer: &mut Peer) -> Option<(u8, Vec<u8>)> {
    let (&first, &second) = (peer.buffer.first()?, peer.buffer.get(1)?);
    let (head, length) = match second {
        126 => (4, usize::from(u16::from_be_bytes(peer.buffer.get(2..4)?.try_into().unwrap()))),
        127 => {
            (10, usize::try_from(u64::from_be_bytes(peer.buffer.get(2..10)?.try_into().unwrap())).unwrap())
        }
        length => (2, usize::from(length)),
    };
    if peer.buffer.len() < head + length {
        return None;
    }
    let frame = peer.buffer.split_to(head + length);
    Some((first & 15, frame[head..].to_vec()))
}

/// What RFC 6455 7.4.1 says of a peer that breaks the protocol: these are no causes of the catalogue.
#[tokio::test]
async fn violations_of_the_protocol_end_as_the_rfc_says() {
    let mut too_big = vec![0x82, 0xff];
    too_big.extend_from_slice(&(1_u64 << 30).to_be_bytes());
    too_big.extend_from_slice(&[0; 4]);
    let cases: [(&[u8], u16); 4] = [
        // RFC 6455 5.1: a frame of a client's has a mask; 5.2: a reserved opcode.
        (b"\x81\x02hi", 1002),
        (b"\x83\x80\0\0\0\0", 1002),
        // RFC 6455 8.1: a text is UTF-8.
        (b"\x81\x81\0\0\0\0\xff", 1007),
        (&too_big, 1009),
    ];
    for (frame, code) in cases {
        let running = house::start(Disclosure::Standard, false).await;
        let mut peer = running.connect().await;
        let answer = peer.ask(Ask::good().bytes()).await;
        assert_eq!(answer.head.status(), 101);
        peer.send(frame).await;
        assert_eq!(timeout(PATIENCE, close_frame(&mut peer)).await.unwrap().0, code);
    }
}
