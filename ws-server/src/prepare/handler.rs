use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use ws_core::refusal::{Cause, Refusal};

use super::prepare::Selection;
use super::{Admission, Prepare, Prepared, Unprepared};
use crate::authenticate::BoxFuture;
use crate::guard::{Guarded, guarded};
use crate::session::{HandlerError, Outcome, Session, Start};

/// A preparation and the handler that gets its value, whatever their types are.
pub(crate) trait Preparing: Send + Sync {
    /// Gets the value ready, and the handler with it.
    fn ready<'a>(
        &'a self,
        limit: Duration,
        admission: &'a Admission<'a>,
    ) -> BoxFuture<'a, Result<Ready, Unprepared>>;
}

/// A handler for one session.
pub(crate) struct Ready {
    pub(crate) handler: Arc<dyn Start>,
    pub(crate) selection: Selection,
}

/// A preparation and its handler.
pub(crate) struct WithHandler<P, F> {
    prepare: P,
    handler: Arc<F>,
}

impl<P, F> WithHandler<P, F> {
    pub(crate) fn new(prepare: P, handler: F) -> Self {
        Self { prepare, handler: Arc::new(handler) }
    }
}

impl<P, F, R> Preparing for WithHandler<P, F>
where
    P: Prepare,
    F: Fn(Session, P::Value) -> R + Send + Sync + 'static,
    R: Future<Output: Outcome> + Send + 'static,
{
    fn ready<'a>(
        &'a self,
        limit: Duration,
        admission: &'a Admission<'a>,
    ) -> BoxFuture<'a, Result<Ready, Unprepared>> {
        Box::pin(async move {
            let failed = |detail: &'static str| Refusal::new(Cause::InternalError).detail(detail);
            let Prepared { value, selection } = match guarded(limit, || self.prepare.prepare(admission)).await
            {
                Guarded::Done(prepared) => prepared?,
                Guarded::Panicked => return Err(failed("the preparation panicked").into()),
                Guarded::TooSlow => return Err(failed("the preparation took too long").into()),
            };
            Ok(Ready { handler: once(Arc::clone(&self.handler), value), selection })
        })
    }
}

/// A handler that runs once, with the value.
fn once<F, R, T>(handler: Arc<F>, value: T) -> Arc<dyn Start>
where
    F: Fn(Session, T) -> R + Send + Sync + 'static,
    R: Future<Output: Outcome> + Send + 'static,
    T: Send + 'static,
{
    let value = Mutex::new(Some(value));
    Arc::new(move |session: Session| {
        // Nothing panics under the lock.
        let value = value.lock().unwrap_or_else(PoisonError::into_inner).take();
        let running = value.map(|value| handler(session, value));
        async move {
            match running {
                Some(running) => running.await.into_result(),
                // The one session that it was for has had it.
                None => Ok::<(), HandlerError>(()),
            }
        }
    })
}
