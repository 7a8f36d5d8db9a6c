//! Both directions with one owner.

use bytes::{Bytes, BytesMut};

use super::{Config, Event, ProtocolError, Receiver, Role, SendError, Sender, encode_control};
use crate::{
    frame::OpCode,
    message::{CloseFrame, Message},
};

/// A whole connection without I/O: bytes in, events out; messages in, bytes out.
///
/// It answers pings, echoes the Close frame and fails the connection by itself: whatever a call appends
/// to `output` is to be sent.
///
/// ```
/// use bytes::BytesMut;
/// use ws_core::connection::{Config, Connection, Event, Role};
/// use ws_core::message::Message;
///
/// let mut client = Connection::new(&Config::new(Role::Client));
/// let mut server = Connection::new(&Config::new(Role::Server));
/// let (mut there, mut back) = (BytesMut::new(), BytesMut::new());
///
/// client.send(Message::text("hello"), &mut there)?;
/// assert_eq!(server.receive(&mut there, &mut back)?, Some(Event::Message(Message::text("hello"))));
///
/// client.close(None, &mut there)?;
/// assert_eq!(server.receive(&mut there, &mut back)?, Some(Event::Close(None)));
/// assert_eq!(client.receive(&mut back, &mut there)?, Some(Event::Close(None)));
/// assert!(client.is_closed() && server.is_closed());
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Debug)]
pub struct Connection {
    role: Role,
    receiver: Receiver,
    sender: Sender,
    close_sent: bool,
}

impl Connection {
    /// A connection whose handshake has just been done.
    pub fn new(config: &Config) -> Self {
        let (receiver, sender) = (Receiver::new(config), Sender::new(config));
        Self { role: config.role, receiver, sender, close_sent: false }
    }

    /// The next event from `input`; answers that the protocol demands are appended to `output`.
    ///
    /// # Errors
    /// [`ProtocolError`]: a Close frame with its code stands in `output`; send it and close.
    pub fn receive(
        &mut self,
        input: &mut BytesMut,
        output: &mut BytesMut,
    ) -> Result<Option<Event>, ProtocolError> {
        let result = self.receiver.receive(input);
        match &result {
            // RFC 6455 5.5.2: a ping MUST be answered, unless a Close frame was already received. Nor is it
            // answered behind our own Close frame, as browsers do: many a peer fails on a frame behind it.
            Ok(Some(Event::Ping(payload))) if !self.close_sent => self.answer(OpCode::Pong, payload, output),
            // RFC 6455 5.5.1: a Close frame MUST be answered by one, unless one was sent already.
            Ok(Some(Event::Close(frame))) => self.answer_close(frame.as_ref(), output),
            // RFC 6455 7.1.7: failing the connection SHOULD send a Close frame with the reason.
            Err(error) => {
                let frame = CloseFrame::new(error.close_code(), error.to_string());
                self.answer_close(Some(&frame), output);
            }
            _ => {}
        }
        result
    }

    /// Appends a message to `output`.
    ///
    /// # Errors
    /// [`SendError::Closed`] after a Close frame in either direction.
    pub fn send(&mut self, message: Message, output: &mut BytesMut) -> Result<(), SendError> {
        self.open()?;
        if let Some(direct) = self.sender.encode(message, output)? {
            output.extend_from_slice(&direct);
        }
        Ok(())
    }

    /// Appends one fragment of a message to `output`; see [`Sender::encode_fragment`].
    ///
    /// # Errors
    /// [`SendError::Closed`] after a Close frame in either direction.
    pub fn send_fragment(
        &mut self,
        text: bool,
        payload: &[u8],
        fin: bool,
        output: &mut BytesMut,
    ) -> Result<(), SendError> {
        self.open()?;
        self.sender.encode_fragment(text, payload, fin, output)
    }

    /// Appends a ping to `output`.
    ///
    /// # Errors
    /// [`SendError::ControlTooLong`] beyond 125 bytes; [`SendError::Closed`] after a Close frame.
    pub fn ping(&mut self, payload: &Bytes, output: &mut BytesMut) -> Result<(), SendError> {
        self.open()?;
        encode_control(self.role, OpCode::Ping, payload, output)
    }

    /// Appends a Close frame to `output`: the closing handshake begins. Calling it again does nothing.
    ///
    /// # Errors
    /// [`SendError::Random`] where a client gets no masking key.
    pub fn close(&mut self, frame: Option<&CloseFrame>, output: &mut BytesMut) -> Result<(), SendError> {
        if self.close_sent {
            return Ok(());
        }
        let mut payload = BytesMut::new();
        if let Some(frame) = frame {
            frame.encode(&mut payload);
        }
        encode_control(self.role, OpCode::Close, &payload, output)?;
        self.close_sent = true;
        Ok(())
    }

    /// Whether both sides have said Close, or the connection failed: nothing more comes or goes.
    pub fn is_closed(&self) -> bool {
        self.close_sent && self.receiver.is_closed()
    }

    fn open(&self) -> Result<(), SendError> {
        if self.close_sent || self.receiver.is_closed() { Err(SendError::Closed) } else { Ok(()) }
    }

    /// An answer can only fail for want of a masking key; then the peer's timeout will have to do.
    fn answer(&self, opcode: OpCode, payload: &[u8], output: &mut BytesMut) {
        let _ = encode_control(self.role, opcode, payload, output);
    }

    fn answer_close(&mut self, frame: Option<&CloseFrame>, output: &mut BytesMut) {
        let _ = self.close(frame, output);
        self.close_sent = true;
    }
}

#[cfg(test)]
#[path = "machine_tests.rs"]
mod tests;
