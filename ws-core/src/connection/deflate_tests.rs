//! permessage-deflate in a connection: RFC 7692 section 6, and limits that compression must not get around.

use bytes::{Bytes, BytesMut};

use super::{
    Config, Connection, Event, Limits, ProtocolError, Receiver, Role,
    samples::{BINARY, CONTINUATION, FIN, Frames, PING, PONG, TEXT, drain, frames},
};
use crate::{
    deflate::{Compressor, DeflateConfig, DeflateParams},
    message::{CloseCode, Message},
};

const RSV1: u8 = 0x40;

/// RFC 7692 7.2.3.1: `Hello`, and 7.2.3.2: `Hello` after it in the same context.
const HELLO: &[u8] = b"\xf2\x48\xcd\xc9\xc9\x07\x00";
const HELLO_AGAIN: &[u8] = b"\xf2\x00\x11\x00\x00";

fn agreed(role: Role, server_forgets: bool, client_forgets: bool) -> Config {
    let params = DeflateParams {
        server_no_context_takeover: server_forgets,
        client_no_context_takeover: client_forgets,
        server_max_window_bits: 15,
        client_max_window_bits: 15,
    };
    Config {
        deflate: Some((params, DeflateConfig { threshold: 10, ..DeflateConfig::default() })),
        ..Config::new(role)
    }
}

fn server() -> Receiver {
    Receiver::new(&agreed(Role::Server, false, false))
}

fn serve(sent: Frames<'_>) -> (Vec<Event>, Option<ProtocolError>) {
    drain(&mut server(), &mut frames(Role::Client, sent))
}

fn text(text: &str) -> Event {
    Event::Message(Message::text(text))
}

fn compressed(message: &[u8]) -> Vec<u8> {
    let mut out = BytesMut::new();
    Compressor::new(15, true, 9).compress(message, &mut out);
    out.to_vec()
}

/// RFC 7692 6: RSV1 is set on the first frame of a compressed message, and on no other frame.
#[test]
fn rsv1_on_the_first_frame_only() {
    assert_eq!(serve(&[(FIN | RSV1 | TEXT, HELLO)]), (vec![text("Hello")], None));
    let in_two: Frames<'_> = &[(RSV1 | TEXT, &HELLO[..3]), (FIN | CONTINUATION, &HELLO[3..])];
    assert_eq!(serve(in_two), (vec![text("Hello")], None));
    let error = Some(ProtocolError::CompressionUnexpected);
    for first in [RSV1 | CONTINUATION, FIN | RSV1 | CONTINUATION] {
        assert_eq!(serve(&[(RSV1 | TEXT, &HELLO[..3]), (first, &HELLO[3..])]).1, error);
        assert_eq!(serve(&[(TEXT, b"plain"), (first, b"")]).1, error);
        assert_eq!(serve(&[(first, b"")]).1, error);
    }
    for control in [8, PING, PONG] {
        assert_eq!(serve(&[(FIN | RSV1 | control, b"")]).1, error);
    }
    assert_eq!(ProtocolError::CompressionUnexpected.close_code(), CloseCode::PROTOCOL_ERROR);
}

/// RFC 7692 6: messages with and without compression may follow one another; those without do not enter
/// the context.
#[test]
fn plain_messages_between_compressed_ones() {
    let sent: Frames<'_> = &[
        (FIN | RSV1 | TEXT, HELLO),
        (FIN | TEXT, b"something else"),
        (TEXT, b"in "),
        (FIN | CONTINUATION, b"two"),
        (FIN | RSV1 | TEXT, HELLO_AGAIN),
    ];
    let events = vec![text("Hello"), text("something else"), text("in two"), text("Hello")];
    assert_eq!(serve(sent), (events, None));
}

/// RFC 6455 5.4, RFC 7692 6: control frames come between the fragments of a compressed message, uncompressed.
#[test]
fn control_frames_between_compressed_fragments() {
    let sent: Frames<'_> = &[
        (RSV1 | TEXT, b""),
        (FIN | PING, HELLO),
        (CONTINUATION, &HELLO[..1]),
        (FIN | PONG, b""),
        (CONTINUATION, b""),
        (CONTINUATION, &HELLO[1..]),
        (FIN | CONTINUATION, b""),
    ];
    let ping = Event::Ping(Bytes::from_static(HELLO));
    assert_eq!(serve(sent), (vec![ping, Event::Pong(Bytes::new()), text("Hello")], None));
}

/// RFC 7692 7.2.3.6: an empty message is one byte, and an empty payload will do as well.
#[test]
fn empty_messages() {
    assert_eq!(
        serve(&[(FIN | RSV1 | TEXT, b"\0"), (FIN | RSV1 | TEXT, b"")]),
        (vec![text(""), text("")], None)
    );
}

/// Three messages in one context, the second in fragments, cut at every byte, at every pair of bytes that
/// are seven apart, and into single bytes.
#[test]
fn every_split_gives_the_same() {
    let sent: Frames<'_> = &[
        (FIN | RSV1 | TEXT, HELLO),
        (RSV1 | TEXT, &HELLO_AGAIN[..2]),
        (FIN | PING, b"?"),
        (FIN | CONTINUATION, &HELLO_AGAIN[2..]),
        (FIN | RSV1 | TEXT, HELLO_AGAIN),
    ];
    let stream = frames(Role::Client, sent);
    let ping = Event::Ping(Bytes::from_static(b"?"));
    let expected = [text("Hello"), ping, text("Hello"), text("Hello")];
    for first in 0..=stream.len() {
        let second = (first + 7).min(stream.len());
        let pieces = [&stream[..first], &stream[first..second], &stream[second..]];
        assert_eq!(received(pieces), expected, "cut at {first}");
    }
    assert_eq!(received(stream.chunks(1)), expected);
}

fn received<'a>(pieces: impl IntoIterator<Item = &'a [u8]>) -> Vec<Event> {
    let (mut receiver, mut input) = (server(), BytesMut::new());
    let mut events = Vec::new();
    for piece in pieces {
        input.extend_from_slice(piece);
        let (more, error) = drain(&mut receiver, &mut input);
        assert_eq!(error, None);
        events.extend(more);
    }
    events
}

/// RFC 7692 7.1.1: each direction keeps or forgets its context by its own parameter, on both ends.
#[test]
fn context_of_each_direction() {
    for server_forgets in [false, true] {
        for client_forgets in [false, true] {
            let mut server = Connection::new(&agreed(Role::Server, server_forgets, client_forgets));
            let mut client = Connection::new(&agreed(Role::Client, server_forgets, client_forgets));
            assert_eq!(forgets(&mut server, &mut client), server_forgets);
            assert_eq!(forgets(&mut client, &mut server), client_forgets);
        }
    }
}

/// Whether a message takes as much room the second time.
fn forgets(from: &mut Connection, to: &mut Connection) -> bool {
    let message = Message::text("what is said twice is said in fewer words");
    let (mut wire, mut answers) = (BytesMut::new(), BytesMut::new());
    let sizes = [(); 2].map(|()| {
        from.send(message.clone(), &mut wire).unwrap();
        assert_eq!(wire[0], FIN | RSV1 | TEXT);
        let size = wire.len();
        assert_eq!(to.receive(&mut wire, &mut answers), Ok(Some(Event::Message(message.clone()))));
        size
    });
    assert!(sizes[0] == sizes[1] || sizes[1] < sizes[0] / 2, "{sizes:?}");
    sizes[0] == sizes[1]
}

/// A message that leans on a context that was to be forgotten is damaged.
#[test]
fn forgotten_context_is_not_used() {
    let mut receiver = Receiver::new(&agreed(Role::Server, false, true));
    let mut input = frames(Role::Client, &[(FIN | RSV1 | TEXT, HELLO), (FIN | RSV1 | TEXT, HELLO_AGAIN)]);
    let expected = (vec![text("Hello")], Some(ProtocolError::CompressionCorrupt));
    assert_eq!(drain(&mut receiver, &mut input), expected);
    assert_eq!(ProtocolError::CompressionCorrupt.close_code(), CloseCode::INVALID_PAYLOAD);
}

/// RFC 7692 7.2.2: what is not DEFLATE, and what ends inside a block.
#[test]
fn damaged_messages() {
    let error = Some(ProtocolError::CompressionCorrupt);
    assert_eq!(serve(&[(FIN | RSV1 | BINARY, b"\x07")]), (vec![], error), "a reserved kind of block");
    let mut receiver = Receiver::new(&agreed(Role::Server, true, true));
    let mut input = frames(Role::Client, &[(FIN | RSV1 | BINARY, &HELLO[..4])]);
    assert_eq!(drain(&mut receiver, &mut input), (vec![], error), "cut inside a block");
}

/// RFC 6455 8.1: compressed text fails as soon as its first invalid byte can be inflated.
#[test]
fn invalid_text_fails_before_its_end() {
    let message = compressed(&[b"valid \xff ".as_slice(), &[b'x'; 5000]].concat());
    let (first, _) = message.split_at(message.len() - 1);
    assert_eq!(serve(&[(RSV1 | TEXT, first)]), (vec![], Some(ProtocolError::InvalidUtf8)));
    // As binary it would still be waiting for its end.
    assert_eq!(serve(&[(RSV1 | BINARY, first)]), (vec![], None));
}

/// The verdict on a message with two faults is that on the first of them, however it is cut.
#[test]
fn the_first_fault_decides() {
    let limits = Limits { message: 100, ..Limits::default() };
    let too_long_and_invalid = compressed(&[b"\xff".as_slice(), &[b'x'; 500]].concat());
    let invalid_and_damaged = [&compressed(b"valid \xff ")[..], b"\x07\x07"].concat();
    for message in [too_long_and_invalid, invalid_and_damaged] {
        let stream = frames(Role::Client, &[(FIN | RSV1 | TEXT, &message)]);
        for piece in [1, 3, stream.len()] {
            let mut receiver = Receiver::new(&Config { limits, ..agreed(Role::Server, false, false) });
            let mut input = BytesMut::new();
            let error = stream.chunks(piece).find_map(|piece| {
                input.extend_from_slice(piece);
                receiver.receive(&mut input).err()
            });
            assert_eq!(error, Some(ProtocolError::InvalidUtf8), "in pieces of {piece}");
        }
    }
}

/// The limit on a message is on what it inflates to: at, below and above, in one frame and in fragments.
#[test]
fn inflated_size_at_below_and_above_the_limit() {
    let limits = Limits { message: 1000, ..Limits::default() };
    let length_of = |sent: Frames<'_>| {
        let mut receiver = Receiver::new(&Config { limits, ..agreed(Role::Server, false, false) });
        match drain(&mut receiver, &mut frames(Role::Client, sent)) {
            (events, None) => match &events[..] {
                [Event::Message(message)] => Ok(message.len()),
                other => panic!("{other:?}"),
            },
            (_, Some(error)) => Err(error),
        }
    };
    for size in [999, 1000] {
        let message = compressed(&vec![0; size]);
        assert_eq!(length_of(&[(FIN | RSV1 | BINARY, &message)]), Ok(size));
        assert_eq!(length_of(&[(RSV1 | BINARY, &message), (FIN | CONTINUATION, b"")]), Ok(size));
    }
    let error = Err(ProtocolError::MessageTooBig { limit: 1000 });
    let message = compressed(&[0; 1001]);
    assert_eq!(length_of(&[(FIN | RSV1 | BINARY, &message)]), error);
    let (first, second) = message.split_at(2);
    assert_eq!(length_of(&[(RSV1 | BINARY, first), (FIN | CONTINUATION, second)]), error);
    // What does not compress is longer on the wire than it will be: that is no fault.
    let mut stored = BytesMut::new();
    Compressor::new(15, true, 0).compress(&[7; 1000], &mut stored);
    assert!(stored.len() > 1000);
    assert_eq!(length_of(&[(FIN | RSV1 | BINARY, &stored)]), Ok(1000));
}

/// Decompression bombs (CVE-2018-1000518, CVE-2026-39804): a thousand to one ends with the first byte over
/// the limit, answered with 1009, and costs no memory beyond it.
#[test]
fn bombs_through_a_connection() {
    let bomb = compressed(&vec![0; 2 << 20]);
    assert!(bomb.len() < 3000);
    for piece in [1, 100, 4096, bomb.len()] {
        let config = agreed(Role::Server, false, false);
        let (mut receiver, mut server) = (Receiver::new(&config), Connection::new(&config));
        let stream = frames(Role::Client, &[(FIN | RSV1 | BINARY, &bomb)]);
        let (mut input, mut own_input, mut output) = (BytesMut::new(), BytesMut::new(), BytesMut::new());
        let mut error = None;
        for piece in stream.chunks(piece) {
            input.extend_from_slice(piece);
            own_input.extend_from_slice(piece);
            error = server.receive(&mut input, &mut output).err();
            assert_eq!(receiver.receive(&mut own_input).err(), error);
            assert!(receiver.assembled_capacity() <= Limits::default().message);
            if error.is_some() {
                break;
            }
        }
        assert_eq!(error, Some(ProtocolError::MessageTooBig { limit: 1 << 20 }));
        assert_eq!(output[2..4], 1009u16.to_be_bytes());
    }
}

/// Below the limit a message may still inflate to suspiciously many times its size.
#[test]
fn ratio_over_its_limit() {
    let limits = Limits { message: 8 << 20, ..Limits::default() };
    let bomb = compressed(&vec![0; 2 << 20]);
    let mut receiver = Receiver::new(&Config { limits, ..agreed(Role::Server, false, false) });
    let mut input = frames(Role::Client, &[(FIN | RSV1 | BINARY, &bomb)]);
    assert_eq!(receiver.receive(&mut input), Err(ProtocolError::RatioTooHigh));
    assert_eq!(ProtocolError::RatioTooHigh.close_code(), CloseCode::MESSAGE_TOO_BIG);
}

/// Compressed fragments without output are counted like all others.
#[test]
fn empty_compressed_fragments_are_limited() {
    let limits = Limits { fragments: 10, ..Limits::default() };
    let mut sent = vec![(RSV1 | BINARY, &b""[..])];
    sent.extend([(CONTINUATION, &b""[..]); 9]);
    let mut receiver = Receiver::new(&Config { limits, ..agreed(Role::Server, false, false) });
    assert_eq!(drain(&mut receiver, &mut frames(Role::Client, &sent)), (vec![], None));
    let mut one_more = frames(Role::Client, &[(CONTINUATION, b"")]);
    assert_eq!(receiver.receive(&mut one_more), Err(ProtocolError::TooManyFragments));
}

/// Messages from the threshold on are compressed, at every size of the header; fragments never are.
#[test]
fn what_is_sent_compressed() {
    for role in [Role::Server, Role::Client] {
        let other = if role == Role::Server { Role::Client } else { Role::Server };
        for level in [0, 6] {
            let mut config = agreed(role, true, true);
            if let Some((_, ours)) = &mut config.deflate {
                ours.level = level;
            }
            let (mut from, mut to) = (Connection::new(&config), Connection::new(&agreed(other, true, true)));
            // Stored blocks add six bytes: these lengths fall on both sides of each border on the wire.
            let borders = (110..130).chain(65_520..65_540).chain([0, 9, 10, 11, 200_000]);
            for size in borders {
                let (mut wire, mut answers) = (BytesMut::new(), BytesMut::new());
                let message = Message::binary(vec![0xB5; size]);
                from.send(message.clone(), &mut wire).unwrap();
                assert_eq!(wire[0] & RSV1 != 0, size >= 10, "{size}");
                assert_eq!(to.receive(&mut wire, &mut answers), Ok(Some(Event::Message(message))), "{size}");
                assert!(wire.is_empty());
                from.send_fragment(false, &vec![0xB5; size], true, &mut wire).unwrap();
                assert_eq!(wire[0] & RSV1, 0);
            }
        }
    }
}
