//! The settings of a server as they are now: replaced as a whole, while it runs.

use std::sync::{Arc, Mutex, PoisonError, RwLock};

use super::shared::Shared;
use crate::listener::Places;
use crate::operate::Counters;
use crate::session::{Drain, Sessions, Settings};

/// Where whoever serves finds the settings. They are taken once for each connection and each request, so that one
/// request is decided by the settings of one moment. Clones are the same place.
#[derive(Clone, Debug)]
pub(crate) struct Current(Arc<Inner>);

#[derive(Debug)]
struct Inner {
    now: RwLock<Arc<Shared>>,
    /// Held by whoever replaces them.
    replacing: Mutex<()>,
    // What all settings of a server share.
    places: Arc<Places>,
    drain: Arc<Drain>,
    counters: Arc<Counters>,
    sessions: Sessions,
}

impl Current {
    pub(crate) fn new(shared: Shared) -> Self {
        let (places, drain) = (Arc::clone(&shared.places), Arc::clone(&shared.drain));
        let counters = Arc::clone(&shared.counters);
        let sessions = shared.host.sessions.clone();
        let shared = Arc::new(shared);
        judge_by(&sessions, &shared);
        Self(Arc::new(Inner {
            now: RwLock::new(shared),
            replacing: Mutex::new(()),
            places,
            drain,
            counters,
            sessions,
        }))
    }

    /// The settings of this moment.
    pub(crate) fn load(&self) -> Arc<Shared> {
        // Nothing panics under the lock.
        Arc::clone(&self.0.now.read().unwrap_or_else(PoisonError::into_inner))
    }

    /// Who has a place: the same at every moment, and so is what follows.
    pub(crate) fn places(&self) -> &Places {
        &self.0.places
    }

    /// The shutdown.
    pub(crate) fn drain(&self) -> &Drain {
        &self.0.drain
    }

    /// Begins the shutdown, and tells every session.
    pub(crate) fn shut_down(&self) {
        // A session that is entered after it was begun sees so when it is first polled.
        self.0.drain.begin();
        self.0.sessions.nudge_all();
    }

    /// The sessions.
    pub(crate) fn sessions(&self) -> &Sessions {
        &self.0.sessions
    }

    /// What has happened.
    pub(crate) fn counters(&self) -> &Counters {
        &self.0.counters
    }

    /// Replaces the settings by what `build` makes of those that are there. Two at the same time come one after the
    /// other.
    pub(super) fn replace<E>(&self, build: impl FnOnce(&Shared) -> Result<Shared, E>) -> Result<(), E> {
        let _alone = self.0.replacing.lock().unwrap_or_else(PoisonError::into_inner);
        let before = self.load();
        let shared = build(&before)?;
        let limits = shared.limits;
        self.places().limit(limits.connections, limits.connections_per_address);
        self.drain().give(limits.drain_timeout, limits.restart_window);
        let shared = Arc::new(shared);
        judge_by(self.sessions(), &shared);
        *self.0.now.write().unwrap_or_else(PoisonError::into_inner) = shared;
        Ok(())
    }
}

/// Sessions that are renewed, or asked about again, are judged by these settings from now on.
fn judge_by(sessions: &Sessions, shared: &Arc<Shared>) {
    let settings: Arc<dyn Settings> = Arc::clone(shared) as _;
    sessions.judge_by(Arc::downgrade(&settings));
}

#[cfg(test)]
mod tests {
    use std::sync::atomic::{AtomicUsize, Ordering::SeqCst};
    use std::thread;

    use super::*;
    use crate::server::Server;

    /// Otherwise the limits of one and the rules of the other could be left.
    #[test]
    fn whoever_replaces_the_settings_is_alone() {
        let current = Current::new(Server::builder().build(None).unwrap());
        let replacing = AtomicUsize::new(0);
        let replace = || {
            current.replace(|before| {
                assert_eq!(replacing.fetch_add(1, SeqCst), 0);
                thread::yield_now();
                let shared = Server::builder().build(Some(before));
                replacing.fetch_sub(1, SeqCst);
                shared
            })
        };
        thread::scope(|scope| {
            for _ in 0..4 {
                scope.spawn(|| (0..50).for_each(|_| replace().unwrap()));
            }
        });
    }
}
