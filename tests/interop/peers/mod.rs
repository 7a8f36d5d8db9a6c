//! The ends of a connection: ours, and those of other libraries.

pub(crate) mod fastwebsockets;
pub(crate) mod ours;
pub(crate) mod tokio_websockets;
pub(crate) mod tungstenite;
