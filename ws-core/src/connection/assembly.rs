//! RFC 6455 5.4: a message put together from its fragments.

use bytes::BytesMut;

use super::{Limits, ProtocolError};
use crate::{
    deflate::Inflater,
    message::{Message, Text, Utf8Validator},
};

/// A message of which not all has come. Text is checked as it comes, not at the end.
#[derive(Debug)]
pub(super) struct Assembly {
    text: bool,
    compressed: bool,
    fragments: usize,
    /// Payload bytes on the wire.
    received: usize,
    buffer: BytesMut,
    utf8: Utf8Validator,
}

impl Assembly {
    pub(super) fn new(text: bool, compressed: bool) -> Self {
        let (buffer, utf8) = (BytesMut::new(), Utf8Validator::default());
        Self { text, compressed, fragments: 0, received: 0, buffer, utf8 }
    }

    /// A further frame of `length` bytes begins.
    pub(super) fn begin_frame(&mut self, length: usize, limits: &Limits) -> Result<(), ProtocolError> {
        // Tiny or empty fragments without end must not cost more than what they bring.
        self.fragments += 1;
        if self.fragments > limits.fragments.saturating_add(self.received / 64) {
            return Err(ProtocolError::TooManyFragments);
        }
        if !self.compressed && length > limits.message.saturating_sub(self.buffer.len()) {
            return Err(ProtocolError::MessageTooBig { limit: limits.message });
        }
        Ok(())
    }

    /// Takes the next piece of unmasked payload; `last` where the message ends with it.
    pub(super) fn push(
        &mut self,
        piece: &[u8],
        last: bool,
        inflater: Option<&mut Inflater>,
        limits: &Limits,
    ) -> Result<(), ProtocolError> {
        self.received = self.received.saturating_add(piece.len());
        let before = self.buffer.len();
        let result = if let Some(inflater) = inflater.filter(|_| self.compressed) {
            inflater.inflate(piece, last, &mut self.buffer, limits.message)
        } else {
            self.buffer.extend_from_slice(piece);
            Ok(())
        };
        // RFC 6455 8.1: what came before the fault in the compression is judged first, so that the verdict
        // does not depend on how the message was cut.
        if self.text {
            self.utf8.push(&self.buffer[before..])?;
        }
        result.map_err(|error| ProtocolError::inflating(error, limits.message))
    }

    #[cfg(test)]
    pub(super) fn capacity(&self) -> usize {
        self.buffer.capacity()
    }

    /// The message, whose last piece has come.
    pub(super) fn finish(self) -> Result<Message, ProtocolError> {
        let payload = self.buffer.freeze();
        if self.text {
            self.utf8.finish()?;
            Ok(Message::Text(Text::try_from(payload)?))
        } else {
            Ok(Message::Binary(payload))
        }
    }
}
