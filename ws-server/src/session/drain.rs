//! Shutting down gracefully: who has to be waited for, and how they learn of it.

use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, OnceLock, PoisonError};
use std::time::Duration;

use ring::rand::{SecureRandom as _, SystemRandom};
use tokio::sync::Notify;
use tokio::time::Instant;

use crate::deadline::after;

/// The state of a shutdown, shared by everything that it concerns.
#[derive(Debug)]
pub(crate) struct Drain {
    draining: AtomicBool,
    /// When sessions that have not ended are cut off.
    deadline: OnceLock<Instant>,
    times: Mutex<Times>,
    begun: Notify,
    busy: AtomicUsize,
    idle: Notify,
}

/// How long a shutdown takes.
#[derive(Clone, Copy, Debug)]
struct Times {
    /// What sessions have to end.
    sessions: Duration,
    /// What the return of the clients is spread over.
    window: Duration,
}

impl Drain {
    /// `time` is what sessions have to end; `window` what the return of the clients is spread over.
    pub(crate) fn new(time: Duration, window: Duration) -> Arc<Self> {
        Arc::new(Self {
            draining: AtomicBool::new(false),
            deadline: OnceLock::new(),
            times: Mutex::new(Times { sessions: time, window }),
            begun: Notify::new(),
            busy: AtomicUsize::new(0),
            idle: Notify::new(),
        })
    }

    /// Gives a shutdown that has not begun other times.
    pub(crate) fn give(&self, time: Duration, window: Duration) {
        *self.times.lock().unwrap_or_else(PoisonError::into_inner) = Times { sessions: time, window };
    }

    fn times(&self) -> Times {
        // Nothing panics under the lock.
        *self.times.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Begins the shutdown. Only the first call counts.
    pub(crate) fn begin(&self) {
        // The deadline stands before anybody can see that the shutdown has begun.
        self.deadline.get_or_init(|| after(self.times().sessions));
        if !self.draining.swap(true, Ordering::SeqCst) {
            self.begun.notify_waiters();
        }
    }

    /// Whether the shutdown has begun.
    pub(crate) fn has_begun(&self) -> bool {
        self.draining.load(Ordering::SeqCst)
    }

    /// Completes when the shutdown begins, at once if it has. Cancel safe.
    pub(crate) async fn begun(&self) {
        let notified = self.begun.notified();
        tokio::pin!(notified);
        // Registered before the flag is read, so that a shutdown in between is not missed.
        notified.as_mut().enable();
        if !self.has_begun() {
            notified.await;
        }
    }

    /// What a session that is to end has to do so.
    pub(crate) fn time(&self) -> Duration {
        self.times().sessions
    }

    /// When what has not ended is cut off: far away while no shutdown has begun.
    pub(crate) fn deadline(&self) -> Option<Instant> {
        self.deadline.get().copied()
    }

    /// A moment for one client to come back, in whole seconds, at random within the window.
    pub(crate) fn retry_after(&self) -> Duration {
        let seconds = self.times().window.as_secs().max(1);
        let mut random = [0; 8];
        // Without randomness all come back at the end of the window, which is late but not wrong.
        let drawn = SystemRandom::new()
            .fill(&mut random)
            .map_or(seconds - 1, |()| u64::from_le_bytes(random) % seconds);
        Duration::from_secs(drawn + 1)
    }

    /// Counts somebody that a shutdown waits for.
    pub(crate) fn busy(self: &Arc<Self>) -> Busy {
        self.busy.fetch_add(1, Ordering::SeqCst);
        Busy(Arc::clone(self))
    }

    /// Completes when nobody is busy any more, or at the deadline. Returns how many are left.
    pub(crate) async fn finished(&self) -> usize {
        let deadline = self.deadline().unwrap_or_else(Instant::now);
        let idle = async {
            loop {
                let notified = self.idle.notified();
                tokio::pin!(notified);
                notified.as_mut().enable();
                if self.busy.load(Ordering::SeqCst) == 0 {
                    return;
                }
                notified.await;
            }
        };
        let _ = tokio::time::timeout_at(deadline, idle).await;
        self.busy.load(Ordering::SeqCst)
    }
}

/// Somebody that a shutdown waits for: a session, or a request that is being answered.
#[derive(Debug)]
pub(crate) struct Busy(Arc<Drain>);

impl Drop for Busy {
    fn drop(&mut self) {
        if self.0.busy.fetch_sub(1, Ordering::SeqCst) == 1 {
            self.0.idle.notify_waiters();
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const LONG: Duration = Duration::from_secs(3600);

    #[tokio::test(start_paused = true)]
    async fn a_shutdown_is_seen_by_those_before_and_after_it() {
        let drain = Drain::new(LONG, LONG);
        let before = tokio::spawn({
            let drain = Arc::clone(&drain);
            async move { drain.begun().await }
        });
        tokio::task::yield_now().await;
        assert!(!drain.has_begun() && drain.deadline().is_none());
        drain.begin();
        before.await.unwrap();
        drain.begun().await;
        let deadline = drain.deadline();
        tokio::time::advance(Duration::from_secs(1)).await;
        drain.begin();
        assert_eq!(drain.deadline(), deadline, "a second call does not give more time");
    }

    #[tokio::test(start_paused = true)]
    async fn it_ends_with_the_last_who_is_busy_or_at_the_deadline() {
        let drain = Drain::new(Duration::from_secs(5), LONG);
        let busy = drain.busy();
        let other = drain.busy();
        drain.begin();
        let began = Instant::now();
        tokio::spawn(async move {
            tokio::time::sleep(Duration::from_secs(2)).await;
            drop(busy);
        });
        assert_eq!(drain.finished().await, 1);
        assert_eq!(began.elapsed(), Duration::from_secs(5));
        drop(other);
        assert_eq!(drain.finished().await, 0);
    }

    #[test]
    fn clients_come_back_spread_over_the_window() {
        let drain = Drain::new(LONG, Duration::from_secs(4));
        let mut seen = std::collections::BTreeSet::new();
        for _ in 0..400 {
            seen.insert(drain.retry_after().as_secs());
        }
        assert_eq!(seen.into_iter().collect::<Vec<_>>(), [1, 2, 3, 4]);
        assert_eq!(Drain::new(LONG, Duration::ZERO).retry_after().as_secs(), 1);
    }
}
