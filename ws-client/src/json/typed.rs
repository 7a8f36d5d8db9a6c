//! A connection whose messages have types.

use std::fmt;
use std::future::poll_fn;
use std::marker::PhantomData;
use std::pin::Pin;
use std::task::{Context, Poll, ready};

use futures_core::{Stream, TryStream};
use futures_sink::Sink;
use serde::Serialize;
use serde::de::DeserializeOwned;
use ws_core::message::Message;

use super::error::{JsonError, unreadable};
use super::plain::{read, send_json, write};

/// What becomes of a binary message.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Binary {
    /// It is an error, [`JsonError::NotText`].
    #[default]
    Refuse,
    /// It is read as JSON in UTF-8, as some servers send it.
    Read,
    /// It is passed over without a word.
    Skip,
}

/// A connection `S` on which `In` is received and `Out` is sent, each as a JSON text message.
///
/// It is a [`Stream`] and a [`Sink`] over anything that is one: a [`WebSocket`](ws_core::net::WebSocket), a client that
/// comes back by itself, one half of a split connection.
pub struct Json<S, In, Out> {
    socket: S,
    binary: Binary,
    types: PhantomData<fn(Out) -> In>,
}

impl<S, In, Out> Json<S, In, Out> {
    /// Typed messages over `socket`.
    pub fn new(socket: S) -> Self {
        Self { socket, binary: Binary::default(), types: PhantomData }
    }

    /// What becomes of binary messages.
    #[must_use]
    pub fn binary(self, binary: Binary) -> Self {
        Self { binary, ..self }
    }

    /// What the messages go over.
    pub fn get_ref(&self) -> &S {
        &self.socket
    }

    /// What the messages go over, for closing it, for example.
    pub fn get_mut(&mut self) -> &mut S {
        &mut self.socket
    }

    /// What the messages went over.
    pub fn into_inner(self) -> S {
        self.socket
    }

    /// The next value; `None` once the connection is closed.
    ///
    /// # Errors
    ///
    /// [`JsonError::Syntax`], [`JsonError::Mismatch`] and [`JsonError::NotText`], after which the next message can be
    /// read; [`JsonError::Socket`].
    ///
    /// # Cancel safety
    ///
    /// No message is lost when the future is dropped.
    pub async fn recv(&mut self) -> Result<Option<In>, JsonError<S::Error>>
    where
        S: TryStream<Ok = Message> + Unpin,
        In: DeserializeOwned,
    {
        poll_fn(|cx| Pin::new(&mut *self).poll_next(cx)).await.transpose()
    }

    /// Sends a value, and waits until it has been handed on.
    ///
    /// # Errors
    ///
    /// [`JsonError::Unwritable`], and nothing is sent then; [`JsonError::Socket`].
    ///
    /// # Cancel safety
    ///
    /// Dropped before it is done, the message may have been sent or not.
    pub async fn send(&mut self, value: &Out) -> Result<(), JsonError<S::Error>>
    where
        S: Sink<Message> + Unpin,
        Out: Serialize,
    {
        send_json(&mut self.socket, value).await
    }

    fn take<E>(&self, message: &Message) -> Option<Result<In, JsonError<E>>>
    where
        In: DeserializeOwned,
    {
        match (message, self.binary) {
            (Message::Binary(_), Binary::Skip) => None,
            (Message::Binary(bytes), Binary::Read) => {
                Some(serde_json::from_slice(bytes).map_err(|error| unreadable(bytes, &error)))
            }
            _ => Some(read(message)),
        }
    }
}

impl<S, In, Out> Stream for Json<S, In, Out>
where
    S: TryStream<Ok = Message> + Unpin,
    In: DeserializeOwned,
{
    type Item = Result<In, JsonError<S::Error>>;

    fn poll_next(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        let this = self.get_mut();
        loop {
            let taken = match ready!(Pin::new(&mut this.socket).try_poll_next(cx)) {
                None => return Poll::Ready(None),
                Some(Err(error)) => Some(Err(JsonError::Socket(error))),
                Some(Ok(message)) => this.take(&message),
            };
            if taken.is_some() {
                return Poll::Ready(taken);
            }
        }
    }
}

impl<S, In, Out> Sink<Out> for Json<S, In, Out>
where
    S: Sink<Message> + Unpin,
    Out: Serialize,
{
    type Error = JsonError<S::Error>;

    fn poll_ready(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Result<(), Self::Error>> {
        Pin::new(&mut self.get_mut().socket).poll_ready(cx).map_err(JsonError::Socket)
    }

    fn start_send(self: Pin<&mut Self>, value: Out) -> Result<(), Self::Error> {
        Pin::new(&mut self.get_mut().socket).start_send(write(&value)?).map_err(JsonError::Socket)
    }

    fn poll_flush(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Result<(), Self::Error>> {
        Pin::new(&mut self.get_mut().socket).poll_flush(cx).map_err(JsonError::Socket)
    }

    fn poll_close(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Result<(), Self::Error>> {
        Pin::new(&mut self.get_mut().socket).poll_close(cx).map_err(JsonError::Socket)
    }
}

impl<S: Unpin, In, Out> Unpin for Json<S, In, Out> {}

impl<S: fmt::Debug, In, Out> fmt::Debug for Json<S, In, Out> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Json").field("socket", &self.socket).field("binary", &self.binary).finish()
    }
}
