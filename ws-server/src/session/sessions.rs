//! All sessions of a server, to be found from outside.

use std::fmt;
use std::net::IpAddr;
use std::sync::{Arc, Weak};

use super::registry::{Registered, Registry};
use super::{RequestId, SessionHandle, SessionInfo, Settings};
use crate::authenticate::Revocations;

/// The sessions of a server that are open now: whoever was let in and has not gone.
///
/// A session enters when its handshake is accepted and leaves when its handler has ended and its connection is closed.
/// Messages never touch it. Sessions are found by their request identifier at once; by anything else with a look at each
/// of them, some ten milliseconds for 100,000, during which no other thread waits for longer than a 64th of that.
///
/// Clones are handles to the same sessions.
///
/// ```
/// use ws_core::refusal::{Cause, Refusal};
/// use ws_server::ServerHandle;
///
/// /// Ann is not welcome any more.
/// fn expel_ann(server: &ServerHandle) {
///     for session in server.sessions().of_subject("ann") {
///         session.close(Refusal::new(Cause::PolicyDenied).public_detail("expelled")); // 3003
///     }
/// }
/// ```
#[derive(Clone)]
pub struct Sessions(Arc<Registry>);

impl Sessions {
    pub(crate) fn new(revocations: &Revocations) -> Self {
        Self(Registry::new(revocations))
    }

    /// Has the sessions end that are revoked in this list, rather than in another.
    pub(crate) fn follow(&self, revocations: &Revocations) {
        Registry::follow(&self.0, revocations);
    }

    /// The session whose handshake had this identifier.
    pub fn find(&self, id: RequestId) -> Option<SessionHandle> {
        self.0.get(id).map(SessionHandle)
    }

    /// The sessions of a subject, whoever vouches for it.
    pub fn of_subject(&self, subject: &str) -> Vec<SessionHandle> {
        self.filter(|session| session.identity().subject() == Some(subject))
    }

    /// The sessions of identities that this issuer vouches for.
    pub fn of_issuer(&self, issuer: &str) -> Vec<SessionHandle> {
        self.filter(|session| session.identity().issuer() == Some(issuer))
    }

    /// The sessions that rest on the credential of this identifier: the `jti` of a token, the name of an API key.
    pub fn of_credential(&self, id: &str) -> Vec<SessionHandle> {
        self.filter(|session| session.identity().credential_id() == Some(id))
    }

    /// The sessions of clients at this address.
    pub fn of_address(&self, address: IpAddr) -> Vec<SessionHandle> {
        let address = address.to_canonical();
        self.filter(|session| session.info().peer().ip().to_canonical() == address)
    }

    /// The sessions on a route, which is named by its path as the builder was given it: `/rooms/{room}`.
    pub fn on_route(&self, path: &str) -> Vec<SessionHandle> {
        self.filter(|session| session.info().route() == path)
    }

    /// The sessions for which `wanted` says yes.
    pub fn filter(&self, mut wanted: impl FnMut(&SessionHandle) -> bool) -> Vec<SessionHandle> {
        self.iter().filter(|session| wanted(session)).collect()
    }

    /// All of them, in no order. One that begins or ends meanwhile may be among them or not.
    pub fn iter(&self) -> impl Iterator<Item = SessionHandle> + use<'_> {
        self.0.all().map(SessionHandle)
    }

    /// How many there are.
    pub fn len(&self) -> usize {
        self.0.len()
    }

    /// Whether there is none.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// By which settings sessions are judged from now on.
    pub(crate) fn judge_by(&self, settings: Weak<dyn Settings>) {
        self.0.judge_by(settings);
    }

    pub(super) fn settings(&self) -> Option<Weak<dyn Settings>> {
        self.0.settings()
    }

    /// Enters a session, which stays until what is returned is dropped.
    pub(super) fn enter(&self, info: SessionInfo) -> Registered {
        Registry::enter(&self.0, Arc::new(info))
    }

    /// The identity of a session has changed.
    pub(super) fn settle(&self, session: &Arc<SessionInfo>, old: Option<std::time::SystemTime>) {
        self.0.settle(session, old);
    }

    /// Has the task of a session look around.
    pub(super) fn wake(&self, session: &Arc<SessionInfo>) {
        self.0.wake(session);
    }

    /// Has the tasks of all sessions look around.
    pub(crate) fn nudge_all(&self) {
        for session in self.0.all() {
            session.control.nudge();
        }
    }
}

impl fmt::Debug for Sessions {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Sessions").field("len", &self.len()).finish()
    }
}
