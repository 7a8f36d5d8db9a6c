//! A WebSocket client whose errors say what to do.
//!
//! ```no_run
//! use ws_client::{Client, ConnectError};
//!
//! # async fn example() -> Result<(), Box<dyn std::error::Error>> {
//! let client = Client::builder("ws://127.0.0.1:9001/rooms/lobby")?.header("User-Agent", "rooms/1.0")?.build();
//! let mut socket = match client.connect().await {
//!     Ok(socket) => socket,
//!     // The server said no: `refused` has its status, header, body, cause and challenges.
//!     Err(ConnectError::Refused(refused)) => return Err(refused.to_string().into()),
//!     // Any other error names the stage that failed and what to do about it.
//!     Err(error) => return Err(error.into()),
//! };
//! socket.send("hello").await?;
//! # Ok(())
//! # }
//! ```
//!
//! The way to an open [`WebSocket`], each stage with its own time limit and error:
//!
//! ```text
//!  URL ──▶ name resolution ──▶ TCP ──▶ TLS (wss) ──▶ handshake ──▶ WebSocket
//!   │              │            │          │             ├── HandshakeError: no proper answer
//!   │              │            │          │             ├── Redirected:     another address, not followed unless asked for
//!   │              │            │          │             ├── Refused:        an HTTP status, and why
//!   │              │            │          │             └── Closed:         a Close frame at once, and why
//! UrlError      DnsError     TcpError   TlsError
//! ```

#![forbid(unsafe_code)]

mod advice;
mod builder;
#[cfg(feature = "cli")]
#[doc(hidden)]
pub mod cli;
mod client;
#[cfg(test)]
mod client_tests;
mod connect;
pub mod credentials;
mod ended;
mod error;
#[cfg(feature = "json")]
pub mod json;
pub mod memory;
pub mod metrics;
pub mod observe;
pub mod reconnect;
mod refused;
mod request;

pub use advice::NextStep;
pub use builder::Builder;
pub use client::{Answer, Client, connect};
pub use connect::{
    ConnectFuture, Connector, ConnectorError, DnsError, HandshakeError, Host, ProxyError, ProxyUrlError,
    RedirectError, ResolveFuture, Resolver, TcpError, Timeouts, TlsError, TlsVersion, UnixError, UrlError,
    WsUrl,
};
#[cfg(feature = "tls")]
pub use connect::{TlsConfigError, TlsInput};
pub use ended::Error;
pub use error::{ConnectError, Redirected};
pub use refused::{Body, BodyEnd, ChunkError, Closed, Refused, Responsible, SentCredential};
pub use request::RequestError;
// What every program that connects has to do with.
pub use ws_core::message::{CloseCode, CloseFrame, Message};
pub use ws_core::net::WebSocket;
pub use ws_core::refusal::Cause;
