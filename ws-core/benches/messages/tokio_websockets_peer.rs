//! tokio-websockets: asynchronous, and always ready here.

use bytes::Bytes;
use futures_util::{FutureExt, SinkExt, StreamExt};
use tokio_websockets::{ClientBuilder, Message, ServerBuilder};

use crate::memory::{Pipe, Ready, Tape};

pub(crate) fn receive(tape: Tape) -> impl FnMut() -> usize {
    let mut socket = ServerBuilder::new().serve(Ready(tape));
    move || {
        let message = socket.next().now_or_never().expect("ready").expect("endless").expect("valid frames");
        message.as_payload().len()
    }
}

pub(crate) fn send(payload: &Bytes) -> impl FnMut() -> usize + use<> {
    let payload = payload.clone();
    let sink = Tape::of_masked_frames(&[], false);
    let mut socket = ClientBuilder::new().take_over(Ready(sink));
    move || {
        let message = Message::binary(payload.clone());
        socket.send(message).now_or_never().expect("ready").expect("open");
        payload.len()
    }
}

pub(crate) fn round_trip(text: &Bytes) -> impl FnMut() -> usize + use<> {
    let text = String::from_utf8(text.to_vec()).expect("UTF-8");
    // Shared, so that a message costs no copy; whether it is text is checked once, here.
    let text = Message::text(text).into_payload();
    let (near, far) = Pipe::pair();
    let mut client = ClientBuilder::new().take_over(Ready(near));
    let mut server = ServerBuilder::new().serve(Ready(far));
    move || {
        let message = Message::text(text.clone());
        client.send(message).now_or_never().expect("ready").expect("open");
        let message = server.next().now_or_never().expect("ready").expect("open").expect("valid frames");
        server.send(message).now_or_never().expect("ready").expect("open");
        let message = client.next().now_or_never().expect("ready").expect("open").expect("valid frames");
        message.as_payload().len()
    }
}
