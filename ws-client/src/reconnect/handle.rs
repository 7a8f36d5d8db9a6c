//! The client that comes back, in one hand.

use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};

use futures_core::Stream;
use futures_sink::Sink;
use tokio::sync::{mpsc, watch};
use ws_core::message::{CloseFrame, Message};

use super::config::ReconnectConfig;
use super::counters::{Counters, Tally};
use super::error::SendError;
use super::halves::{Link, Receiver, Sender};
use super::history::History;
use super::queue::Queue;
use super::random::Random;
use super::state::State;
use super::worker::Worker;
use crate::client::Client;
use crate::ended::Error;

impl Client {
    /// A connection that comes back by itself. It begins to connect at once, in a task of its own, which ends when the
    /// handle is dropped.
    ///
    /// # Panics
    ///
    /// Outside of a tokio runtime with I/O and time enabled.
    #[must_use = "dropped, it closes at once"]
    pub fn reconnecting(&self, config: ReconnectConfig) -> Reconnecting {
        let (outgoing, incoming) = (Queue::new(config.outgoing), Queue::new(config.incoming));
        let (endings, wishes) = mpsc::channel(1);
        let (state, states) = watch::channel(State::Connecting { attempt: 1 });
        let tally = Arc::new(Tally::default());
        let link = Arc::new(Link {
            outgoing: outgoing.clone(),
            incoming: incoming.clone(),
            when_full: config.when_full,
            endings,
            state: states,
            tally: tally.clone(),
        });
        let worker = Worker {
            client: self.clone(),
            config,
            outgoing,
            incoming,
            endings: wishes,
            state,
            tally,
            random: Random::new(),
            history: History::new(),
            unsent: None,
            unheard: None,
        };
        tokio::spawn(worker.run());
        Reconnecting { sender: Sender::new(link.clone()), receiver: Receiver::new(link) }
    }
}

/// A connection that comes back by itself: made by [`Client::reconnecting`].
///
/// ```no_run
/// use ws_client::Client;
/// use ws_client::reconnect::ReconnectConfig;
///
/// # async fn example() -> Result<(), Box<dyn std::error::Error>> {
/// let client = Client::builder("ws://127.0.0.1:9001/rooms/lobby")?.build();
/// let mut room = client.reconnecting(ReconnectConfig::default());
/// // Whether there is a connection already or not.
/// room.send("hello").await?;
/// // An error comes where it cannot help to connect again, and tells what to do instead.
/// while let Some(message) = room.recv().await? {
///     println!("{message:?}");
/// }
/// # Ok(())
/// # }
/// ```
///
/// # When it connects again
/// | what happened | what follows |
/// |---|---|
/// | the network or the server fails: no route, port closed, timeouts, lost, no pong | again, after a [`Backoff`](super::Backoff) |
/// | 429, 503 and other refusals that pass by themselves | again, not before `Retry-After`, jitter added |
/// | 1001, 1005, 1006, 1011 to 1014, 3008 | again, not before the time that the reason tells |
/// | 3000 | again with a fresh token where the old one came from a provider; but once only, then it stops |
/// | a host's name is not found | again where it was found before, else it stops |
/// | 1000 | stops, unless [`after_normal_close`](ReconnectConfig::after_normal_close) |
/// | 1002, 1003, 1007 to 1010, 3003, 4000 to 4999 | stops |
/// | 400, 401, 403, 404 and whatever else the same request will meet again; a bad certificate, a redirect | stops |
/// | the state could not be restored | again |
///
/// [`ReconnectConfig::on_failure`] can decide otherwise. A 401 is not the end where a provider of tokens has another one:
/// [`Client::connect`] has tried that already.
///
/// # What arrives
/// See [`Sender`] for what is sent and [`Receiver`] for what is received.
#[derive(Debug)]
pub struct Reconnecting {
    sender: Sender,
    receiver: Receiver,
}

impl Reconnecting {
    /// Queues a message: [`Sender::send`].
    ///
    /// # Errors
    ///
    /// As [`Sender::send`].
    ///
    /// # Cancel safety
    ///
    /// As [`Sender::send`].
    pub async fn send(&self, message: impl Into<Message>) -> Result<(), SendError> {
        self.sender.send(message).await
    }

    /// Queues a message without waiting for room: [`Sender::try_send`].
    ///
    /// # Errors
    ///
    /// As [`Sender::try_send`].
    pub fn try_send(&self, message: impl Into<Message>) -> Result<(), SendError> {
        self.sender.try_send(message)
    }

    /// The next message; `None` once the client is closed: [`Receiver::recv`].
    ///
    /// # Errors
    ///
    /// Why the client has stopped, when all messages have been given.
    ///
    /// # Cancel safety
    ///
    /// No message is lost when the future is dropped.
    pub async fn recv(&mut self) -> Result<Option<Message>, Arc<Error>> {
        self.receiver.recv().await
    }

    /// Closes the client: [`Sender::close`].
    ///
    /// # Errors
    ///
    /// As [`Sender::close`].
    ///
    /// # Cancel safety
    ///
    /// The client closes even so.
    pub async fn close(
        &self,
        frame: impl Into<Option<CloseFrame>>,
    ) -> Result<Option<CloseFrame>, Arc<Error>> {
        self.sender.close(frame).await
    }

    /// How things stand, now and from now on.
    pub fn state(&self) -> watch::Receiver<State> {
        self.sender.state()
    }

    /// What has happened so far.
    pub fn counters(&self) -> Counters {
        self.sender.counters()
    }

    /// Messages that are queued and have not been handed to a connection.
    pub fn queued(&self) -> usize {
        self.sender.queued()
    }

    /// Takes what is queued and was never handed to a connection: [`Sender::take_queued`].
    pub fn take_queued(&self) -> Vec<Message> {
        self.sender.take_queued()
    }

    /// Two halves that can be used from two tasks; the sending one can be cloned. The client is closed when all are
    /// dropped.
    pub fn split(self) -> (Sender, Receiver) {
        (self.sender, self.receiver)
    }
}

impl Stream for Reconnecting {
    type Item = Result<Message, Arc<Error>>;

    fn poll_next(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        Pin::new(&mut self.receiver).poll_next(cx)
    }
}

impl Sink<Message> for Reconnecting {
    type Error = SendError;

    fn poll_ready(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Result<(), SendError>> {
        Pin::new(&mut self.sender).poll_ready(cx)
    }

    fn start_send(mut self: Pin<&mut Self>, message: Message) -> Result<(), SendError> {
        Pin::new(&mut self.sender).start_send(message)
    }

    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Result<(), SendError>> {
        Pin::new(&mut self.sender).poll_flush(cx)
    }

    fn poll_close(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Result<(), SendError>> {
        Pin::new(&mut self.sender).poll_close(cx)
    }
}
