//! From a connection that was let in to a running handler.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};

use ws_core::net::WebSocket;
use ws_core::refusal::Disclosure;

use super::task::SessionTask;
use super::{Busy, Drain, Handler, HandlerError, Outcome, Session, SessionInfo};
use crate::listener::Place;

/// A connection whose handshake was just accepted, with everything that its end has to give back.
pub(crate) struct Opening {
    pub(crate) socket: WebSocket,
    pub(crate) info: SessionInfo,
    pub(crate) place: Place,
    pub(crate) busy: Busy,
    pub(crate) drain: Arc<Drain>,
    pub(crate) disclosure: Disclosure,
}

/// A handler, whatever its types are.
pub(crate) trait Start: Send + Sync {
    /// Runs the handler on the connection, in a task of its own.
    fn start(&self, opening: Opening);
}

impl<H: Handler> Start for H {
    fn start(&self, opening: Opening) {
        let Opening { socket, info, place, busy, drain, disclosure } = opening;
        let info = Arc::new(info);
        let driver = socket.driver();
        let session = Session { socket, info: Arc::clone(&info) };
        // A function that is not async may fail before it returns its future.
        let handler: Pin<Box<dyn Running>> = match catch_unwind(AssertUnwindSafe(|| self.call(session))) {
            Ok(future) => Box::pin(future),
            Err(panic) => Box::pin(Panicked(Some(panic))),
        };
        tokio::spawn(SessionTask::new(handler, driver, info, drain, disclosure, (place, busy)));
    }
}

/// The future of a handler, whatever its types are.
pub(super) trait Running: Send {
    fn poll_outcome(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Result<(), HandlerError>>;
}

impl<F: Future<Output: Outcome> + Send> Running for F {
    fn poll_outcome(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Result<(), HandlerError>> {
        self.poll(cx).map(Outcome::into_result)
    }
}

/// A handler that panicked before it had a future: it panics in the place where panics are expected.
struct Panicked(Option<Box<dyn std::any::Any + Send>>);

impl Future for Panicked {
    type Output = ();

    fn poll(mut self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<()> {
        match self.0.take() {
            Some(panic) => std::panic::resume_unwind(panic),
            None => Poll::Ready(()),
        }
    }
}
