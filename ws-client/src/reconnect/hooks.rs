//! Where the application has a say.

use std::fmt;
use std::pin::Pin;
use std::sync::Arc;
use std::time::Duration;

use ws_core::net::WebSocket;

use super::policy::Decision;
use super::state::Opened;
use crate::ended::Error;

/// An error of the application's own.
pub type BoxError = Box<dyn std::error::Error + Send + Sync>;

/// A connection is being restored.
pub type RestoreFuture<'a> = Pin<Box<dyn Future<Output = Result<(), BoxError>> + Send + 'a>>;

/// Restores the state of a connection that has just opened; closures do:
/// [`ReconnectConfig::on_open`](super::ReconnectConfig::on_open).
pub trait OnOpen: Send + Sync + 'static {
    /// Says on `socket` what the server has to know, and reads its answer where there is one.
    ///
    /// # Errors
    ///
    /// The connection is of no use: it is given up, and tried again later.
    ///
    /// # Cancel safety
    ///
    /// It is dropped in the middle where it takes too long or the client is closed.
    fn on_open<'a>(&'a self, socket: &'a mut WebSocket, opened: &'a Opened) -> RestoreFuture<'a>;
}

impl<F> OnOpen for F
where
    F: for<'a> Fn(&'a mut WebSocket, &'a Opened) -> RestoreFuture<'a> + Send + Sync + 'static,
{
    fn on_open<'a>(&'a self, socket: &'a mut WebSocket, opened: &'a Opened) -> RestoreFuture<'a> {
        self(socket, opened)
    }
}

/// Has the last word after a failure; closures do: [`ReconnectConfig::on_failure`](super::ReconnectConfig::on_failure).
pub trait OnFailure: Send + Sync + 'static {
    /// What is to happen.
    fn on_failure(&self, failure: &Failure<'_>) -> Decision;
}

impl<F: Fn(&Failure<'_>) -> Decision + Send + Sync + 'static> OnFailure for F {
    fn on_failure(&self, failure: &Failure<'_>) -> Decision {
        self(failure)
    }
}

/// A failed attempt, or the end of a connection.
#[derive(Debug)]
#[non_exhaustive]
pub struct Failure<'a> {
    /// What went wrong.
    pub error: &'a Error,
    /// Attempts in a row that have failed; 0 after the end of a stable connection.
    pub attempts: u32,
    /// How long there has been no stable connection.
    pub away: Duration,
    /// What happens if nobody objects.
    pub decision: Decision,
}

impl Failure<'_> {
    /// The close code, where the server closed the connection with one.
    pub fn close_code(&self) -> Option<u16> {
        match self.error {
            Error::Closed(closed) => closed.frame.as_ref().map(|frame| frame.code),
            _ => None,
        }
    }
}

/// A hook, shared by all clients of one configuration.
#[derive(Clone)]
pub(super) struct OpenHook(Arc<dyn OnOpen>);

impl OpenHook {
    pub(super) fn new(hook: impl OnOpen) -> Self {
        Self(Arc::new(hook))
    }

    pub(super) fn run<'a>(&'a self, socket: &'a mut WebSocket, opened: &'a Opened) -> RestoreFuture<'a> {
        self.0.on_open(socket, opened)
    }
}

impl fmt::Debug for OpenHook {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("OpenHook")
    }
}

/// A hook, shared by all clients of one configuration.
#[derive(Clone)]
pub(super) struct FailureHook(Arc<dyn OnFailure>);

impl FailureHook {
    pub(super) fn new(hook: impl OnFailure) -> Self {
        Self(Arc::new(hook))
    }

    pub(super) fn run(&self, failure: &Failure<'_>) -> Decision {
        self.0.on_failure(failure)
    }
}

impl fmt::Debug for FailureHook {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("FailureHook")
    }
}
