//! What came of a stream.

use bytes::BytesMut;
use ws_core::connection::{Config, Event, ProtocolError, Receiver};

/// The events of a stream, and the error that ended it.
#[derive(Debug, Default, PartialEq, Eq)]
pub(super) struct Outcome {
    pub(super) events: Vec<Event>,
    pub(super) error: Option<ProtocolError>,
}

impl Outcome {
    pub(super) fn is_over(&self) -> bool {
        self.error.is_some() || matches!(self.events.last(), Some(Event::Close(_)))
    }
}

/// A receiver with its buffer, and what has come of it so far.
pub(super) struct Reception {
    receiver: Receiver,
    input: BytesMut,
    pub(super) outcome: Outcome,
}

impl Reception {
    pub(super) fn new(config: &Config) -> Self {
        Self { receiver: Receiver::new(config), input: BytesMut::new(), outcome: Outcome::default() }
    }

    /// Everything in one piece.
    pub(super) fn whole(config: &Config, stream: &[u8]) -> Outcome {
        Self::pieces(config, [stream])
    }

    /// One piece after the other.
    pub(super) fn pieces<'a>(config: &Config, pieces: impl IntoIterator<Item = &'a [u8]>) -> Outcome {
        let mut reception = Self::new(config);
        for piece in pieces {
            reception.push(piece);
        }
        reception.outcome
    }

    /// The next bytes of the stream.
    pub(super) fn push(&mut self, piece: &[u8]) {
        self.input.extend_from_slice(piece);
        while self.step() {}
    }

    /// Whether there may be more to tell.
    fn step(&mut self) -> bool {
        let (over, before) = (self.outcome.is_over(), self.input.len());
        let room = self.input.capacity();
        let announced = !over && self.receiver.has_whole_frame(&self.input);
        let result = self.receiver.receive(&mut self.input);
        assert!(self.input.capacity() <= room, "receiving takes no memory for what has not come");
        assert_eq!(self.receiver.is_closed(), over || matches!(result, Err(_) | Ok(Some(Event::Close(_)))));
        match result {
            Ok(Some(event)) => {
                assert!(!over, "nothing follows the end: {event:?}");
                assert!(announced || before > 0, "an event needs bytes");
                self.outcome.events.push(event);
                true
            }
            Ok(None) => {
                assert!(!announced || self.input.len() < before, "a whole frame is taken");
                false
            }
            Err(error) => {
                assert!(!over, "one error ends it all: {error}");
                self.outcome.error = Some(error);
                true
            }
        }
    }
}
