//! How things stand.

use std::fmt;
use std::sync::Arc;

use tokio::time::Instant;

use crate::client::Answer;
use crate::ended::Error;

/// How things stand with a [`Reconnecting`](super::Reconnecting) client, watched through
/// [`state`](super::Reconnecting::state). It is cheap to clone.
///
/// ```no_run
/// # async fn example(client: ws_client::reconnect::Reconnecting) {
/// let mut state = client.state();
/// while state.changed().await.is_ok() {
///     println!("{}", *state.borrow_and_update());
/// }
/// # }
/// ```
#[derive(Clone, Debug)]
#[non_exhaustive]
pub enum State {
    /// An attempt is being made.
    #[non_exhaustive]
    Connecting {
        /// Which one since the last stable connection, from 1 on.
        attempt: u32,
    },
    /// There is a connection, and its state is restored.
    Open(Arc<Opened>),
    /// The next attempt has its time.
    #[non_exhaustive]
    Waiting {
        /// Which one it will be since the last stable connection, from 1 on.
        attempt: u32,
        /// When it will be made.
        until: Instant,
        /// What went wrong.
        why: Arc<Error>,
    },
    /// The client was closed or dropped. It is the last state.
    Closed,
    /// It cannot help to connect again, or may not. It is the last state.
    Stopped(Arc<Error>),
}

/// A connection that has opened.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct Opened {
    /// When the handshake was done.
    pub since: Instant,
    /// Which connection of this client it is, from 1 on.
    pub number: u64,
    /// What the server answered: the subprotocol that it selected, and its header fields.
    pub answer: Answer,
}

impl State {
    /// Whether there is a connection.
    pub fn is_open(&self) -> bool {
        matches!(self, Self::Open(_))
    }

    /// Whether no other state will follow.
    pub fn is_final(&self) -> bool {
        matches!(self, Self::Closed | Self::Stopped(_))
    }

    /// What went wrong last, while there is no connection for it.
    pub fn error(&self) -> Option<&Arc<Error>> {
        match self {
            Self::Waiting { why, .. } | Self::Stopped(why) => Some(why),
            _ => None,
        }
    }
}

/// For people, in one line.
impl fmt::Display for State {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Connecting { attempt: 1 } => f.write_str("connecting"),
            Self::Connecting { attempt } => write!(f, "connecting, attempt {attempt}"),
            Self::Open(opened) => match &opened.answer.subprotocol {
                Some(subprotocol) => write!(f, "open, speaking {subprotocol}"),
                None => f.write_str("open"),
            },
            Self::Waiting { attempt, until, why } => {
                let left = until.saturating_duration_since(Instant::now()).as_secs_f64();
                write!(f, "attempt {attempt} comes in {left:.1} s: {why}")
            }
            Self::Closed => f.write_str("closed"),
            Self::Stopped(why) => write!(f, "stopped: {why}"),
        }
    }
}
