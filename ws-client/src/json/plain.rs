//! One typed message, without ceremony.

use std::future::poll_fn;
use std::pin::Pin;

use futures_core::TryStream;
use futures_sink::Sink;
use serde::Serialize;
use serde::de::DeserializeOwned;
use ws_core::message::Message;

use super::error::{JsonError, unreadable};

/// Sends a value as a JSON text message, and waits until it has been handed on.
///
/// ```
/// # #[tokio::main(flavor = "current_thread")]
/// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
/// use ws_client::json::{recv_json, send_json};
///
/// let (mut client, mut server) = ws_client::memory::pair();
/// send_json(&mut client, &("move", 3, 4)).await?;
/// let order: Option<(String, i32, i32)> = recv_json(&mut server).await?;
/// assert_eq!(order, Some(("move".to_owned(), 3, 4)));
/// # Ok(())
/// # }
/// ```
///
/// # Errors
///
/// [`JsonError::Unwritable`], and nothing is sent then; [`JsonError::Socket`].
///
/// # Cancel safety
///
/// Dropped before it is done, the message may have been sent or not.
pub async fn send_json<S, T>(socket: &mut S, value: &T) -> Result<(), JsonError<S::Error>>
where
    S: Sink<Message> + Unpin,
    T: Serialize + ?Sized,
{
    let message = write(value)?;
    let mut socket = Pin::new(socket);
    poll_fn(|cx| socket.as_mut().poll_ready(cx)).await.map_err(JsonError::Socket)?;
    socket.as_mut().start_send(message).map_err(JsonError::Socket)?;
    poll_fn(|cx| socket.as_mut().poll_flush(cx)).await.map_err(JsonError::Socket)
}

/// The next message as a value; `None` once the connection is closed.
///
/// # Errors
///
/// [`JsonError::Syntax`], [`JsonError::Mismatch`] and [`JsonError::NotText`], after which the next message can be read;
/// [`JsonError::Socket`].
///
/// # Cancel safety
///
/// No message is lost when the future is dropped.
pub async fn recv_json<S, T>(socket: &mut S) -> Result<Option<T>, JsonError<S::Error>>
where
    S: TryStream<Ok = Message> + Unpin,
    T: DeserializeOwned,
{
    let mut socket = Pin::new(socket);
    match poll_fn(|cx| socket.as_mut().try_poll_next(cx)).await {
        Some(message) => read(&message.map_err(JsonError::Socket)?).map(Some),
        None => Ok(None),
    }
}

pub(super) fn write<T: Serialize + ?Sized, E>(value: &T) -> Result<Message, JsonError<E>> {
    serde_json::to_string(value).map(Message::text).map_err(JsonError::Unwritable)
}

/// A text message as a value.
pub(super) fn read<T: DeserializeOwned, E>(message: &Message) -> Result<T, JsonError<E>> {
    match message.as_text() {
        Some(text) => serde_json::from_str(text).map_err(|error| unreadable(text.as_bytes(), &error)),
        None => Err(JsonError::NotText { bytes: message.len() }),
    }
}
