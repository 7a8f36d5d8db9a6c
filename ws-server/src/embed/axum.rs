//! A guard for handlers of axum 0.8.
//!
//! ```no_run
//! use std::net::SocketAddr;
//! use axum::{Router, response::Response, routing::any};
//! use ws_server::authenticate::bearer::{Bearer, Signer, Verifier};
//! use ws_server::embed::axum::{Guard, Guarded};
//! use ws_server::{Route, Server};
//!
//! async fn chat(guarded: Guarded) -> Response {
//!     guarded.on_upgrade(|mut session| async move {
//!         while let Some(message) = session.recv().await? {
//!             session.send(message).await?;
//!         }
//!         Ok::<_, ws_core::net::Error>(())
//!     })
//! }
//!
//! # async fn run() -> Result<(), Box<dyn std::error::Error>> {
//! let key = Signer::hs256(b"thirty-two bytes, at the least..")?.verifying_key();
//! let bearer = Bearer::new("chat", Verifier::new(key).audience("chat"));
//! let guard = Server::builder().guard(Route::embedded().authenticate(bearer))?;
//! let app = Router::new().route("/rooms/{room}", any(chat)).with_state(guard);
//!
//! let listener = tokio::net::TcpListener::bind("127.0.0.1:9001").await?;
//! axum::serve(listener, app.into_make_service_with_connect_info::<SocketAddr>()).await?;
//! # Ok(())
//! # }
//! ```
//!
//! All routes of a server together, with paths of ours, are a service of axum's router too:
//!
//! ```no_run
//! # use axum::{Router, routing::get};
//! # use ws_server::{Route, Server, Session};
//! # async fn chat(_: Session) {}
//! let sockets = Server::builder().route("/rooms/{room}", Route::new(chat)).embed()?;
//! let app: Router = Router::new().route("/", get(|| async { "hello" })).fallback_service(sockets);
//! # Ok::<(), ws_server::BuildError>(())
//! ```
//!
//! Route with [`any`](axum::routing::any): a handshake with another method than GET, and the preflight of a dry run, are
//! answered by the guard then. The guard has to know where a connection comes from: serve with
//! [`into_make_service_with_connect_info`](axum::Router::into_make_service_with_connect_info), or put a
//! [`Connection`] into the extensions of each request, behind TLS of your own for example.

use std::convert::Infallible;
use std::net::SocketAddr;
use std::sync::Arc;
use std::task::{Context, Poll};

use axum::body::Body;
use axum::extract::{ConnectInfo, FromRef, FromRequestParts, MatchedPath, OriginalUri, RawPathParams};
use axum::response::{IntoResponse, Response};
use http::request::Parts;
use http::{Extensions, Request};
use hyper::upgrade::OnUpgrade;
use tower_service::Service;
use ws_core::refusal::{Cause, Refusal};

use super::embedded::Met;
use super::hyper::{read, respond_with};
use super::{Connection, Embedded};
use crate::Params;
use crate::authenticate::BoxFuture;
use crate::gate::RouteMatch;
use crate::listener::Place;
use crate::server::{ServerHandle, Shared, Upgrade};
use crate::session::{Busy, Opening, Outcome, Session, SessionInfo, Start};

/// Decides who reaches a handler of axum; the state, or a part of it, of a router. Made by
/// [`ServerBuilder::guard`](crate::ServerBuilder::guard). Clones are the same guard.
#[derive(Clone, Debug)]
pub struct Guard {
    embedded: Embedded,
}

/// A request for an upgrade that the [`Guard`] has let in: an extractor, whose rejection is the refusal.
#[must_use = "the connection is closed unless it is upgraded"]
pub struct Guarded {
    embedded: Embedded,
    upgrade: Box<Upgrade>,
    on_upgrade: OnUpgrade,
    place: Place,
    busy: Busy,
}

/// The answer to whoever is not let in.
#[derive(Debug)]
pub struct Refused(Response);

impl Guard {
    pub(crate) const fn new(embedded: Embedded) -> Self {
        Self { embedded }
    }

    /// A handle to look at the sessions, and to end them with the program.
    pub fn handle(&self) -> ServerHandle {
        self.embedded.handle()
    }

    async fn meet(&self, parts: &mut Parts) -> Result<Guarded, Response> {
        let Some(connection) = connection(&parts.extensions) else {
            return Err(unknown_connection(&self.embedded));
        };
        let target =
            parts.extensions.get::<OriginalUri>().map_or(&parts.uri, |original| &original.0).to_string();
        let limits = self.embedded.head_limits();
        let head = match read(&parts.method, &target, parts.version, &parts.headers, limits) {
            Ok(head) => head,
            Err(error) => return Err(answered(self.embedded.refuse_head(&error, &connection))),
        };
        let params = params(parts).await;
        let path = parts.extensions.get::<MatchedPath>().cloned();
        let route = |shared: &Shared| route(shared, params, path);
        match self.embedded.meet(head, &connection, route).await {
            Met::Admitted { upgrade, place, busy } => match parts.extensions.remove::<OnUpgrade>() {
                Some(on_upgrade) => {
                    Ok(Guarded { embedded: self.embedded.clone(), upgrade, on_upgrade, place, busy })
                }
                None => Err(self.embedded.cannot_upgrade(&connection).map(Body::new)),
            },
            Met::Refused { farewell, place } => Err(match parts.extensions.remove::<OnUpgrade>() {
                Some(on_upgrade) => self.embedded.part(farewell, on_upgrade, place).map(Body::new),
                None => self.embedded.cannot_upgrade(&connection).map(Body::new),
            }),
            met @ Met::Answered(_) => Err(answered(met)),
        }
    }
}

impl Guarded {
    /// What is known about the session that is to begin.
    pub fn info(&self) -> &SessionInfo {
        self.upgrade.info()
    }

    /// The answer that completes the handshake. `handler` runs in a task of its own once it is sent, and the connection
    /// ends with it, as it does for [`Route::new`](crate::Route::new).
    ///
    /// # Panics
    /// Outside a tokio runtime.
    pub fn on_upgrade<F, R>(self, handler: F) -> Response
    where
        F: Fn(Session) -> R + Send + Sync + 'static,
        R: Future<Output: Outcome> + Send + 'static,
    {
        let Self { embedded, upgrade, on_upgrade, place, busy } = self;
        let handler: Arc<dyn Start> = Arc::new(handler);
        let start = move |opening: Opening| opening.start(&handler);
        embedded.open(upgrade, on_upgrade, place, busy, start).map(Body::new)
    }
}

impl<S: Sync> FromRequestParts<S> for Guarded
where
    Guard: FromRef<S>,
{
    type Rejection = Refused;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, Refused> {
        Guard::from_ref(state).meet(parts).await.map_err(Refused)
    }
}

impl IntoResponse for Refused {
    fn into_response(self) -> Response {
        self.0
    }
}

impl std::fmt::Debug for Guarded {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Guarded").field("info", self.info()).finish_non_exhaustive()
    }
}

/// All routes and pages, for [`fallback_service`](axum::Router::fallback_service) and its like.
impl<B: Send + 'static> Service<Request<B>> for Embedded {
    type Response = Response;
    type Error = Infallible;
    type Future = BoxFuture<'static, Result<Response, Infallible>>;

    fn poll_ready(&mut self, _: &mut Context<'_>) -> Poll<Result<(), Infallible>> {
        Poll::Ready(Ok(()))
    }

    fn call(&mut self, request: Request<B>) -> Self::Future {
        let embedded = self.clone();
        Box::pin(async move {
            let response = match connection(request.extensions()) {
                Some(connection) => embedded.respond(request, &connection).await.map(Body::new),
                None => unknown_connection(&embedded),
            };
            Ok(response)
        })
    }
}

/// The refusal where nobody says who the peer is: addresses could be neither denied nor counted.
fn unknown_connection(embedded: &Embedded) -> Response {
    let nowhere = Connection::new(([0, 0, 0, 0], 0));
    let refusal = Refusal::new(Cause::InternalError).detail(
        "where the connection comes from is not known: serve with into_make_service_with_connect_info::<SocketAddr>()",
    );
    answered(embedded.refuse(refusal, &nowhere))
}

fn answered(met: Met) -> Response {
    let answer = match met {
        Met::Answered(answer) => answer,
        Met::Refused { .. } | Met::Admitted { .. } => None,
    };
    respond_with(answer).map(Body::new)
}

/// What the program itself says of the connection, or else axum.
fn connection(extensions: &Extensions) -> Option<Connection> {
    let said = extensions.get::<Connection>().cloned();
    let peer = || extensions.get::<ConnectInfo<SocketAddr>>().map(|info| Connection::new(info.0));
    said.or_else(peer)
}

/// The guard's only route, with what axum's router has found in the path.
fn route(shared: &Shared, params: Params, path: Option<MatchedPath>) -> Option<RouteMatch> {
    let route = shared.routes.matched(0)?.with_params(params);
    Some(match path {
        Some(path) => route.with_path(path.as_str().into()),
        None => route,
    })
}

/// What the parameters of axum's path stand for, decoded.
async fn params(parts: &mut Parts) -> Params {
    match RawPathParams::from_request_parts(parts, &()).await {
        Ok(params) => params.iter().collect(),
        // Outside a route, or what is not UTF-8: then nobody can ask for it.
        Err(_) => Params::default(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::authenticate::{HandshakeContext, Identity};
    use crate::authorize::AuthorizationError;
    use crate::server::{BuildError, Route, Server};

    async fn status(guard: &Guard) -> u16 {
        let request = Request::get("/anywhere")
            .header("Host", "localhost")
            .header("Upgrade", "websocket")
            .header("Connection", "Upgrade")
            .header("Sec-WebSocket-Key", "dGhlIHNhbXBsZSBub25jZQ==")
            .header("Sec-WebSocket-Version", "13")
            .extension(Connection::new(([192, 0, 2, 1], 4711)));
        let (mut parts, ()) = request.body(()).unwrap().into_parts();
        guard.meet(&mut parts).await.err().map_or(101, |answer| answer.status().as_u16())
    }

    /// Settings that say nothing of the guard's route must not leave it without rules, or with those of another.
    #[tokio::test]
    async fn a_guard_is_replaced_by_a_guard() {
        let closed = |_: &HandshakeContext<'_>, _: &Identity| {
            std::future::ready(Err(AuthorizationError::PolicyDenied { rule: "closed".into() }))
        };
        let open = || Route::new(async |_: Session| {});
        assert!(matches!(Server::builder().guard(open()), Err(BuildError::Guard)));
        let guard = Server::builder().guard(Route::embedded().authorize(closed)).unwrap();
        assert_eq!(status(&guard).await, 403);
        let one = || Server::builder().route("/a", Route::embedded());
        for other in [Server::builder(), Server::builder().route("/a", open()), one().route("/b", open())] {
            assert!(matches!(guard.handle().reload(other), Err(BuildError::Guard)));
            assert_eq!(status(&guard).await, 403);
        }
        guard.handle().reload(one()).unwrap();
        // Let in, on a request that cannot be upgraded.
        assert_eq!(status(&guard).await, 500);
    }
}
