//! Renewal in band: each new token of a provider is told to the server on the connection that an older one has opened.
//!
//! ```text
//!  Credentials ── new token ──▶ task ── authenticate ──▶ server
//!                                ▲                          │
//!                                └── inspector ◀── answer ──┘
//!                                        └──▶ all other messages: the application
//! ```
//!
//! The task ends with the inspector, which is part of the socket's receiving half; it does not keep the connection.

use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use tokio::sync::Notify;
use tokio::time::{Instant, sleep_until};
use ws_core::message::Message;
use ws_core::net::{Inspect, WeakDriver, WebSocket};

use super::words::{self, Answer};
use super::{Credentials, Token, Tokens};

/// Has each token of `credentials` other than `token`, which the server knows, told to the server of this connection.
pub(super) fn renew(socket: &mut WebSocket, credentials: &Credentials, token: Arc<Token>) {
    let link = Arc::new(Link::default());
    socket.inspect(Desk(Arc::clone(&link)));
    tokio::spawn(tell(credentials.subscribe(), token, socket.driver().downgrade(), link));
}

/// What the task and the inspector of a connection tell each other.
#[derive(Default)]
struct Link {
    state: Mutex<State>,
    stirred: Notify,
}

#[derive(Default)]
struct State {
    /// A token was sent, and not answered yet.
    outstanding: bool,
    /// The same token is to be sent again, after this time.
    again: Option<Duration>,
    /// Nobody receives any more.
    gone: bool,
}

/// Takes the answers out of what is received, and nothing else: an answer is awaited, or it is the application's.
struct Desk(Arc<Link>);

impl Inspect for Desk {
    fn inspect(&mut self, message: &Message) -> bool {
        let mut taken = true;
        self.0.change(|state| match state.outstanding.then(|| words::answer(message)).flatten() {
            Some(answer) => {
                state.outstanding = false;
                if let Answer::Unavailable(wait) = answer {
                    state.again = Some(wait);
                }
            }
            None => taken = false,
        });
        if taken {
            self.0.stirred.notify_one();
        }
        !taken
    }
}

impl Drop for Desk {
    fn drop(&mut self) {
        self.0.change(|state| state.gone = true);
        self.0.stirred.notify_one();
    }
}

impl Link {
    fn change<T>(&self, change: impl FnOnce(&mut State) -> T) -> T {
        change(&mut self.state.lock().unwrap_or_else(PoisonError::into_inner))
    }
}

/// Tells the server one token after the other, the next one when the last was answered: whoever does not answer, since it
/// knows nothing of this, gets no second one.
async fn tell(mut tokens: Tokens, mut latest: Arc<Token>, server: WeakDriver, link: Arc<Link>) {
    let (mut wanted, mut waiting) = (false, false);
    let mut not_before = Instant::now();
    loop {
        tokio::select! {
            token = tokens.next() => {
                wanted |= !Arc::ptr_eq(&token, &latest);
                latest = token;
            }
            () = link.stirred.notified() => {}
            () = sleep_until(not_before), if waiting => {}
        }
        let (gone, outstanding, again) =
            link.change(|state| (state.gone, state.outstanding, state.again.take()));
        if gone {
            return;
        }
        if let Some(wait) = again {
            wanted = true;
            not_before = Instant::now() + wait;
        }
        waiting = wanted && !outstanding && not_before > Instant::now();
        if wanted && !outstanding && !waiting {
            wanted = false;
            // Before it is sent, for the answer may be received in another thread.
            link.change(|state| state.outstanding = true);
            if server.send_text(&words::authenticate(&latest)).is_err() {
                return;
            }
            tracing::debug!(target: "ws_client::credentials", "a new token was sent to the server");
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::credentials::StaticToken;
    use crate::memory;

    #[tokio::test]
    async fn a_connection_pays_for_a_small_task_alone() {
        let (ours, _theirs) = memory::pair();
        let credentials = Credentials::new(StaticToken::new(Token::new("abc")));
        let token = credentials.current().await.expect("a token");
        let server = ours.driver().downgrade();
        let task = tell(credentials.subscribe(), token, server, Arc::default());
        assert!(size_of_val(&task) <= 512, "{} bytes", size_of_val(&task));
    }
}
