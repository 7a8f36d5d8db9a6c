//! The receiving half.

use std::{
    future::poll_fn,
    io,
    pin::pin,
    sync::Arc,
    task::{Context, Poll, Waker, ready},
};

use bytes::{BufMut, BytesMut};
use tokio::io::AsyncReadExt;

use super::{
    Error, Inspect, ReadSide,
    driver::Holder,
    outbox::{Outbox, When},
    pool,
    timer::{Due, Timer},
};
use crate::{
    connection::{Event, Limits, ProtocolError, Receiver, Role, SendError},
    frame::OpCode,
    message::{CloseFrame, Message},
};

/// The receiving half of a [`WebSocket`](super::WebSocket) that was split.
///
/// It answers pings and the closing handshake. The connection is closed when both halves are dropped.
#[derive(Debug)]
pub struct RecvHalf {
    reader: Option<ReadSide>,
    receiver: Receiver,
    /// What was read and not received yet.
    input: BytesMut,
    /// `input` came from the thread's pool and goes back there.
    pooled: bool,
    /// Messages get storage of their own.
    copying: bool,
    phase: Phase,
    timer: Option<Box<Timer>>,
    peer_close: Option<Box<CloseFrame>>,
    /// The task that the outbox wakes.
    listening: Option<Waker>,
    /// Who sees messages before the application does.
    inspector: Option<Box<dyn Inspect>>,
    holder: Holder,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Phase {
    Open,
    /// Both Close frames have been said; the client waits for the server to end the stream.
    Ending,
    /// Nothing more will come.
    Done,
}

/// From this size on what is missing of a payload is read into a buffer of its size.
const OWN_BUFFER: usize = 32 << 10;

impl RecvHalf {
    pub(super) fn new(reader: ReadSide, receiver: Receiver, input: BytesMut, holder: Holder) -> Self {
        Self {
            reader: Some(reader),
            receiver,
            input,
            pooled: false,
            copying: false,
            phase: Phase::Open,
            timer: None,
            peer_close: None,
            listening: None,
            inspector: None,
            holder,
        }
    }

    /// The next message; see [`WebSocket::recv`](super::WebSocket::recv).
    ///
    /// # Errors
    /// As [`WebSocket::recv`](super::WebSocket::recv).
    ///
    /// # Cancel safety
    /// No message is lost when the future is dropped.
    pub async fn recv(&mut self) -> Result<Option<Message>, Error> {
        let message = poll_fn(|cx| self.poll_recv(cx)).await;
        // Where more lies here, the answer of the sending half can wait for the next one's.
        self.outbox().set_unread(self.has_unread());
        message
    }

    /// The next event: a message, a ping, a pong, or the peer's Close frame; then `None`. Pings and the
    /// Close frame are answered already.
    ///
    /// # Errors
    /// As [`WebSocket::recv`](super::WebSocket::recv).
    ///
    /// # Cancel safety
    /// No event is lost when the future is dropped.
    pub async fn recv_event(&mut self) -> Result<Option<Event>, Error> {
        poll_fn(|cx| self.poll_event(cx)).await
    }

    /// What the peer's Close frame said, once it has come.
    pub fn close_frame(&self) -> Option<&CloseFrame> {
        self.peer_close.as_deref()
    }

    #[inline]
    pub(super) fn poll_recv(&mut self, cx: &mut Context<'_>) -> Poll<Result<Option<Message>, Error>> {
        loop {
            match ready!(self.poll_event(cx))? {
                Some(Event::Message(message)) => return Poll::Ready(Ok(Some(message))),
                Some(_) => {}
                None => return Poll::Ready(Ok(None)),
            }
        }
    }

    pub(super) fn poll_event(&mut self, cx: &mut Context<'_>) -> Poll<Result<Option<Event>, Error>> {
        loop {
            if self.phase != Phase::Open {
                return self.poll_end(cx).map(|()| Ok(None));
            }
            match self.receiver.receive(&mut self.input) {
                Ok(Some(Event::Message(ref message))) if !self.admits(message) => continue,
                Ok(Some(event)) => return Poll::Ready(self.answer(event).map(Some)),
                Ok(None) => {}
                Err(error) => return Poll::Ready(Err(self.fail(error))),
            }
            // Everything that was read is answered: let it leave before waiting for more.
            self.outbox().push_out();
            self.listen(cx);
            let closing = self.outbox().close_sent();
            // A peer that goes on talking does not hold up the closing handshake.
            if closing && let Poll::Ready(error) = self.poll_timer(cx) {
                return Poll::Ready(Err(self.give_up(error)));
            }
            if let Poll::Ready(room) = self.outbox().poll_room(cx) {
                // Where writing failed, what the peer had said before can still be read.
                if let Err(Error::WriteTimeout) = room {
                    // RFC 6455 7.1.7: the driver tells the peer why, or whoever lets go of the socket last.
                    if let Some(reader) = self.reader.take() {
                        self.outbox().abandon(reader);
                    }
                    self.end();
                    return Poll::Ready(Err(Error::WriteTimeout));
                }
                match self.poll_fill(cx) {
                    Poll::Ready(Ok(0)) => {
                        self.end();
                        return Poll::Ready(Err(Error::Lost));
                    }
                    Poll::Ready(Ok(_)) => {
                        self.heard();
                        if closing {
                            // The clock of a task goes on when it yields.
                            cx.waker().wake_by_ref();
                            return Poll::Pending;
                        }
                        continue;
                    }
                    Poll::Ready(Err(error)) => {
                        self.end();
                        // RFC 8446 6.1: over TLS, an end without its alert is one all the same.
                        let lost = error.kind() == io::ErrorKind::UnexpectedEof;
                        return Poll::Ready(Err(if lost { Error::Lost } else { error.into() }));
                    }
                    Poll::Pending => {}
                }
            }
            // A ping would stand behind what the peer has not taken yet, and one that takes no answers is not
            // even read from: meanwhile the write timeout watches over it.
            if self.outbox().has_backlog() {
                self.heard();
            }
            let error = ready!(self.poll_timer(cx));
            return Poll::Ready(Err(self.give_up(error)));
        }
    }

    pub(super) fn set_inspector(&mut self, inspector: Box<dyn Inspect>) {
        self.inspector = Some(inspector);
    }

    pub(super) fn set_limits(&mut self, limits: Limits) {
        self.receiver.set_limits(limits);
    }

    /// Whether a whole frame lies unread.
    pub(super) fn has_unread(&self) -> bool {
        !self.input.is_empty() && self.receiver.has_whole_frame(&self.input)
    }

    pub(super) fn outbox(&self) -> &Arc<Outbox> {
        self.holder.outbox()
    }

    /// Whether the application gets this message.
    #[inline]
    fn admits(&mut self, message: &Message) -> bool {
        !self.outbox().is_muted()
            && self.inspector.as_mut().is_none_or(|inspector| inspector.inspect(message))
    }

    /// Does what the protocol demands at once.
    #[inline]
    fn answer(&mut self, event: Event) -> Result<Event, Error> {
        match event {
            Event::Message(message) if self.copying && message.len() < MAX_COPY => {
                return Ok(Event::Message(message.detached()));
            }
            // RFC 6455 5.5.2: a ping is answered as soon as is practical; nothing goes behind a Close frame.
            Event::Ping(ref payload) if !self.outbox().close_sent() => {
                self.send_control(OpCode::Pong, payload, When::Soon)?;
            }
            Event::Close(ref frame) => {
                self.peer_close = frame.clone().map(Box::new);
                // RFC 6455 5.5.1: the Close frame is answered with the status code that it had.
                self.outbox().send_close(frame.as_ref())?;
                // RFC 6455 7.1.1: the server ends the stream first.
                self.phase = Phase::Ending;
                if self.outbox().config.role == Role::Server {
                    self.outbox().shut_down();
                    self.end();
                }
            }
            _ => {}
        }
        Ok(event)
    }

    /// A ping or pong, unless another task has begun to close.
    fn send_control(&self, opcode: OpCode, payload: &[u8], when: When) -> Result<(), SendError> {
        match self.outbox().send_control(opcode, payload, || when) {
            Err(SendError::Closed) => Ok(()),
            other => other,
        }
    }

    /// RFC 6455 7.1.7: fails the connection.
    fn fail(&mut self, error: ProtocolError) -> Error {
        let frame = CloseFrame::new(error.close_code(), error.to_string());
        // Without a masking key no Close frame can be sent; the stream's end will have to do.
        let _ = self.outbox().send_close(Some(&frame));
        self.outbox().shut_down();
        if let Some(reader) = self.reader.take() {
            self.outbox().abandon(reader);
        }
        self.end();
        error.into()
    }

    /// Ends a connection whose peer has not answered in time.
    fn give_up(&mut self, error: Error) -> Error {
        if let (Error::PingTimeout, Some(reader)) = (&error, self.reader.take()) {
            // RFC 6455 7.1.7: the driver tells the peer why, or whoever lets go of the socket last.
            self.outbox().set_silent();
            self.outbox().abandon(reader);
        } else {
            self.outbox().shut_down();
        }
        self.end();
        error
    }

    /// Has the outbox wake this task when the connection fails or begins to close.
    #[inline]
    fn listen(&mut self, cx: &Context<'_>) {
        if !self.listening.as_ref().is_some_and(|waker| waker.will_wake(cx.waker())) {
            self.listening = Some(cx.waker().clone());
            self.outbox().set_reader(cx.waker().clone());
        }
    }

    /// Nothing more will be read.
    fn end(&mut self) {
        self.phase = Phase::Done;
        self.reader = None;
        self.timer = None;
        self.release();
    }

    /// Waits for the server to end the stream, which it should do at once.
    fn poll_end(&mut self, cx: &mut Context<'_>) -> Poll<()> {
        if self.phase == Phase::Ending {
            self.input.clear();
            if self.poll_timer(cx).is_pending() {
                match self.poll_fill(cx) {
                    Poll::Ready(Ok(1..)) => {
                        // The clock of a task goes on when it yields.
                        cx.waker().wake_by_ref();
                        return Poll::Pending;
                    }
                    Poll::Ready(_) => {}
                    Poll::Pending => return Poll::Pending,
                }
            }
            self.end();
        }
        Poll::Ready(())
    }

    /// Reads once, into the place where the bytes are wanted.
    #[inline]
    fn poll_fill(&mut self, cx: &mut Context<'_>) -> Poll<io::Result<usize>> {
        let Some(reader) = &mut self.reader else { return Poll::Ready(Ok(0)) };
        let missing = self.receiver.missing(&self.input).unwrap_or(0);
        let own = !self.pooled && missing > 0 && self.input.len() >= OWN_BUFFER;
        if own || missing >= OWN_BUFFER {
            // A large payload: its buffer grows to its exact size as the bytes come, and no further.
            if self.pooled {
                let mut own = BytesMut::with_capacity(self.input.len() + missing.min(pool::BUFFER));
                own.extend_from_slice(&self.input);
                pool::give_received(std::mem::replace(&mut self.input, own));
                self.pooled = false;
            }
            let room = self.input.capacity() - self.input.len();
            if room < missing.min(pool::BUFFER) {
                self.input.reserve(missing.min(self.input.len().max(pool::BUFFER)));
            }
            self.copying = false;
            return pin!(reader.read_buf(&mut (&mut self.input).limit(missing))).poll(cx);
        }
        if self.pooled && self.input.is_empty() {
            if !self.input.try_reclaim(pool::BUFFER) {
                pool::give_received(std::mem::replace(&mut self.input, pool::take()));
            }
        } else if !self.pooled || self.input.capacity() - self.input.len() < missing.max(MIN_READ) {
            let mut pooled = pool::take();
            pooled.extend_from_slice(&self.input);
            let old = std::mem::replace(&mut self.input, pooled);
            if self.pooled {
                pool::give_received(old);
            }
            self.pooled = true;
        }
        let read = pin!(reader.read_buf(&mut self.input)).poll(cx);
        match &read {
            Poll::Ready(_) => self.copying = pool::should_copy(),
            Poll::Pending => self.release(),
        }
        read
    }

    /// Gives the pool's buffer back; what is left of a frame is kept in a buffer of its size.
    fn release(&mut self) {
        if self.pooled {
            let rest = BytesMut::from(&self.input[..]);
            pool::give_received(std::mem::replace(&mut self.input, rest));
            self.pooled = false;
        } else if self.input.is_empty() {
            self.input = BytesMut::new();
        }
    }

    #[inline]
    fn heard(&mut self) {
        if let Some(timer) = &mut self.timer {
            timer.heard();
        }
    }

    /// Pings when it is time to; ready with what has run out.
    fn poll_timer(&mut self, cx: &mut Context<'_>) -> Poll<Error> {
        loop {
            let closing = self.outbox().close_sent();
            if self.timer.as_ref().is_none_or(|timer| timer.is_for_close() != closing) {
                self.timer = Timer::start(&self.outbox().config, closing);
            }
            let Some(timer) = &mut self.timer else { return Poll::Pending };
            match ready!(timer.poll(cx)) {
                Due::Ping => {
                    if let Err(error) = self.send_control(OpCode::Ping, &[], When::Now) {
                        return Poll::Ready(error.into());
                    }
                    self.outbox().push_out();
                }
                Due::PingTimeout => return Poll::Ready(Error::PingTimeout),
                Due::CloseTimeout => return Poll::Ready(Error::CloseTimeout),
            }
        }
    }
}

/// A message from this size on is not copied: it pins a buffer of at most four times its size.
const MAX_COPY: usize = pool::BUFFER / 4;

/// Less room than this is not worth a read.
const MIN_READ: usize = 4 << 10;

impl Drop for RecvHalf {
    fn drop(&mut self) {
        self.release();
        if let Some(reader) = self.reader.take() {
            self.outbox().abandon(reader);
        }
    }
}
