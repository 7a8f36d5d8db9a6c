//! The task of a returning client: connects, restores, serves, decides, waits.

use std::sync::Arc;
use std::time::SystemTime;

use tokio::select;
use tokio::sync::{mpsc, watch};
use tokio::time::{Instant, sleep_until, timeout};
use ws_core::message::{CloseCode, CloseFrame, Message};
use ws_core::net::{self, WebSocket};

use super::config::ReconnectConfig;
use super::counters::{Tally, add};
use super::error::RestoreError;
use super::events;
use super::halves::Ending;
use super::history::History;
use super::hooks::Failure;
use super::policy::{Decision, Situation, decide};
use super::queue::Queue;
use super::random::Random;
use super::session::{Ended, Session, hearing};
use super::state::{Opened, State};
use crate::client::{Answer, Client};
use crate::credentials::Token;
use crate::ended::Error;

pub(super) struct Worker {
    pub(super) client: Client,
    pub(super) config: ReconnectConfig,
    pub(super) outgoing: Arc<Queue>,
    pub(super) incoming: Arc<Queue>,
    pub(super) endings: mpsc::Receiver<Ending>,
    pub(super) state: watch::Sender<State>,
    pub(super) tally: Arc<Tally>,
    pub(super) random: Random,
    pub(super) history: History,
    /// A message that was taken from the queue, and not handed to a connection yet.
    pub(super) unsent: Option<Message>,
    /// A message that was received, and for which there was no room yet.
    pub(super) unheard: Option<Message>,
}

/// What came of an attempt, and of the connection if there was one.
enum Outcome {
    /// It failed or was lost; the token that it was opened with, where it came from a provider.
    Failed(Error, Option<Arc<Token>>),
    Ended(End),
}

/// Why there will be no other attempt.
enum End {
    /// This side wanted it to: by name, or by dropping all handles.
    Wanted(Option<Ending>, Result<Option<CloseFrame>, Error>),
    Stopped(Error),
}

impl Worker {
    pub(super) async fn run(mut self) {
        let end = self.live().await;
        // What was taken out and never sent is given back with the rest.
        if let Some(message) = self.unsent.take() {
            self.outgoing.put_back(message);
        }
        if let Some(message) = self.unheard.take() {
            self.incoming.force(message);
        }
        match end {
            End::Stopped(error) => self.finish(State::Stopped(Arc::new(error))),
            End::Wanted(ending, closed) => {
                events::closed();
                self.finish(State::Closed);
                if let Some(ending) = ending {
                    // Whoever asked may have stopped waiting.
                    let _ = ending.closed.send(closed.map_err(Arc::new));
                }
            }
        }
    }

    async fn live(&mut self) -> End {
        loop {
            let (error, token) = match self.attempt().await {
                Outcome::Failed(error, token) => (error, token),
                Outcome::Ended(end) => return end,
            };
            let delay = match self.decide(&error, token.as_ref()) {
                Decision::Stop => return End::Stopped(error),
                Decision::Retry { delay } => delay,
                Decision::RenewFirst { delay } => {
                    self.history.renewed = true;
                    if let (Some(credentials), Some(token)) = (&self.client.identity.credentials, &token) {
                        credentials.reject(token);
                        add(&self.tally.renewals, 1);
                    }
                    delay
                }
            };
            let (until, attempt) = (self.history.next_attempt(delay), self.history.attempt());
            self.state.send_replace(State::Waiting { attempt, until, why: Arc::new(error) });
            let waited = hearing(&self.incoming, &mut self.unheard, sleep_until(until));
            select! {
                ending = self.endings.recv() => return End::Wanted(ending, Ok(None)),
                () = waited => {}
            }
        }
    }

    /// One attempt, and the connection that it leads to.
    async fn attempt(&mut self) -> Outcome {
        let attempt = self.history.attempt();
        self.history.attempting();
        add(&self.tally.attempts, 1);
        events::attempt(attempt);
        self.state.send_replace(State::Connecting { attempt });
        let connecting = Box::pin(self.client.connect_with_answer());
        let connected = select! {
            ending = self.endings.recv() => return Outcome::Ended(End::Wanted(ending, Ok(None))),
            connected = hearing(&self.incoming, &mut self.unheard, connecting) => connected,
        };
        match connected {
            Ok((socket, answer)) => self.serve(socket, answer).await,
            Err(error) => {
                self.history.failed();
                Outcome::Failed(error.into(), None)
            }
        }
    }

    /// An open connection, from the restoring of its state to its end.
    async fn serve(&mut self, mut socket: WebSocket, answer: Answer) -> Outcome {
        let token = answer.token.clone();
        let number = self.history.connections.saturating_add(1);
        let opened = Opened { since: Instant::now(), number, answer };
        let restoring = restore(&self.config, &mut socket, &opened);
        let restored = select! {
            ending = self.endings.recv() => Err(ending),
            restored = hearing(&self.incoming, &mut self.unheard, restoring) => Ok(restored),
        };
        let restored = match restored {
            Ok(restored) => restored,
            Err(ending) => return Outcome::Ended(close(ending, socket).await),
        };
        if let Err(error) = restored {
            self.history.failed();
            return Outcome::Failed(error, token);
        }
        self.history.connections = number;
        self.history.ever_open = true;
        add(&self.tally.opened, 1);
        if number > 1 {
            self.client.metrics().count_reconnect();
        }
        events::opened(&opened, self.history.attempt());
        let since = Instant::now();
        self.state.send_replace(State::Open(Arc::new(opened)));
        let was_good = !is_over(token.as_ref());
        let session = Session {
            outgoing: &self.outgoing,
            incoming: &self.incoming,
            endings: &mut self.endings,
            unsent: &mut self.unsent,
            unheard: &mut self.unheard,
            tally: &self.tally,
            ping_interval: self.client.keepalive.map(|(interval, _)| interval),
            drain_timeout: self.config.drain_timeout,
        };
        match session.run(socket).await {
            Ended::Wanted(ending, closed) => Outcome::Ended(End::Wanted(ending, closed)),
            Ended::Lost(error) => {
                add(&self.tally.lost, 1);
                self.history.ended(since, &self.config.rules.backoff);
                // A token that was good until its time was over is no token that was not accepted.
                self.history.renewed &= !(was_good && is_over(token.as_ref()));
                Outcome::Failed(error, token)
            }
        }
    }

    fn decide(&mut self, error: &Error, token: Option<&Arc<Token>>) -> Decision {
        let now = Situation {
            failures: self.history.failures,
            away: self.history.away(),
            ever_open: self.history.ever_open,
            can_renew: token.is_some(),
            renewed: self.history.renewed,
        };
        let mut decision = decide(error, &now, &self.config.rules, &mut self.random);
        if let Some(hook) = &self.config.on_failure {
            decision = hook.run(&Failure { error, attempts: now.failures, away: now.away, decision });
        }
        events::failed(error, now.failures, decision);
        decision
    }

    fn finish(&self, last: State) {
        self.state.send_replace(last);
        self.outgoing.end();
        self.incoming.end();
    }
}

/// Also where it panics in a hook, or its runtime ends: nobody waits for what will not come.
impl Drop for Worker {
    fn drop(&mut self) {
        if !self.state.borrow().is_final() {
            self.finish(State::Closed);
        }
    }
}

/// Whether the time of this token is over, by the clock of this machine.
fn is_over(token: Option<&Arc<Token>>) -> bool {
    token.and_then(|token| token.expires_at()).is_some_and(|at| at <= SystemTime::now())
}

/// Runs the hook that restores the state of a connection. Cancel safe as far as that is.
async fn restore(config: &ReconnectConfig, socket: &mut WebSocket, opened: &Opened) -> Result<(), Error> {
    let Some(hook) = &config.on_open else { return Ok(()) };
    let after = config.restore_timeout;
    let error = match timeout(after, hook.run(socket, opened)).await {
        Ok(Ok(())) => return Ok(()),
        Ok(Err(error)) => error,
        Err(_) => return Err(RestoreError::TimedOut { after }.into()),
    };
    // What the server said tells more than what became of the hook by it.
    if let Some(frame) = socket.close_frame() {
        return Err(Error::closed(frame));
    }
    let error = match error.downcast::<net::Error>() {
        Ok(broken) => return Err(Error::Broken(*broken)),
        Err(error) => error,
    };
    Err(error.downcast::<Error>().map_or_else(|error| RestoreError::Failed(error).into(), |error| *error))
}

/// Closes a connection whose state is not restored yet.
async fn close(ending: Option<Ending>, mut socket: WebSocket) -> End {
    let frame = match &ending {
        Some(ending) => ending.frame.clone(),
        None => Some(CloseFrame::new(CloseCode::GOING_AWAY, "")),
    };
    let closed = socket.close(frame).await;
    End::Wanted(ending, closed.map_err(Error::from))
}
