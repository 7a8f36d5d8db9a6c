//! A refusal that is told in a Close frame: the handshake is accepted, and closed at once.

use std::sync::Arc;

use bytes::BytesMut;
use ws_core::handshake::{UpgradeRequest, UpgradeResponse, check_head, check_method};
use ws_core::message::{CloseCode, CloseFrame};
use ws_core::net::{SocketConfig, WebSocket};
use ws_core::refusal::{Refusal, RefusedBy};

use super::request::{Request, Wish};
use crate::gate::RouteMatch;
use crate::server::delivery::Delivery;
use crate::server::shared::Shared;

/// What is sent to somebody who is refused in a Close frame.
pub(crate) struct Farewell {
    /// The 101.
    pub(crate) answer: BytesMut,
    frame: CloseFrame,
    socket: Arc<SocketConfig>,
}

impl Farewell {
    /// The refusal in a Close frame, if it is to be told in one, and can be.
    pub(super) fn prepare(shared: &Shared, request: &Request, refusal: &Refusal) -> Option<Self> {
        let (route, upgrade) = handshake(shared, request)?;
        let close = refusal.to_close(shared.disclosure)?;
        let frame = CloseFrame::new(CloseCode::new(close.code)?, close.reason);
        let mut response = UpgradeResponse::new(&upgrade);
        // A browser fails the connection where none of its subprotocols is selected, and hides what is said after it. A
        // token that is offered as one stands behind its company, and is never the first.
        let subprotocol = route.policy.answer_to(&upgrade.subprotocols);
        if let Some(subprotocol) = subprotocol.or(upgrade.subprotocols.first().map(String::as_str)) {
            response.subprotocol(subprotocol).ok()?;
        }
        let id = request.id.to_string();
        response.field("X-Request-Id", &id).ok()?;
        let refused_by = RefusedBy { name: shared.name.clone(), code: None, id: Some(id) };
        response.field(RefusedBy::FIELD, &refused_by.to_string()).ok()?;
        let mut answer = BytesMut::with_capacity(256);
        response.encode(&mut answer);
        let socket = Arc::clone(&shared.routes.get(route.route)?.socket);
        Some(Self { answer, frame, socket })
    }

    /// The close code.
    pub(super) const fn code(&self) -> u16 {
        self.frame.code.get()
    }

    /// Says it, after the answer was sent, and waits for the peer's end within the close timeout. What the peer sends
    /// meanwhile is thrown away. `connect` makes the socket.
    pub(crate) async fn say(self, connect: impl FnOnce(Arc<SocketConfig>) -> WebSocket) {
        let socket = connect(self.socket);
        let driver = socket.driver();
        drop(socket);
        driver.finish(&self.frame).await;
    }
}

/// Where the request leads and what it asks for, if it is a handshake that a Close frame may answer.
fn handshake(shared: &Shared, request: &Request) -> Option<(RouteMatch, UpgradeRequest)> {
    let Request { head, facts, wish: Wish::Upgrade, .. } = request else { return None };
    let route = match shared.delivery {
        Delivery::Http => return None,
        Delivery::CloseFrame | Delivery::Auto => request.route(&shared.routes)?,
    };
    let is_allowed = || route.policy.allows_origin(head, facts);
    let told = match shared.delivery {
        Delivery::CloseFrame if !head.fields().contains("Origin") => true,
        _ => is_allowed(),
    };
    if !told || check_head(head).is_err() || check_method(head).is_err() {
        return None;
    }
    // Some causes are found before it is looked at whether this is a handshake at all.
    let upgrade = UpgradeRequest::parse(head).ok()?;
    Some((route, upgrade))
}
