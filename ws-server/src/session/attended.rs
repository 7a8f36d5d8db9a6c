//! A handler whose client says in messages who it is: before it begins, or again while it runs.

use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll, ready};

use tokio::time::timeout;
use ws_core::connection::Limits;
use ws_core::net::{Driver, WebSocket};
use ws_core::refusal::{Cause, Refusal};
use zeroize::Zeroizing;

use super::desk::{Desk, Renewals};
use super::in_band::{self, STRANGER, Said};
use super::judge::Judge;
use super::opening::{Running, Start};
use super::{HandlerError, Session, SessionHandle, SessionInfo};
use crate::authenticate::{BoxFuture, Identity};

/// Runs a handler, and what has to be done beside it.
pub(super) struct Attended {
    pub(super) stage: Stage,
    pub(super) renewing: Option<Renewing>,
}

pub(super) enum Stage {
    /// The client has yet to say who it is.
    Introduction {
        session: BoxFuture<'static, Result<Option<Session>, HandlerError>>,
        handler: Arc<dyn Start>,
    },
    Handling(Pin<Box<dyn Running>>),
}

/// Takes the tokens by which a session is renewed, one after the other.
pub(super) struct Renewing {
    pub(super) session: Arc<SessionInfo>,
    pub(super) driver: Driver,
    pub(super) renewals: Arc<Renewals>,
    pub(super) current: Option<BoxFuture<'static, Result<Arc<Identity>, Refusal>>>,
}

impl Running for Attended {
    fn poll_outcome(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Result<(), HandlerError>> {
        let this = self.get_mut();
        loop {
            match &mut this.stage {
                Stage::Introduction { session, handler } => match ready!(session.as_mut().poll(cx))? {
                    Some(session) => this.stage = Stage::Handling(handler.start(session)),
                    // It has left, or was made to.
                    None => return Poll::Ready(Ok(())),
                },
                Stage::Handling(handler) => {
                    if let Poll::Ready(outcome) = handler.as_mut().poll_outcome(cx) {
                        return Poll::Ready(outcome);
                    }
                    if let Some(renewing) = &mut this.renewing {
                        renewing.poll(cx);
                    }
                    return Poll::Pending;
                }
            }
        }
    }
}

impl Renewing {
    fn poll(&mut self, cx: &mut Context<'_>) {
        loop {
            if self.current.is_none() {
                let Some(token) = self.renewals.take() else { return };
                self.current = Some(Box::pin(renew(Arc::clone(&self.session), token)));
            }
            let Some(current) = &mut self.current else { return };
            let Poll::Ready(renewed) = current.as_mut().poll(cx) else { return };
            self.current = None;
            let answer = match renewed {
                Ok(identity) => in_band::authenticated(&identity),
                // What came before is as good as it was.
                Err(refusal) if is_ours(refusal.cause) => in_band::unavailable(&refusal),
                Err(refusal) => {
                    SessionHandle(Arc::clone(&self.session)).close(refusal);
                    return;
                }
            };
            // Whoever is closing already gets no answer.
            let _ = self.driver.send_text(&answer);
        }
    }
}

/// Whether nobody can say now what a token is worth, which is not the client's fault.
const fn is_ours(cause: Cause) -> bool {
    matches!(cause, Cause::AuthenticationUnavailable | Cause::AuthorizationUnavailable | Cause::InternalError)
}

/// Has the client say who it is in its first message. `None`: it has left, or was made to.
pub(super) async fn introduce(
    mut socket: WebSocket,
    session: Arc<SessionInfo>,
    limits: Limits,
    desk: Option<Desk>,
) -> Result<Option<Session>, HandlerError> {
    socket.set_limits(STRANGER);
    let message = match timeout(session.host.first_message_timeout, socket.recv()).await {
        Ok(received) => received?,
        Err(_) => return Err(Refusal::new(Cause::AuthenticationTimeout).into()),
    };
    let Some(message) = message else { return Ok(None) };
    let token = match in_band::read(&message) {
        Said::Token(token) => token,
        Said::NoToken => return Err(in_band::no_token().into()),
        Said::Other => return Err(Refusal::new(Cause::CredentialsMissing).into()),
    };
    drop(message);
    let (identity, place) = admit(&session, &token).await?;
    let answer = in_band::authenticated(&identity);
    if !session.control.introduce(identity, place) {
        return Ok(None);
    }
    session.host.sessions.settle(&session, None);
    tracing::debug!(
        target: "ws_server::session",
        request_id = %session.request_id(),
        route = session.route(),
        "authenticated by the first message"
    );
    socket.set_limits(limits);
    if let Some(desk) = desk {
        socket.inspect(desk);
    }
    socket.send(answer).await?;
    Ok(Some(Session { socket, info: session }))
}

/// The checks that the handshake had to leave out.
async fn admit(
    session: &SessionInfo,
    token: &str,
) -> Result<(Identity, Option<crate::gate::PrincipalPlace>), Refusal> {
    let request = session.request().ok_or(Cause::InternalError)?;
    let Judge { gate, policy } = session.judge().ok_or(Cause::InternalError)?;
    let identity = gate.check_token(token, true, &policy, &request).await?;
    gate.check_permission(&policy, &request, &identity).await?;
    let place = gate.take_place(&identity)?;
    Ok((identity, place))
}

async fn renew(session: Arc<SessionInfo>, token: Zeroizing<String>) -> Result<Arc<Identity>, Refusal> {
    let request = session.request().ok_or(Cause::InternalError)?;
    let Judge { gate, policy } = session.judge().ok_or(Cause::InternalError)?;
    let identity = gate.check_token(&token, false, &policy, &request).await?;
    gate.check_permission(&policy, &request, &identity).await?;
    let handle = SessionHandle(Arc::clone(&session));
    match handle.renew(identity) {
        Ok(()) => Ok(handle.identity()),
        Err(error) => Err(Refusal::new(Cause::CredentialsRejected).detail(error.to_string())),
    }
}
