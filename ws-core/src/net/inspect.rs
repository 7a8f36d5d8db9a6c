//! Somebody who sees messages before the application does.

use crate::message::Message;

/// Looks at each message that is received, and may take it away: what the peer says to whoever runs the connection
/// rather than to the application, or more of it than is allowed. See [`WebSocket::inspect`](super::WebSocket::inspect).
///
/// It is called where the message is received, between two of the application's, and must not block.
pub trait Inspect: Send {
    /// Whether the application gets this message.
    fn inspect(&mut self, message: &Message) -> bool;
}

impl<F: FnMut(&Message) -> bool + Send> Inspect for F {
    fn inspect(&mut self, message: &Message) -> bool {
        self(message)
    }
}

impl std::fmt::Debug for dyn Inspect {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter.write_str("Inspect")
    }
}
