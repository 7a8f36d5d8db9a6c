use std::sync::Arc;
use std::time::SystemTime;

use ws_core::head::RequestHead;

use super::SessionInfo;
use crate::authenticate::HandshakeContext;
use crate::gate::{Facts, Policy};

/// What is kept of a handshake for those who are asked about it once more: where the client has yet to say who it is, may
/// renew that, or has authorizers that may change their minds.
#[derive(Debug)]
pub(crate) struct Petition {
    pub(crate) head: RequestHead,
    pub(crate) facts: Facts,
    pub(crate) subprotocols: Vec<String>,
    pub(crate) policy: Arc<Policy>,
}

impl Petition {
    /// The handshake of this session, as of now.
    pub(crate) fn context<'a>(&'a self, session: &'a SessionInfo) -> HandshakeContext<'a> {
        HandshakeContext::of(&self.head, &self.facts)
            .with_now(SystemTime::now())
            .with_route(&session.route)
            .with_params(&session.params)
            .with_subprotocols(&self.subprotocols)
    }
}
