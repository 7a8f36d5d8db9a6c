//! A WebSocket client whose errors say what to do.

mod connect;
mod refused;

pub use connect::{DnsError, Host, TcpError, UrlError, WsUrl};
pub use refused::{Body, BodyEnd, ChunkError};
