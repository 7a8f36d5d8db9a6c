//! The connection as a session sees it: one that lasts as long as it lasts, or one that comes back.

use std::io;
use std::sync::Arc;

use bytes::Bytes;
use tokio::sync::watch;
use ws_core::connection::{Event, SendError};
use ws_core::message::{CloseFrame, Message};
use ws_core::net::{self, RecvHalf, SendHalf, WebSocket};

use crate::Error;
use crate::reconnect::{self, Reconnecting};

/// The sending side.
#[derive(Debug)]
pub(super) enum Speaker {
    Once(SendHalf),
    Returning(reconnect::Sender),
}

/// The receiving side.
#[derive(Debug)]
pub(super) enum Listener {
    Once(RecvHalf),
    Returning {
        receiver: reconnect::Receiver,
        /// `None` once no further state comes.
        states: Option<watch::Receiver<reconnect::State>>,
    },
}

/// What comes.
#[derive(Debug)]
pub(super) enum Heard {
    Message(Message),
    Pong(Bytes),
    /// A connection that comes back stands otherwise than before.
    State(reconnect::State),
    /// Nothing that anybody has to know.
    Nothing,
    End(How),
}

/// How a session ends.
#[derive(Debug)]
pub(super) enum How {
    /// With a closing handshake, in which the server said this.
    Closed(Option<CloseFrame>),
    Broken(net::Error),
    /// It does not come back.
    Stopped(Arc<Error>),
    /// Nobody reads the output any more, or it cannot be written.
    OutputGone(io::Error),
    /// Without waiting any longer: Ctrl-C was pressed again, or the system wants it to end.
    Interrupted,
}

/// Why something was not sent.
#[derive(Debug)]
pub(super) enum Unsent {
    /// This message is not one that can be sent.
    Refused(String),
    /// Nothing more can be sent; the receiving side knows more.
    Over(Option<net::Error>),
}

pub(super) fn once(socket: WebSocket) -> (Speaker, Listener) {
    let (receiving, sending) = socket.split();
    (Speaker::Once(sending), Listener::Once(receiving))
}

pub(super) fn returning(client: Reconnecting) -> (Speaker, Listener) {
    let states = client.state();
    let (sender, receiver) = client.split();
    (Speaker::Returning(sender), Listener::Returning { receiver, states: Some(states) })
}

impl Speaker {
    /// Cancel safe: what was not sent when it is dropped is not.
    pub(super) async fn send(&mut self, message: Message) -> Result<(), Unsent> {
        match self {
            Self::Once(sending) => sending.send(message).await.map_err(|error| Unsent::Over(Some(error))),
            Self::Returning(sender) => sender.send(message).await.map_err(|error| match error {
                reconnect::SendError::Closed(_) | reconnect::SendError::Stopped { .. } => Unsent::Over(None),
                error => Unsent::Refused(format!("not sent: {error}")),
            }),
        }
    }

    pub(super) async fn ping(&mut self, payload: Vec<u8>) -> Result<(), Unsent> {
        match self {
            Self::Once(sending) => match sending.ping(payload).await {
                // The connection is being closed meanwhile.
                Ok(()) | Err(net::Error::Send(SendError::Closed)) => Ok(()),
                Err(error) => Err(Unsent::Over(Some(error))),
            },
            Self::Returning(_) => {
                Err(Unsent::Refused("with --reconnect, pings are the client's own affair".to_owned()))
            }
        }
    }

    /// Whether all that was given to it has left, as far as this side knows.
    pub(super) fn is_settled(&self) -> bool {
        match self {
            Self::Once(_) => true,
            Self::Returning(sender) => {
                let state = sender.state();
                sender.queued() == 0 && (state.borrow().is_open() || state.borrow().is_final())
            }
        }
    }

    /// Begins to close; the listener comes to its end when that is done.
    pub(super) fn start_close(&mut self, frame: CloseFrame) -> Result<(), net::Error> {
        match self {
            Self::Once(sending) => sending.start_close(Some(&frame)),
            Self::Returning(sender) => {
                let sender = sender.clone();
                tokio::spawn(async move {
                    // The listener is told how it ends.
                    let _ = sender.close(frame).await;
                });
                Ok(())
            }
        }
    }
}

impl Listener {
    /// What comes next. Cancel safe.
    pub(super) async fn next(&mut self) -> Heard {
        match self {
            Self::Once(receiving) => match receiving.recv_event().await {
                Ok(Some(Event::Message(message))) => Heard::Message(message),
                Ok(Some(Event::Pong(payload))) => Heard::Pong(payload),
                Ok(Some(_)) => Heard::Nothing,
                Ok(None) => Heard::End(How::Closed(receiving.close_frame().cloned())),
                Err(error) => Heard::End(How::Broken(error)),
            },
            Self::Returning { receiver, states } => tokio::select! {
                biased;
                state = changed(states) => state.map_or(Heard::Nothing, Heard::State),
                message = receiver.recv() => match message {
                    Ok(Some(message)) => Heard::Message(message),
                    Ok(None) => Heard::End(How::Closed(None)),
                    Err(error) => Heard::End(How::Stopped(error)),
                },
            },
        }
    }
}

/// The next state; after the last one none comes, however long one waits.
async fn changed(states: &mut Option<watch::Receiver<reconnect::State>>) -> Option<reconnect::State> {
    let Some(watched) = states else { return std::future::pending().await };
    if watched.changed().await.is_err() {
        *states = None;
        return None;
    }
    let state = watched.borrow_and_update().clone();
    Some(state)
}
