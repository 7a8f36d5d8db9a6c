//! The last answer over HTTP: 101, and the session behind it.

use std::sync::Arc;
use std::time::{SystemTime, UNIX_EPOCH};

use bytes::BytesMut;
use ws_core::deflate::{DeflateConfig, DeflateParams};
use ws_core::handshake::{AnswerError, UpgradeResponse};
use ws_core::head::RequestHead;
use ws_core::net::{SocketConfig, WebSocket};

use super::request::Request;
use crate::gate::{Accepted, Trace};
use crate::listener::Place;
use crate::server::report::AcceptReport;
use crate::server::routes::RouteEntry;
use crate::server::shared::Shared;
use crate::session::{Busy, Control, Held, Host, Opening, Petition, Renewal, Rules, SessionInfo, Start};

/// An accepted handshake: the 101, ready to be sent, and what the session needs.
pub(crate) struct Upgrade {
    pub(crate) answer: BytesMut,
    /// What runs: for this session alone where the route has got something ready for it, or else the route's, of the
    /// settings that it was let in by. `None`: the embedding program has one.
    handler: Option<Arc<dyn Start>>,
    info: SessionInfo,
    rules: Rules,
    socket: Arc<SocketConfig>,
}

impl Upgrade {
    /// Prepares the answer to a request that was let in. The head and the offers are not needed after it.
    pub(super) fn prepare(
        host: &Arc<Host>,
        entry: &RouteEntry,
        request: &Request,
        accepted: Accepted,
        handler: Option<Arc<dyn Start>>,
    ) -> Result<Self, AnswerError> {
        let Accepted { upgrade, identity, first_message, subprotocol, route, principal } = accepted;
        let mut response = UpgradeResponse::new(&upgrade);
        if let Some(subprotocol) = &subprotocol {
            response.subprotocol(subprotocol)?;
        }
        let mut socket = Arc::clone(&entry.socket);
        if let Some(config) = &entry.compression
            && let Some(answer) = config.negotiate(&upgrade.extensions)
        {
            response.extensions(&answer.header)?;
            let deflate = Some((answer.params, config.clone()));
            socket = Arc::new(SocketConfig { deflate, ..SocketConfig::clone(&socket) });
        }
        let mut answer = BytesMut::with_capacity(256);
        response.encode(&mut answer);
        let asked_later =
            first_message || entry.renewal == Renewal::Message || !route.policy.authorizers().is_empty();
        let petition = asked_later.then(|| {
            Box::new(Petition::new(&request.head, &request.facts, &upgrade.subprotocols, &route.policy))
        });
        let info = SessionInfo {
            route: route.path,
            target: path_and_query(&request.head),
            params: route.params,
            subprotocol: subprotocol.map(Into::into),
            peer: request.facts.peer,
            request_id: request.id,
            since: seconds(request.facts.now),
            control: if first_message { Control::awaiting() } else { Control::new(identity, principal) },
            petition,
            host: Arc::clone(host),
        };
        let rules = Rules { limits: socket.limits, rate: entry.rate, renewal: entry.renewal, first_message };
        let handler = handler.or_else(|| entry.handler.clone());
        Ok(Self { answer, handler, info, rules, socket })
    }

    /// What is known about the session that is to begin.
    #[cfg(feature = "axum")]
    pub(crate) const fn info(&self) -> &SessionInfo {
        &self.info
    }

    /// Begins the session, after the answer was sent.
    pub(crate) fn start(
        mut self,
        connect: impl FnOnce(Arc<SocketConfig>) -> WebSocket,
        place: Place,
        busy: Busy,
    ) {
        if let Some(handler) = self.handler.take() {
            self.opening(connect, place, busy).start(&handler);
        }
    }

    /// The handler of the session, for whoever begins it.
    #[cfg(feature = "hyper")]
    pub(crate) fn take_handler(&mut self) -> Option<Arc<dyn Start>> {
        self.handler.take()
    }

    /// The compression that was agreed.
    pub(crate) fn deflate(&self) -> Option<(DeflateParams, DeflateConfig)> {
        self.socket.deflate.clone()
    }

    /// Tells the operator that somebody is let in.
    pub(super) fn report(&self, shared: &Shared, trace: &Trace) {
        shared.accept(&AcceptReport { session: &self.info, identity: &self.info.identity(), trace });
    }

    /// What the session begins with, after the answer was sent. `connect` makes the socket.
    pub(crate) fn opening(
        self,
        connect: impl FnOnce(Arc<SocketConfig>) -> WebSocket,
        place: Place,
        busy: Busy,
    ) -> Opening {
        let Self { info, rules, socket, .. } = self;
        Opening { socket: connect(socket), info, held: Held { place, busy }, rules }
    }
}

/// RFC 9112 3.2.2: a target may have the absolute form, whose scheme and host are no part of the path.
fn path_and_query(head: &RequestHead) -> Box<str> {
    match head.query() {
        Some(query) => format!("{}?{query}", head.path()).into(),
        None => head.path().into(),
    }
}

/// A time in seconds since 1970.
fn seconds(time: SystemTime) -> u32 {
    let since = time.duration_since(UNIX_EPOCH).unwrap_or_default().as_secs();
    u32::try_from(since).unwrap_or(u32::MAX)
}
