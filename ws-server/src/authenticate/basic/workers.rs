use std::{num::NonZero, sync::Arc, thread::available_parallelism, time::Duration};

use tokio::{
    sync::{OwnedSemaphorePermit, Semaphore},
    task::spawn_blocking,
};

use crate::authenticate::AuthenticationError;

/// How many wait for each that runs: as many as are done with within the time that a handshake has.
const WAITING_FOR_EACH: usize = 16;

/// When to come back where too many wait.
const COME_BACK: Duration = Duration::from_secs(1);

/// Bounds how much is hashed at once.
#[derive(Clone, Debug)]
pub(super) struct Workers {
    /// To run, or to wait for that.
    places: Arc<Semaphore>,
    /// To run.
    running: Arc<Semaphore>,
}

impl Workers {
    /// At the most so many run at once, and so many more wait.
    pub(super) fn new(running: NonZero<usize>, waiting: usize) -> Self {
        let running = running.get().min(Semaphore::MAX_PERMITS);
        let places = running.saturating_add(waiting).min(Semaphore::MAX_PERMITS);
        Self { places: Arc::new(Semaphore::new(places)), running: Arc::new(Semaphore::new(running)) }
    }

    /// One for each core.
    pub(super) fn for_this_machine() -> Self {
        let running = available_parallelism().unwrap_or(NonZero::<usize>::MIN);
        Self::new(running, running.get().saturating_mul(WAITING_FOR_EACH))
    }

    /// Runs `work` where it keeps nobody else from running.
    ///
    /// # Cancel safety
    /// Work that has begun goes on to its end, and its place is taken until then.
    ///
    /// # Errors
    /// `Unavailable` where there is no place, or the runtime is shutting down; `Internal` where the work panicked.
    pub(super) async fn run<T: Send + 'static>(
        &self,
        work: impl FnOnce() -> T + Send + 'static,
    ) -> Result<T, AuthenticationError> {
        let permits = self.permits().await?;
        let task = spawn_blocking(move || {
            let result = work();
            drop(permits);
            result
        });
        task.await
            .map_err(|error| if error.is_panic() { AuthenticationError::Internal } else { unavailable() })
    }

    async fn permits(&self) -> Result<[OwnedSemaphorePermit; 2], AuthenticationError> {
        let place = Arc::clone(&self.places).try_acquire_owned().map_err(|_| unavailable())?;
        let running = Arc::clone(&self.running).acquire_owned().await.map_err(|_| unavailable())?;
        Ok([place, running])
    }
}

pub(super) const fn unavailable() -> AuthenticationError {
    AuthenticationError::Unavailable { retry_after: Some(COME_BACK) }
}

#[cfg(test)]
mod tests {
    use std::sync::{
        atomic::{AtomicUsize, Ordering},
        mpsc,
    };

    use tokio::task::JoinSet;

    use super::*;

    const fn two() -> NonZero<usize> {
        NonZero::<usize>::MIN.saturating_add(1)
    }

    #[tokio::test]
    async fn no_more_run_at_once_and_no_more_wait() {
        let workers = Workers::new(two(), 3);
        let (running, most) = (Arc::new(AtomicUsize::new(0)), Arc::new(AtomicUsize::new(0)));
        let (go, gate) = mpsc::channel::<()>();
        let gate = Arc::new(std::sync::Mutex::new(gate));
        let mut tasks = JoinSet::new();
        for _ in 0..5 {
            let (workers, running, most, gate) =
                (workers.clone(), Arc::clone(&running), Arc::clone(&most), Arc::clone(&gate));
            tasks.spawn(async move {
                let work = move || {
                    most.fetch_max(running.fetch_add(1, Ordering::SeqCst) + 1, Ordering::SeqCst);
                    gate.lock().unwrap().recv().unwrap();
                    running.fetch_sub(1, Ordering::SeqCst);
                };
                workers.run(work).await
            });
        }
        while workers.places.available_permits() > 0 {
            tokio::task::yield_now().await;
        }
        assert_eq!(workers.run(|| ()).await, Err(unavailable()), "two run and three wait");
        for _ in 0..5 {
            go.send(()).unwrap();
        }
        while let Some(result) = tasks.join_next().await {
            assert_eq!(result.unwrap(), Ok(()));
        }
        assert!(most.load(Ordering::SeqCst) <= 2);
        assert_eq!(workers.run(|| 7).await, Ok(7));
    }

    /// Whoever hangs up frees a place when the work is done, and not before.
    #[tokio::test]
    async fn work_that_nobody_waits_for_still_takes_its_place() {
        let workers = Workers::new(NonZero::<usize>::MIN, 0);
        let (go, gate) = mpsc::channel::<()>();
        let (began, beginning) = tokio::sync::oneshot::channel();
        let running = tokio::spawn({
            let workers = workers.clone();
            async move {
                workers
                    .run(move || {
                        began.send(()).unwrap();
                        gate.recv().unwrap();
                    })
                    .await
            }
        });
        beginning.await.unwrap();
        running.abort();
        assert!(running.await.unwrap_err().is_cancelled());
        assert_eq!(workers.run(|| ()).await, Err(unavailable()));
        go.send(()).unwrap();
        while workers.run(|| ()).await.is_err() {
            tokio::task::yield_now().await;
        }
    }

    #[tokio::test]
    async fn a_panic_is_our_fault_and_gives_the_place_back() {
        let workers = Workers::new(NonZero::<usize>::MIN, 0);
        for _ in 0..3 {
            assert_eq!(workers.run(|| panic!("broken")).await, Err::<(), _>(AuthenticationError::Internal));
        }
    }
}
