//! What runs on a route once a connection is let in.

use std::error::Error;
use std::future::Future;

use super::Session;

/// An async function that takes over a connection that was let in; see [`Route::new`](crate::Route::new).
pub(crate) trait Handler: Send + Sync + 'static {
    /// What the function does, until the connection ends.
    type Future: Future<Output: Outcome> + Send + 'static;

    /// Begins with a connection.
    fn call(&self, session: Session) -> Self::Future;
}

impl<F, R> Handler for F
where
    F: Fn(Session) -> R + Send + Sync + 'static,
    R: Future<Output: Outcome> + Send + 'static,
{
    type Future = R;

    fn call(&self, session: Session) -> R {
        self(session)
    }
}

/// How a handler may end: with nothing, or with a `Result` whose error is any error.
pub trait Outcome {
    /// The error, if it is one.
    fn into_result(self) -> Result<(), HandlerError>;
}

impl Outcome for () {
    fn into_result(self) -> Result<(), HandlerError> {
        Ok(())
    }
}

impl<E: Into<HandlerError>> Outcome for Result<(), E> {
    fn into_result(self) -> Result<(), HandlerError> {
        self.map_err(Into::into)
    }
}

/// The error that a handler ended with, whatever its type was.
pub type HandlerError = Box<dyn Error + Send + Sync>;
