use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use ws_core::refusal::{Disclosure, Refusal};

use super::{Drain, SessionInfo, Sessions};
use crate::gate::Gate;
use crate::operate::Counters;

/// Is called with a session and why it is ended.
pub(crate) type Report = Box<dyn Fn(&SessionInfo, &Refusal) + Send + Sync>;

/// What all sessions of a server share.
pub(crate) struct Host {
    pub(crate) gate: Arc<Gate>,
    /// What a client has to say who it is, where that is not in its handshake.
    pub(crate) first_message_timeout: Duration,
    pub(crate) drain: Arc<Drain>,
    pub(crate) sessions: Sessions,
    pub(crate) disclosure: Disclosure,
    pub(crate) counters: Arc<Counters>,
    /// Tells the operator of a session that is ended by policy.
    pub(crate) report: Report,
}

impl fmt::Debug for Host {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Host")
            .field("drain", &self.drain)
            .field("sessions", &self.sessions)
            .finish_non_exhaustive()
    }
}
