//! What reaches a session from outside of its task.

use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, LazyLock, Mutex, MutexGuard, PoisonError};
use std::task::Waker;
use std::time::SystemTime;

use ws_core::refusal::Refusal;

use crate::authenticate::Identity;
use crate::gate::PrincipalPlace;

/// The part of a session that changes, shared by its task, its handler and whoever holds a handle to it.
#[derive(Debug)]
pub(crate) struct Control {
    /// There is something that the task has not heard yet: all that it looks at when it is polled.
    news: AtomicBool,
    state: Mutex<State>,
}

#[derive(Debug)]
struct State {
    /// `None` for somebody anonymous, of whom there are most.
    identity: Option<Arc<Identity>>,
    stage: Stage,
    /// Its place among the connections of its principal.
    place: Option<PrincipalPlace>,
    /// The task's.
    waker: Option<Waker>,
}

#[derive(Debug)]
enum Stage {
    /// The client has yet to say who it is.
    Awaited,
    Open,
    /// The session is to end, and the task does not know yet why.
    Refused(Box<Refusal>),
    /// The task knows, or has ended.
    Over,
}

impl Control {
    pub(crate) fn new(identity: Identity, place: Option<PrincipalPlace>) -> Self {
        let identity = (!identity.is_anonymous()).then(|| Arc::new(identity));
        let state = State { identity, stage: Stage::Open, place, waker: None };
        Self { news: AtomicBool::new(false), state: Mutex::new(state) }
    }

    /// Of somebody who has yet to say who it is.
    pub(crate) fn awaiting() -> Self {
        let state = State { identity: None, stage: Stage::Awaited, place: None, waker: None };
        Self { news: AtomicBool::new(false), state: Mutex::new(state) }
    }

    /// The client has said who it is. False: the session is about to end.
    pub(super) fn introduce(&self, identity: Identity, place: Option<PrincipalPlace>) -> bool {
        let mut state = self.lock();
        if !matches!(state.stage, Stage::Awaited) {
            return false;
        }
        state.stage = Stage::Open;
        state.identity = (!identity.is_anonymous()).then(|| Arc::new(identity));
        state.place = place;
        true
    }

    /// Who is on the other end now.
    pub(crate) fn identity(&self) -> Arc<Identity> {
        static ANONYMOUS: LazyLock<Arc<Identity>> = LazyLock::new(|| Arc::new(Identity::anonymous()));
        self.lock().identity.as_ref().unwrap_or(&ANONYMOUS).clone()
    }

    /// Replaces the identity, unless the session is about to end or `allows` says no of the one that it replaces,
    /// which is returned.
    pub(super) fn replace<E>(
        &self,
        new: Identity,
        allows: impl FnOnce(Option<&Identity>, &Identity) -> Result<(), E>,
    ) -> Option<Result<Option<Arc<Identity>>, E>> {
        let mut state = self.lock();
        if !matches!(state.stage, Stage::Awaited | Stage::Open) {
            return None;
        }
        Some(allows(state.identity.as_deref(), &new).map(|()| state.identity.replace(Arc::new(new))))
    }

    /// Has the session end. False: it is about to end already, for another reason.
    pub(super) fn refuse(&self, refusal: Refusal) -> bool {
        let mut state = self.lock();
        if !matches!(state.stage, Stage::Awaited | Stage::Open) {
            return false;
        }
        state.stage = Stage::Refused(Box::new(refusal));
        self.news.store(true, Ordering::Release);
        true
    }

    /// Has the task look around.
    pub(super) fn nudge(&self) {
        self.news.store(true, Ordering::Release);
        let waker = self.lock().waker.clone();
        if let Some(waker) = waker {
            waker.wake();
        }
    }

    /// The task is to be woken from now on.
    pub(super) fn listen(&self, waker: &Waker) {
        self.lock().waker = Some(waker.clone());
    }

    /// Whether there is something new for the task, which is told once.
    #[inline]
    pub(super) fn has_news(&self) -> bool {
        // The load alone costs next to nothing, and the task asks each time that it is polled.
        self.news.load(Ordering::Relaxed) && self.news.swap(false, Ordering::Acquire)
    }

    /// Whether the task has not looked around since it was last told to.
    pub(super) fn is_unheard(&self) -> bool {
        self.news.load(Ordering::Relaxed)
    }

    /// Why the session is to end, told once.
    pub(super) fn take_refusal(&self) -> Option<Refusal> {
        let mut state = self.lock();
        match &state.stage {
            Stage::Refused(_) => match std::mem::replace(&mut state.stage, Stage::Over) {
                Stage::Refused(refusal) => Some(*refusal),
                Stage::Awaited | Stage::Open | Stage::Over => None,
            },
            Stage::Awaited | Stage::Open | Stage::Over => None,
        }
    }

    /// Whether nothing has ended the session yet.
    pub(super) fn goes_on(&self) -> bool {
        matches!(self.lock().stage, Stage::Awaited | Stage::Open)
    }

    /// Whether the client has said who it is, and nothing has ended the session yet.
    pub(super) fn is_open(&self) -> bool {
        matches!(self.lock().stage, Stage::Open)
    }

    /// The session is over: nothing reaches it any more. Returns when its credential would have expired.
    pub(super) fn end(&self) -> Option<SystemTime> {
        let mut state = self.lock();
        state.stage = Stage::Over;
        state.waker = None;
        let place = state.place.take();
        let expires = state.identity.as_ref().and_then(|identity| identity.expires());
        drop(state);
        // Given back when nothing is locked here.
        drop(place);
        expires
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        // No code that can panic runs under the lock.
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use std::convert::Infallible;

    use ws_core::refusal::Cause;

    use super::*;
    use crate::authenticate::Scheme;

    fn ann() -> Identity {
        Identity::new(Scheme::Bearer).with_subject("ann")
    }

    #[test]
    fn the_first_reason_counts_and_is_told_once() {
        let control = Control::new(Identity::anonymous(), None);
        assert!(!control.has_news() && control.is_open());
        assert!(control.refuse(Refusal::new(Cause::TokenExpired)));
        assert!(!control.refuse(Refusal::new(Cause::TokenRevoked)));
        assert!(control.has_news() && !control.has_news() && !control.is_open());
        assert_eq!(control.take_refusal().map(|refusal| refusal.cause), Some(Cause::TokenExpired));
        assert_eq!(control.take_refusal(), None);
        assert!(!control.refuse(Refusal::new(Cause::TokenRevoked)), "the task knows");
    }

    #[test]
    fn who_is_awaited_is_introduced_once() {
        let control = Control::awaiting();
        assert!(control.goes_on() && !control.is_open() && control.identity().is_anonymous());
        assert!(control.introduce(ann(), None) && !control.introduce(ann(), None));
        assert!(control.is_open() && control.identity().subject() == Some("ann"));
        let control = Control::awaiting();
        assert!(control.refuse(Refusal::new(Cause::PolicyDenied)) && !control.introduce(ann(), None));
    }

    #[test]
    fn an_identity_is_replaced_until_the_session_ends() {
        let control = Control::new(ann(), None);
        let allow = |_: Option<&Identity>, _: &Identity| Ok::<_, Infallible>(());
        let old = control.replace(ann().with_roles(["member"]), allow).unwrap().unwrap();
        assert_eq!(old.as_deref(), Some(&ann()));
        assert!(control.identity().has_role("member"));
        assert_eq!(control.replace(ann(), |_, _| Err("no")), Some(Err("no")));
        assert!(control.identity().has_role("member"));
        control.end();
        assert!(control.replace(ann(), allow).is_none());
        assert!(!control.refuse(Refusal::new(Cause::TokenRevoked)));
    }
}
