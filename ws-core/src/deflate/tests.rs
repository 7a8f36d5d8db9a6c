use std::io::Read as _;

use bytes::BytesMut;
use proptest::prelude::*;

use super::{Compressor, InflateError, Inflater, TAIL, oracle, pool};

const MIB: usize = 1024 * 1024;

fn compressed(compressor: &mut Compressor, message: &[u8]) -> Vec<u8> {
    let mut out = BytesMut::from(&b"before"[..]);
    compressor.compress(message, &mut out);
    assert!(out.starts_with(b"before"));
    out[6..].to_vec()
}

fn inflated(inflater: &mut Inflater, message: &[u8], limit: usize) -> Result<Vec<u8>, InflateError> {
    let mut out = BytesMut::new();
    inflater.inflate(message, true, &mut out, limit)?;
    Ok(out.to_vec())
}

/// A message in raw DEFLATE by flate2's own reader.
fn plain_inflate(message: &[u8]) -> Option<Vec<u8>> {
    let whole = [message, &TAIL, &[1], &TAIL].concat();
    let mut out = Vec::new();
    flate2::read::DeflateDecoder::new(&whole[..]).read_to_end(&mut out).ok()?;
    Some(out)
}

/// Text that compresses about as well as chat does, and looks far back.
fn text(seed: usize, length: usize) -> Vec<u8> {
    let mut state = seed as u64 | 1;
    let mut out = Vec::with_capacity(length + 16);
    while out.len() < length {
        state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        out.extend_from_slice(format!("\"user-{}\": {}, ", state >> 58, state >> 40).as_bytes());
    }
    out.truncate(length);
    out
}

/// RFC 7692 7.2.3.1 and 7.2.3.2: `Hello` twice, in one context.
#[test]
fn examples_of_one_and_two_messages() {
    let mut inflater = Inflater::new(false);
    let first = [0xf2, 0x48, 0xcd, 0xc9, 0xc9, 0x07, 0x00];
    assert_eq!(inflated(&mut inflater, &first, 5).unwrap(), b"Hello");
    assert_eq!(inflated(&mut inflater, &[0xf2, 0x00, 0x11, 0x00, 0x00], 5).unwrap(), b"Hello");

    let mut compressor = Compressor::new(15, false, 6);
    assert_eq!(compressed(&mut compressor, b"Hello"), first);
    assert_eq!(compressed(&mut compressor, b"Hello"), [0xf2, 0x00, 0x11, 0x00, 0x00]);
    let mut compressor = Compressor::new(15, true, 6);
    assert_eq!(compressed(&mut compressor, b"Hello"), first);
    assert_eq!(compressed(&mut compressor, b"Hello"), first);
}

/// RFC 7692 7.2.3.3 to 7.2.3.5: a stored block, a final block, two blocks.
#[test]
fn examples_of_other_blocks() {
    for message in [
        &[0x00, 0x05, 0x00, 0xfa, 0xff, 0x48, 0x65, 0x6c, 0x6c, 0x6f, 0x00][..],
        &[0xf3, 0x48, 0xcd, 0xc9, 0xc9, 0x07, 0x00, 0x00],
        &[0xf2, 0x48, 0x05, 0x00, 0x00, 0x00, 0xff, 0xff, 0xca, 0xc9, 0xc9, 0x07, 0x00],
    ] {
        for no_context_takeover in [false, true] {
            let mut inflater = Inflater::new(no_context_takeover);
            for _ in 0..3 {
                assert_eq!(inflated(&mut inflater, message, 5).unwrap(), b"Hello");
            }
            let mut inflater = Inflater::new(no_context_takeover);
            let mut out = BytesMut::new();
            for (position, byte) in message.iter().enumerate() {
                inflater.inflate(&[*byte], position + 1 == message.len(), &mut out, 5).unwrap();
            }
            assert_eq!(out, "Hello");
        }
    }
}

/// RFC 7692 7.2.3.6: an empty message is a zero byte; a stream that has no bytes has no message.
#[test]
fn empty_messages() {
    for no_context_takeover in [false, true] {
        let mut compressor = Compressor::new(15, no_context_takeover, 6);
        let mut inflater = Inflater::new(no_context_takeover);
        for message in [&b""[..], b"", b"abcabcabc", b"", b"abcabcabc", b""] {
            let sent = compressed(&mut compressor, message);
            assert_eq!(sent == [0], message.is_empty());
            assert_eq!(inflated(&mut inflater, &sent, 9).unwrap(), message);
            assert_eq!(inflated(&mut inflater, &[], 9).unwrap(), b"");
        }
    }
}

/// RFC 7692 7.2.3.4: a final block may be the last one or the first of several, and senders that end
/// their stream with it leave out the zero byte.
#[test]
fn final_blocks_anywhere() {
    let hello = [0xf3, 0x48, 0xcd, 0xc9, 0xc9, 0x07, 0x00];
    for no_context_takeover in [false, true] {
        let mut inflater = Inflater::new(no_context_takeover);
        for _ in 0..2 {
            assert_eq!(inflated(&mut inflater, &hello, 5).unwrap(), b"Hello");
            assert_eq!(inflated(&mut inflater, &[hello, hello].concat(), 10).unwrap(), b"HelloHello");
            let mixed = [&hello[..], &[0xf2, 0x48, 0xcd, 0xc9, 0xc9, 0x07, 0x00]].concat();
            assert_eq!(inflated(&mut inflater, &mixed, 10).unwrap(), b"HelloHello");
        }
        let many = [0x03, 0x00].repeat(50_000);
        assert_eq!(inflated(&mut inflater, &many, 0).unwrap(), b"");
    }
}

/// RFC 7692 7.2.2: a message that is cut inside a block is no message. Where context is kept a cut
/// inside a block's header may only show in the next message, which then cannot be read.
#[test]
fn cut_messages_are_incomplete() {
    for message in [text(7, 200), text(8, 800), vec![b'a'; 400]] {
        for level in [0, 1, 6] {
            let sent = compressed(&mut Compressor::new(15, true, level), &message);
            for cut in (1..sent.len()).map(|end| &sent[..end]) {
                let whole = oracle::inflate(&[cut, &TAIL].concat(), &[]).map(|whole| whole.message);
                // The tail is an empty block, and not the end of a stored one.
                let expected = whole.filter(|whole| !whole.ends_with(&TAIL)).ok_or(InflateError::Incomplete);
                assert_eq!(inflated(&mut Inflater::new(true), cut, MIB), expected);
                let mut inflater = Inflater::new(false);
                if inflated(&mut inflater, cut, MIB) != expected {
                    assert!(inflated(&mut inflater, &sent, MIB).is_err(), "cut at {}", cut.len());
                }
            }
        }
    }
}

#[test]
fn damaged_messages_stay_damaged() {
    for message in [&[0x07][..], &[0x01, 0x05, 0x00, 0x00, 0x00], &[0xf2, 0x48, 0xff, 0xff, 0xff, 0xff]] {
        let mut inflater = Inflater::new(false);
        let error = inflated(&mut inflater, message, MIB).unwrap_err();
        assert!(matches!(error, InflateError::Corrupt | InflateError::Incomplete), "{message:?}");
        assert_eq!(inflated(&mut inflater, &[0x00], MIB), Err(error));
        assert!(inflater.is_idle());
    }
}

/// A thousand to one stops with the first byte over the limit, and no memory is taken for more.
#[test]
fn bombs_stop_at_the_limit() {
    let bomb = compressed(&mut Compressor::new(15, true, 9), &vec![0; 16 * MIB]);
    assert!(bomb.len() < 20_000);
    for limit in [0, 1, 1000, 16 * 1024, 16 * 1024 + 1, 100_000, MIB, 16 * MIB - 1] {
        for piece in [1, 100, bomb.len()] {
            let mut inflater = Inflater::new(true);
            let mut out = BytesMut::new();
            let result =
                bomb.chunks(piece).try_for_each(|piece| inflater.inflate(piece, false, &mut out, limit));
            assert_eq!(result, Err(InflateError::TooLarge));
            // What came before the limit is there, and a buffer has room for eight bytes at least.
            assert_eq!(out.len(), limit);
            assert!(out.capacity() <= limit.max(8), "{} of {limit}", out.capacity());
            assert!(inflater.is_idle());
        }
    }
    assert_eq!(inflated(&mut Inflater::new(true), &bomb, 16 * MIB).unwrap().len(), 16 * MIB);
}

/// The limit is for a message, however it is cut and wherever its parts are put.
#[test]
fn the_limit_is_for_the_whole_message() {
    let sent = compressed(&mut Compressor::new(15, false, 6), &text(1, 5000));
    let mut inflater = Inflater::new(false);
    for limit in [5000, 4999] {
        let result = sent.chunks(10).enumerate().try_for_each(|(position, piece)| {
            let mut elsewhere = BytesMut::new();
            inflater.inflate(piece, position == sent.len().div_ceil(10) - 1, &mut elsewhere, limit)
        });
        assert_eq!(result.is_ok(), limit == 5000);
    }
}

#[test]
fn the_ratio_counts_beyond_a_mebibyte() {
    let zeros = |length| compressed(&mut Compressor::new(15, true, 6), &vec![0; length]);
    let mut inflater = Inflater::new(true).max_ratio(Some(200));
    assert_eq!(inflated(&mut inflater, &zeros(MIB), 16 * MIB).unwrap().len(), MIB);
    let message = text(3, 3 * MIB);
    let sent = compressed(&mut Compressor::new(15, true, 6), &message);
    assert_eq!(inflated(&mut inflater, &sent, 16 * MIB).unwrap(), message);
    assert_eq!(inflated(&mut inflater, &zeros(2 * MIB), 16 * MIB), Err(InflateError::RatioExceeded));
}

/// Without context an idle connection has no state; with it, it keeps one from the first message on.
#[test]
fn memory_goes_back_to_the_thread() {
    std::thread::spawn(|| {
        let mut pairs: Vec<_> =
            (0..10).map(|number| (Compressor::new(12, number < 5, 6), Inflater::new(number < 5))).collect();
        assert!(pairs.iter().all(|(compressor, inflater)| compressor.is_idle() && inflater.is_idle()));
        for (number, (compressor, inflater)) in pairs.iter_mut().enumerate() {
            let sent = compressed(compressor, b"aaaaaaaaaaaaaaaaaaaaaaa");
            inflater.inflate(&sent, false, &mut BytesMut::new(), 100).unwrap();
            assert!(!inflater.is_idle());
            inflater.inflate(&[], true, &mut BytesMut::new(), 100).unwrap();
            assert_eq!((compressor.is_idle(), inflater.is_idle()), (number < 5, number < 5));
            // One of each is enough for connections that take turns.
            assert_eq!(pool::kept(), if number < 5 { (1, 1) } else { (0, 0) });
        }
        // Messages in progress have a state each, and only a few of them are kept.
        let mut inflaters: Vec<_> = (0..9).map(|_| Inflater::new(true)).collect();
        for is_end in [false, true] {
            for inflater in &mut inflaters {
                inflater.inflate(&[0x00; 1][usize::from(is_end)..], is_end, &mut BytesMut::new(), 1).unwrap();
            }
        }
        for level in 1..=9 {
            compressed(&mut Compressor::new(15, true, level), b"abc");
        }
        assert_eq!(pool::kept(), (4, 4));
    })
    .join()
    .unwrap();
}

/// RFC 7692 7.1.2: no message looks back farther than was agreed; 8 bits are honoured by not looking
/// back at all.
#[test]
fn the_window_is_never_exceeded() {
    let messages = [text(1, 300), text(1, 5000), text(2, 40_000), text(1, 300)];
    for window_bits in 8..=15 {
        for level in [1, 6, 9] {
            let mut compressor = Compressor::new(window_bits, false, level);
            let mut history = Vec::new();
            let mut farthest = 0;
            for message in &messages {
                let whole = [&compressed(&mut compressor, message)[..], &TAIL].concat();
                let seen = oracle::inflate(&whole, &history).unwrap();
                assert!(seen.message == *message);
                farthest = farthest.max(seen.farthest);
                history.extend_from_slice(message);
            }
            assert!(farthest <= 1 << window_bits, "{farthest} with {window_bits} bits");
            // What is agreed on is also used, though zlib never looks at the last 262 bytes of its window.
            assert_eq!(
                farthest > (1 << window_bits) / 4,
                window_bits > 8,
                "{farthest} with {window_bits} bits"
            );
        }
    }
}

/// Lengths at which zlib's output ends exactly with a block.
#[test]
fn messages_around_the_block_come_back() {
    for level in [1, 6] {
        let mut compressor = Compressor::new(15, true, level);
        let mut inflater = Inflater::new(true);
        let noise: Vec<u8> = text(5, 200_000)
            .chunks(8)
            .map(|chunk| chunk.iter().fold(0, |a: u8, b| a.wrapping_mul(31) ^ b))
            .collect();
        for length in pool::BLOCK - 40..pool::BLOCK + 5 {
            let sent = compressed(&mut compressor, &noise[..length]);
            assert!(inflated(&mut inflater, &sent, length).unwrap() == noise[..length]);
        }
        for length in [pool::BLOCK - 1, pool::BLOCK, pool::BLOCK + 1, 2 * pool::BLOCK] {
            let sent = compressed(&mut compressor, &vec![7; length]);
            assert!(inflated(&mut inflater, &sent, length).unwrap() == vec![7; length]);
        }
    }
}

/// A message that ends with a block: an empty one whose tail is missing, or a final one.
fn read_by_oracle(message: &[u8]) -> Option<Vec<u8>> {
    let complete = [message, &TAIL].concat();
    oracle::inflate(message, &[]).or_else(|| oracle::inflate(&complete, &[])).map(|whole| whole.message)
}

/// Messages of every kind: noise, repeated, and text that looks back.
fn message() -> impl Strategy<Value = Vec<u8>> {
    prop_oneof![
        proptest::collection::vec(any::<u8>(), 0..300),
        (any::<u8>(), 0usize..3000).prop_map(|(byte, length)| vec![byte; length]),
        (any::<usize>(), 0usize..3000).prop_map(|(seed, length)| text(seed, length)),
    ]
}

proptest! {
    /// What is compressed comes back, however it is cut, for every window and level; flate2's own
    /// reader and the oracle agree.
    #[test]
    fn messages_come_back(
        messages in proptest::collection::vec(message(), 1..5),
        window_bits in 8u8..=15,
        level in 0u8..=9,
        no_context_takeover in any::<bool>(),
        piece in 1usize..400,
    ) {
        let mut compressor = Compressor::new(window_bits, no_context_takeover, level);
        let mut inflater = Inflater::new(no_context_takeover);
        let mut history = Vec::new();
        for message in &messages {
            let sent = compressed(&mut compressor, message);
            let mut out = BytesMut::new();
            for part in sent.chunks(piece) {
                inflater.inflate(part, false, &mut out, message.len()).unwrap();
            }
            inflater.inflate(&[], true, &mut out, message.len()).unwrap();
            prop_assert!(out == message[..]);
            let whole = [&sent[..], &TAIL].concat();
            prop_assert!(oracle::inflate(&whole, &history).unwrap().message == *message);
            if no_context_takeover {
                prop_assert!(plain_inflate(&sent).as_ref() == Some(message));
            } else {
                history.extend_from_slice(message);
            }
        }
    }

    /// What flate2's own writer makes, with blocks of every kind and flushes anywhere, comes back.
    #[test]
    fn streams_of_others_come_back(
        parts in proptest::collection::vec(message(), 1..5),
        level in 0u32..=9,
        is_finished in any::<bool>(),
        piece in 1usize..400,
        no_context_takeover in any::<bool>(),
    ) {
        use std::io::Write as _;
        let mut writer = flate2::write::DeflateEncoder::new(Vec::new(), flate2::Compression::new(level));
        for part in &parts {
            writer.write_all(part).unwrap();
            writer.flush().unwrap();
        }
        let mut sent = if is_finished { writer.finish().unwrap() } else { writer.get_ref().clone() };
        if is_finished {
            sent.push(0);
        } else {
            prop_assert!(sent.ends_with(&TAIL));
            sent.truncate(sent.len() - TAIL.len());
        }
        let mut inflater = Inflater::new(no_context_takeover);
        let mut out = BytesMut::new();
        for part in sent.chunks(piece) {
            inflater.inflate(part, false, &mut out, MIB).unwrap();
        }
        inflater.inflate(&[], true, &mut out, MIB).unwrap();
        prop_assert!(out == parts.concat());
    }

    /// Any bytes end in a message or an error, the same for every cut, and never over the limit; what
    /// is accepted is what the oracle reads.
    #[test]
    fn any_bytes_are_inflated_or_refused(
        data in proptest::collection::vec(any::<u8>(), 0..200),
        pieces in proptest::collection::vec(1usize..20, 1..20),
        limit in 0usize..2000,
        no_context_takeover in any::<bool>(),
    ) {
        let at_once = inflated(&mut Inflater::new(no_context_takeover), &data, limit);
        let mut inflater = Inflater::new(no_context_takeover);
        let mut out = BytesMut::new();
        let mut rest = &data[..];
        let mut result = Ok(());
        for piece in pieces.iter().cycle() {
            let (piece, after) = rest.split_at(rest.len().min(*piece));
            rest = after;
            result = result.and_then(|()| inflater.inflate(piece, rest.is_empty(), &mut out, limit));
            prop_assert!(out.len() <= limit);
            if rest.is_empty() {
                break;
            }
        }
        prop_assert_eq!(&result.map(|()| out.to_vec()), &at_once);
        if let Ok(message) = at_once
            && no_context_takeover
        {
            prop_assert_eq!(read_by_oracle(&data), Some(message));
        }
    }

    /// A valid message with a damaged byte.
    #[test]
    fn a_damaged_byte_is_inflated_or_refused(
        message in message(),
        position in any::<prop::sample::Index>(),
        byte in any::<u8>(),
    ) {
        let mut sent = compressed(&mut Compressor::new(15, true, 6), &message);
        let position = position.index(sent.len());
        sent[position] = byte;
        let mut out = BytesMut::new();
        let result = Inflater::new(true).inflate(&sent, true, &mut out, 10_000);
        prop_assert!(out.len() <= 10_000);
        if let Ok(()) = result {
            prop_assert_eq!(read_by_oracle(&sent), Some(out.to_vec()));
        }
    }
}
