//! Our connection and tungstenite's talk: what one sends the other receives, whatever the pieces are.

use std::collections::VecDeque;

use bytes::{Bytes, BytesMut};
use tungstenite::{Error, Message as TheirMessage, protocol::WebSocket};
use ws_core::{
    connection::{Config, Connection, Event, Role},
    message::{CloseCode, CloseFrame, Message},
};

use super::{
    connection_vs_tungstenite::{in_their_words, their_config, their_role},
    input::Input,
    memory_stream::MemoryStream,
};

/// So much is said at most, to keep a run short.
const BUDGET: usize = 300_000;

/// A script: each step is one byte that says what is done, and one that says how much.
pub(super) fn check(role: Role, mut script: Input<'_>) {
    let (mut talk, mut budget) = (Conversation::new(role), BUDGET);
    while !script.is_empty() && budget > 0 {
        let (step, size) = (script.byte(), size(script.byte()));
        talk.step(step, size);
        budget = budget.saturating_sub(size + 256);
    }
    talk.finish();
}

/// Sizes around each border of the encoding, more often small than large.
fn size(choice: u8) -> usize {
    match choice {
        0..128 => usize::from(choice),
        128..192 => 65_536 - 32 + usize::from(choice - 128),
        192.. => usize::from(choice - 192) * 300,
    }
}

struct Conversation {
    ours: Connection,
    theirs: WebSocket<MemoryStream>,
    /// What we have sent and they have not read, and the other way round.
    there: BytesMut,
    back: BytesMut,
    /// What has reached us of a frame that has not come whole.
    waiting: BytesMut,
    /// What was said and has not been heard.
    we_said: VecDeque<TheirMessage>,
    they_said: VecDeque<TheirMessage>,
    /// The fragments of our unfinished message.
    unfinished: Option<Vec<u8>>,
}

impl Conversation {
    fn new(role: Role) -> Self {
        let other = if role == Role::Server { Role::Client } else { Role::Server };
        Self {
            ours: Connection::new(&Config::new(role)),
            theirs: WebSocket::from_raw_socket(
                MemoryStream::default(),
                their_role(other),
                Some(their_config()),
            ),
            there: BytesMut::new(),
            back: BytesMut::new(),
            waiting: BytesMut::new(),
            we_said: VecDeque::new(),
            they_said: VecDeque::new(),
            unfinished: None,
        }
    }

    fn step(&mut self, step: u8, size: usize) {
        match step % 9 {
            0 => self.say(Message::text("ü".repeat(size / 2))),
            1 => self.say(Message::binary(vec![step; size])),
            2 => {
                let payload = Bytes::from(vec![step; size.min(125)]);
                self.ours.ping(&payload, &mut self.there).expect("a ping");
                self.we_said.push_back(TheirMessage::Ping(payload));
            }
            3 => self.fragment(&vec![step; size], false),
            4 => self.fragment(&vec![step; size], true),
            5 => self.they_say(TheirMessage::text("é".repeat(size / 2))),
            6 => self.they_say(TheirMessage::binary(vec![step; size])),
            7 => self.deliver_there(size),
            _ => self.deliver_back(size),
        }
    }

    fn say(&mut self, message: Message) {
        if self.unfinished.is_none() {
            self.we_said.push_back(in_their_words(Event::Message(message.clone())));
            self.ours.send(message, &mut self.there).expect("a message");
        }
    }

    fn fragment(&mut self, payload: &[u8], fin: bool) {
        self.ours.send_fragment(false, payload, fin, &mut self.there).expect("a fragment");
        let mut message = self.unfinished.take().unwrap_or_default();
        message.extend_from_slice(payload);
        if fin {
            self.we_said.push_back(TheirMessage::binary(message));
        } else {
            self.unfinished = Some(message);
        }
    }

    fn they_say(&mut self, message: TheirMessage) {
        self.they_said.push_back(message.clone());
        self.theirs.send(message).expect("they can send");
        self.collect();
    }

    fn collect(&mut self) {
        self.back.extend_from_slice(&std::mem::take(&mut self.theirs.get_mut().outgoing));
    }

    /// Some of what we have sent reaches them.
    fn deliver_there(&mut self, size: usize) {
        let piece = self.there.split_to(size.min(self.there.len()));
        self.theirs.get_mut().incoming.extend_from_slice(&piece);
        loop {
            match self.theirs.read() {
                // Pongs are their answer to our pings: their order among the rest is theirs to choose.
                Ok(TheirMessage::Pong(_)) => {}
                Ok(message) => assert_eq!(Some(message), self.we_said.pop_front()),
                Err(Error::Io(_)) => break,
                Err(error) => panic!("they refuse what we sent: {error}"),
            }
        }
        self.collect();
    }

    /// Some of what they have sent reaches us.
    fn deliver_back(&mut self, size: usize) {
        let piece = self.back.split_to(size.min(self.back.len()));
        self.waiting.extend_from_slice(&piece);
        loop {
            match self.ours.receive(&mut self.waiting, &mut self.there) {
                Ok(Some(Event::Pong(_))) => {}
                Ok(Some(event)) => assert_eq!(Some(in_their_words(event)), self.they_said.pop_front()),
                Ok(None) => break,
                Err(error) => panic!("we refuse what they sent: {error}"),
            }
        }
    }

    /// Everything arrives, then the closing handshake ends it.
    fn finish(mut self) {
        if self.unfinished.is_some() {
            self.fragment(b"end", true);
        }
        for _ in 0..2 {
            self.deliver_there(usize::MAX);
            self.deliver_back(usize::MAX);
        }
        assert!(self.we_said.is_empty() && self.they_said.is_empty());
        let frame = CloseFrame::new(CloseCode::NORMAL, "done");
        self.we_said.push_back(in_their_words(Event::Close(Some(frame.clone()))));
        self.they_said = self.we_said.clone();
        self.ours.close(Some(&frame), &mut self.there).expect("a close");
        self.theirs.get_mut().incoming.extend_from_slice(&self.there.split());
        assert_eq!(self.theirs.read().ok(), self.we_said.pop_front());
        let _ = self.theirs.flush();
        self.collect();
        self.deliver_back(usize::MAX);
        assert!(self.they_said.is_empty() && self.ours.is_closed());
    }
}
