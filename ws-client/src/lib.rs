//! A WebSocket client whose errors say what to do.

mod connect;
mod error;
mod refused;
mod request;

pub use connect::{DnsError, HandshakeError, Host, TcpError, UrlError, WsUrl};
pub use error::{ConnectError, Redirected};
pub use refused::{Body, BodyEnd, ChunkError, Refused, Responsible};
pub use request::RequestError;
