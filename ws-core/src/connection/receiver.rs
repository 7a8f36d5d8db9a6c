//! Bytes in, events out.

use bytes::{Buf, Bytes, BytesMut};

use super::{Config, Limits, ProtocolError, Role, assembly::Assembly};
use crate::{
    deflate::Inflater,
    frame::{Header, OpCode, apply_mask},
    message::{CloseFrame, Message, Text, Utf8Validator},
};

/// What the peer said.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Event {
    /// A whole message.
    Message(Message),
    /// A ping; the pong is [`Connection`](super::Connection)'s to send, or the caller's.
    Ping(Bytes),
    /// A pong.
    Pong(Bytes),
    /// The closing handshake (RFC 6455 section 5.5.1); nothing follows it.
    Close(Option<CloseFrame>),
}

/// The receiving half: it takes frames out of a buffer and unmasks them in place.
///
/// A frame that lies whole in the buffer costs no copy: its payload is split off and shares the
/// buffer's storage. A message in one frame that has not come whole is unmasked and checked as far as
/// it is there, and stays in the buffer. Fragments and compressed data leave the buffer as they come.
#[derive(Debug)]
pub struct Receiver {
    role: Role,
    closed: bool,
    limits: Limits,
    /// The frame whose header has been read and whose payload has not come whole.
    frame: Option<Progress>,
    /// The message whose first frame has been read and whose last has not.
    assembly: Option<Box<Assembly>>,
    /// There where permessage-deflate was agreed.
    inflater: Option<Box<Inflater>>,
}

#[derive(Debug)]
struct Progress {
    header: Header,
    length: usize,
    /// Bytes of payload that are unmasked and checked.
    seen: usize,
    utf8: Utf8Validator,
}

impl Receiver {
    /// The receiving half of a connection that has just opened.
    pub fn new(config: &Config) -> Self {
        let inflater = config.deflate.as_ref().map(|(params, ours)| {
            let no_context_takeover = match config.role {
                Role::Server => params.client_no_context_takeover,
                Role::Client => params.server_no_context_takeover,
            };
            Box::new(Inflater::new(no_context_takeover).max_ratio(ours.max_ratio))
        });
        let (role, limits) = (config.role, config.limits);
        Self { role, closed: false, limits, frame: None, assembly: None, inflater }
    }

    /// The next event from the front of `input`, or `None` where more bytes have to come.
    /// What it leaves in `input` is to be there at the next call, with what has come since behind it.
    ///
    /// After a [`Event::Close`] or an error whatever else comes is discarded (RFC 6455 5.5.1, 7.1.7).
    ///
    /// # Errors
    /// [`ProtocolError`]: the connection must be failed with its close code.
    #[inline]
    pub fn receive(&mut self, input: &mut BytesMut) -> Result<Option<Event>, ProtocolError> {
        if self.closed {
            input.clear();
            return Ok(None);
        }
        let result = self.advance(input);
        if matches!(result, Err(_) | Ok(Some(Event::Close(_)))) {
            self.closed = true;
            self.frame = None;
            self.assembly = None;
        }
        result
    }

    /// From now on these limits hold. A message whose first part has come is held to them with its next part.
    pub const fn set_limits(&mut self, limits: Limits) {
        self.limits = limits;
    }

    /// Whether the closing handshake was received, or the connection failed.
    pub fn is_closed(&self) -> bool {
        self.closed
    }

    /// How many bytes of payload are missing of the frame at the front of `input`, where the whole
    /// frame will be kept there: the size to grow `input` by.
    pub fn missing(&self, input: &[u8]) -> Option<usize> {
        let frame = self.frame.as_ref().filter(|frame| self.stays_in_buffer(&frame.header))?;
        Some(frame.length.saturating_sub(input.len()))
    }

    /// Whether [`receive`](Self::receive) has something to tell without further bytes.
    pub fn has_whole_frame(&self, input: &[u8]) -> bool {
        if let Some(frame) = &self.frame {
            let gone = if self.stays_in_buffer(&frame.header) { 0 } else { frame.seen };
            return input.len() >= frame.length.saturating_sub(gone);
        }
        match Header::parse(input) {
            Ok(Some((header, size))) => input.len() as u64 - size as u64 >= header.length,
            Ok(None) => false,
            Err(_) => true,
        }
    }

    /// Bytes of memory that the message in progress holds.
    #[cfg(test)]
    pub(super) fn assembled_capacity(&self) -> usize {
        self.assembly.as_ref().map_or(0, |assembly| assembly.capacity())
    }

    fn advance(&mut self, input: &mut BytesMut) -> Result<Option<Event>, ProtocolError> {
        loop {
            if self.frame.is_none() {
                let Some((header, size)) = Header::parse(input)? else { return Ok(None) };
                let length = self.admit(&header)?;
                input.advance(size);
                if input.len() >= length && self.stays_in_buffer(&header) {
                    return Self::whole(&header, input.split_to(length)).map(Some);
                }
                self.frame = Some(Progress { header, length, seen: 0, utf8: Utf8Validator::default() });
            }
            match self.progress(input)? {
                Step::Event(event) => return Ok(Some(event)),
                Step::NextFrame => {}
                Step::MoreBytes => return Ok(None),
            }
        }
    }

    /// The rules that a header can break in this role and at this point of the message.
    #[inline]
    fn admit(&mut self, header: &Header) -> Result<usize, ProtocolError> {
        // RFC 6455 5.1: a server MUST fail on an unmasked frame, a client on a masked one.
        match (self.role, header.mask) {
            (Role::Server, None) => return Err(ProtocolError::MaskMissing),
            (Role::Client, Some(_)) => return Err(ProtocolError::MaskUnexpected),
            _ => {}
        }
        // RFC 7692 6: RSV1 only on the first frame of a message, and only where deflate was agreed.
        if header.rsv1 && (self.inflater.is_none() || !matches!(header.opcode, OpCode::Text | OpCode::Binary))
        {
            return Err(ProtocolError::CompressionUnexpected);
        }
        let length = usize::try_from(header.length).ok().filter(|length| *length <= self.limits.frame);
        let Some(length) = length else {
            return Err(ProtocolError::FrameTooBig { limit: self.limits.frame });
        };
        if header.opcode.is_control() {
            return Ok(length);
        }
        // RFC 6455 5.4: the fragments of one message MUST NOT be interleaved with another message.
        match (header.opcode, &mut self.assembly) {
            (OpCode::Continuation, None) => return Err(ProtocolError::ContinuationUnexpected),
            (OpCode::Continuation, Some(assembly)) => assembly.begin_frame(length, &self.limits)?,
            (_, Some(_)) => return Err(ProtocolError::ContinuationExpected),
            (_, None) if header.rsv1 || !header.fin => {
                let mut assembly = Box::new(Assembly::new(header.opcode == OpCode::Text, header.rsv1));
                assembly.begin_frame(length, &self.limits)?;
                self.assembly = Some(assembly);
            }
            (_, None) if length > self.limits.message => {
                return Err(ProtocolError::MessageTooBig { limit: self.limits.message });
            }
            _ => {}
        }
        Ok(length)
    }

    /// Control frames and messages in one plain frame are taken whole from the buffer.
    #[inline]
    fn stays_in_buffer(&self, header: &Header) -> bool {
        self.assembly.is_none() || header.opcode.is_control()
    }

    /// A frame that came at once.
    #[inline]
    fn whole(header: &Header, mut payload: BytesMut) -> Result<Event, ProtocolError> {
        if let Some(key) = header.mask {
            apply_mask(&mut payload, key, 0);
        }
        Self::event(header, payload.freeze())
    }

    #[inline]
    fn event(header: &Header, payload: Bytes) -> Result<Event, ProtocolError> {
        Ok(match header.opcode {
            OpCode::Text => Event::Message(Message::Text(Text::try_from(payload)?)),
            OpCode::Binary | OpCode::Continuation => Event::Message(Message::Binary(payload)),
            OpCode::Ping => Event::Ping(payload),
            OpCode::Pong => Event::Pong(payload),
            OpCode::Close => Event::Close(CloseFrame::parse(&payload)?),
        })
    }

    /// Goes on with the frame in progress, as far as the bytes reach.
    fn progress(&mut self, input: &mut BytesMut) -> Result<Step, ProtocolError> {
        let Some(mut frame) = self.frame.take() else { return Ok(Step::NextFrame) };
        if self.stays_in_buffer(&frame.header) {
            let there = input.len().min(frame.length);
            frame.unmask(&mut input[frame.seen..there]);
            // RFC 6455 8.1 and Autobahn's 6.4: invalid text fails at its first invalid byte.
            if frame.header.opcode == OpCode::Text {
                frame.utf8.push(&input[frame.seen..there])?;
            }
            frame.seen = there;
            if there < frame.length {
                self.frame = Some(frame);
                return Ok(Step::MoreBytes);
            }
            let payload = input.split_to(frame.length).freeze();
            return Self::event(&frame.header, payload).map(Step::Event);
        }
        let Some(assembly) = &mut self.assembly else { return Ok(Step::NextFrame) };
        let piece_length = input.len().min(frame.length - frame.seen);
        let piece = &mut input[..piece_length];
        frame.unmask(piece);
        frame.seen += piece_length;
        let last = frame.header.fin && frame.seen == frame.length;
        assembly.push(piece, last, self.inflater.as_deref_mut(), &self.limits)?;
        input.advance(piece_length);
        if frame.seen < frame.length {
            self.frame = Some(frame);
            return Ok(Step::MoreBytes);
        }
        match self.assembly.take_if(|_| last) {
            Some(assembly) => assembly.finish().map(|message| Step::Event(Event::Message(message))),
            None => Ok(Step::NextFrame),
        }
    }
}

enum Step {
    Event(Event),
    NextFrame,
    MoreBytes,
}

impl Progress {
    fn unmask(&self, piece: &mut [u8]) {
        if let Some(key) = self.header.mask {
            apply_mask(piece, key, self.seen);
        }
    }
}

#[cfg(test)]
#[path = "receiver_tests.rs"]
mod tests;
