//! The task of a session: it runs the handler, and ends the connection properly however the handler ends.

use std::any::Any;
use std::borrow::Cow;
use std::cell::Cell;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::pin::{Pin, pin};
use std::sync::Arc;
use std::task::{Context, Poll};

use tokio::time::{Instant, Sleep, sleep_until};
use ws_core::connection::SendError;
use ws_core::message::{CloseCode, CloseFrame};
use ws_core::net::{Driver, Error};
use ws_core::refusal::{Cause, Refusal};

use super::chain::Chain;
use super::opening::{Held, Running};
use super::registry::Registered;
use super::{HandlerError, SessionInfo};
use crate::authorize::AuthorizationError;
use crate::deadline::after;

/// A session from its first to its last moment. There is one for each open connection, so what is rare is boxed.
pub(super) struct SessionTask {
    stage: Stage,
    /// Others can wake the task.
    listening: bool,
    /// The peer was told that the session ends; at this time it is cut off.
    cut_off: Option<Pin<Box<Sleep>>>,
    /// Leaves the registry when the task ends.
    registered: Registered,
    /// Given back when the task ends.
    _held: Held,
    /// How it ends, as far as that is known: the close code, and why.
    ending: Cell<(u16, Option<Cause>)>,
}

/// RFC 6455 7.1.5: the code of a connection that ends without a Close frame.
const LOST: u16 = 1006;

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

impl SessionTask {
    pub(super) fn new(
        handler: Pin<Box<dyn Running>>,
        driver: Driver,
        registered: Registered,
        held: Held,
    ) -> Self {
        let stage = Stage::Handling { handler, driver };
        registered.session().host.counters.count_opened();
        let ending = Cell::new((0, None));
        Self { stage, listening: false, cut_off: None, registered, _held: held, ending }
    }

    fn info(&self) -> &Arc<SessionInfo> {
        self.registered.session()
    }

    /// Hears what was said from outside. Ready: the session was to end, and has had its time.
    fn poll_control(&mut self, cx: &mut Context<'_>) -> Poll<()> {
        if !self.listening {
            self.listening = true;
            // The waker of a task stays the same, so that it need not be registered again.
            self.info().control.listen(cx.waker());
            self.hear();
        }
        if self.info().control.has_news() {
            self.hear();
        }
        match &mut self.cut_off {
            Some(sleep) => sleep.as_mut().poll(cx),
            None => Poll::Pending,
        }
    }

    /// Tells the peer that the session ends, if it does: by policy, or since the server shuts down.
    fn hear(&mut self) {
        let host = Arc::clone(&self.info().host);
        if let Some(refusal) = self.info().control.take_refusal() {
            (host.report)(self.info(), &refusal);
            if let Stage::Handling { driver, .. } = &self.stage {
                // The frame can only fail where a client gets no masking key.
                let _ = driver.dismiss(&self.frame(&refusal));
            }
            self.cut_off_at(after(host.drain.time()));
        }
        if host.drain.has_begun() {
            if let Stage::Handling { driver, .. } = &self.stage {
                let refusal = Refusal::new(Cause::ServerDraining).retry_after(host.drain.retry_after());
                // Nothing happens where it is closing already.
                let _ = driver.close(&self.frame(&refusal));
            }
            self.cut_off_at(host.drain.deadline().unwrap_or_else(Instant::now));
        }
    }

    /// Gives the session until then, unless it has less time already.
    fn cut_off_at(&mut self, time: Instant) {
        match &mut self.cut_off {
            None => self.cut_off = Some(Box::pin(sleep_until(time))),
            Some(sleep) if time < sleep.deadline() => sleep.as_mut().reset(time),
            Some(_) => {}
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
                    request_id = %self.info().request_id(),
                    route = self.info().route(),
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
        if let Some(refusal) = error.downcast_ref::<Refusal>() {
            return self.refuse(refusal);
        }
        if let Some(error) = error.downcast_ref::<AuthorizationError>() {
            return self.refuse(&error.to_refusal());
        }
        let refusal = match error.downcast_ref::<Error>() {
            Some(Error::PingTimeout) => return self.refuse(&Refusal::new(Cause::IdleTimeout)),
            Some(Error::WriteTimeout) => return self.refuse(&Refusal::new(Cause::SlowConsumer)),
            // The handler was too slow to notice that the connection is closing, or the peer is to blame. If it was told
            // something, it was told already.
            Some(
                Error::Send(SendError::Closed)
                | Error::Protocol(_)
                | Error::Io(_)
                | Error::Lost
                | Error::CloseTimeout,
            ) => {
                if matches!(error.downcast_ref(), Some(Error::Io(_) | Error::Lost | Error::WriteTimeout)) {
                    self.ending.set((LOST, self.ending.get().1));
                }
                tracing::debug!(
                    target: "ws_server::session",
                    request_id = %self.info().request_id(),
                    route = self.info().route(),
                    error = %Chain(&**error),
                    "the connection ended"
                );
                return CloseFrame::new(CloseCode::NORMAL, "");
            }
            _ => {
                tracing::error!(
                    target: "ws_server::session",
                    request_id = %self.info().request_id(),
                    route = self.info().route(),
                    error = %Chain(&**error),
                    "the handler failed"
                );
                Refusal::new(Cause::InternalError)
            }
        };
        self.frame(&refusal)
    }

    /// The end of a session that is ended by policy, once it is reported.
    fn refuse(&self, refusal: &Refusal) -> CloseFrame {
        // Whoever was refused already, and was told so, is not told of what came of it.
        if self.info().control.goes_on() {
            (self.info().host.report)(self.info(), refusal);
        }
        self.frame(refusal)
    }

    /// Cut off in the middle, a session counts by what the peer was told.
    fn note_cut(&mut self) {
        if let Stage::Handling { driver, .. } = &self.stage {
            self.ending.get_mut().0 = driver.close_code().unwrap_or(LOST);
        }
    }

    fn frame(&self, refusal: &Refusal) -> CloseFrame {
        let (code, cause) = self.ending.get();
        self.ending.set((code, cause.or(Some(refusal.cause))));
        let close = told(refusal).to_close(self.info().host.disclosure);
        // A cause that is told over HTTP alone is none to end a session for.
        let frame = close.and_then(|close| Some(CloseFrame::new(CloseCode::new(close.code)?, close.reason)));
        frame.unwrap_or_else(|| CloseFrame::new(CloseCode::INTERNAL_ERROR, ""))
    }
}

/// The refusal that a client is told which has been let in.
fn told(refusal: &Refusal) -> Cow<'_, Refusal> {
    let other = match refusal.cause {
        // That there is something is known by now; by which rule it is out of reach is not.
        Cause::ResourceHidden => Cause::PolicyDenied,
        Cause::UpstreamRefused => Cause::UpstreamDown,
        _ => return Cow::Borrowed(refusal),
    };
    Cow::Owned(Refusal::new(other))
}

impl Future for SessionTask {
    type Output = ();

    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<()> {
        let this = self.get_mut();
        if this.poll_control(cx).is_ready() {
            tracing::warn!(
                target: "ws_server::session",
                request_id = %this.info().request_id(),
                route = this.info().route(),
                "a session that was to end did not do so in time"
            );
            this.note_cut();
            this.stage = Stage::Done;
            return Poll::Ready(());
        }
        if let Poll::Ready(frame) = this.poll_handler(cx) {
            // The handler is dropped first: what it holds of the socket is needed to end the connection.
            if let Stage::Handling { handler, driver } = std::mem::replace(&mut this.stage, Stage::Done) {
                let told = driver.close_code();
                let (code, _) = this.ending.get_mut();
                *code = told.unwrap_or(if *code == LOST { LOST } else { frame.code.get() });
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

impl Drop for SessionTask {
    fn drop(&mut self) {
        self.note_cut();
        let (code, cause) = self.ending.get();
        self.info().host.counters.count_over(code, cause);
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
        assert!(size_of::<SessionTask>() <= 120, "{}", size_of::<SessionTask>());
        assert!(size_of::<SessionInfo>() <= 200, "{}", size_of::<SessionInfo>());
    }
}
