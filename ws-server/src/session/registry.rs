//! Where sessions are entered, and when their credentials expire.

use std::borrow::Borrow;
use std::collections::{BTreeSet, HashSet};
use std::hash::{Hash, Hasher};
use std::sync::atomic::{AtomicU64, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, RwLock, RwLockReadGuard, Weak};
use std::time::{Duration, SystemTime};

use ws_core::refusal::{Cause, Refusal};

use super::warden::Warden;
use super::{RequestId, SessionInfo, Settings};
use crate::authenticate::{OnRevocation, Revocations};

/// The sessions are split so that those who begin and end seldom wait for each other.
const SHARDS: usize = 64;
/// How often the warden looks at the system's clock, which may have been set, where nothing else wakes it.
const LOOK: Duration = Duration::from_secs(1);

pub(super) struct Registry {
    shards: [Mutex<Shard>; SHARDS],
    sessions: AtomicUsize,
    revocations: RwLock<Followed>,
    settings: RwLock<Option<Weak<dyn Settings>>>,
    warden: Warden,
}

/// A list of revocations, and how many of them the sessions have been compared with.
struct Followed {
    list: Revocations,
    compared: AtomicU64,
}

#[derive(Default)]
struct Shard {
    sessions: HashSet<ById>,
    expiries: BTreeSet<(SystemTime, RequestId)>,
}

impl Registry {
    pub(super) fn new(revocations: &Revocations) -> Arc<Self> {
        let compared = AtomicU64::new(revocations.version());
        let registry = Arc::new(Self {
            shards: std::array::from_fn(|_| Mutex::default()),
            sessions: AtomicUsize::new(0),
            revocations: RwLock::new(Followed { list: revocations.clone(), compared }),
            settings: RwLock::new(None),
            warden: Warden::default(),
        });
        registry.watch(revocations);
        registry
    }

    /// Compares the sessions with this list from now on.
    pub(super) fn follow(registry: &Arc<Self>, revocations: &Revocations) {
        if registry.followed().list.is(revocations) {
            return;
        }
        // All that is in it is new to the sessions.
        let compared = AtomicU64::new(u64::MAX);
        let followed = Followed { list: revocations.clone(), compared };
        *registry.revocations.write().unwrap_or_else(PoisonError::into_inner) = followed;
        registry.watch(revocations);
        Arc::clone(registry).revoked();
    }

    pub(super) fn judge_by(&self, settings: Weak<dyn Settings>) {
        *self.settings.write().unwrap_or_else(PoisonError::into_inner) = Some(settings);
    }

    pub(super) fn settings(&self) -> Option<Weak<dyn Settings>> {
        self.settings.read().unwrap_or_else(PoisonError::into_inner).clone()
    }

    fn watch(self: &Arc<Self>, revocations: &Revocations) {
        let watcher: Arc<dyn OnRevocation> = Arc::clone(self) as _;
        revocations.watch(Arc::downgrade(&watcher));
    }

    fn followed(&self) -> RwLockReadGuard<'_, Followed> {
        // No code that can panic runs under the lock.
        self.revocations.read().unwrap_or_else(PoisonError::into_inner)
    }

    /// Enters a session.
    pub(super) fn enter(registry: &Arc<Self>, session: Arc<SessionInfo>) -> Registered {
        let entered = registry.shard(session.request_id).sessions.insert(ById(Arc::clone(&session)));
        registry.sessions.fetch_add(1, Ordering::Relaxed);
        if entered {
            registry.settle(&session, None);
        } else {
            // Without randomness identifiers repeat. A session that cannot be found cannot be revoked.
            session.control.refuse(Refusal::new(Cause::InternalError).detail("its identifier is taken"));
        }
        Registered { registry: Arc::clone(registry), session, entered }
    }

    /// Sees to it that a session ends with its credential. `old` is when its previous credential would have expired.
    pub(super) fn settle(self: &Arc<Self>, session: &Arc<SessionInfo>, old: Option<SystemTime>) {
        let identity = session.control.identity();
        let expires = identity.expires();
        if old.is_some() || expires.is_some() {
            let mut shard = self.shard(session.request_id);
            if let Some(old) = old {
                shard.expiries.remove(&(old, session.request_id));
            }
            shard.expiries.extend(expires.map(|expires| (expires, session.request_id)));
        }
        if let Some(expires) = expires {
            // The warden looks that often in any case.
            let later = expires.duration_since(SystemTime::now()).is_ok_and(|left| left > LOOK);
            if !(if later { self.warden.begin(self) } else { self.warden.rouse(self) }) {
                session
                    .control
                    .refuse(Refusal::new(Cause::InternalError).detail("nobody watches its expiry"));
                session.control.nudge();
            }
        }
        // It may have been revoked after the gate asked, and before the session was here to be found.
        if self.followed().list.is_revoked(&identity, SystemTime::now()) {
            self.end(session, revoked());
        }
    }

    /// Has a session end.
    pub(super) fn end(self: &Arc<Self>, session: &Arc<SessionInfo>, refusal: Refusal) -> bool {
        let ends = session.control.refuse(refusal);
        if ends {
            self.wake(session);
        }
        ends
    }

    /// Has the task of a session look around. Many are woken by the warden, from whom a runtime takes them beside its
    /// other work, rather than before it.
    pub(super) fn wake(self: &Arc<Self>, session: &Arc<SessionInfo>) {
        self.warden.hand_over(Arc::clone(session));
        if !self.warden.rouse(self) {
            session.control.nudge();
        }
    }

    pub(super) fn get(&self, id: RequestId) -> Option<Arc<SessionInfo>> {
        self.shard(id).sessions.get(&id).map(|ById(session)| Arc::clone(session))
    }

    /// All sessions, shard by shard, none of which is held while they are looked at.
    pub(super) fn all(&self) -> impl Iterator<Item = Arc<SessionInfo>> + use<'_> {
        self.shards.iter().flat_map(|shard| {
            let sessions = lock(shard).sessions.iter().map(|ById(session)| Arc::clone(session)).collect();
            let sessions: Vec<_> = sessions;
            sessions
        })
    }

    pub(super) fn len(&self) -> usize {
        self.sessions.load(Ordering::Relaxed)
    }

    /// What the warden does each time that it wakes up. Returns when it has to at the latest.
    pub(super) fn tend(self: &Arc<Self>, now: SystemTime) -> Duration {
        self.end_revoked(now);
        let next = self.end_expired(now);
        if self.warden.wake_some() {
            // There may be more.
            return Duration::ZERO;
        }
        next.and_then(|next| next.duration_since(now).ok()).map_or(LOOK, |left| left.min(LOOK))
    }

    /// Compares all sessions with what was revoked since the last time.
    fn end_revoked(self: &Arc<Self>, now: SystemTime) {
        let followed = self.followed();
        let version = followed.list.version();
        if followed.compared.swap(version, Ordering::Relaxed) == version {
            return;
        }
        for session in self.all() {
            if followed.list.is_revoked(&session.control.identity(), now) && session.control.refuse(revoked())
            {
                self.warden.hand_over(session);
            }
        }
    }

    /// Ends what is due, and tells when the next is.
    fn end_expired(self: &Arc<Self>, now: SystemTime) -> Option<SystemTime> {
        let mut next = None;
        for shard in &self.shards {
            let mut shard = lock(shard);
            while let Some(&(at, id)) = shard.expiries.first() {
                if at > now {
                    next = Some(next.map_or(at, |next: SystemTime| next.min(at)));
                    break;
                }
                shard.expiries.pop_first();
                let Some(ById(session)) = shard.sessions.get(&id) else { continue };
                // Whoever has presented a fresh credential since then has another entry.
                let due = session.control.identity().expires().is_some_and(|expires| expires <= now);
                if due && session.control.refuse(Refusal::new(Cause::TokenExpired)) {
                    self.warden.hand_over(Arc::clone(session));
                }
            }
        }
        next
    }

    fn leave(&self, session: &SessionInfo) {
        let expires = session.control.end();
        let mut shard = self.shard(session.request_id);
        shard.sessions.remove(&session.request_id);
        if let Some(expires) = expires {
            shard.expiries.remove(&(expires, session.request_id));
        }
    }

    fn shard(&self, id: RequestId) -> MutexGuard<'_, Shard> {
        lock(&self.shards[id.pick(SHARDS)])
    }
}

impl OnRevocation for Registry {
    fn revoked(self: Arc<Self>) {
        // Without a thread for it, it is done here.
        if !self.warden.rouse(&self) {
            while self.tend(SystemTime::now()).is_zero() {}
        }
    }
}

impl Drop for Registry {
    fn drop(&mut self) {
        self.warden.dismiss();
    }
}

fn lock(shard: &Mutex<Shard>) -> MutexGuard<'_, Shard> {
    // No code that can panic runs under the lock.
    shard.lock().unwrap_or_else(PoisonError::into_inner)
}

fn revoked() -> Refusal {
    Refusal::new(Cause::TokenRevoked)
}

/// A session that is entered, until this is dropped.
pub(super) struct Registered {
    registry: Arc<Registry>,
    session: Arc<SessionInfo>,
    entered: bool,
}

impl Registered {
    pub(super) const fn session(&self) -> &Arc<SessionInfo> {
        &self.session
    }
}

impl Drop for Registered {
    fn drop(&mut self) {
        if self.entered {
            self.registry.leave(&self.session);
        }
        self.registry.sessions.fetch_sub(1, Ordering::Relaxed);
    }
}

/// A session as its identifier.
struct ById(Arc<SessionInfo>);

impl Borrow<RequestId> for ById {
    fn borrow(&self) -> &RequestId {
        &self.0.request_id
    }
}

impl PartialEq for ById {
    fn eq(&self, other: &Self) -> bool {
        self.0.request_id == other.0.request_id
    }
}

impl Eq for ById {}

impl Hash for ById {
    fn hash<H: Hasher>(&self, state: &mut H) {
        self.0.request_id.hash(state);
    }
}

#[cfg(test)]
#[path = "registry_tests.rs"]
mod tests;
