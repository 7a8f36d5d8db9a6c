//! Both halves together.

use std::{
    future::poll_fn,
    pin::Pin,
    sync::Arc,
    task::{Context, Poll, ready},
};

use bytes::{Bytes, BytesMut};
use futures_core::Stream;
use futures_sink::Sink;
use tokio::net::TcpStream;

use super::{
    Driver, Error, Inspect, ReadSide, RecvHalf, ReuniteError, SendHalf, SocketConfig, Transport, WriteSide,
    driver::Holder,
    outbox::{Outbox, When},
    transport::{split_any, split_tcp},
};
use crate::{
    connection::{Event, Limits, Receiver, Sender},
    message::{CloseFrame, Message},
};

/// An open WebSocket connection, of a server or of a client.
///
/// ```
/// # async fn echo(mut ws: ws_core::net::WebSocket) -> Result<(), ws_core::net::Error> {
/// while let Some(message) = ws.recv().await? {
///     ws.send(message).await?;
/// }
/// # Ok(())
/// # }
/// ```
///
/// Writes gather by themselves: whatever one read brought is answered in one write, and nothing waits
/// for the application (the [module](super) says when it leaves). Pings are answered, a silent peer is
/// pinged and in the end given up, and the closing handshake is done, while [`recv`](Self::recv) is being
/// waited for.
///
/// It is a [`Stream`] of messages and a [`Sink`] for them. The stream ends after an error, and once the closing handshake
/// is done. What is given to the sink leaves when it is flushed; it is ready while no more than
/// [`Limits::output`] bytes are queued; and closing it does the whole closing handshake, messages that still come
/// discarded.
///
/// Dropping it closes the connection: a Close frame with 1001 is sent in the background, or with 3008 to a
/// peer that has not answered a ping.
// One pointer: the future of a handler holds its socket more than once.
#[derive(Debug)]
pub struct WebSocket(Box<Halves>);

#[derive(Debug)]
struct Halves {
    recv: RecvHalf,
    send: SendHalf,
}

impl WebSocket {
    /// A connection over TCP whose handshake has just been done; `leftover` is what was read behind it.
    /// Nagle's algorithm should be off.
    pub fn from_tcp(stream: TcpStream, config: impl Into<Arc<SocketConfig>>, leftover: BytesMut) -> Self {
        Self::from_sides(split_tcp(stream), config.into(), leftover)
    }

    /// A connection over any stream whose handshake has just been done; `leftover` is what was read
    /// behind it.
    pub fn from_stream(
        stream: impl Transport,
        config: impl Into<Arc<SocketConfig>>,
        leftover: BytesMut,
    ) -> Self {
        Self::from_sides(split_any(stream), config.into(), leftover)
    }

    fn from_sides((read, write): (ReadSide, WriteSide), config: Arc<SocketConfig>, input: BytesMut) -> Self {
        let connection = config.connection();
        let (receiver, sender) = (Receiver::new(&connection), Sender::new(&connection));
        let outbox = Outbox::new(write, config);
        let send = SendHalf::new(sender, Holder::new(outbox.clone()));
        let recv = RecvHalf::new(read, receiver, input, Holder::new(outbox));
        Self(Box::new(Halves { recv, send }))
    }

    /// The next message; `None` once the closing handshake is done, and then
    /// [`close_frame`](Self::close_frame) has what the peer said.
    ///
    /// # Errors
    /// [`Error::Protocol`] where the peer broke the protocol or a limit, [`Error::Lost`] where it went
    /// away without a word, [`Error::PingTimeout`] and [`Error::CloseTimeout`] where it fell silent,
    /// [`Error::WriteTimeout`] and [`Error::Io`] from the transport. After an error nothing more comes.
    ///
    /// # Cancel safety
    /// No message is lost when the future is dropped, as in `tokio::select!`.
    #[inline]
    pub async fn recv(&mut self) -> Result<Option<Message>, Error> {
        poll_fn(|cx| self.0.recv.poll_recv(cx)).await
    }

    /// The next event: a message, a ping, a pong, or the peer's Close frame; then `None`. Pings and the
    /// Close frame are answered already.
    ///
    /// # Errors
    /// As [`recv`](Self::recv).
    ///
    /// # Cancel safety
    /// No event is lost when the future is dropped.
    pub async fn recv_event(&mut self) -> Result<Option<Event>, Error> {
        self.0.recv.recv_event().await
    }

    /// Sends a message. It waits only while more than [`Limits::output`](crate::connection::Limits) bytes
    /// are queued for a peer that does not take them.
    ///
    /// # Errors
    /// [`SendError::Closed`](crate::connection::SendError::Closed) in [`Error::Send`] after a Close frame
    /// in either direction; [`Error::Io`] and [`Error::WriteTimeout`] from the transport.
    ///
    /// # Cancel safety
    /// A message whose `send` is dropped before it is done was not sent.
    #[inline]
    pub async fn send(&mut self, message: impl Into<Message>) -> Result<(), Error> {
        poll_fn(|cx| self.0.send.poll_ready(cx)).await?;
        self.push(message.into())
    }

    /// Adds a message to what the next [`flush`](Self::flush) writes.
    ///
    /// # Errors
    /// As [`send`](Self::send).
    ///
    /// # Cancel safety
    /// A message whose `feed` is dropped before it is done was not sent.
    pub async fn feed(&mut self, message: impl Into<Message>) -> Result<(), Error> {
        self.0.send.feed(message).await
    }

    /// Waits until all that was sent has been handed to the operating system.
    ///
    /// # Errors
    /// [`Error::Io`] and [`Error::WriteTimeout`].
    ///
    /// # Cancel safety
    /// It can be dropped and called again.
    pub async fn flush(&mut self) -> Result<(), Error> {
        self.0.send.flush().await
    }

    /// Sends a ping of at most 125 bytes; its pong is told by [`recv_event`](Self::recv_event).
    ///
    /// # Errors
    /// As [`SendHalf::ping`].
    ///
    /// # Cancel safety
    /// A ping whose future is dropped before it is done was not sent.
    pub async fn ping(&mut self, payload: impl Into<Bytes>) -> Result<(), Error> {
        self.0.send.ping(payload).await
    }

    /// Closes the connection: sends a Close frame, discards messages until the peer has answered, and ends
    /// the stream. Returns the peer's answer.
    ///
    /// # Errors
    /// [`Error::CloseTimeout`] where the peer does not answer in time, and what [`recv`](Self::recv) tells.
    ///
    /// # Cancel safety
    /// The Close frame is sent once; the call can be repeated to go on waiting.
    pub async fn close(&mut self, frame: impl Into<Option<CloseFrame>>) -> Result<Option<CloseFrame>, Error> {
        self.0.send.start_close(frame.into().as_ref())?;
        while self.recv().await?.is_some() {}
        Ok(self.close_frame().cloned())
    }

    /// What the peer's Close frame said, once it has come.
    pub fn close_frame(&self) -> Option<&CloseFrame> {
        self.0.recv.close_frame()
    }

    /// From now on the peer may ask as much of us as these limits say, but for [`Limits::output`], which stays.
    pub fn set_limits(&mut self, limits: Limits) {
        self.0.recv.set_limits(limits);
    }

    /// Has `inspector` see each message before the application does, on this socket or on its receiving half, and take
    /// away those that it wants to. There is one at the most: the last.
    pub fn inspect(&mut self, inspector: impl Inspect + 'static) {
        self.0.recv.set_inspector(Box::new(inspector));
    }

    /// Two halves that can be used from two tasks. The receiving half has to be read for pings to be
    /// answered.
    pub fn split(self) -> (RecvHalf, SendHalf) {
        let halves = *self.0;
        (halves.recv, halves.send)
    }

    /// Makes the two halves of a connection one socket again.
    ///
    /// # Errors
    /// They are of different connections.
    pub fn reunite(recv: RecvHalf, send: SendHalf) -> Result<Self, Box<ReuniteError>> {
        let (recv, send) = ReuniteError::check(recv, send)?;
        Ok(Self(Box::new(Halves { recv, send })))
    }

    /// What runs a handler that owns this socket; see [`Driver`].
    pub fn driver(&self) -> Driver {
        Driver::new(Holder::new(self.0.send.outbox().clone()))
    }

    #[inline]
    fn push(&mut self, message: Message) -> Result<(), Error> {
        let Halves { recv, send } = &mut *self.0;
        send.push(message, || if recv.has_unread() { When::Soon } else { When::Now })
    }
}

impl Stream for WebSocket {
    type Item = Result<Message, Error>;

    fn poll_next(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        Poll::Ready(ready!(self.0.recv.poll_recv(cx)).transpose())
    }
}

impl Sink<Message> for WebSocket {
    type Error = Error;

    fn poll_ready(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Result<(), Error>> {
        self.0.send.poll_ready(cx)
    }

    fn start_send(mut self: Pin<&mut Self>, message: Message) -> Result<(), Error> {
        self.0.send.push(message, || When::Flushed)
    }

    fn poll_flush(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Result<(), Error>> {
        self.0.send.outbox().poll_flush(cx)
    }

    fn poll_close(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Result<(), Error>> {
        self.0.send.start_close(None)?;
        while ready!(self.0.recv.poll_recv(cx))?.is_some() {}
        Poll::Ready(Ok(()))
    }
}
