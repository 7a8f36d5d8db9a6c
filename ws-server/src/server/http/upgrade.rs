//! The last answer over HTTP: 101, and the session behind it.

use std::sync::Arc;

use bytes::BytesMut;
use tokio::net::TcpStream;
use ws_core::handshake::{AnswerError, UpgradeResponse};
use ws_core::net::{SocketConfig, WebSocket};

use super::request::Request;
use crate::gate::Accepted;
use crate::listener::Place;
use crate::server::routes::RouteEntry;
use crate::server::shared::Shared;
use crate::session::{Busy, Opening, SessionInfo};

/// An accepted handshake: the 101, ready to be sent, and what the session needs.
pub(super) struct Upgrade {
    pub(super) answer: BytesMut,
    info: SessionInfo,
    route: usize,
    socket: Arc<SocketConfig>,
}

impl Upgrade {
    /// Prepares the answer to a request that was let in. The head and the offers are not needed after it.
    pub(super) fn prepare(
        entry: &RouteEntry,
        request: &Request,
        accepted: Accepted,
    ) -> Result<Self, AnswerError> {
        let Accepted { upgrade, identity, subprotocol, route, .. } = accepted;
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
        let info = SessionInfo {
            route: Arc::clone(&entry.path),
            target: request.head.target().into(),
            params: route.params,
            identity: (!identity.is_anonymous()).then(|| Box::new(identity)),
            subprotocol: subprotocol.map(Into::into),
            peer: request.facts.peer,
            request_id: request.id,
        };
        Ok(Self { answer, info, route: route.route, socket })
    }

    /// Begins the session, after the answer was sent.
    pub(super) fn open(
        self,
        shared: &Shared,
        stream: TcpStream,
        leftover: BytesMut,
        place: Place,
        busy: Busy,
    ) {
        let Self { info, route, socket, .. } = self;
        let Some(entry) = shared.routes.get(route) else { return };
        let socket = WebSocket::from_tcp(stream, socket, leftover);
        let drain = Arc::clone(&shared.drain);
        entry.handler.start(Opening { socket, info, place, busy, drain, disclosure: shared.disclosure });
    }
}
