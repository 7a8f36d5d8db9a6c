//! Runs a handler beside its socket, and ends the connection properly.

use std::{
    future::poll_fn,
    pin::{Pin, pin},
    sync::{Arc, Weak, atomic::Ordering::SeqCst},
};

use tokio::{io::AsyncReadExt, runtime::Handle, time::timeout};

use super::{
    Error, ReadSide,
    cork::Corked,
    outbox::{Outbox, When},
    pool,
    queue::Queue,
};
use crate::{
    connection::{SendError, encode_plain_text},
    message::{CloseCode, CloseFrame},
    refusal::Cause,
};

/// One who keeps the connection open. When the last is gone, the connection is closed in the background.
#[derive(Debug)]
pub(super) struct Holder(Arc<Outbox>);

impl Holder {
    pub(super) fn new(outbox: Arc<Outbox>) -> Self {
        outbox.holders.fetch_add(1, SeqCst);
        Self(outbox)
    }

    pub(super) const fn outbox(&self) -> &Arc<Outbox> {
        &self.0
    }
}

impl Drop for Holder {
    fn drop(&mut self) {
        if self.0.holders.fetch_sub(1, SeqCst) != 1 {
            return;
        }
        let Some(reader) = self.0.take_abandoned() else { return };
        // Outside of a runtime nothing can wait: the sockets are closed as they are.
        if let Ok(runtime) = Handle::try_current() {
            let outbox = self.0.clone();
            runtime.spawn(async move {
                let frame = if outbox.is_stalled() {
                    CloseFrame::new(CloseCode::POLICY_VIOLATION, Cause::SlowConsumer.code())
                } else if outbox.is_silent() {
                    CloseFrame::new(CloseCode::TIMEOUT, Cause::IdleTimeout.code())
                } else {
                    CloseFrame::new(CloseCode::GOING_AWAY, "")
                };
                // Without a masking key no Close frame can be sent; the stream's end will have to do.
                let _ = outbox.send_close(Some(&frame));
                linger(&outbox, reader).await;
            });
        }
    }
}

/// Runs the handler of a [`WebSocket`](super::WebSocket): what it sends leaves in one write after each
/// poll, and the connection ends with a Close frame however the handler ends.
///
/// ```
/// # use ws_core::{connection::Role, message::{CloseCode, CloseFrame}, net::{SocketConfig, WebSocket}};
/// # async fn session(stream: tokio::net::TcpStream) {
/// let mut ws = WebSocket::from_tcp(stream, SocketConfig::new(Role::Server), Default::default());
/// let driver = ws.driver();
/// let handler = Box::pin(async move {
///     while let Some(message) = ws.recv().await? {
///         ws.send(message).await?;
///     }
///     Ok::<(), ws_core::net::Error>(())
/// });
/// let result = driver.run(handler).await;
/// let code = if result.is_ok() { CloseCode::NORMAL } else { CloseCode::INTERNAL_ERROR };
/// driver.finish(&CloseFrame::new(code, "")).await;
/// # }
/// ```
#[derive(Debug)]
pub struct Driver {
    holder: Holder,
}

impl Driver {
    pub(super) const fn new(holder: Holder) -> Self {
        Self { holder }
    }

    /// Polls the handler to its end.
    ///
    /// # Cancel safety
    /// Dropping it drops the handler.
    pub async fn run<F: Future + Unpin>(&self, mut handler: F) -> F::Output {
        let outbox = self.holder.outbox();
        poll_fn(|cx| {
            let _corked = Corked::new(outbox);
            Pin::new(&mut handler).poll(cx)
        })
        .await
    }

    /// Begins the closing handshake beside the handler, whose `recv` ends when the peer has answered.
    /// Calling it again does nothing.
    ///
    /// # Errors
    /// [`SendError::Random`](crate::connection::SendError::Random) in [`Error::Send`] where a client gets
    /// no masking key.
    pub fn close(&self, frame: &CloseFrame) -> Result<(), Error> {
        Ok(self.holder.outbox().send_close(Some(frame))?)
    }

    /// Sends a text message from beside the handler, uncompressed. It does not wait for room.
    ///
    /// # Errors
    /// [`SendError::Closed`](crate::connection::SendError::Closed) in [`Error::Send`] after a Close frame, and
    /// [`SendError::Random`](crate::connection::SendError::Random) where a client gets no masking key.
    pub fn send_text(&self, text: &str) -> Result<(), Error> {
        send_text(self.holder.outbox(), text)
    }

    /// What can speak beside the handler as well, and does not keep the connection open.
    pub fn downgrade(&self) -> WeakDriver {
        WeakDriver { outbox: Arc::downgrade(self.holder.outbox()) }
    }

    /// As [`close`](Self::close), and throws away what the peer has sent and not been heard yet, and all that it still
    /// sends: the handler gets no further message.
    ///
    /// # Errors
    /// As [`close`](Self::close).
    pub fn dismiss(&self, frame: &CloseFrame) -> Result<(), Error> {
        self.holder.outbox().mute();
        self.close(frame)
    }

    /// The code of the Close frame that was sent: our own, or the peer's, which is repeated in the answer to it
    /// (RFC 6455 5.5.1); 1005 where it had none. `None`: no Close frame was sent yet.
    pub fn close_code(&self) -> Option<u16> {
        self.holder.outbox().close_code()
    }

    /// Ends the connection after the handler: sends what is left and, unless one was sent, a Close frame;
    /// then ends the stream, and waits for the peer's end for at most the close timeout.
    ///
    /// # Cancel safety
    /// Where it is dropped, what was sent still leaves; but the peer's end is not waited for, and what the
    /// peer has sent meanwhile may make the operating system reset the connection.
    pub async fn finish(self, frame: &CloseFrame) {
        let outbox = self.holder.outbox();
        if let Some(reader) = outbox.take_abandoned() {
            // Without a masking key no Close frame can be sent; the stream's end will have to do.
            let _ = outbox.send_close(Some(frame));
            linger(outbox, reader).await;
        } else {
            // The stream has ended already, or the handler gave its socket to somebody else.
            outbox.push_out();
        }
    }
}

/// Speaks beside those who use a connection, for as long as they keep it: this value does not. See
/// [`Driver::downgrade`].
///
/// ```
/// # use ws_core::net::{Error, WebSocket};
/// # async fn example(ws: WebSocket) -> Result<(), Error> {
/// let beside = ws.driver().downgrade();
/// beside.send_text("hello")?;
/// drop(ws);
/// # Ok(())
/// # }
/// ```
#[derive(Clone, Debug)]
pub struct WeakDriver {
    outbox: Weak<Outbox>,
}

impl WeakDriver {
    /// As [`Driver::send_text`].
    ///
    /// # Errors
    /// As [`Driver::send_text`]; a connection that nobody holds any more is closed.
    pub fn send_text(&self, text: &str) -> Result<(), Error> {
        match self.outbox.upgrade() {
            Some(outbox) if outbox.holders.load(SeqCst) > 0 => send_text(&outbox, text),
            _ => Err(SendError::Closed.into()),
        }
    }
}

fn send_text(outbox: &Arc<Outbox>, text: &str) -> Result<(), Error> {
    let role = outbox.config.role;
    let encode = |queue: &mut Queue| encode_plain_text(role, text, queue.tail());
    Ok(outbox.append::<SendError>(|| When::Now, encode)?)
}

/// Ends our direction and reads to the end of the peer's: bytes left unread would make the operating
/// system reset the connection, and the Close frame with it.
async fn linger(outbox: &Arc<Outbox>, mut reader: ReadSide) {
    outbox.shut_down();
    let drained = async {
        let mut left = LINGER_BYTES;
        loop {
            // No buffer is held while waiting: a server that shuts down has many of these.
            let read = poll_fn(|cx| {
                let mut buffer = pool::take();
                let read = pin!(reader.read_buf(&mut buffer)).poll(cx);
                pool::give(buffer);
                read
            });
            match read.await {
                Ok(count @ 1..) if count < left => left -= count,
                _ => return,
            }
        }
    };
    // The time is up or the peer has ended: either way the stream is dropped now.
    let _ = timeout(outbox.config.close_timeout, drained).await;
}

/// How much of a closed connection is read and thrown away.
const LINGER_BYTES: usize = 1 << 20;
