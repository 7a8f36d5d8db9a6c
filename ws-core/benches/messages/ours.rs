//! ws-core: the state machine over plain buffers.

use std::io::Write;

use bytes::{Buf, Bytes, BytesMut};
use ws_core::connection::{Config, Event, Receiver, Role, Sender};
use ws_core::frame::{Header, apply_mask};
use ws_core::message::{Message, Text};

use crate::memory::{Pipe, Source, Tape};

/// The room for a read: 64 KiB and the headers around it. With exactly 64 KiB the last bytes of a frame that
/// large would come in a second read, and the buffer would be copied to grow.
const READ: usize = 72 * 1024;

pub(crate) fn receive(mut tape: Tape) -> impl FnMut() -> usize {
    let mut receiver = Receiver::new(&Config::new(Role::Server));
    let mut input = BytesMut::with_capacity(READ);
    move || loop {
        match receiver.receive(&mut input).expect("valid frames") {
            Some(Event::Message(message)) => return message.len(),
            Some(_) => {}
            None => {
                input.reserve(receiver.missing(&input).unwrap_or(0).max(READ));
                tape.hand(READ, |piece| input.extend_from_slice(piece));
            }
        }
    }
}

/// The frames alone, their payload borrowed from the buffer.
pub(crate) fn receive_in_place(mut tape: Tape) -> impl FnMut() -> usize {
    let mut input = BytesMut::with_capacity(READ);
    move || loop {
        if let Some((header, size)) = Header::parse(&input).expect("valid frames") {
            let length = usize::try_from(header.length).expect("a short frame");
            if let Some(payload) = input.get_mut(size..size + length) {
                apply_mask(payload, header.mask.expect("a client's frame"), 0);
                let length = std::hint::black_box(payload).len();
                input.advance(size + length);
                return length;
            }
        }
        input.reserve(READ);
        tape.hand(READ, |piece| input.extend_from_slice(piece));
    }
}

pub(crate) fn send(payload: &Bytes) -> impl FnMut() -> usize + use<> {
    let payload = payload.clone();
    let mut sender = Sender::new(&Config::new(Role::Client));
    let mut out = BytesMut::with_capacity(READ);
    move || {
        let direct = sender.encode(Message::Binary(payload.clone()), &mut out).expect("randomness");
        std::hint::black_box((&out, direct));
        out.clear();
        payload.len()
    }
}

pub(crate) fn round_trip(text: &Bytes) -> impl FnMut() -> usize + use<> {
    let text = Text::try_from(text.clone()).expect("UTF-8");
    let (near, far) = Pipe::pair();
    let mut client = End::new(Role::Client, near);
    let mut server = End::new(Role::Server, far);
    move || {
        client.send(Message::Text(text.clone()));
        let message = server.receive();
        server.send(message);
        client.receive().len()
    }
}

/// One end of a connection, with the buffers that a socket would have.
struct End {
    receiver: Receiver,
    sender: Sender,
    pipe: Pipe,
    input: BytesMut,
    output: BytesMut,
}

impl End {
    fn new(role: Role, pipe: Pipe) -> Self {
        let config = Config::new(role);
        let (receiver, sender) = (Receiver::new(&config), Sender::new(&config));
        Self { receiver, sender, pipe, input: BytesMut::new(), output: BytesMut::new() }
    }

    fn send(&mut self, message: Message) {
        let direct = self.sender.encode(message, &mut self.output).expect("randomness");
        self.pipe.write_all(&self.output).expect("memory");
        if let Some(payload) = direct {
            self.pipe.write_all(&payload).expect("memory");
        }
        self.output.clear();
    }

    fn receive(&mut self) -> Message {
        loop {
            match self.receiver.receive(&mut self.input).expect("valid frames") {
                Some(Event::Message(message)) => return message,
                Some(_) => {}
                None => self.read(),
            }
        }
    }

    fn read(&mut self) {
        self.input.reserve(self.receiver.missing(&self.input).unwrap_or(0).max(READ));
        let count = self.pipe.hand(READ, |piece| self.input.extend_from_slice(piece));
        assert!(count > 0, "a message is under way");
    }
}
