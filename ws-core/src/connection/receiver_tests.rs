//! The rules of RFC 6455 for whoever receives, section by section.

use super::*;
use crate::{
    connection::samples::{
        BINARY, CLOSE, CONTINUATION, FIN, Frames, PING, PONG, TEXT, drain, frame, frames, header, serve,
        server,
    },
    frame::FrameError,
    message::{CloseCode, CloseFrameError},
};

fn client() -> Receiver {
    Receiver::new(&Config::new(Role::Client))
}

fn text(text: &str) -> Event {
    Event::Message(Message::text(text))
}

fn binary(bytes: &'static [u8]) -> Event {
    Event::Message(Message::binary(bytes))
}

fn ping(payload: &'static [u8]) -> Event {
    Event::Ping(Bytes::from_static(payload))
}

fn failure(sent: Frames<'_>) -> ProtocolError {
    let (events, error) = serve(sent);
    error.unwrap_or_else(|| panic!("{sent:02x?} was taken as {events:?}"))
}

/// RFC 6455 5.1: a server MUST fail on an unmasked frame. The header is enough: nothing of the payload is
/// looked at, let alone delivered (CVE-2026-19204).
#[test]
fn section_5_1_an_unmasked_frame_to_a_server() {
    for opcode in [TEXT, BINARY, CLOSE, PING, PONG] {
        for length in [0, 5, 125] {
            let mut input = BytesMut::from(&header(FIN | opcode, length, None)[..]);
            assert_eq!(server().receive(&mut input), Err(ProtocolError::MaskMissing));
        }
    }
    for (length, first) in [(126, TEXT), (1 << 16, BINARY), (1 << 62, FIN | TEXT)] {
        let mut input = BytesMut::from(&header(first, length, None)[..]);
        assert_eq!(server().receive(&mut input), Err(ProtocolError::MaskMissing));
    }
    assert_eq!(ProtocolError::MaskMissing.close_code(), CloseCode::PROTOCOL_ERROR);
}

/// RFC 6455 5.1: a client MUST fail on a masked frame, also where the key is zero.
#[test]
fn section_5_1_a_masked_frame_to_a_client() {
    for opcode in [TEXT, BINARY, CLOSE, PING, PONG] {
        for key in [[0; 4], [1, 2, 3, 4]] {
            let mut input = BytesMut::from(&header(FIN | opcode, 0, Some(key))[..]);
            assert_eq!(client().receive(&mut input), Err(ProtocolError::MaskUnexpected));
        }
    }
    assert_eq!(ProtocolError::MaskUnexpected.close_code(), CloseCode::PROTOCOL_ERROR);
}

/// RFC 6455 5.2: every first byte there is, for both roles, against the figure read bit by bit.
#[test]
fn section_5_2_every_first_byte() {
    for first in 0..=u8::MAX {
        let (fin, rsv1, other_rsv) = (first & 0x80 != 0, first & 0x40 != 0, first & 0x30 != 0);
        let expected = match first & 0x0F {
            _ if other_rsv => Err(FrameError::ReservedBits.into()),
            code @ (3..=7 | 11..=15) => Err(FrameError::ReservedOpcode(code).into()),
            8..=10 if !fin => Err(FrameError::ControlFragmented.into()),
            // RFC 7692 6: RSV1 means nothing where permessage-deflate was not agreed.
            _ if rsv1 => Err(ProtocolError::CompressionUnexpected),
            0 => Err(ProtocolError::ContinuationUnexpected),
            1 | 2 if !fin => Ok(None),
            1 => Ok(Some(text(""))),
            2 => Ok(Some(binary(b""))),
            8 => Ok(Some(Event::Close(None))),
            9 => Ok(Some(ping(b""))),
            _ => Ok(Some(Event::Pong(Bytes::new()))),
        };
        let from_client = &mut BytesMut::from(&frame(Role::Client, first, b"")[..]);
        let from_server = &mut BytesMut::from(&frame(Role::Server, first, b"")[..]);
        assert_eq!(server().receive(from_client), expected, "{first:#04x}");
        assert_eq!(client().receive(from_server), expected, "{first:#04x}");
        if let Err(error) = expected {
            assert_eq!(error.close_code(), CloseCode::PROTOCOL_ERROR, "{first:#04x}");
        }
    }
}

/// RFC 6455 5.2: what a first byte alone breaks is told before the second has come.
#[test]
fn section_5_2_a_bad_first_byte_needs_no_second() {
    for first in [0x90, 0xA0, 0x83, 0x8B, 0x08, 0x09, 0x0A] {
        assert!(matches!(server().receive(&mut BytesMut::from(&[first][..])), Err(ProtocolError::Frame(_))));
    }
}

/// RFC 6455 5.2: the minimal number of bytes MUST be used to encode the length.
#[test]
fn section_5_2_lengths_that_are_not_minimal() {
    for bytes in [&[0x82, 126, 0, 0][..], &[0x82, 126, 0, 125], &[0x82, 127, 0, 0, 0, 0, 0, 0, 0xFF, 0xFF]] {
        let error = client().receive(&mut BytesMut::from(bytes));
        assert_eq!(error, Err(FrameError::LengthNotMinimal.into()), "{bytes:?}");
    }
    let top_bit = &[0x82, 127, 0x80, 0, 0, 0, 0, 1, 0, 0];
    assert_eq!(client().receive(&mut BytesMut::from(&top_bit[..])), Err(FrameError::LengthTopBit.into()));
}

/// RFC 6455 5.3: each frame has its own key, and the key starts anew with each payload.
#[test]
fn section_5_3_each_frame_is_unmasked_with_its_own_key() {
    let mut input = BytesMut::new();
    for (first, payload, key) in [
        (TEXT, &b"abcde"[..], [1, 2, 3, 4]),
        (FIN | PING, b"12", [9, 8, 7, 6]),
        (FIN | CONTINUATION, b"fgh", [0, 0, 0, 0xFF]),
    ] {
        input.extend_from_slice(&header(first, payload.len() as u64, Some(key)));
        input.extend(payload.iter().enumerate().map(|(index, byte)| byte ^ key[index % 4]));
    }
    assert_eq!(drain(&mut server(), &mut input), (vec![ping(b"12"), text("abcdefgh")], None));
}

/// RFC 6455 5.4: a message is the concatenation of its fragments' payloads; empty ones count.
#[test]
fn section_5_4_fragments_make_one_message() {
    let sent: Frames<'_> =
        &[(TEXT, b"a"), (CONTINUATION, b""), (CONTINUATION, b"bc"), (FIN | CONTINUATION, b"")];
    assert_eq!(serve(sent), (vec![text("abc")], None));
    let sent: Frames<'_> = &[(BINARY, b""), (FIN | CONTINUATION, b""), (FIN | BINARY, b"x")];
    assert_eq!(serve(sent), (vec![binary(b""), binary(b"x")], None));
}

/// RFC 6455 5.4: control frames MAY be injected in the middle of a fragmented message.
#[test]
fn section_5_4_control_frames_between_fragments() {
    let sent: Frames<'_> = &[
        (TEXT, b"a"),
        (FIN | PING, b"1"),
        (CONTINUATION, b"b"),
        (FIN | PONG, b"2"),
        (FIN | CONTINUATION, b"c"),
    ];
    let events = vec![ping(b"1"), Event::Pong(Bytes::from_static(b"2")), text("abc")];
    assert_eq!(serve(sent), (events, None));
}

/// RFC 6455 5.4: a close between fragments ends it: the message is never delivered.
#[test]
fn section_5_4_close_between_fragments() {
    let sent: Frames<'_> = &[(TEXT, b"a"), (FIN | CLOSE, b""), (FIN | CONTINUATION, b"b")];
    assert_eq!(serve(sent), (vec![Event::Close(None)], None));
}

/// RFC 6455 5.4: fragments of one message MUST NOT be interleaved with another's.
#[test]
fn section_5_4_messages_are_not_interleaved() {
    for first in [TEXT, BINARY, FIN | TEXT, FIN | BINARY] {
        assert_eq!(failure(&[(TEXT, b"a"), (first, b"b")]), ProtocolError::ContinuationExpected);
    }
    assert_eq!(ProtocolError::ContinuationExpected.close_code(), CloseCode::PROTOCOL_ERROR);
}

/// RFC 6455 5.4: a continuation needs something to continue, at the start and after a whole message.
#[test]
fn section_5_4_a_continuation_of_nothing() {
    for first in [CONTINUATION, FIN | CONTINUATION] {
        assert_eq!(failure(&[(first, b"a")]), ProtocolError::ContinuationUnexpected);
        assert_eq!(failure(&[(FIN | TEXT, b"a"), (first, b"a")]), ProtocolError::ContinuationUnexpected);
        let after_fragments: Frames<'_> = &[(TEXT, b"a"), (FIN | CONTINUATION, b"b"), (first, b"c")];
        assert_eq!(failure(after_fragments), ProtocolError::ContinuationUnexpected);
    }
    assert_eq!(ProtocolError::ContinuationUnexpected.close_code(), CloseCode::PROTOCOL_ERROR);
}

/// RFC 6455 5.5: control frames have at most 125 bytes of payload, and MUST NOT be fragmented.
#[test]
fn section_5_5_control_frames() {
    let longest: &'static [u8] = &[b'x'; 125];
    assert_eq!(serve(&[(FIN | PING, longest)]), (vec![ping(longest)], None));
    assert_eq!(serve(&[(FIN | PONG, longest)]), (vec![Event::Pong(Bytes::from_static(longest))], None));
    for opcode in [CLOSE, PING, PONG] {
        assert_eq!(failure(&[(FIN | opcode, &[b'x'; 126])]), FrameError::ControlTooLong.into());
        assert_eq!(failure(&[(opcode, b"")]), FrameError::ControlFragmented.into());
    }
}

/// RFC 6455 5.5.1: the body is nothing, or a code that may be sent and a reason in UTF-8.
#[test]
fn section_5_5_1_close_bodies() {
    let close = |body: &[u8]| serve(&[(FIN | CLOSE, body)]);
    assert_eq!(close(b""), (vec![Event::Close(None)], None));
    let going = CloseFrame::new(CloseCode::GOING_AWAY, "bye");
    assert_eq!(close(b"\x03\xe9bye"), (vec![Event::Close(Some(going))], None));
    assert_eq!(close(b"\x03").1, Some(CloseFrameError::OneByte.into()));
    assert_eq!(close(b"\x03\xe8\xc3").1, Some(CloseFrameError::Reason.into()));
    for code in 0..=u16::MAX {
        let (events, error) = close(&code.to_be_bytes());
        // RFC 6455 7.4: 1004 to 1006 and 1015 never stand in a frame; below 1000 and from 5000 on nothing does.
        if matches!(code, 1000..=1003 | 1007..=1014 | 3000..=4999) {
            assert_eq!((events.len(), error), (1, None), "{code}");
        } else {
            assert_eq!((events.len(), error), (0, Some(CloseFrameError::Code(code).into())), "{code}");
        }
    }
    assert_eq!(ProtocolError::from(CloseFrameError::OneByte).close_code(), CloseCode::PROTOCOL_ERROR);
    assert_eq!(ProtocolError::from(CloseFrameError::Code(0)).close_code(), CloseCode::PROTOCOL_ERROR);
    assert_eq!(ProtocolError::from(CloseFrameError::Reason).close_code(), CloseCode::INVALID_PAYLOAD);
}

/// RFC 6455 5.5.1: after a Close frame no further data is processed, even data that would be an error.
#[test]
fn section_5_5_1_nothing_follows_close() {
    for rest in [&b"\x81\x80\0\0\0\0"[..], b"\xff\xff", b"\x81"] {
        let (mut receiver, mut input) = (server(), frames(Role::Client, &[(FIN | CLOSE, b"")]));
        input.extend_from_slice(rest);
        assert_eq!(drain(&mut receiver, &mut input), (vec![Event::Close(None)], None));
        assert!(receiver.is_closed() && input.is_empty());
    }
}

/// RFC 6455 5.6: the kind of a message is told by its first frame.
#[test]
fn section_5_6_kinds() {
    let sent: Frames<'_> = &[(BINARY, b"\xff"), (FIN | CONTINUATION, b"\xfe"), (FIN | TEXT, "ü".as_bytes())];
    assert_eq!(serve(sent), (vec![binary(b"\xff\xfe"), text("ü")], None));
}

/// RFC 6455 5.7: the examples of the section, byte for byte.
#[test]
fn section_5_7_examples() {
    let take = |receiver: &mut Receiver, bytes: &[u8]| drain(receiver, &mut BytesMut::from(bytes));
    let hello = b"\x81\x05\x48\x65\x6c\x6c\x6f";
    assert_eq!(take(&mut client(), hello), (vec![text("Hello")], None));
    let masked = b"\x81\x85\x37\xfa\x21\x3d\x7f\x9f\x4d\x51\x58";
    assert_eq!(take(&mut server(), masked), (vec![text("Hello")], None));
    let fragmented = b"\x01\x03\x48\x65\x6c\x80\x02\x6c\x6f";
    assert_eq!(take(&mut client(), fragmented), (vec![text("Hello")], None));
    let ping_frame = b"\x89\x05\x48\x65\x6c\x6c\x6f";
    assert_eq!(take(&mut client(), ping_frame), (vec![ping(b"Hello")], None));
    let masked_pong = b"\x8a\x85\x37\xfa\x21\x3d\x7f\x9f\x4d\x51\x58";
    let pong = Event::Pong(Bytes::from_static(b"Hello"));
    assert_eq!(take(&mut server(), masked_pong), (vec![pong], None));
    for (start, length) in [(&b"\x82\x7E\x01\x00"[..], 256), (b"\x82\x7F\0\0\0\0\0\x01\0\0", 65_536)] {
        let payload = vec![7; length];
        let expected = Event::Message(Message::binary(payload.clone()));
        assert_eq!(take(&mut client(), &[start, &payload].concat()), (vec![expected], None));
    }
}

/// RFC 6455 7.1.7: once the connection has failed nothing that comes is processed.
#[test]
fn section_7_1_7_nothing_follows_a_failure() {
    let mut receiver = server();
    let mut input = frames(Role::Client, &[(FIN | TEXT, b"\xff"), (FIN | TEXT, b"valid")]);
    assert_eq!(drain(&mut receiver, &mut input), (vec![], Some(ProtocolError::InvalidUtf8)));
    assert!(receiver.is_closed());
    assert_eq!(drain(&mut receiver, &mut input), (vec![], None));
    assert!(input.is_empty());
}

/// Text that is no UTF-8, with the index of the first byte that shows it.
const NO_TEXT: [(&[u8], usize); 7] = [
    (b"Hello\xff!", 5),
    (b"\xc0\xaf", 0),
    (b"ab\xe2\x28\xa1", 3),
    (b"\xed\xa0\x80", 1),
    (b"\xf4\x90\x80\x80", 1),
    (b"\xce\xba\xe1\xbd\xb9\xcf\x83\xce\xbc\xce\xb5\xf4\x90\x80\x80\x65", 12),
    (b"\x80", 0),
];

/// RFC 6455 8.1: text fails at its first invalid byte when it comes byte by byte, in one frame or in many.
#[test]
fn section_8_1_text_fails_at_its_first_invalid_byte() {
    for (payload, bad) in NO_TEXT {
        let whole = frame(Role::Client, FIN | TEXT, payload);
        let in_one = whole.len() - payload.len() + bad;
        assert_eq!(byte_by_byte(&whole), Some((in_one, ProtocolError::InvalidUtf8)), "{payload:x?}");
        let mut fragmented = frame(Role::Client, TEXT, b"");
        for byte in payload {
            fragmented.extend(frame(Role::Client, CONTINUATION, &[*byte]));
        }
        // Each fragment is seven bytes, the last of which is the payload.
        let in_many = 6 + 7 * bad + 6;
        assert_eq!(byte_by_byte(&fragmented), Some((in_many, ProtocolError::InvalidUtf8)), "{payload:x?}");
        assert_eq!(failure(&[(FIN | TEXT, payload)]), ProtocolError::InvalidUtf8);
    }
    assert_eq!(ProtocolError::InvalidUtf8.close_code(), CloseCode::INVALID_PAYLOAD);
}

/// RFC 6455 8.1: text may be cut inside a character by a fragment, never by the end of the message.
#[test]
fn section_8_1_characters_cut_by_fragments() {
    let character = "😀".as_bytes();
    for cut in 0..=4 {
        let sent: Frames<'_> = &[(TEXT, &character[..cut]), (FIN | CONTINUATION, &character[cut..])];
        assert_eq!(serve(sent), (vec![text("😀")], None));
    }
    for cut in 1..4 {
        assert_eq!(failure(&[(FIN | TEXT, &character[..cut])]), ProtocolError::InvalidUtf8);
        let sent: Frames<'_> = &[(TEXT, &character[..cut]), (FIN | CONTINUATION, b"")];
        assert_eq!(failure(sent), ProtocolError::InvalidUtf8);
    }
}

/// The index of the byte after which the receiver failed.
fn byte_by_byte(bytes: &[u8]) -> Option<(usize, ProtocolError)> {
    let (mut receiver, mut input) = (server(), BytesMut::new());
    bytes.iter().enumerate().find_map(|(index, byte)| {
        input.extend_from_slice(&[*byte]);
        receiver.receive(&mut input).err().map(|error| (index, error))
    })
}

#[test]
fn missing_is_what_the_frame_at_the_front_lacks() {
    let whole = frame(Role::Client, FIN | BINARY, &[0; 1000]);
    let (mut receiver, mut input) = (server(), BytesMut::from(&whole[..4]));
    assert_eq!((receiver.receive(&mut input), receiver.missing(&input)), (Ok(None), None));
    input.extend_from_slice(&whole[4..108]);
    assert_eq!((receiver.receive(&mut input), receiver.missing(&input)), (Ok(None), Some(900)));
    input.extend_from_slice(&whole[108..]);
    assert_eq!(receiver.missing(&input), Some(0));
    assert!(receiver.receive(&mut input).unwrap().is_some());
    assert_eq!(receiver.missing(&input), None);
    // A fragment leaves the buffer as it comes: nothing is to be made room for.
    let mut input = BytesMut::from(&frame(Role::Client, BINARY, &[0; 1000])[..500]);
    assert_eq!(receiver.receive(&mut input), Ok(None));
    assert_eq!((receiver.missing(&input), input.len()), (None, 0));
}

/// Whatever is announced as whole can be taken at once, in a frame that has begun as in a new one.
#[test]
fn has_whole_frame_at_every_cut() {
    for first in [FIN | TEXT, TEXT, FIN | PING] {
        let whole = frame(Role::Client, first, b"0123456789");
        for cut in 0..=whole.len() {
            let (mut receiver, mut input) = (server(), BytesMut::from(&whole[..cut]));
            assert_eq!(receiver.has_whole_frame(&input), cut == whole.len(), "{first:x} {cut}");
            let event = receiver.receive(&mut input).unwrap();
            assert_eq!(event.is_some(), cut == whole.len() && first != TEXT);
            input.extend_from_slice(&whole[cut..]);
            let more_lies_there = cut < whole.len();
            assert_eq!(receiver.has_whole_frame(&input), more_lies_there, "{first:x} {cut}");
        }
    }
    let bad = BytesMut::from(&[0xFF][..]);
    assert!(server().has_whole_frame(&bad), "an error is told without further bytes");
}
