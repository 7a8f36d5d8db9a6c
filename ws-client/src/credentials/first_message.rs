//! A connection that begins with a token.

use std::sync::Arc;
use std::time::Duration;

use tokio::time::timeout;
use ws_core::net::WebSocket;

use super::words::{self, Answer};
use super::{CredentialsError, Token};
use crate::error::ConnectError;
use crate::refused::Closed;

/// Presents the token in the first message, and waits for the answer.
pub(super) async fn introduce(
    socket: &mut WebSocket,
    token: &Token,
    limit: Duration,
) -> Result<(), ConnectError> {
    let asked = async {
        socket.send(words::authenticate(token).as_str()).await?;
        socket.recv().await
    };
    let message = match timeout(limit, asked).await {
        Ok(Ok(message)) => message,
        Ok(Err(error)) => return Err(CredentialsError::ConnectionLost { source: Arc::new(error) }.into()),
        Err(_) => return Err(CredentialsError::Unanswered { after: limit }.into()),
    };
    match message.as_ref().map(words::answer) {
        Some(Some(Answer::Authenticated)) => Ok(()),
        Some(_) => Err(CredentialsError::NotUnderstood.into()),
        None => Err(ConnectError::Closed(Box::new(Closed::new(socket.close_frame(), None)))),
    }
}
