//! The ends that an application holds: one for sending, which can be cloned, and one for receiving.

use std::fmt;
use std::future::poll_fn;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll, ready};

use futures_core::Stream;
use futures_sink::Sink;
use tokio::sync::{mpsc, oneshot, watch};
use ws_core::message::{CloseFrame, Message};

use super::config::WhenFull;
use super::counters::{Counters, Tally, add};
use super::error::SendError;
use super::queue::{Queue, Rejected};
use super::state::State;
use crate::ended::Error;

/// What both halves hold; when the last is gone, the task ends.
#[derive(Debug)]
pub(super) struct Link {
    pub(super) outgoing: Arc<Queue>,
    pub(super) incoming: Arc<Queue>,
    pub(super) when_full: WhenFull,
    pub(super) endings: mpsc::Sender<Ending>,
    pub(super) state: watch::Receiver<State>,
    pub(super) tally: Arc<Tally>,
}

/// A wish to be closed.
#[derive(Debug)]
pub(super) struct Ending {
    pub(super) frame: Option<CloseFrame>,
    pub(super) closed: oneshot::Sender<Result<Option<CloseFrame>, Arc<Error>>>,
}

impl Link {
    fn last_word(&self) -> Result<(), Arc<Error>> {
        match &*self.state.borrow() {
            State::Stopped(why) => Err(why.clone()),
            _ => Ok(()),
        }
    }

    async fn close(&self, frame: Option<CloseFrame>) -> Result<Option<CloseFrame>, Arc<Error>> {
        let (closed, told) = oneshot::channel();
        if self.endings.send(Ending { frame, closed }).await.is_ok()
            && let Ok(closed) = told.await
        {
            return closed;
        }
        // It was closed by another one meanwhile, or has stopped by itself.
        self.state.clone().wait_for(State::is_final).await.map_or(Ok(()), |last| match &*last {
            State::Stopped(why) => Err(why.clone()),
            _ => Ok(()),
        })?;
        Ok(None)
    }

    async fn send(&self, message: Message) -> Result<(), SendError> {
        if self.when_full != WhenFull::Wait {
            return self.try_send(message);
        }
        let message = self.small_enough(message)?;
        self.outgoing.push(message).await.map_err(|rejected| SendError::new(rejected, &self.state.borrow()))
    }

    fn try_send(&self, message: Message) -> Result<(), SendError> {
        let message = self.small_enough(message)?;
        let pushed = match self.when_full {
            WhenFull::Wait | WhenFull::RefuseNew => self.outgoing.try_push(message),
            WhenFull::DropOldest => {
                self.outgoing.push_over_oldest(message).map(|dropped| add(&self.tally.dropped, dropped))
            }
            WhenFull::DropNewest => match self.outgoing.try_push(message) {
                Err(Rejected::Full(_)) => {
                    add(&self.tally.dropped, 1);
                    Ok(())
                }
                other => other,
            },
        };
        pushed.map_err(|rejected| SendError::new(rejected, &self.state.borrow()))
    }

    fn small_enough(&self, message: Message) -> Result<Message, SendError> {
        let limit = self.outgoing.bounds().bytes;
        if message.len() > limit { Err(SendError::TooLarge { message, limit }) } else { Ok(message) }
    }
}

/// The sending half of a [`Reconnecting`](super::Reconnecting) client that was split; clones send to the same connection.
///
/// Messages are queued, whether there is a connection or not, and sent in order: first what
/// [`ReconnectConfig::on_open`](super::ReconnectConfig::on_open) says, then what waited. A message that was handed to a
/// connection that then broke may have arrived or not, and is not sent again; one that was not handed to it is sent on the
/// next. Whoever needs to know that a message arrived has to be told so by the server.
///
/// As a [`Sink`] it is flushed when everything has been queued, which is not to say sent; closing it closes the client.
pub struct Sender {
    link: Arc<Link>,
    /// A message of the sink that waits for room.
    waiting: Option<Step<Result<(), SendError>>>,
    /// The sink is being closed.
    closing: Option<Step<()>>,
}

type Step<T> = Pin<Box<dyn Future<Output = T> + Send + Sync>>;

impl Sender {
    pub(super) fn new(link: Arc<Link>) -> Self {
        Self { link, waiting: None, closing: None }
    }

    /// Queues a message. Where the queue is full it does what
    /// [`ReconnectConfig::outgoing`](super::ReconnectConfig::outgoing) says: by default it waits for room, without a limit
    /// of its own, those who wait taking turns.
    ///
    /// # Errors
    ///
    /// The message is given back: the queue is full and [`WhenFull::RefuseNew`] was chosen, it is larger than the queue,
    /// or the client is closed or has stopped.
    ///
    /// # Cancel safety
    ///
    /// A message whose future is dropped was not queued; its turn is lost.
    pub async fn send(&self, message: impl Into<Message>) -> Result<(), SendError> {
        self.link.send(message.into()).await
    }

    /// Queues a message without waiting for room.
    ///
    /// # Errors
    ///
    /// As [`send`](Self::send), and [`SendError::Full`] where that would wait.
    pub fn try_send(&self, message: impl Into<Message>) -> Result<(), SendError> {
        self.link.try_send(message.into())
    }

    /// Closes the client: what is queued is sent if there is a connection, for
    /// [`drain_timeout`](super::ReconnectConfig::drain_timeout) at most, then the Close frame, whose answer is waited for.
    /// An attempt that is being made is given up. Gives what the server's Close frame said, if there was one.
    ///
    /// # Errors
    ///
    /// Why the client had stopped before, or what went wrong with the closing handshake; it is closed all the same.
    ///
    /// # Cancel safety
    ///
    /// The client closes even so.
    pub async fn close(
        &self,
        frame: impl Into<Option<CloseFrame>>,
    ) -> Result<Option<CloseFrame>, Arc<Error>> {
        self.link.close(frame.into()).await
    }

    /// How things stand, now and from now on.
    pub fn state(&self) -> watch::Receiver<State> {
        self.link.state.clone()
    }

    /// What has happened so far.
    pub fn counters(&self) -> Counters {
        self.link.tally.read()
    }

    /// Messages that are queued and have not been handed to a connection.
    pub fn queued(&self) -> usize {
        self.link.outgoing.len()
    }

    /// Takes what is queued and was never handed to a connection, the oldest first: after the end, for another client.
    pub fn take_queued(&self) -> Vec<Message> {
        self.link.outgoing.drain()
    }
}

impl Clone for Sender {
    fn clone(&self) -> Self {
        Self::new(self.link.clone())
    }
}

impl fmt::Debug for Sender {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Sender").field("state", &*self.link.state.borrow()).finish_non_exhaustive()
    }
}

impl Sink<Message> for Sender {
    type Error = SendError;

    fn poll_ready(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Result<(), SendError>> {
        if let Some(waiting) = &mut self.waiting {
            let queued = ready!(waiting.as_mut().poll(cx));
            self.waiting = None;
            queued?;
        }
        Poll::Ready(Ok(()))
    }

    fn start_send(mut self: Pin<&mut Self>, message: Message) -> Result<(), SendError> {
        match self.link.try_send(message) {
            Err(SendError::Full(message)) if self.link.when_full == WhenFull::Wait => {
                let link = self.link.clone();
                self.waiting = Some(Box::pin(async move { link.send(message).await }));
                Ok(())
            }
            other => other,
        }
    }

    fn poll_flush(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Result<(), SendError>> {
        self.poll_ready(cx)
    }

    fn poll_close(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Result<(), SendError>> {
        ready!(self.as_mut().poll_ready(cx))?;
        let link = self.link.clone();
        let closing = self.closing.get_or_insert_with(|| {
            Box::pin(async move {
                // However it ends: the state tells it.
                let _ = link.close(None).await;
            })
        });
        closing.as_mut().poll(cx).map(Ok)
    }
}

/// The receiving half of a [`Reconnecting`](super::Reconnecting) client that was split. Messages of one connection after
/// the other come in order; where one ends is told by [`state`](Self::state) alone.
///
/// # An application that does not keep up
/// What is received waits in a bounded queue. When that is full nothing more is read, so that the server feels it and the
/// memory is bounded; [`Counters::paused`] counts it and a warning is logged. Meanwhile the server's pings are not answered,
/// for they stand behind messages that are not read: instead this side pings by itself, which servers that take any
/// traffic for a sign of life are content with. Others may close the connection, mostly with 1008 or 1011. This side
/// does not give the connection up for want of a pong that it has not read.
///
/// If this half is dropped, what comes is read and thrown away.
pub struct Receiver {
    link: Arc<Link>,
    /// The stream has told why it ended.
    told: bool,
}

impl Receiver {
    pub(super) fn new(link: Arc<Link>) -> Self {
        Self { link, told: false }
    }

    /// The next message; `None` once the client is closed.
    ///
    /// # Errors
    ///
    /// Why the client has stopped, when all messages have been given.
    ///
    /// # Cancel safety
    ///
    /// No message is lost when the future is dropped.
    pub async fn recv(&mut self) -> Result<Option<Message>, Arc<Error>> {
        match poll_fn(|cx| self.link.incoming.poll_pop(cx)).await {
            Some(message) => Ok(Some(message)),
            None => self.link.last_word().map(|()| None),
        }
    }

    /// How things stand, now and from now on.
    pub fn state(&self) -> watch::Receiver<State> {
        self.link.state.clone()
    }

    /// What has happened so far.
    pub fn counters(&self) -> Counters {
        self.link.tally.read()
    }
}

impl Drop for Receiver {
    fn drop(&mut self) {
        self.link.incoming.end();
        drop(self.link.incoming.drain());
    }
}

impl fmt::Debug for Receiver {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Receiver").field("state", &*self.link.state.borrow()).finish_non_exhaustive()
    }
}

/// Ends with the error, where there is one.
impl Stream for Receiver {
    type Item = Result<Message, Arc<Error>>;

    fn poll_next(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        if let Some(message) = ready!(self.link.incoming.poll_pop(cx)) {
            return Poll::Ready(Some(Ok(message)));
        }
        let told = std::mem::replace(&mut self.told, true);
        Poll::Ready(if told { None } else { self.link.last_word().err().map(Err) })
    }
}
