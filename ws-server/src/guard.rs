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

/// Runs the future that `make` makes, for `limit` at the most. Cancel safe if the future is. Whenever it is dropped, a panic
/// of what it holds goes no further, and changes nothing about what became of it.
pub(crate) async fn guarded<'a, T>(limit: Duration, make: impl FnOnce() -> BoxFuture<'a, T>) -> Guarded<T> {
    // Whatever a panic leaves half done is dropped with the future, and never looked at again.
    let Ok(future) = catch_unwind(AssertUnwindSafe(make)) else { return Guarded::Panicked };
    match tokio::time::timeout(limit, CatchPanic(Some(future))).await {
        Ok(Ok(output)) => Guarded::Done(output),
        Ok(Err(Panicked)) => Guarded::Panicked,
        Err(_) => Guarded::TooSlow,
    }
}

/// The future, until it is dropped.
struct CatchPanic<'a, T>(Option<BoxFuture<'a, T>>);

struct Panicked;

impl<T> Future for CatchPanic<'_, T> {
    type Output = Result<T, Panicked>;

    fn poll(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Self::Output> {
        let Some(future) = &mut self.0 else { return Poll::Ready(Err(Panicked)) };
        match catch_unwind(AssertUnwindSafe(|| future.as_mut().poll(context))) {
            Ok(poll) => poll.map(Ok),
            Err(_) => Poll::Ready(Err(Panicked)),
        }
    }
}

impl<T> Drop for CatchPanic<'_, T> {
    fn drop(&mut self) {
        let future = self.0.take();
        // Whoever panics here has had its say: the result is there, or nobody waits for it any more.
        let _ = catch_unwind(AssertUnwindSafe(|| drop(future)));
    }
}

#[cfg(test)]
mod tests {
    use std::future::{pending, ready};

    use super::*;

    const LIMIT: Duration = Duration::from_secs(1);

    /// Panics when it goes.
    struct Bomb;

    impl Drop for Bomb {
        fn drop(&mut self) {
            panic!("dropped");
        }
    }

    fn armed<'a, T: Send + 'a>(then: impl Future<Output = T> + Send + 'a) -> BoxFuture<'a, T> {
        /// Its fields go when it does, and not before.
        struct Armed<'a, T>(BoxFuture<'a, T>, Bomb);

        impl<T> Future for Armed<'_, T> {
            type Output = T;

            fn poll(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<T> {
                self.0.as_mut().poll(context)
            }
        }
        Box::pin(Armed(Box::pin(then), Bomb))
    }

    #[tokio::test(start_paused = true)]
    async fn a_panic_of_what_is_dropped_goes_no_further() {
        assert_eq!(guarded(LIMIT, || armed(ready(7))).await, Guarded::Done(7));
        assert_eq!(guarded(LIMIT, || armed(pending::<()>())).await, Guarded::TooSlow);
        assert_eq!(guarded(LIMIT, || armed(async { panic!("polled") })).await, Guarded::<()>::Panicked);
        // Whoever hung up.
        let mut left = Box::pin(guarded(LIMIT, || armed(pending::<()>())));
        assert!(left.as_mut().poll(&mut Context::from_waker(std::task::Waker::noop())).is_pending());
        drop(left);
    }
}
