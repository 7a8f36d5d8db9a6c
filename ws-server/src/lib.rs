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

pub mod authenticate;
pub mod authorize;
mod deadline;
pub mod gate;
mod listener;
mod server;
mod session;

pub use authenticate::Params;
pub use listener::BindError;
pub use server::{
    BoundServer, BuildError, PageError, RefusalReport, Route, RouteError, ServeError, Server, ServerBuilder,
    ServerHandle, ServerLimits,
};
pub use session::{HandlerError, Outcome, RequestId, Session, SessionInfo};
