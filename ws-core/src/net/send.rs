//! The sending half.

use std::{
    future::poll_fn,
    sync::Arc,
    task::{Context, Poll},
};

use bytes::Bytes;

use super::{
    Error,
    driver::Holder,
    outbox::{Outbox, When},
};
use crate::{
    connection::{SendError, Sender},
    frame::OpCode,
    message::{CloseFrame, Message},
};

/// The sending half of a [`WebSocket`](super::WebSocket) that was split.
///
/// The connection is closed when both halves are dropped.
#[derive(Debug)]
pub struct SendHalf {
    sender: Sender,
    holder: Holder,
}

impl SendHalf {
    pub(super) const fn new(sender: Sender, holder: Holder) -> Self {
        Self { sender, holder }
    }

    /// Sends a message; see [`WebSocket::send`](super::WebSocket::send).
    ///
    /// # Errors
    /// As [`WebSocket::send`](super::WebSocket::send).
    ///
    /// # Cancel safety
    /// A message whose `send` is dropped before it is done was not sent.
    pub async fn send(&mut self, message: impl Into<Message>) -> Result<(), Error> {
        poll_fn(|cx| self.poll_ready(cx)).await?;
        let unread = self.outbox().unread();
        self.push(message.into(), || if unread { When::Soon } else { When::Now })
    }

    /// Adds a message to what the next [`flush`](Self::flush) writes.
    ///
    /// # Errors
    /// As [`send`](Self::send).
    ///
    /// # Cancel safety
    /// A message whose `feed` is dropped before it is done was not sent.
    pub async fn feed(&mut self, message: impl Into<Message>) -> Result<(), Error> {
        poll_fn(|cx| self.poll_ready(cx)).await?;
        self.push(message.into(), || When::Flushed)
    }

    /// Waits until all that was sent has been handed to the operating system.
    ///
    /// # Errors
    /// [`Error::Io`] and [`Error::WriteTimeout`].
    ///
    /// # Cancel safety
    /// It can be dropped and called again.
    pub async fn flush(&mut self) -> Result<(), Error> {
        poll_fn(|cx| self.outbox().poll_flush(cx)).await
    }

    /// Sends a ping of at most 125 bytes. Its pong is an event of the receiving half.
    ///
    /// # Errors
    /// [`SendError::ControlTooLong`] and [`SendError::Closed`] in [`Error::Send`]; [`Error::Io`].
    ///
    /// # Cancel safety
    /// A ping whose future is dropped before it is done was not sent.
    pub async fn ping(&mut self, payload: impl Into<Bytes>) -> Result<(), Error> {
        poll_fn(|cx| self.poll_ready(cx)).await?;
        self.open()?;
        Ok(self.outbox().send_control(OpCode::Ping, &payload.into(), || When::Now)?)
    }

    /// Begins the closing handshake: nothing can be sent after it. The receiving half ends when the peer
    /// has answered.
    ///
    /// # Errors
    /// [`SendError::Random`] in [`Error::Send`] where a client gets no masking key.
    pub fn start_close(&mut self, frame: Option<&CloseFrame>) -> Result<(), Error> {
        Ok(self.outbox().send_close(frame)?)
    }

    pub(super) fn outbox(&self) -> &Arc<Outbox> {
        self.holder.outbox()
    }

    pub(super) fn poll_ready(&self, cx: &mut Context<'_>) -> Poll<Result<(), Error>> {
        self.outbox().poll_room(cx)
    }

    #[inline]
    pub(super) fn push(&mut self, message: Message, when: impl FnOnce() -> When) -> Result<(), Error> {
        self.open()?;
        let Self { sender, holder } = self;
        holder.outbox().append(when, |queue| {
            if let Some(payload) = sender.encode(message, queue.tail())? {
                queue.push_direct(payload);
            }
            Ok::<(), Error>(())
        })
    }

    fn open(&self) -> Result<(), SendError> {
        // RFC 6455 5.5.1: no data frames after a Close frame.
        if self.outbox().close_sent() { Err(SendError::Closed) } else { Ok(()) }
    }
}
