//! By which settings a session is judged while it runs: those of now.

use std::sync::{Arc, Weak};

use super::SessionInfo;
use crate::gate::{Gate, Policy};

/// The settings of a server.
pub(crate) trait Settings: Send + Sync {
    /// What decides.
    fn gate(&self) -> &Arc<Gate>;

    /// What the route of this path demands, as the path was given to the builder.
    fn policy(&self, route: &str) -> Option<&Arc<Policy>>;
}

/// What a session is judged by.
pub(super) struct Judge {
    pub(super) gate: Arc<Gate>,
    pub(super) policy: Arc<Policy>,
}

impl SessionInfo {
    /// The settings of now, or those that the session began with where its route has gone since. `None`: these demand
    /// nothing that could be asked about again.
    pub(super) fn judge(&self) -> Option<Judge> {
        let settings = self.host.sessions.settings().as_ref().and_then(Weak::upgrade);
        let now = settings.and_then(|settings| {
            let policy = Arc::clone(settings.policy(&self.route)?);
            Some(Judge { gate: Arc::clone(settings.gate()), policy })
        });
        let then = || {
            let policy = Arc::clone(&self.petition.as_ref()?.policy);
            Some(Judge { gate: Arc::clone(&self.host.gate), policy })
        };
        now.or_else(then)
    }
}
