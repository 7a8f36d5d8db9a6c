//! From a connection that was let in to a running handler.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};

use ws_core::net::WebSocket;

use super::task::SessionTask;
use super::{Busy, Handler, HandlerError, Outcome, Session, SessionInfo};
use crate::gate::PrincipalPlace;
use crate::listener::Place;

/// A connection whose handshake was just accepted.
pub(crate) struct Opening {
    pub(crate) socket: WebSocket,
    pub(crate) info: SessionInfo,
    pub(crate) held: Held,
}

/// What the end of a session gives back.
#[expect(dead_code, reason = "that it is dropped is what counts")]
pub(crate) struct Held {
    pub(crate) place: Place,
    pub(crate) busy: Busy,
    pub(crate) principal: Option<PrincipalPlace>,
}

impl Opening {
    /// Runs the handler on the connection, in a task of its own.
    pub(crate) fn start(self, handler: &Arc<dyn Start>) {
        let Self { socket, info, held } = self;
        let host = Arc::clone(&info.host);
        let registered = host.sessions.enter(info);
        let driver = socket.driver();
        let info = Arc::clone(registered.session());
        let running = handler.start(Session { socket, info });
        tokio::spawn(SessionTask::new(running, driver, registered, held));
    }
}

/// A handler, whatever its types are.
pub(crate) trait Start: Send + Sync {
    /// Begins with a connection.
    fn start(&self, session: Session) -> Pin<Box<dyn Running>>;
}

impl<H: Handler> Start for H {
    fn start(&self, session: Session) -> Pin<Box<dyn Running>> {
        // A function that is not async may fail before it returns its future.
        match catch_unwind(AssertUnwindSafe(|| self.call(session))) {
            Ok(future) => Box::pin(future),
            Err(panic) => Box::pin(Panicked(Some(panic))),
        }
    }
}

/// The future of a handler, whatever its types are.
pub(crate) trait Running: Send {
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
