//! Streams of frames for property tests: valid ones, and damaged ones.

use proptest::{collection::vec, prelude::*, sample::Index};

/// One frame as it is written.
#[derive(Clone, Debug)]
struct Frame {
    first: u8,
    payload: Vec<u8>,
}

/// What is done to a stream of frames.
#[derive(Clone, Debug)]
enum Damage {
    Nothing,
    Byte(Index, u8),
    Cut(Index),
    Insert(Index, Vec<u8>),
}

/// Messages of any kind and fragmentation with control frames among them, as bytes; mostly valid.
pub(crate) fn stream(masked: bool) -> impl Strategy<Value = Vec<u8>> {
    let messages = vec(message(), 0..6).prop_map(|messages| messages.into_iter().flatten().collect());
    (messages, damage(), any::<[u8; 4]>()).prop_map(move |(frames, damage, key): (Vec<Frame>, _, _)| {
        let key = masked.then_some(key);
        let bytes = frames.iter().flat_map(|frame| encoded(frame, key)).collect();
        damaged(bytes, damage)
    })
}

fn message() -> impl Strategy<Value = Vec<Frame>> {
    let text = (Just(1u8), any::<String>().prop_map(String::into_bytes));
    let binary = (Just(2u8), payload());
    let wrong_text = (Just(1u8), vec(any::<u8>(), 0..20));
    let data = prop_oneof![4 => text, 4 => binary, 1 => wrong_text];
    let whole = data.clone().prop_map(|(code, payload)| vec![Frame { first: 0x80 | code, payload }]);
    let fragments = (data, vec(any::<Index>(), 0..5), vec(control(), 0..3)).prop_map(fragmented);
    prop_oneof![4 => whole, 4 => fragments, 2 => control().prop_map(|frame| vec![frame])]
}

fn payload() -> impl Strategy<Value = Vec<u8>> {
    prop_oneof![
        6 => vec(any::<u8>(), 0..140),
        1 => (any::<u8>(), prop_oneof![124usize..128, 65_534usize..65_538]).prop_map(|(byte, size)| vec![byte; size]),
    ]
}

fn control() -> impl Strategy<Value = Frame> {
    let ping_or_pong = (9u8..=10, vec(any::<u8>(), 0..=125));
    let close = (Just(8u8), prop_oneof![Just(vec![]), Just(b"\x03\xe8bye".to_vec()), vec(any::<u8>(), 0..4)]);
    prop_oneof![8 => ping_or_pong, 1 => close]
        .prop_map(|(code, payload)| Frame { first: 0x80 | code, payload })
}

fn fragmented(((code, payload), cuts, controls): ((u8, Vec<u8>), Vec<Index>, Vec<Frame>)) -> Vec<Frame> {
    let mut ends: Vec<usize> = cuts.iter().map(|cut| cut.index(payload.len() + 1)).collect();
    ends.push(payload.len());
    ends.sort_unstable();
    let (mut controls, mut start, mut frames) = (controls.into_iter(), 0, Vec::new());
    let last = ends.len() - 1;
    for (index, end) in ends.into_iter().enumerate() {
        let fin = if index == last { 0x80 } else { 0 };
        let first = fin | if index == 0 { code } else { 0 };
        frames.push(Frame { first, payload: payload[start..end].to_vec() });
        start = end;
        if index < last {
            frames.extend(controls.next());
        }
    }
    frames
}

fn encoded(frame: &Frame, key: Option<[u8; 4]>) -> Vec<u8> {
    let mask = if key.is_some() { 0x80 } else { 0 };
    let length = frame.payload.len();
    let mut bytes = vec![frame.first];
    match (u8::try_from(length), u16::try_from(length)) {
        (Ok(short @ 0..126), _) => bytes.push(mask | short),
        (_, Ok(middle)) => {
            bytes.push(mask | 0x7E);
            bytes.extend(middle.to_be_bytes());
        }
        _ => {
            bytes.push(mask | 0x7F);
            bytes.extend((length as u64).to_be_bytes());
        }
    }
    bytes.extend(key.into_iter().flatten());
    let key = key.unwrap_or_default();
    bytes.extend(frame.payload.iter().zip(key.iter().cycle()).map(|(byte, key)| byte ^ key));
    bytes
}

fn damage() -> impl Strategy<Value = Damage> {
    prop_oneof![
        4 => Just(Damage::Nothing),
        3 => (any::<Index>(), any::<u8>()).prop_map(|(at, byte)| Damage::Byte(at, byte)),
        1 => any::<Index>().prop_map(Damage::Cut),
        1 => (any::<Index>(), vec(any::<u8>(), 1..4)).prop_map(|(at, bytes)| Damage::Insert(at, bytes)),
    ]
}

fn damaged(mut bytes: Vec<u8>, damage: Damage) -> Vec<u8> {
    match damage {
        Damage::Byte(at, byte) if !bytes.is_empty() => {
            let at = at.index(bytes.len());
            bytes[at] = byte;
        }
        Damage::Cut(at) => bytes.truncate(at.index(bytes.len() + 1)),
        Damage::Insert(at, inserted) => {
            let at = at.index(bytes.len() + 1);
            bytes.splice(at..at, inserted);
        }
        Damage::Nothing | Damage::Byte(..) => {}
    }
    bytes
}
