use std::{
    panic::{AssertUnwindSafe, catch_unwind},
    pin::Pin,
    task::{Context, Poll},
    time::Duration,
};

use crate::authenticate::BoxFuture;

/// What became of a future that is not ours.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Guarded<T> {
    /// It completed.
    Done(T),
    /// It panicked, or whoever made it did.
    Panicked,
    /// It took too long and was dropped.
    TooSlow,
}

/// Runs the future that `make` makes, for `limit` at the most. Cancel safe if the future is.
pub(crate) async fn guarded<'a, T>(limit: Duration, make: impl FnOnce() -> BoxFuture<'a, T>) -> Guarded<T> {
    // Whatever a panic leaves half done is dropped with the future, and never looked at again.
    let Ok(future) = catch_unwind(AssertUnwindSafe(make)) else { return Guarded::Panicked };
    match tokio::time::timeout(limit, CatchPanic(future)).await {
        Ok(Ok(output)) => Guarded::Done(output),
        Ok(Err(Panicked)) => Guarded::Panicked,
        Err(_) => Guarded::TooSlow,
    }
}

struct CatchPanic<'a, T>(BoxFuture<'a, T>);

struct Panicked;

impl<T> Future for CatchPanic<'_, T> {
    type Output = Result<T, Panicked>;

    fn poll(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Self::Output> {
        let future = self.0.as_mut();
        match catch_unwind(AssertUnwindSafe(|| future.poll(context))) {
            Ok(poll) => poll.map(Ok),
            Err(_) => Poll::Ready(Err(Panicked)),
        }
    }
}
