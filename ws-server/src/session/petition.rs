use std::sync::Arc;
use std::time::SystemTime;

use ws_core::head::RequestHead;

use super::SessionInfo;
use crate::authenticate::HandshakeContext;
use crate::gate::{Facts, Policy};

/// What is kept of a handshake for those who are asked about it once more: where the client has yet to say who it is, may
/// renew that, or has authorizers that may change their minds.
///
/// It lasts as long as the session, so the credentials are left out: nobody who is asked later needs them.
#[derive(Debug)]
pub(crate) struct Petition {
    head: RequestHead,
    pub(crate) facts: Facts,
    subprotocols: Vec<String>,
    pub(crate) policy: Arc<Policy>,
}

/// Where credentials travel, and what only the handshake itself needed.
const LEFT_OUT: [&str; 8] = [
    "Authorization",
    "Proxy-Authorization",
    "Cookie",
    "X-Api-Key",
    "Sec-WebSocket-Extensions",
    "Sec-WebSocket-Key",
    "Sec-WebSocket-Protocol",
    "Sec-WebSocket-Version",
];

impl Petition {
    pub(crate) fn new(
        head: &RequestHead,
        facts: &Facts,
        subprotocols: &[String],
        policy: &Arc<Policy>,
    ) -> Self {
        let kept = head
            .fields()
            .iter()
            .filter(|(name, _)| !LEFT_OUT.iter().any(|left_out| name.eq_ignore_ascii_case(left_out)));
        let head = RequestHead::from_parts(head.method(), head.target(), head.version(), kept)
            // What was a head before is one without some of its fields.
            .unwrap_or_else(|_| head.clone());
        // The pair `bearer, TOKEN`.
        let credential = subprotocols.iter().position(|name| name == "bearer");
        let is_credential = |at: usize| credential.is_some_and(|first| at == first || at == first + 1);
        let named = subprotocols.iter().enumerate().filter(|(at, _)| !is_credential(*at));
        let subprotocols = named.map(|(_, name)| name.clone()).collect();
        Self { head, facts: facts.clone(), subprotocols, policy: Arc::clone(policy) }
    }

    /// The handshake of this session, as of now.
    pub(crate) fn context<'a>(&'a self, session: &'a SessionInfo) -> HandshakeContext<'a> {
        HandshakeContext::of(&self.head, &self.facts)
            .with_now(SystemTime::now())
            .with_route(&session.route)
            .with_params(&session.params)
            .with_subprotocols(&self.subprotocols)
    }
}

#[cfg(test)]
mod tests {
    use ws_core::head::Version;

    use super::*;

    #[test]
    fn no_credential_outlives_the_handshake() {
        let fields = [
            ("Host", "chat.example"),
            ("authorization", "Bearer the-token"),
            ("Cookie", "session=the-session"),
            ("X-Api-Key", "the-key"),
            ("Sec-WebSocket-Protocol", "chat, bearer, the-token"),
            ("X-Tenant", "blue"),
        ];
        let head = RequestHead::from_parts("GET", "/rooms/a?v=2", Version::HTTP_11, fields).unwrap();
        let facts = Facts::new(([192, 0, 2, 1], 4711).into(), SystemTime::UNIX_EPOCH);
        let offered = ["chat", "bearer", "the-token", "mqtt"].map(str::to_owned);
        let petition = Petition::new(&head, &facts, &offered, &Arc::new(Policy::new()));
        assert_eq!(petition.subprotocols, ["chat", "mqtt"]);
        assert_eq!(petition.head.target(), "/rooms/a?v=2");
        let kept: Vec<_> = petition.head.fields().iter().map(|(name, _)| name.to_owned()).collect();
        assert_eq!(kept, ["Host", "X-Tenant"]);
    }
}
