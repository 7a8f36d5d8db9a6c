//! Frames written by hand, for the tests of this module.

use bytes::BytesMut;

use super::{Config, Event, ProtocolError, Receiver, Role};

pub(super) const FIN: u8 = 0x80;
pub(super) const CONTINUATION: u8 = 0;
pub(super) const TEXT: u8 = 1;
pub(super) const BINARY: u8 = 2;
pub(super) const CLOSE: u8 = 8;
pub(super) const PING: u8 = 9;
pub(super) const PONG: u8 = 10;

const KEY: [u8; 4] = [0x37, 0xFA, 0x21, 0x3D];

/// A header with the shortest length; `length` need not be there.
pub(super) fn header(first: u8, length: u64, key: Option<[u8; 4]>) -> Vec<u8> {
    let mask = if key.is_some() { 0x80 } else { 0 };
    let mut bytes = match length {
        0..126 => vec![first, mask | u8::try_from(length).unwrap()],
        126..0x1_0000 => vec![first, mask | 0x7E],
        _ => vec![first, mask | 0x7F],
    };
    match length {
        0..126 => {}
        126..0x1_0000 => bytes.extend(u16::try_from(length).unwrap().to_be_bytes()),
        _ => bytes.extend(length.to_be_bytes()),
    }
    bytes.extend(key.into_iter().flatten());
    bytes
}

/// A frame as `from` sends it: a client's is masked.
pub(super) fn frame(from: Role, first: u8, payload: &[u8]) -> Vec<u8> {
    let key = (from == Role::Client).then_some(KEY);
    let mut bytes = header(first, payload.len() as u64, key);
    let key = key.unwrap_or_default();
    bytes.extend(payload.iter().zip(key.iter().cycle()).map(|(byte, key)| byte ^ key));
    bytes
}

/// First bytes and payloads.
pub(super) type Frames<'a> = &'a [(u8, &'a [u8])];

/// The frames one after the other.
pub(super) fn frames(from: Role, frames: Frames<'_>) -> BytesMut {
    frames.iter().flat_map(|(first, payload)| frame(from, *first, payload)).collect()
}

/// A server's receiver without extensions and with the default limits.
pub(super) fn server() -> Receiver {
    Receiver::new(&Config::new(Role::Server))
}

/// All events of `input`, and the error that ended them.
pub(super) fn drain(receiver: &mut Receiver, input: &mut BytesMut) -> (Vec<Event>, Option<ProtocolError>) {
    let mut events = Vec::new();
    loop {
        match receiver.receive(input) {
            Ok(Some(event)) => events.push(event),
            Ok(None) => return (events, None),
            Err(error) => return (events, Some(error)),
        }
    }
}

/// What a server makes of the frames of a client.
pub(super) fn serve(sent: Frames<'_>) -> (Vec<Event>, Option<ProtocolError>) {
    drain(&mut server(), &mut frames(Role::Client, sent))
}
