//! tungstenite: blocking reads and writes.

use bytes::Bytes;
use tungstenite::protocol::Role;
use tungstenite::{Message, Utf8Bytes, WebSocket};

use crate::memory::{Pipe, Tape};

pub(crate) fn receive(tape: Tape) -> impl FnMut() -> usize {
    let mut socket = WebSocket::from_raw_socket(tape, Role::Server, None);
    move || socket.read().expect("valid frames").len()
}

pub(crate) fn send(payload: &Bytes) -> impl FnMut() -> usize + use<> {
    let payload = payload.clone();
    let sink = Tape::of_masked_frames(&[], false);
    let mut socket = WebSocket::from_raw_socket(sink, Role::Client, None);
    move || {
        socket.send(Message::Binary(payload.clone())).expect("open");
        payload.len()
    }
}

pub(crate) fn round_trip(text: &Bytes) -> impl FnMut() -> usize + use<> {
    let text = Utf8Bytes::try_from(text.clone()).expect("UTF-8");
    let (near, far) = Pipe::pair();
    let mut client = WebSocket::from_raw_socket(near, Role::Client, None);
    let mut server = WebSocket::from_raw_socket(far, Role::Server, None);
    move || {
        client.send(Message::Text(text.clone())).expect("open");
        let message = server.read().expect("valid frames");
        server.send(message).expect("open");
        client.read().expect("valid frames").len()
    }
}
