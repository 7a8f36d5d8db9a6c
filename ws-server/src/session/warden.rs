//! The thread that ends sessions whose time is over.
//!
//! It is a thread, not a task: a deadline holds although every worker of a runtime is busy, and whatever the runtime is
//! that a session runs on. It begins with the first session that needs it.

use std::collections::VecDeque;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, Weak};
use std::thread::{self, Thread};
use std::time::{Duration, Instant, SystemTime};

use super::SessionInfo;
use super::registry::Registry;

#[derive(Default)]
pub(super) struct Warden {
    thread: Mutex<Option<Thread>>,
    /// Sessions whose tasks it is to wake.
    handed_over: Mutex<VecDeque<Arc<SessionInfo>>>,
}

/// How many tasks are woken at once. Many more would fill the queues of a runtime, where everybody else's then wait
/// behind them.
const AT_ONCE: usize = 128;
/// How long the next ones wait for those at the most: their runtime may be busy, or gone.
const TURN: Duration = Duration::from_millis(5);
/// How often is looked whether they have run.
const GLANCE: Duration = Duration::from_micros(200);

impl Warden {
    /// Wakes the warden, which begins its work if it has not yet. False: there is no thread to be had.
    pub(super) fn rouse(&self, registry: &Arc<Registry>) -> bool {
        if let Some(thread) = &*lock(&self.thread) {
            thread.unpark();
            return true;
        }
        self.begin(registry)
    }

    /// Begins, if that has not been done. False: there is no thread to be had.
    pub(super) fn begin(&self, registry: &Arc<Registry>) -> bool {
        let mut thread = lock(&self.thread);
        if thread.is_some() {
            return true;
        }
        let registry = Arc::downgrade(registry);
        match thread::Builder::new().name("ws-sessions".to_owned()).spawn(move || watch(&registry)) {
            Ok(begun) => {
                *thread = Some(begun.thread().clone());
                true
            }
            Err(error) => {
                tracing::error!(target: "ws_server::session", %error, "no thread to watch over sessions");
                false
            }
        }
    }

    /// Has the task of a session woken the next time.
    pub(super) fn hand_over(&self, session: Arc<SessionInfo>) {
        lock(&self.handed_over).push_back(session);
    }

    /// Wakes the tasks of some sessions that were handed over, and waits for a moment until they have run. False: there
    /// was none.
    pub(super) fn wake_some(&self) -> bool {
        let some: Vec<_> = {
            let mut waiting = lock(&self.handed_over);
            let count = waiting.len().min(AT_ONCE);
            waiting.drain(..count).collect()
        };
        for session in &some {
            session.control.nudge();
        }
        let begun = Instant::now();
        while some.len() == AT_ONCE
            && begun.elapsed() < TURN
            && some.iter().any(|session| session.control.is_unheard())
        {
            thread::sleep(GLANCE);
        }
        !some.is_empty()
    }

    /// Lets the thread end, which finds that there is nothing to watch over.
    pub(super) fn dismiss(&self) {
        if let Some(thread) = &*lock(&self.thread) {
            thread.unpark();
        }
    }
}

fn watch(registry: &Weak<Registry>) {
    while let Some(registry) = registry.upgrade() {
        let left = registry.tend(SystemTime::now());
        drop(registry);
        thread::park_timeout(left);
    }
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    // No code that can panic runs under the lock.
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
