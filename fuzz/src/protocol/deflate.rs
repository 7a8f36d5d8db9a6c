//! Compression: any bytes inflate within the limit or fail, the same however they are cut, and to what
//! RFC 1951 read bit by bit says; whatever is compressed comes back.

use bytes::BytesMut;
use ws_core::deflate::{Compressor, InflateError, Inflater};

use super::{
    inflate_oracle,
    input::{Cuts, Input},
};

/// RFC 7692 7.2.1: what the sender takes off.
const TAIL: [u8; 4] = [0, 0, 0xFF, 0xFF];

/// The input: a byte that chooses, where to cut, then messages, each behind a byte with its length.
///
/// Bits 0 to 2 are the window, bit 3 forgets the context, bits 4 and 5 choose the limit, bit 6 compresses
/// the messages first.
pub fn check(data: &[u8]) {
    let mut input = Input::new(data);
    let choice = input.byte();
    let setup = Setup {
        window_bits: 8 + (choice & 7),
        no_takeover: choice & 8 != 0,
        limit: [0, 100, 16 << 10, 1 << 18][usize::from(choice >> 4 & 3)],
        cuts: input.cuts(),
    };
    if choice & 0x40 == 0 {
        inflate_anything(&setup, input);
    } else {
        round_trip(&setup, input);
    }
}

struct Setup {
    window_bits: u8,
    no_takeover: bool,
    limit: usize,
    cuts: Cuts,
}

impl Setup {
    fn inflater(&self) -> Inflater {
        Inflater::new(self.no_takeover)
    }
}

/// The next message: the last one goes to the end.
fn next_message<'a>(input: &mut Input<'a>) -> Option<&'a [u8]> {
    if input.is_empty() {
        return None;
    }
    let length = usize::from(input.byte());
    Some(if length == 0 { input.take(usize::MAX) } else { input.take(length) })
}

fn inflate_anything(setup: &Setup, mut input: Input<'_>) {
    let (mut at_once, mut in_pieces) = (setup.inflater(), setup.inflater());
    let mut history = Vec::new();
    while let Some(message) = next_message(&mut input) {
        let (mut whole, mut pieces) = (BytesMut::new(), BytesMut::new());
        let result = at_once.inflate(message, true, &mut whole, setup.limit);
        let mut cut_result = Ok(());
        for piece in setup.cuts.pieces(message) {
            cut_result = cut_result.and_then(|()| in_pieces.inflate(piece, false, &mut pieces, setup.limit));
        }
        let cut_result = cut_result.and_then(|()| in_pieces.inflate(&[], true, &mut pieces, setup.limit));
        assert_eq!((result, &whole), (cut_result, &pieces), "the same in pieces");
        for out in [&whole, &pieces] {
            assert!(out.len() <= setup.limit && out.capacity() <= setup.limit.max(8));
        }
        if let Err(error) = result {
            let again = at_once.inflate(&[], true, &mut whole, setup.limit);
            assert_eq!(again, Err(error), "a failure is final");
            return;
        }
        if !agrees_with_the_oracle(setup, message, &history, &whole) {
            return;
        }
        if !setup.no_takeover {
            history.extend_from_slice(&whole);
        }
    }
}

/// What inflates is DEFLATE, and says what we made of it. False where the oracle cannot follow.
fn agrees_with_the_oracle(setup: &Setup, message: &[u8], history: &[u8], ours: &[u8]) -> bool {
    // RFC 7692 7.2.3.4: after a block with BFINAL set the message may end without an empty block.
    let expected = inflate_oracle::inflate(&[message, &TAIL].concat(), history)
        .or_else(|| inflate_oracle::inflate(message, history));
    let Some(expected) = expected else {
        // RFC 7692 7.2.2: where context is kept, a message cut inside the header of a block shows with
        // the next one at the latest.
        assert!(!setup.no_takeover, "not DEFLATE, yet it inflates");
        return false;
    };
    assert_eq!(ours, expected.message);
    // RFC 1951 2: the farthest that DEFLATE can look back, whatever window was agreed.
    assert!(expected.farthest <= 1 << 15);
    true
}

fn round_trip(setup: &Setup, mut input: Input<'_>) {
    let level = input.byte() % 10;
    let mut compressor = Compressor::new(setup.window_bits, setup.no_takeover, level);
    let mut inflater = setup.inflater();
    let mut history = Vec::new();
    while let Some(seed) = next_message(&mut input) {
        // Repeated, for something to look back at.
        let message = seed.repeat(1 + seed.len() % 4);
        let (mut compressed, mut out) = (BytesMut::from("kept"), BytesMut::new());
        compressor.compress(&message, &mut compressed);
        let compressed = compressed.strip_prefix(b"kept").expect("what was there stays");
        let result = setup
            .cuts
            .pieces(compressed)
            .try_for_each(|piece| inflater.inflate(piece, false, &mut out, setup.limit))
            .and_then(|()| inflater.inflate(&[], true, &mut out, setup.limit));
        if message.len() > setup.limit {
            assert_eq!(result, Err(InflateError::TooLarge));
            return;
        }
        assert_eq!((result, &out[..]), (Ok(()), &message[..]));
        let slowly = inflate_oracle::inflate(&[compressed, &TAIL].concat(), &history).expect("DEFLATE");
        assert_eq!(slowly.message, message);
        // RFC 7692 7.1.2: never farther back than was agreed.
        assert!(slowly.farthest <= 1 << setup.window_bits);
        if !setup.no_takeover {
            history.extend_from_slice(&message);
        }
    }
}
