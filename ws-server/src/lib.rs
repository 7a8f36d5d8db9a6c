//! A WebSocket server in which every refusal has one precise cause, one right status and a way out.
//!
//! ```no_run
//! use ws_server::{Route, Server, Session};
//!
//! async fn echo(mut session: Session) -> Result<(), ws_core::net::Error> {
//!     while let Some(message) = session.recv().await? {
//!         session.send(message).await?;
//!     }
//!     Ok(())
//! }
//!
//! # async fn start() -> Result<(), Box<dyn std::error::Error>> {
//! let server = Server::builder()
//!     .listen("127.0.0.1:9001")
//!     .route("/rooms/{room}", Route::new(echo).subprotocols(["chat.v2", "chat.v1"]))
//!     .on_refusal(|refusal| eprintln!("{refusal}"))
//!     .bind()
//!     .await?;
//! server.serve().await?;
//! # Ok(())
//! # }
//! ```
//!
//! # Who may come in
//! A route is open to everybody, a browser only from a page of the same origin, until it demands more. Bearer tokens are
//! built in ([`authenticate::bearer`]); whatever else says who somebody is, is a closure away:
//!
//! ```
//! use ws_server::authenticate::{self, AuthenticationError, Identity, Scheme};
//! use ws_server::Route;
//!
//! let by_key = authenticate::from_fn(|request| {
//!     let key = request.head().fields().get_str("X-Api-Key").map(str::to_owned);
//!     async move {
//!         match key.as_deref() {
//!             None => Err(AuthenticationError::CredentialsMissing), // 401, or the next authenticator's turn
//!             Some(key) if key_is_known(key).await => Ok(Identity::new(Scheme::Custom("api-key".into()))),
//!             Some(_) => Err(AuthenticationError::CredentialsRejected), // 401
//!         }
//!     }
//! });
//! let route = Route::new(|_session| async {}).authenticate(by_key);
//! # async fn key_is_known(_: &str) -> bool { true }
//! ```
//!
//! # While they are here
//! A session ends with its credential (`token-expired`, 3000), unless it is renewed: by the client in a message
//! ([`Renewal::Message`]), or by the application ([`SessionHandle::renew`]). Whoever has a [`ServerHandle`] finds sessions
//! ([`Sessions`]), ends them with any cause of the catalogue, and revokes credentials and subjects:
//!
//! ```
//! use ws_core::refusal::{Cause, Refusal};
//! use ws_server::authenticate::{Revocation, RevocationError};
//! use ws_server::ServerHandle;
//!
//! async fn incident(server: &ServerHandle) -> Result<(), RevocationError> {
//!     server.revoke(Revocation::credential("jti-4711"))?; // its sessions end within a second: 3000
//!     for session in server.sessions().on_route("/rooms/{room}") {
//!         if session.info().param("room") == Some("staff") && !session.identity().has_role("staff") {
//!             session.close(Refusal::new(Cause::PolicyDenied)); // 3003
//!         }
//!     }
//!     server.sessions().recheck().await; // asks the authorizers of all routes again
//!     Ok(())
//! }
//! ```
//!
//! What somebody may do in a running connection is for the same authorizers to say ([`Session::authorize`]), and how much
//! they may send for [`Route::message_rate`]. A client that can put its token nowhere else presents it in its first
//! message ([`Source::FirstMessage`](authenticate::bearer::Source::FirstMessage)): no handler runs before that.
//!
//! # TLS and proxies
//! With the feature `tls`, `ServerBuilder::listen_tls` speaks TLS, with certificates that are read again when they change
//! and, if asked to, those of clients. Behind proxies, [`ServerBuilder::trusted_proxies`] says whose word is taken for
//! who the client is, and [`ServerBuilder::proxy_protocol`] that it comes in front of everything else. Addresses are
//! allowed, denied and limited by [`ServerBuilder::addresses`], [`ServerBuilder::attempts_per_address`] and
//! [`ServerLimits::connections_per_address`].
//!
//! # From the wire to the handler
//! ```text
//!  accept ──▶ a place ──▶ head ──▶ gate: the checks, in order ──▶ 101 ──▶ Session ──▶ handler
//!    │           │          │         │                                               │
//!    └───────────┴──────────┴─────────┴── a refusal: HTTP, reported once ──▶          └──▶ Close frame
//! ```
//! A [`Server`] listens, and every connection counts from the moment it is accepted. The [`gate`] decides on each
//! request for an upgrade: whether the route is there, who is asking ([`authenticate`]) and what they may do
//! ([`authorize`]). Whoever is let in becomes a [`Session`] in a task of its own; everybody else gets a
//! [`Refusal`](ws_core::refusal::Refusal) with a cause from the one catalogue, and the operator a [`RefusalReport`] with
//! the whole story.
//!
//! Nothing is inflated, queued or routed for strangers, and each of their limits is in [`ServerLimits`].

#![forbid(unsafe_code)]

pub mod authenticate;
pub mod authorize;
mod calendar;
mod deadline;
pub mod embed;
#[cfg(feature = "remote")]
pub mod fetch;
pub mod gate;
mod guard;
mod listener;
mod networks;
mod operate;
pub mod prepare;
mod printable;
mod rate;
mod server;
mod session;
mod token;

pub use authenticate::Params;
pub use listener::{BindError, ForwardedClient, ForwardedError, ProxyProtocol, TrustedProxies};
#[cfg(feature = "tls")]
pub use listener::{Tls, TlsError, TlsFiles};
pub use networks::NetworkError;
pub use operate::Counters;
pub use rate::{Rate, RateError};
pub use server::{
    AcceptReport, BoundServer, BuildError, Delivery, PageError, RefusalReport, Route, RouteError, ServeError,
    Server, ServerBuilder, ServerHandle, ServerLimits,
};
pub use session::{
    HandlerError, MessageRate, Outcome, Rechecked, Renewal, RenewalError, RequestId, RequestIdError, Session,
    SessionHandle, SessionInfo, Sessions,
};
