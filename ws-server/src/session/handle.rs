//! One session, from outside.

use std::sync::Arc;

use thiserror::Error;
use ws_core::refusal::Refusal;

use super::SessionInfo;
use crate::authenticate::Identity;

/// A session that can be looked at, ended and renewed from anywhere; see [`Sessions`](super::Sessions) and
/// [`Session::handle`](super::Session::handle).
///
/// It does not keep the connection open. Once the session is over, it can only be looked at.
#[derive(Clone, Debug)]
pub struct SessionHandle(pub(super) Arc<SessionInfo>);

/// Why a session does not take an identity.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
#[non_exhaustive]
pub enum RenewalError {
    /// The session is over, or about to be.
    #[error("the session has ended")]
    Ended,
    /// It is somebody else's: issuer and subject have to stay the same.
    #[error("a session cannot pass to another principal")]
    OtherPrincipal,
}

impl SessionHandle {
    /// Who came, to which address, and what was agreed.
    pub fn info(&self) -> &SessionInfo {
        &self.0
    }

    /// Who is on the other end, as of now.
    pub fn identity(&self) -> Arc<Identity> {
        self.0.identity()
    }

    /// Whether the session goes on: nothing has ended it yet.
    pub fn is_open(&self) -> bool {
        self.0.control.goes_on()
    }

    /// Ends the session with the close code and the reason that the catalogue has for the cause. It is reported as a
    /// refusal.
    ///
    /// The peer gets its Close frame at once, and what it still sends is thrown away: the handler's `recv` ends with the
    /// closing handshake. A handler that has not returned within the drain timeout is dropped. A cause without a close
    /// code ends the session as `internal-error`.
    ///
    /// False: it is ending already, for another reason.
    pub fn close(&self, refusal: Refusal) -> bool {
        let ends = self.0.control.refuse(refusal);
        if ends {
            self.0.host.sessions.wake(&self.0);
        }
        ends
    }

    /// Lets the session go on with a fresh identity of the same principal: with other roles, say, or until a later
    /// time. Scopes and roles are the caller's to check.
    ///
    /// # Errors
    /// [`RenewalError`]; the session then keeps the identity that it has.
    pub fn renew(&self, identity: Identity) -> Result<(), RenewalError> {
        let same = |old: Option<&Identity>, new: &Identity| {
            if old.is_some_and(|old| is_same(old, new)) { Ok(()) } else { Err(RenewalError::OtherPrincipal) }
        };
        let replaced = self.0.control.replace(identity, same).ok_or(RenewalError::Ended)??;
        self.0.host.sessions.settle(&self.0, replaced.and_then(|old| old.expires()));
        Ok(())
    }
}

/// Whether both are of the same principal. Who has no subject is known by the credential.
pub(super) fn is_same(old: &Identity, new: &Identity) -> bool {
    let same = old.issuer() == new.issuer() && old.subject() == new.subject();
    same && (old.subject().is_some() || old.credential_id() == new.credential_id())
}
