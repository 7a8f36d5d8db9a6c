//! What runs on a route once a connection is let in.

use std::error::Error;
use std::future::Future;

use super::Session;

/// An async function that takes over a connection that was let in: `async fn(Session) -> Result<(), E>`, or one that
/// returns nothing. Every such function and closure is a handler; there is no need to implement this trait.
///
/// The connection ends with its handler: after `Ok` (or nothing) with close code 1000 if the handler has not closed it,
/// after `Err` or a panic with 1011 and the reason `internal-error`. An error that only says that the peer went away
/// counts as an ordinary end.
///
/// ```
/// use ws_server::{Route, Session};
///
/// async fn echo(mut session: Session) -> Result<(), ws_core::net::Error> {
///     while let Some(message) = session.recv().await? {
///         session.send(message).await?;
///     }
///     Ok(())
/// }
///
/// let route = Route::new(echo);
/// ```
pub trait Handler: Send + Sync + 'static {
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
