//! Messages from one leg to the other, and how the one ends with the other.

use ws_core::message::CloseFrame;
use ws_core::net::{Error, RecvHalf, SendHalf, WebSocket};
use ws_core::refusal::{Cause, Refusal};
use ws_server::{HandlerError, Session};

/// Sends every message back.
pub(crate) async fn echo(mut session: Session) -> Result<(), Error> {
    while let Some(message) = session.recv().await? {
        session.send(message).await?;
    }
    Ok(())
}

/// How a leg ended.
enum Ended {
    /// Its peer has closed it, with this.
    Closed(Option<CloseFrame>),
    /// It failed.
    Failed(Error),
    /// The other leg takes nothing more.
    Unwanted(Error),
}

/// Passes messages both ways until one side ends, and tells the other why.
///
/// A side that does not take its messages holds the other one up: nothing more is read than one message and what the
/// output queue of a socket takes.
pub(crate) async fn pump(session: Session, upstream: WebSocket) -> Result<(), HandlerError> {
    let Session { socket, .. } = session;
    let (mut from_client, mut to_client) = socket.split();
    let (mut from_upstream, mut to_upstream) = upstream.split();
    let (client_first, ended) = tokio::select! {
        ended = pass(&mut from_client, &mut to_upstream) => (true, ended),
        ended = pass(&mut from_upstream, &mut to_client) => (false, ended),
    };
    match (client_first, ended) {
        (true, Ended::Closed(frame)) => {
            to_upstream.start_close(frame.as_ref())?;
            finish(&mut from_upstream).await;
            Ok(())
        }
        // The session says the rest, and the upstream learns of it when its leg is dropped.
        (true, Ended::Failed(error)) | (false, Ended::Unwanted(error)) => Err(error.into()),
        (false, Ended::Closed(frame)) => {
            to_client.start_close(frame.as_ref())?;
            finish(&mut from_client).await;
            Ok(())
        }
        (false, Ended::Failed(error)) => Err(gone(&error).into()),
        // The upstream takes nothing more: what it said last tells why.
        (true, Ended::Unwanted(error)) => match last_words(&mut from_upstream, &mut to_client).await {
            Some(frame) => {
                to_client.start_close(frame.as_ref())?;
                finish(&mut from_client).await;
                Ok(())
            }
            None => Err(gone(&error).into()),
        },
    }
}

async fn pass(from: &mut RecvHalf, to: &mut SendHalf) -> Ended {
    loop {
        match from.recv().await {
            Ok(Some(message)) => {
                if let Err(error) = to.send(message).await {
                    return Ended::Unwanted(error);
                }
            }
            Ok(None) => return Ended::Closed(from.close_frame().cloned()),
            Err(error) => return Ended::Failed(error),
        }
    }
}

/// What the upstream still has to say after it stopped to listen, and its Close frame if it said one.
async fn last_words(from: &mut RecvHalf, to: &mut SendHalf) -> Option<Option<CloseFrame>> {
    loop {
        match from.recv().await {
            Ok(Some(message)) => to.send(message).await.ok()?,
            Ok(None) => return Some(from.close_frame().cloned()),
            Err(_) => return None,
        }
    }
}

/// Waits for the end of the closing handshake, which the socket bounds.
async fn finish(from: &mut RecvHalf) {
    while let Ok(Some(_)) = from.recv().await {}
}

/// Why the client's session ends when the upstream has gone.
fn gone(error: &Error) -> Refusal {
    let cause = match error {
        Error::PingTimeout | Error::WriteTimeout | Error::CloseTimeout => Cause::UpstreamTimeout,
        _ => Cause::UpstreamDown,
    };
    Refusal::new(cause).detail(error.to_string())
}
