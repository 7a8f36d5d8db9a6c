//! Each limit at, below and above it, and no memory spent on a length that a stranger names.

use bytes::BytesMut;

use super::*;
use crate::{
    connection::{
        Event, ProtocolError, Receiver,
        samples::{BINARY, CONTINUATION, FIN, Frames, PING, TEXT, drain, frame, frames, header, server},
    },
    message::CloseCode,
};

const KEY: [u8; 4] = [1, 2, 3, 4];

fn limited(limits: Limits) -> Receiver {
    Receiver::new(&Config { limits, ..Config::new(Role::Server) })
}

/// Lengths of the messages, and the error.
fn lengths(limits: Limits, sent: &[(u8, usize)]) -> (Vec<usize>, Option<ProtocolError>) {
    let mut input: BytesMut =
        sent.iter().flat_map(|(first, length)| frame(Role::Client, *first, &vec![b'x'; *length])).collect();
    let (events, error) = drain(&mut limited(limits), &mut input);
    let lengths = events.iter().map(|event| match event {
        Event::Message(message) => message.len(),
        other => panic!("{other:?}"),
    });
    (lengths.collect(), error)
}

#[test]
fn frame_at_below_and_above() {
    for frame in [0, 1, 125, 126, 1000, 65_535, 65_536] {
        let limits = Limits { frame, ..Limits::default() };
        assert_eq!(lengths(limits, &[(FIN | BINARY, frame)]), (vec![frame], None));
        assert_eq!(lengths(limits, &[(FIN | TEXT, frame.saturating_sub(1))]).1, None);
        let error = ProtocolError::FrameTooBig { limit: frame };
        assert_eq!(lengths(limits, &[(FIN | BINARY, frame + 1)]), (vec![], Some(error)));
        // Fragments are frames; together they may be longer.
        assert_eq!(lengths(limits, &[(TEXT, frame), (FIN | CONTINUATION, frame)]), (vec![2 * frame], None));
        assert_eq!(lengths(limits, &[(TEXT, 0), (FIN | CONTINUATION, frame + 1)]), (vec![], Some(error)));
        assert_eq!(error.close_code(), CloseCode::MESSAGE_TOO_BIG);
    }
}

#[test]
fn message_at_below_and_above_in_one_frame() {
    for message in [0, 1, 125, 126, 1000, 65_536] {
        let limits = Limits { message, ..Limits::default() };
        assert_eq!(lengths(limits, &[(FIN | BINARY, message)]), (vec![message], None));
        assert_eq!(lengths(limits, &[(FIN | BINARY, message.saturating_sub(1))]).1, None);
        let error = ProtocolError::MessageTooBig { limit: message };
        assert_eq!(lengths(limits, &[(FIN | BINARY, message + 1)]), (vec![], Some(error)));
        assert_eq!(error.close_code(), CloseCode::MESSAGE_TOO_BIG);
    }
}

#[test]
fn message_at_below_and_above_in_fragments() {
    let limits = Limits { message: 100, ..Limits::default() };
    let error = Some(ProtocolError::MessageTooBig { limit: 100 });
    for (first, second, third, expected) in [
        (40, 40, 20, (vec![100], None)),
        (40, 40, 19, (vec![99], None)),
        (40, 40, 21, (vec![], error)),
        (101, 0, 0, (vec![], error)),
        (0, 101, 0, (vec![], error)),
        (100, 0, 0, (vec![100], None)),
        (100, 0, 1, (vec![], error)),
    ] {
        let sent = [(BINARY, first), (CONTINUATION, second), (FIN | CONTINUATION, third)];
        assert_eq!(lengths(limits, &sent), expected, "{sent:?}");
    }
    // The limit is on each message, not on their sum; control frames are not counted.
    let many = [(FIN | BINARY, 100), (BINARY, 50), (FIN | CONTINUATION, 50), (FIN | BINARY, 100)];
    assert_eq!(lengths(limits, &many), (vec![100, 100, 100], None));
    let ping: Frames<'_> = &[(BINARY, &[0; 100]), (FIN | PING, &[0; 125]), (FIN | CONTINUATION, b"")];
    assert_eq!(drain(&mut limited(limits), &mut frames(Role::Client, ping)).1, None);
}

/// A message that would become too long is refused at the header: what it announces need not come.
#[test]
fn too_long_is_told_at_the_header() {
    let limits = Limits { frame: 1000, message: 500, ..Limits::default() };
    for (first, length, error) in [
        (FIN | BINARY, 501, ProtocolError::MessageTooBig { limit: 500 }),
        (BINARY, 501, ProtocolError::MessageTooBig { limit: 500 }),
        (FIN | BINARY, 1001, ProtocolError::FrameTooBig { limit: 1000 }),
    ] {
        let mut input = BytesMut::from(&header(first, length, Some(KEY))[..]);
        assert_eq!(limited(limits).receive(&mut input), Err(error));
    }
    let mut input = frames(Role::Client, &[(BINARY, &[0; 400])]);
    input.extend_from_slice(&header(FIN | CONTINUATION, 101, Some(KEY)));
    let error = ProtocolError::MessageTooBig { limit: 500 };
    assert_eq!(limited(limits).receive(&mut input), Err(error));
}

/// Tiny and empty fragments without end (CVE-2026-48779): their number is limited.
#[test]
fn fragments_at_below_and_above() {
    for fragments in [1, 2, 3, 1024] {
        let limits = Limits { fragments, ..Limits::default() };
        for length in [0, 1] {
            let message = |count: usize| {
                let middle = std::iter::repeat_n((CONTINUATION, length), count.saturating_sub(2));
                let first = if count == 1 { FIN | BINARY } else { BINARY };
                let last = (count > 1).then_some((FIN | CONTINUATION, length));
                std::iter::once((first, length)).chain(middle).chain(last).collect::<Vec<_>>()
            };
            // Every 64 bytes that came buy one more.
            let allowed = fragments + (fragments * length) / 64;
            assert_eq!(lengths(limits, &message(allowed)).1, None);
            assert_eq!(lengths(limits, &message(allowed - usize::from(allowed > 1))).1, None);
            if fragments > 1 {
                let error = Some(ProtocolError::TooManyFragments);
                assert_eq!(lengths(limits, &message(allowed + 1)), (vec![], error), "{fragments} {length}");
            }
        }
    }
    assert_eq!(ProtocolError::TooManyFragments.close_code(), CloseCode::POLICY_VIOLATION);
}

/// Fragments of 64 bytes and more pay for themselves: only the length of the message ends them.
#[test]
fn fragments_that_pay_for_themselves() {
    let limits = Limits { fragments: 2, message: 64 * 100, ..Limits::default() };
    let mut sent = vec![(BINARY, 64)];
    sent.extend([(CONTINUATION, 64); 98]);
    sent.push((FIN | CONTINUATION, 64));
    assert_eq!(lengths(limits, &sent), (vec![6400], None));
    sent.insert(1, (CONTINUATION, 1));
    assert_eq!(lengths(limits, &sent).1, Some(ProtocolError::MessageTooBig { limit: 6400 }));
}

/// Trusted or overflowing lengths (CVE-2022-35922, CVE-2020-27813, CVE-2020-13935, CVE-2026-54466): refused
/// at the header, with 1009 or, where the header itself is wrong, with 1002; nothing is allocated.
#[test]
fn named_lengths_are_refused_at_the_header() {
    for power in [31, 32, 53, 62, 63] {
        for length in [(1u64 << power) - 1, 1 << power, (1 << power) + 1] {
            for first in [FIN | TEXT, FIN | BINARY, TEXT, BINARY] {
                let mut input = BytesMut::from(&header(first, length, Some(KEY))[..]);
                let (mut receiver, before) = (server(), input.capacity());
                let error = receiver.receive(&mut input).expect_err("too long");
                let code =
                    if length >> 63 == 0 { CloseCode::MESSAGE_TOO_BIG } else { CloseCode::PROTOCOL_ERROR };
                assert_eq!(error.close_code(), code, "{length:#x}");
                assert!(input.capacity() <= before);
                assert_eq!(receiver.assembled_capacity(), 0);
            }
        }
    }
}

/// Where every limit is off, a length still buys no memory: it grows with the bytes that come.
#[test]
fn named_lengths_buy_no_memory_even_without_limits() {
    let limits = Limits { frame: usize::MAX, message: usize::MAX, fragments: usize::MAX, output: usize::MAX };
    for length in [65_535, 65_536, 1 << 31, (1 << 53) + 1, i64::MAX.cast_unsigned()] {
        for first in [FIN | TEXT, TEXT, BINARY, FIN | BINARY] {
            let mut input = BytesMut::from(&header(first, length, Some(KEY))[..]);
            let (mut receiver, before) = (limited(limits), input.capacity());
            assert_eq!(receiver.receive(&mut input), Ok(None));
            assert!(input.capacity() <= before);
            assert_eq!(receiver.assembled_capacity(), 0);
            for _ in 0..10 {
                input.extend_from_slice(&KEY);
                assert_eq!(receiver.receive(&mut input), Ok(None));
            }
            assert!(input.capacity() + receiver.assembled_capacity() <= 256);
        }
    }
    // A second fragment cannot make the sum overflow.
    let mut receiver = limited(limits);
    let mut input = frames(Role::Client, &[(BINARY, b"abc")]);
    input.extend_from_slice(&header(FIN | CONTINUATION, i64::MAX.cast_unsigned(), Some(KEY)));
    assert_eq!(receiver.receive(&mut input), Ok(None));
}

/// What an unfinished message holds is what came of it, and a failure gives it back.
#[test]
fn memory_follows_what_came_and_is_given_back() {
    let (mut receiver, mut input) = (server(), frames(Role::Client, &[(BINARY, &[0; 1000])]));
    assert_eq!(receiver.receive(&mut input), Ok(None));
    assert!((1000..4096).contains(&receiver.assembled_capacity()));
    for _ in 0..500 {
        input.extend_from_slice(&frame(Role::Client, CONTINUATION, b""));
        assert_eq!(receiver.receive(&mut input), Ok(None));
    }
    assert!((1000..4096).contains(&receiver.assembled_capacity()));
    input.extend_from_slice(&frame(Role::Client, FIN | BINARY, b""));
    assert_eq!(receiver.receive(&mut input), Err(ProtocolError::ContinuationExpected));
    assert_eq!(receiver.assembled_capacity(), 0);
}
