//! What a returning client is told when it starts.

use std::time::Duration;

use ws_core::net::WebSocket;

use super::backoff::Backoff;
use super::hooks::{Failure, FailureHook, OnFailure, OnOpen, OpenHook, RestoreFuture};
use super::policy::{Decision, Rules};
use super::queue::Bounds;
use super::state::Opened;

/// How a [`Reconnecting`](super::Reconnecting) client behaves. The defaults suit a program that wants to be connected
/// for as long as that can be had.
///
/// ```no_run
/// use std::time::Duration;
/// use ws_client::Client;
/// use ws_client::reconnect::{Backoff, Bounds, Decision, ReconnectConfig, WhenFull};
///
/// # async fn example() -> Result<(), ws_client::UrlError> {
/// let config = ReconnectConfig::default()
///     .backoff(Backoff { longest: Duration::from_secs(60), ..Backoff::default() })
///     .max_away(Duration::from_secs(3600))
///     .outgoing(Bounds { messages: 100, ..Bounds::default() }, WhenFull::DropOldest)
///     // Says again what the server has to know, before anything else is sent.
///     .on_open(|socket, _| Box::pin(async move { Ok(socket.send("subscribe prices").await?) }))
///     // What this server means by 4001 is that it is worth another try.
///     .on_failure(|failure| match failure.close_code() {
///         Some(4001) => Decision::Retry { delay: Duration::from_secs(5) },
///         _ => failure.decision,
///     });
/// let prices = Client::builder("ws://127.0.0.1:9001/prices")?.build().reconnecting(config);
/// # let _ = prices;
/// # Ok(())
/// # }
/// ```
#[derive(Clone, Debug)]
#[must_use = "it does nothing until a client is given it"]
pub struct ReconnectConfig {
    pub(super) rules: Rules,
    pub(super) outgoing: Bounds,
    pub(super) when_full: WhenFull,
    pub(super) incoming: Bounds,
    pub(super) on_open: Option<OpenHook>,
    pub(super) on_failure: Option<FailureHook>,
    pub(super) restore_timeout: Duration,
    pub(super) drain_timeout: Duration,
}

/// What happens to a message for which there is no room in the outgoing queue.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum WhenFull {
    /// [`send`](super::Sender::send) waits for room: backpressure.
    #[default]
    Wait,
    /// It is given back in [`SendError::Full`](super::SendError::Full).
    RefuseNew,
    /// It enters, and the oldest ones are thrown away for it and counted: for messages of which the last counts.
    DropOldest,
    /// It is thrown away and counted: for messages that nobody misses.
    DropNewest,
}

impl Default for ReconnectConfig {
    fn default() -> Self {
        let rules = Rules {
            backoff: Backoff::default(),
            max_attempts: None,
            max_away: None,
            fail_fast: false,
            after_normal_close: false,
        };
        Self {
            rules,
            outgoing: Bounds::default(),
            when_full: WhenFull::default(),
            incoming: Bounds::default(),
            on_open: None,
            on_failure: None,
            restore_timeout: Duration::from_secs(10),
            drain_timeout: Duration::from_secs(5),
        }
    }
}

impl ReconnectConfig {
    /// How long to wait between attempts.
    pub fn backoff(mut self, backoff: Backoff) -> Self {
        self.rules.backoff = backoff;
        self
    }

    /// Gives up after this many failed attempts in a row; by default never.
    pub fn max_attempts(mut self, attempts: u32) -> Self {
        self.rules.max_attempts = Some(attempts);
        self
    }

    /// Gives up where the next attempt would come later than this after the last stable connection, or after the start;
    /// by default never.
    pub fn max_away(mut self, away: Duration) -> Self {
        self.rules.max_away = Some(away);
        self
    }

    /// Stops where the very first attempt fails, for whatever reason. By default it is treated like any later one: tried
    /// again where that can help.
    pub fn fail_fast(mut self) -> Self {
        self.rules.fail_fast = true;
        self
    }

    /// Comes back after 1000 too, which a server says when the purpose is fulfilled (RFC 6455 7.4.1). By default that is
    /// the end.
    pub fn after_normal_close(mut self) -> Self {
        self.rules.after_normal_close = true;
        self
    }

    /// How much waits to be sent, and what happens to more. The same queue serves an open connection.
    pub fn outgoing(mut self, bounds: Bounds, when_full: WhenFull) -> Self {
        (self.outgoing, self.when_full) = (bounds, when_full);
        self
    }

    /// How much waits to be received. Beyond it nothing more is read until the application has caught up; see
    /// [`Receiver`](super::Receiver).
    pub fn incoming(mut self, bounds: Bounds) -> Self {
        self.incoming = bounds;
        self
    }

    /// Restores the state of each connection: it runs when one is open, before any queued message goes out and before any
    /// message is given to the application. What it receives is its own.
    ///
    /// Where it fails or takes too long the connection is given up, and the attempt counts as a failed one. An error of
    /// [`WebSocket`] that it hands on with `?` counts as what it is. It is dropped in the middle where the client is
    /// closed.
    pub fn on_open<F>(mut self, hook: F) -> Self
    where
        F: for<'a> Fn(&'a mut WebSocket, &'a Opened) -> RestoreFuture<'a> + Send + Sync + 'static,
    {
        self.on_open = Some(OpenHook::new(hook));
        self
    }

    /// As [`on_open`](Self::on_open), with a type instead of a closure.
    pub fn restore_with(mut self, hook: impl OnOpen) -> Self {
        self.on_open = Some(OpenHook::new(hook));
        self
    }

    /// How long [`on_open`](Self::on_open) may take; 10 s by default.
    pub fn restore_timeout(mut self, timeout: Duration) -> Self {
        self.restore_timeout = timeout;
        self
    }

    /// Asked after each failure, with the decision that was taken, and has the last word on it: for close codes of an
    /// application's own (4000 to 4999), after which the client stops by itself, and for servers with habits. It must not
    /// block.
    pub fn on_failure(mut self, hook: impl Fn(&Failure<'_>) -> Decision + Send + Sync + 'static) -> Self {
        self.on_failure = Some(FailureHook::new(hook));
        self
    }

    /// As [`on_failure`](Self::on_failure), with a type instead of a closure.
    pub fn decide_with(mut self, hook: impl OnFailure) -> Self {
        self.on_failure = Some(FailureHook::new(hook));
        self
    }

    /// How long what is queued may take to be sent when the client is closed or dropped; 5 s by default. What is left
    /// then, and whatever is queued while there is no connection, is not sent.
    pub fn drain_timeout(mut self, timeout: Duration) -> Self {
        self.drain_timeout = timeout;
        self
    }
}
