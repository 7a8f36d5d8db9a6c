//! From a connection that was let in to a running handler.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};
use std::time::Instant;

use ws_core::connection::Limits;
use ws_core::net::WebSocket;

use super::attended::{Attended, Renewing, Stage, introduce};
use super::desk::{Desk, Renewals};
use super::message_rate::Meter;
use super::task::SessionTask;
use super::{Busy, Handler, HandlerError, MessageRate, Outcome, Renewal, Session, SessionInfo};
use crate::listener::Place;

/// A connection whose handshake was just accepted.
pub(crate) struct Opening {
    pub(crate) socket: WebSocket,
    pub(crate) info: SessionInfo,
    pub(crate) held: Held,
    pub(crate) rules: Rules,
}

/// What holds for the sessions of a route.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Rules {
    /// What the client may send.
    pub(crate) limits: Limits,
    pub(crate) rate: Option<MessageRate>,
    pub(crate) renewal: Renewal,
    /// The first message says who the client is.
    pub(crate) first_message: bool,
}

/// What the end of a session gives back.
#[expect(dead_code, reason = "that it is dropped is what counts")]
pub(crate) struct Held {
    pub(crate) place: Place,
    pub(crate) busy: Busy,
}

impl Opening {
    /// Runs the handler on the connection, in a task of its own.
    pub(crate) fn start(self, handler: &Arc<dyn Start>) {
        let Self { socket, info, held, rules } = self;
        let host = Arc::clone(&info.host);
        let registered = host.sessions.enter(info);
        let driver = socket.driver();
        let running = begin(socket, Arc::clone(registered.session()), rules, handler);
        tokio::spawn(SessionTask::new(running, driver, registered, held));
    }
}

fn begin(
    mut socket: WebSocket,
    info: Arc<SessionInfo>,
    rules: Rules,
    handler: &Arc<dyn Start>,
) -> Pin<Box<dyn Running>> {
    let renewals = (rules.renewal == Renewal::Message).then(Arc::<Renewals>::default);
    let renewing = renewals.as_ref().map(|renewals| Renewing {
        session: Arc::clone(&info),
        driver: socket.driver(),
        renewals: Arc::clone(renewals),
        current: None,
    });
    let desk = (rules.rate.is_some() || renewals.is_some()).then(|| Desk {
        session: Arc::clone(&info),
        meter: rules.rate.map(|rate| Meter::new(rate, Instant::now())),
        renewals,
    });
    let stage = if rules.first_message {
        let session = Box::pin(introduce(socket, info, rules.limits, desk));
        Stage::Introduction { session, handler: Arc::clone(handler) }
    } else {
        if let Some(desk) = desk {
            socket.inspect(desk);
        }
        Stage::Handling(handler.start(Session { socket, info }))
    };
    match stage {
        // Whom nobody has to attend is not paid for.
        Stage::Handling(handler) if renewing.is_none() => handler,
        stage => Box::pin(Attended { stage, renewing }),
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
