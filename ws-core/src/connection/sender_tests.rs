//! What is sent, read back by hand.

use std::collections::HashSet;

use super::*;
use crate::connection::encode_control;

/// A frame as it stands on the wire: first byte, masking key, unmasked payload, and what follows.
fn read(bytes: &[u8]) -> (u8, Option<[u8; 4]>, Vec<u8>, &[u8]) {
    let (first, masked, short) = (bytes[0], bytes[1] & 0x80 != 0, bytes[1] & 0x7F);
    let (length, at) = match short {
        126 => (usize::from(u16::from_be_bytes([bytes[2], bytes[3]])), 4),
        127 => (usize::try_from(u64::from_be_bytes(bytes[2..10].try_into().unwrap())).unwrap(), 10),
        short => (usize::from(short), 2),
    };
    let minimal = match length {
        0..126 => 2,
        126..0x1_0000 => 4,
        _ => 10,
    };
    assert_eq!(at, minimal, "RFC 6455 5.2: the minimal number of bytes encodes {length}");
    let key = masked.then(|| [bytes[at], bytes[at + 1], bytes[at + 2], bytes[at + 3]]);
    let start = at + if masked { 4 } else { 0 };
    let (payload, rest) = bytes[start..].split_at(length);
    let mask = key.unwrap_or_default();
    (first, key, payload.iter().zip(mask.iter().cycle()).map(|(byte, key)| byte ^ key).collect(), rest)
}

fn encoded(sender: &mut Sender, message: Message) -> Vec<u8> {
    let mut out = BytesMut::new();
    let direct = sender.encode(message, &mut out).unwrap();
    [&out[..], &direct.unwrap_or_default()[..]].concat()
}

fn sender(role: Role) -> Sender {
    Sender::new(&Config::new(role))
}

/// RFC 6455 5.1, 5.2 and 5.6: every border of the size, for both roles and kinds.
#[test]
fn messages_of_every_size() {
    let sizes = [0, 1, 7, 8, 124, 125, 126, 127, DIRECT_PAYLOAD - 1, DIRECT_PAYLOAD, DIRECT_PAYLOAD + 1];
    for size in sizes.into_iter().chain([65_535, 65_536, 65_537, 200_000]) {
        let payload = (0..size).map(|index| b'a' + index.to_le_bytes()[0] % 26).collect::<Vec<u8>>();
        for role in [Role::Server, Role::Client] {
            let text = String::from_utf8(payload.clone()).unwrap();
            for (message, first) in [(Message::text(text), 0x81), (Message::binary(payload.clone()), 0x82)] {
                // Whoever sends may keep a copy: sending must not change it.
                let kept = message.clone();
                let bytes = encoded(&mut sender(role), message);
                let (read_first, key, read_payload, rest) = read(&bytes);
                assert_eq!((read_first, rest), (first, &b""[..]));
                assert_eq!(key.is_some(), role == Role::Client);
                assert_eq!(read_payload, payload);
                assert_eq!(kept.as_bytes(), payload);
                // One that nobody else holds goes the same way.
                let bytes = encoded(&mut sender(role), kept);
                assert_eq!(read(&bytes).2, payload);
            }
        }
    }
}

/// What is appended stands behind what was there, which stays as it is.
#[test]
fn messages_follow_one_another() {
    for role in [Role::Server, Role::Client] {
        let (mut sender, mut out) = (sender(role), BytesMut::from(&b"before"[..]));
        for text in ["one", "two", "three"] {
            assert_eq!(sender.encode(Message::text(text), &mut out), Ok(None));
        }
        let mut rest = out.strip_prefix(b"before").unwrap();
        for text in ["one", "two", "three"] {
            let (first, _, payload, after) = read(rest);
            assert_eq!((first, &payload[..]), (0x81, text.as_bytes()));
            rest = after;
        }
        assert!(rest.is_empty());
    }
}

/// RFC 6455 5.3: a fresh key for each frame (predictable masks: CVE-2025-10148), of every kind.
#[test]
fn each_frame_has_a_fresh_mask() {
    let (mut sender, mut keys) = (sender(Role::Client), Vec::new());
    let large = Message::binary(vec![0; DIRECT_PAYLOAD]);
    for _ in 0..200 {
        let mut out = BytesMut::new();
        encode_control(Role::Client, OpCode::Ping, b"same", &mut out).unwrap();
        sender.encode_fragment(true, b"same", false, &mut out).unwrap();
        sender.encode_fragment(true, b"same", true, &mut out).unwrap();
        let message = encoded(&mut sender, Message::text("same"));
        let direct = encoded(&mut sender, large.clone());
        let mut rest = &out[..];
        while !rest.is_empty() {
            let (_, key, _, after) = read(rest);
            keys.push(key.unwrap());
            rest = after;
        }
        keys.extend([read(&message).1.unwrap(), read(&direct).1.unwrap()]);
    }
    assert_eq!(keys.len(), 1000);
    // 1,000 keys of 32 bits: one pair in ten thousand runs may be equal by chance.
    assert!(keys.iter().collect::<HashSet<_>>().len() >= 998);
    for index in 0..4 {
        let bytes: HashSet<u8> = keys.iter().map(|key| key[index]).collect();
        assert!(bytes.len() > 200, "byte {index} of the keys takes {} values", bytes.len());
    }
}

/// RFC 6455 5.4: the first fragment has the kind, the others have opcode 0, and only the last has FIN.
#[test]
fn fragments() {
    for role in [Role::Server, Role::Client] {
        for (text, opcode) in [(true, 1), (false, 2)] {
            let (mut sender, mut out) = (sender(role), BytesMut::new());
            // The kind is told by the first; what the later ones say changes nothing.
            sender.encode_fragment(text, b"a", false, &mut out).unwrap();
            sender.encode_fragment(!text, b"", false, &mut out).unwrap();
            sender.encode_fragment(text, &vec![b'b'; 70_000], true, &mut out).unwrap();
            sender.encode_fragment(text, b"alone", true, &mut out).unwrap();
            let mut rest = &out[..];
            for (first, size) in [(opcode, 1), (0, 0), (0x80, 70_000), (0x80 | opcode, 5)] {
                let (read_first, key, payload, after) = read(rest);
                assert_eq!((read_first, payload.len()), (first, size));
                assert_eq!(key.is_some(), role == Role::Client);
                rest = after;
            }
            assert!(rest.is_empty());
        }
    }
}

/// RFC 6455 5.4: a message cannot begin inside a fragmented one; nothing is written of it.
#[test]
fn a_message_inside_a_fragmented_one_is_misuse() {
    let (mut sender, mut out) = (sender(Role::Server), BytesMut::new());
    sender.encode_fragment(true, b"a", false, &mut out).unwrap();
    let before = out.clone();
    assert_eq!(sender.encode(Message::text("b"), &mut out), Err(SendError::Unfinished));
    assert_eq!(sender.encode(Message::binary(vec![0; DIRECT_PAYLOAD]), &mut out), Err(SendError::Unfinished));
    assert_eq!(out, before);
    sender.encode_fragment(true, b"b", true, &mut out).unwrap();
    assert_eq!(sender.encode(Message::text("c"), &mut out), Ok(None));
}

/// RFC 6455 5.5: control frames of 0 to 125 bytes; nothing is written of a longer one.
#[test]
fn control_frames() {
    for role in [Role::Server, Role::Client] {
        for (opcode, first) in [(OpCode::Ping, 0x89), (OpCode::Pong, 0x8A), (OpCode::Close, 0x88)] {
            for size in [0, 1, 124, 125] {
                let mut out = BytesMut::new();
                encode_control(role, opcode, &vec![7; size], &mut out).unwrap();
                let (read_first, key, payload, rest) = read(&out);
                assert_eq!((read_first, payload, rest), (first, vec![7; size], &b""[..]));
                assert_eq!(key.is_some(), role == Role::Client);
            }
            let mut out = BytesMut::new();
            assert_eq!(
                encode_control(role, opcode, &[7; 126], &mut out),
                Err(SendError::ControlTooLong(126))
            );
            assert!(out.is_empty());
        }
    }
}
