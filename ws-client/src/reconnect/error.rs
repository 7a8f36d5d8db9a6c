//! What a returning client tells who sends, and why a connection could not be restored.

use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use thiserror::Error;
use ws_core::message::Message;

use super::hooks::BoxError;
use super::queue::Rejected;
use super::state::State;
use crate::ended::Error;

/// A message was not queued. It is given back: [`into_message`](Self::into_message).
#[derive(Error)]
#[non_exhaustive]
pub enum SendError {
    /// There is no room.
    #[error("the outgoing queue is full: wait for room, or give it more")]
    Full(Message),
    /// There will never be room.
    #[error("a message of {} bytes is larger than the outgoing queue of {limit} bytes", message.len())]
    TooLarge {
        /// The message.
        message: Message,
        /// What the queue holds.
        limit: usize,
    },
    /// The client was closed.
    #[error("the client is closed, nothing more is sent")]
    Closed(Message),
    /// The client has stopped, for it cannot help to connect again.
    #[error("the client has stopped: {why}")]
    Stopped {
        /// The message.
        message: Message,
        /// Why.
        why: Arc<Error>,
    },
}

impl SendError {
    /// The message that was not queued.
    pub fn into_message(self) -> Message {
        match self {
            Self::Full(message)
            | Self::Closed(message)
            | Self::TooLarge { message, .. }
            | Self::Stopped { message, .. } => message,
        }
    }

    pub(super) fn new(rejected: Rejected, state: &State) -> Self {
        match (rejected, state) {
            (Rejected::Full(message), _) => Self::Full(message),
            (Rejected::Ended(message), State::Stopped(why)) => Self::Stopped { message, why: why.clone() },
            (Rejected::Ended(message), _) => Self::Closed(message),
        }
    }
}

/// Without the message itself.
impl fmt::Debug for SendError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "SendError({self})")
    }
}

/// What was to be said at the beginning of a connection was not:
/// [`ReconnectConfig::on_open`](super::ReconnectConfig::on_open) failed.
#[derive(Debug, Error)]
#[non_exhaustive]
pub enum RestoreError {
    /// It gave an error of its own.
    #[error("the connection opened, but its state could not be restored: {0}")]
    Failed(#[source] BoxError),
    /// It did not end in time.
    #[error("the connection opened, but its state was not restored within {after:?}")]
    TimedOut {
        /// The time it was given.
        after: Duration,
    },
}
