//! What a handler gets.

use std::sync::Arc;

use ws_core::message::{CloseFrame, Message};
use ws_core::net::{Error, WebSocket};

use super::{SessionHandle, SessionInfo};
use crate::authenticate::Identity;
use crate::authorize::AuthorizationError;

/// A connection that was let in: its socket, and what is known about it.
///
/// Both parts are open, so that they can be taken apart: `let Session { socket, info } = session;`.
///
/// ```
/// use ws_server::Session;
///
/// async fn greet(mut session: Session) -> Result<(), ws_core::net::Error> {
///     let room = session.info.param("room").unwrap_or("lobby");
///     let who = session.identity();
///     let name = who.subject().unwrap_or("stranger");
///     session.send(format!("Welcome to {room}, {name}.")).await?;
///     while let Some(message) = session.recv().await? {
///         session.send(message).await?;
///     }
///     Ok(())
/// }
/// ```
#[derive(Debug)]
pub struct Session {
    /// The connection.
    pub socket: WebSocket,
    /// Who is on the other end, and what was agreed.
    pub info: Arc<SessionInfo>,
}

impl Session {
    /// The next message; `None` when the closing handshake is done, one that the server's shutdown began included.
    ///
    /// # Errors
    /// As [`WebSocket::recv`].
    ///
    /// # Cancel safety
    /// No message is lost when the future is dropped.
    #[inline]
    pub fn recv(&mut self) -> impl Future<Output = Result<Option<Message>, Error>> {
        self.socket.recv()
    }

    /// Sends a message. What is sent in answer to what one read brought leaves in one write.
    ///
    /// # Errors
    /// As [`WebSocket::send`].
    ///
    /// # Cancel safety
    /// A message whose `send` is dropped before it is done was not sent.
    #[inline]
    pub fn send<M: Into<Message>>(&mut self, message: M) -> impl Future<Output = Result<(), Error>> {
        self.socket.send(message)
    }

    /// Closes the connection and waits for the peer's answer, which it returns.
    ///
    /// # Errors
    /// As [`WebSocket::close`].
    ///
    /// # Cancel safety
    /// The Close frame is sent once; the call can be repeated to go on waiting.
    pub fn close<F: Into<Option<CloseFrame>>>(
        &mut self,
        frame: F,
    ) -> impl Future<Output = Result<Option<CloseFrame>, Error>> {
        self.socket.close(frame)
    }

    /// Who is on the other end, as far as the route's authenticators vouch for it; as of now, where sessions are renewed.
    pub fn identity(&self) -> Arc<Identity> {
        self.info.identity()
    }

    /// Whether whoever is on the other end may do this now; see [`SessionInfo::authorize`].
    ///
    /// # Errors
    /// [`AuthorizationError`]: why not.
    ///
    /// # Cancel safety
    /// The questions are dropped with the future.
    pub fn authorize<'a>(
        &'a self,
        action: &'a str,
        resource: &'a str,
    ) -> impl Future<Output = Result<(), AuthorizationError>> + Send + 'a {
        self.info.authorize(action, resource)
    }

    /// What ends and renews this session from elsewhere.
    pub fn handle(&self) -> SessionHandle {
        SessionHandle(Arc::clone(&self.info))
    }
}
