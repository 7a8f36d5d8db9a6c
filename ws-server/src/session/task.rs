//! The task of a session: it runs the handler, and ends the connection properly however the handler ends.

use std::any::Any;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::pin::{Pin, pin};
use std::sync::Arc;
use std::task::{Context, Poll};

use tokio::sync::futures::OwnedNotified;
use tokio::time::{Instant, Sleep, sleep_until};
use ws_core::connection::SendError;
use ws_core::message::{CloseCode, CloseFrame};
use ws_core::net::{Driver, Error};
use ws_core::refusal::{Cause, Disclosure, Refusal};

use super::chain::Chain;
use super::opening::Running;
use super::{Busy, Drain, HandlerError, SessionInfo};
use crate::listener::Place;

/// A session from its first to its last moment. There is one for each open connection, so what is rare is boxed.
pub(super) struct SessionTask {
    stage: Stage,
    shutdown: Shutdown,
    info: Arc<SessionInfo>,
    drain: Arc<Drain>,
    disclosure: Disclosure,
    /// Given back when the task ends.
    _held: (Place, Busy),
}

enum Stage {
    /// The handler runs.
    Handling {
        handler: Pin<Box<dyn Running>>,
        driver: Driver,
    },
    /// The handler has ended; the closing handshake goes on.
    Finishing(Pin<Box<dyn Future<Output = ()> + Send>>),
    Done,
}

/// How far the server's shutdown has come for this session.
enum Shutdown {
    /// Nothing is registered yet: that wants the waker of the task.
    Unheard,
    /// The task is woken when it begins.
    Listening { _registration: Pin<Box<OwnedNotified>> },
    /// The peer was told; at this time the session is cut off.
    Told(Pin<Box<Sleep>>),
}

impl SessionTask {
    pub(super) fn new(
        handler: Pin<Box<dyn Running>>,
        driver: Driver,
        info: Arc<SessionInfo>,
        drain: Arc<Drain>,
        disclosure: Disclosure,
        held: (Place, Busy),
    ) -> Self {
        let stage = Stage::Handling { handler, driver };
        Self { stage, shutdown: Shutdown::Unheard, info, drain, disclosure, _held: held }
    }

    /// Tells the peer of a shutdown, once. Ready: the session has had its time.
    fn poll_shutdown(&mut self, cx: &mut Context<'_>) -> Poll<()> {
        if matches!(self.shutdown, Shutdown::Unheard) {
            let mut registration = Box::pin(self.drain.listen());
            // The waker of a task stays the same, so that it need not be registered again.
            let _ = registration.as_mut().poll(cx);
            self.shutdown = Shutdown::Listening { _registration: registration };
        }
        if matches!(self.shutdown, Shutdown::Listening { .. }) && self.drain.has_begun() {
            if let Stage::Handling { driver, .. } = &self.stage {
                let refusal = Refusal::new(Cause::ServerDraining).retry_after(self.drain.retry_after());
                // The frame can only fail where a client gets no masking key.
                let _ = driver.close(&self.frame(&refusal));
            }
            let deadline = self.drain.deadline().unwrap_or_else(Instant::now);
            self.shutdown = Shutdown::Told(Box::pin(sleep_until(deadline)));
        }
        match &mut self.shutdown {
            Shutdown::Told(sleep) => sleep.as_mut().poll(cx),
            _ => Poll::Pending,
        }
    }

    /// Polls the handler; ready with the frame that ends the connection, if none was sent before.
    fn poll_handler(&mut self, cx: &mut Context<'_>) -> Poll<CloseFrame> {
        let Stage::Handling { handler, driver } = &mut self.stage else { return Poll::Pending };
        let polled = catch_unwind(AssertUnwindSafe(|| {
            pin!(driver.run(std::future::poll_fn(|cx| handler.as_mut().poll_outcome(cx)))).poll(cx)
        }));
        let result = match polled {
            Ok(Poll::Pending) => return Poll::Pending,
            Ok(Poll::Ready(result)) => result,
            Err(panic) => {
                tracing::error!(
                    target: "ws_server::session",
                    request_id = %self.info.request_id(),
                    route = self.info.route(),
                    panic = panic_text(&*panic),
                    "the handler panicked"
                );
                return Poll::Ready(self.frame(&Refusal::new(Cause::InternalError)));
            }
        };
        Poll::Ready(match result {
            Ok(()) => CloseFrame::new(CloseCode::NORMAL, ""),
            Err(error) => self.explain(&error),
        })
    }

    fn explain(&self, error: &HandlerError) -> CloseFrame {
        let refusal = match error.downcast_ref::<Error>() {
            Some(Error::PingTimeout) => Refusal::new(Cause::IdleTimeout),
            // The handler was too slow to notice that the connection is closing, or the peer is to blame. If it was told
            // something, it was told already.
            Some(
                Error::Send(SendError::Closed)
                | Error::Protocol(_)
                | Error::Io(_)
                | Error::Lost
                | Error::WriteTimeout
                | Error::CloseTimeout,
            ) => {
                tracing::debug!(
                    target: "ws_server::session",
                    request_id = %self.info.request_id(),
                    route = self.info.route(),
                    error = %Chain(&**error),
                    "the connection ended"
                );
                return CloseFrame::new(CloseCode::NORMAL, "");
            }
            _ => {
                tracing::error!(
                    target: "ws_server::session",
                    request_id = %self.info.request_id(),
                    route = self.info.route(),
                    error = %Chain(&**error),
                    "the handler failed"
                );
                Refusal::new(Cause::InternalError)
            }
        };
        self.frame(&refusal)
    }

    fn frame(&self, refusal: &Refusal) -> CloseFrame {
        // All causes that come here have a close code, and a valid one.
        let close = refusal.to_close(self.disclosure);
        let frame = close.and_then(|close| Some(CloseFrame::new(CloseCode::new(close.code)?, close.reason)));
        frame.unwrap_or_else(|| CloseFrame::new(CloseCode::INTERNAL_ERROR, ""))
    }
}

impl Future for SessionTask {
    type Output = ();

    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<()> {
        let this = self.get_mut();
        if this.poll_shutdown(cx).is_ready() {
            tracing::warn!(
                target: "ws_server::session",
                request_id = %this.info.request_id(),
                route = this.info.route(),
                "a session did not end in the time that the shutdown gave it"
            );
            this.stage = Stage::Done;
            return Poll::Ready(());
        }
        if let Poll::Ready(frame) = this.poll_handler(cx) {
            // The handler is dropped first: what it holds of the socket is needed to end the connection.
            if let Stage::Handling { handler, driver } = std::mem::replace(&mut this.stage, Stage::Done) {
                drop_quietly(handler);
                this.stage = Stage::Finishing(Box::pin(async move { driver.finish(&frame).await }));
            }
        }
        match &mut this.stage {
            Stage::Handling { .. } => Poll::Pending,
            Stage::Finishing(finishing) => finishing.as_mut().poll(cx),
            Stage::Done => Poll::Ready(()),
        }
    }
}

/// What a handler holds may panic when it is dropped; the connection has to be ended all the same.
fn drop_quietly(handler: Pin<Box<dyn Running>>) {
    let _ = catch_unwind(AssertUnwindSafe(|| drop(handler)));
}

fn panic_text(panic: &(dyn Any + Send)) -> &str {
    panic
        .downcast_ref::<&str>()
        .copied()
        .or_else(|| panic.downcast_ref::<String>().map(String::as_str))
        .unwrap_or("with something that is no text")
}

#[cfg(test)]
mod tests {
    use super::*;

    /// There is one for each open connection.
    #[test]
    fn what_a_session_needs_besides_its_handler_and_socket_is_small() {
        assert!(size_of::<SessionTask>() <= 112, "{}", size_of::<SessionTask>());
        assert!(size_of::<SessionInfo>() <= 120, "{}", size_of::<SessionInfo>());
    }
}
