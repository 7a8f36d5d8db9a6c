//! fastwebsockets: asynchronous, and always ready here.

use bytes::Bytes;
use fastwebsockets::{FragmentCollector, Frame, OpCode, Payload, Role, WebSocket};
use futures_util::FutureExt;

use crate::memory::{Pipe, Ready, Tape};

fn socket<T>(stream: T, role: Role) -> FragmentCollector<Ready<T>>
where
    Ready<T>: tokio::io::AsyncRead + tokio::io::AsyncWrite + Unpin,
{
    FragmentCollector::new(WebSocket::after_handshake(Ready(stream), role))
}

pub(crate) fn receive(tape: Tape) -> impl FnMut() -> usize {
    let mut socket = socket(tape, Role::Server);
    move || {
        let frame = socket.read_frame().now_or_never().expect("ready").expect("valid frames");
        frame.payload.len()
    }
}

pub(crate) fn send(payload: &Bytes) -> impl FnMut() -> usize + use<> {
    let mut socket = socket(Tape::of_masked_frames(&[], false), Role::Client);
    // The interface wants a payload that lives as long as the socket, or is owned; this one is borrowed.
    let payload: &'static [u8] = payload.to_vec().leak();
    move || {
        let frame = Frame::binary(Payload::Borrowed(payload));
        socket.write_frame(frame).now_or_never().expect("ready").expect("open");
        payload.len()
    }
}

pub(crate) fn round_trip(text: &Bytes) -> impl FnMut() -> usize + use<> {
    let (near, far) = Pipe::pair();
    let mut client = socket(near, Role::Client);
    let mut server = socket(far, Role::Server);
    let text: &'static [u8] = text.to_vec().leak();
    move || {
        let frame = Frame::text(Payload::Borrowed(text));
        client.write_frame(frame).now_or_never().expect("ready").expect("open");
        let frame = server.read_frame().now_or_never().expect("ready").expect("valid frames");
        assert!(frame.opcode == OpCode::Text);
        server.write_frame(frame).now_or_never().expect("ready").expect("open");
        let frame = client.read_frame().now_or_never().expect("ready").expect("valid frames");
        frame.payload.len()
    }
}
