//! The halves as a stream and a sink, and how they become one socket again.

use std::{
    pin::Pin,
    sync::Arc,
    task::{Context, Poll, ready},
};

use futures_core::Stream;
use futures_sink::Sink;
use thiserror::Error;

use super::{Error, RecvHalf, SendHalf, outbox::When};
use crate::message::Message;

/// Two halves that do not belong together. They are given back.
#[derive(Debug, Error)]
#[error("the two halves are of different connections")]
pub struct ReuniteError(pub RecvHalf, pub SendHalf);

impl ReuniteError {
    /// Whether these two are of one connection.
    pub(super) fn check(recv: RecvHalf, send: SendHalf) -> Result<(RecvHalf, SendHalf), Box<Self>> {
        if Arc::ptr_eq(recv.outbox(), send.outbox()) {
            Ok((recv, send))
        } else {
            Err(Box::new(Self(recv, send)))
        }
    }
}

/// As [`WebSocket`](super::WebSocket).
impl Stream for RecvHalf {
    type Item = Result<Message, Error>;

    fn poll_next(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        let half = self.get_mut();
        let message = ready!(half.poll_recv(cx));
        // Where more lies here, the answer of the sending half can wait for the next one's.
        half.outbox().set_unread(half.has_unread());
        Poll::Ready(message.transpose())
    }
}

/// As [`WebSocket`](super::WebSocket), but for closing it: that sends the Close frame, and it is the receiving half that
/// ends when the peer has answered.
impl Sink<Message> for SendHalf {
    type Error = Error;

    fn poll_ready(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Result<(), Error>> {
        SendHalf::poll_ready(&self, cx)
    }

    fn start_send(mut self: Pin<&mut Self>, message: Message) -> Result<(), Error> {
        self.push(message, || When::Flushed)
    }

    fn poll_flush(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Result<(), Error>> {
        self.outbox().poll_flush(cx)
    }

    fn poll_close(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Result<(), Error>> {
        self.start_close(None)?;
        self.outbox().poll_flush(cx)
    }
}
