//! Keys that are kept fresh, and those who wait for them.

use std::{
    fmt,
    sync::{
        Arc, Mutex, PoisonError, Weak,
        atomic::{AtomicBool, Ordering},
    },
    time::Duration,
};

use tokio::{
    runtime::Handle,
    sync::{Notify, watch},
    task::AbortHandle,
    time::Instant,
};

use super::{
    error::KeysError,
    origin::Origin,
    refresh,
    state::{Schedule, State},
};
use crate::authenticate::bearer::{Algorithm, Key};

/// A key set with the task that refreshes it. The task ends with this value; where it ends before, with its runtime,
/// whoever needs keys next begins another.
pub(in crate::authenticate::bearer) struct Kept {
    pub(super) origin: Arc<dyn Origin>,
    pub(super) allowed: Arc<[Algorithm]>,
    pub(super) schedule: Schedule,
    pub(super) state: watch::Sender<State>,
    /// Asks for a fetch before it is due.
    pub(super) nudge: Arc<Notify>,
    running: AtomicBool,
    task: Mutex<Option<AbortHandle>>,
}

/// Keys that cannot be had now.
#[derive(Clone, Debug, PartialEq)]
pub(in crate::authenticate::bearer) struct Unavailable {
    pub(in crate::authenticate::bearer) error: KeysError,
    /// How long nothing is going to be tried again.
    pub(in crate::authenticate::bearer) retry_after: Duration,
}

impl Kept {
    /// Begins to fetch at once where there is a runtime, or else when somebody asks for keys.
    pub(super) fn new(origin: Arc<dyn Origin>, allowed: Arc<[Algorithm]>, schedule: Schedule) -> Arc<Self> {
        let kept = Arc::new(Self {
            origin,
            allowed,
            schedule,
            state: watch::Sender::new(State::new(Instant::now())),
            nudge: Arc::default(),
            running: AtomicBool::new(false),
            task: Mutex::default(),
        });
        kept.ensure_running();
        kept
    }

    /// The keys that are at hand, if they are not too old.
    pub(in crate::authenticate::bearer) fn current(self: &Arc<Self>) -> Result<Arc<[Key]>, KeysError> {
        self.ensure_running();
        self.state.borrow().keys(&self.schedule, Instant::now()).map(Arc::clone)
    }

    /// The keys after one more fetch, which all who wait for it share; or, where the last is not long enough ago, as
    /// they are. An error where that fetch failed: what has not been found might be there.
    ///
    /// # Cancel safety
    /// The fetch goes on without whoever waits for it.
    pub(in crate::authenticate::bearer) async fn renewed(
        self: &Arc<Self>,
    ) -> Result<Arc<[Key]>, Unavailable> {
        let mut state = self.state.subscribe();
        let seen = {
            let state = state.borrow_and_update();
            if state.wait(Instant::now()).is_some() {
                return self.verdict(&state);
            }
            state.fetches
        };
        loop {
            // The task that was to fetch may have ended with its runtime.
            self.ensure_running();
            self.nudge.notify_one();
            // The sender is ours: it cannot be gone.
            let _ = state.changed().await;
            let state = state.borrow_and_update();
            if state.fetches != seen {
                return self.verdict(&state);
            }
        }
    }

    /// Waits for the first fetch, if there was none.
    pub(in crate::authenticate::bearer) async fn ready(self: &Arc<Self>) -> Result<(), KeysError> {
        match self.current() {
            Ok(_) => Ok(()),
            Err(_) => self.renewed().await.map(|_| ()).map_err(|unavailable| unavailable.error),
        }
    }

    fn verdict(&self, state: &State) -> Result<Arc<[Key]>, Unavailable> {
        let now = Instant::now();
        let keys = match state.failed() {
            Some(error) => Err(error.clone()),
            None => state.keys(&self.schedule, now).map(Arc::clone),
        };
        keys.map_err(|error| Unavailable { error, retry_after: state.wait(now).unwrap_or_default() })
    }

    fn ensure_running(self: &Arc<Self>) {
        if self.running.load(Ordering::Acquire) {
            return;
        }
        let Ok(runtime) = Handle::try_current() else { return };
        let mut task = self.task.lock().unwrap_or_else(PoisonError::into_inner);
        if !self.running.swap(true, Ordering::AcqRel) {
            let running = Running(Arc::downgrade(self));
            *task = Some(runtime.spawn(refresh::keep(running)).abort_handle());
        }
    }
}

impl Drop for Kept {
    fn drop(&mut self) {
        if let Some(task) = self.task.get_mut().unwrap_or_else(PoisonError::into_inner) {
            task.abort();
        }
    }
}

/// What the task holds; dropped with it, however it ends.
pub(super) struct Running(Weak<Kept>);

impl Running {
    /// The keys, as long as somebody uses them.
    pub(super) fn kept(&self) -> Option<Arc<Kept>> {
        self.0.upgrade()
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        if let Some(kept) = self.kept() {
            kept.running.store(false, Ordering::Release);
            // Wakes those who wait, of whom one begins another task.
            kept.state.send_modify(|_| ());
        }
    }
}

impl fmt::Debug for Kept {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Kept({})", self.origin)
    }
}
