//! A pipe with two ends that can be cut or fall silent.

use std::io;
use std::pin::Pin;
use std::sync::{Arc, Mutex, PoisonError};
use std::task::{Context, Poll, Waker};

use tokio::io::{AsyncRead, AsyncWrite, DuplexStream, ReadBuf};

/// Bytes that are on their way in each direction before a writer has to wait, as a kernel would keep them.
const BUFFER: usize = 64 * 1024;

/// One connection in memory, as the network sees it. Clones are the same connection.
#[derive(Clone, Debug, Default)]
pub struct Link(Arc<Mutex<State>>);

#[derive(Debug, Default)]
struct State {
    condition: Condition,
    /// The tasks that wait at one of the ends: reading and writing, at the client's and at the server's.
    waiting: [Option<Waker>; 4],
}

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
enum Condition {
    #[default]
    Good,
    Silent,
    Cut,
}

impl Link {
    /// Two ends, and what connects them.
    pub(super) fn open() -> (End, End, Self) {
        let (client, server) = tokio::io::duplex(BUFFER);
        let link = Self::default();
        let end = |stream, place| End { stream, link: link.clone(), place };
        (end(client, 0), end(server, 2), link)
    }

    /// The connection is lost: what was written is still read, then both ends get a connection reset, as after a TCP
    /// RST. There is no way back.
    pub fn cut(&self) {
        self.set(Condition::Cut);
    }

    /// Nothing arrives any more in either direction, and neither side is told: the network is gone. What is written
    /// waits, up to 64 KiB.
    pub fn silence(&self) {
        self.set(Condition::Silent);
    }

    /// Ends the silence: what was written meanwhile arrives. A connection that was cut stays so.
    pub fn restore(&self) {
        self.set(Condition::Good);
    }

    pub(super) fn downgrade(&self) -> WeakLink {
        WeakLink(Arc::downgrade(&self.0))
    }

    fn set(&self, condition: Condition) {
        let woken = {
            let mut state = self.lock();
            if state.condition != Condition::Cut {
                state.condition = condition;
            }
            std::mem::take(&mut state.waiting)
        };
        woken.into_iter().flatten().for_each(Waker::wake);
    }

    /// How the connection is; who asks is woken when that changes.
    fn condition(&self, place: usize, cx: &Context<'_>) -> Condition {
        let mut state = self.lock();
        if let Some(waiting) = state.waiting.get_mut(place)
            && !waiting.as_ref().is_some_and(|waker| waker.will_wake(cx.waker()))
        {
            *waiting = Some(cx.waker().clone());
        }
        state.condition
    }

    fn lock(&self) -> std::sync::MutexGuard<'_, State> {
        // Nothing panics while it is held.
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// A connection that ends when its ends are gone.
#[derive(Debug)]
pub(super) struct WeakLink(std::sync::Weak<Mutex<State>>);

impl WeakLink {
    pub(super) fn upgrade(&self) -> Option<Link> {
        self.0.upgrade().map(Link)
    }
}

/// One end of a connection.
#[derive(Debug)]
pub(super) struct End {
    stream: DuplexStream,
    link: Link,
    /// Where its reader stands among those who wait; its writer is the next.
    place: usize,
}

impl End {
    pub(super) fn link(&self) -> &Link {
        &self.link
    }
}

impl AsyncRead for End {
    fn poll_read(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        let end = self.get_mut();
        match end.link.condition(end.place, cx) {
            Condition::Good => Pin::new(&mut end.stream).poll_read(cx, buffer),
            Condition::Silent => Poll::Pending,
            Condition::Cut => {
                let filled = buffer.filled().len();
                match Pin::new(&mut end.stream).poll_read(cx, buffer) {
                    Poll::Ready(Ok(())) if buffer.filled().len() > filled => Poll::Ready(Ok(())),
                    _ => Poll::Ready(Err(reset())),
                }
            }
        }
    }
}

impl AsyncWrite for End {
    fn poll_write(self: Pin<&mut Self>, cx: &mut Context<'_>, bytes: &[u8]) -> Poll<io::Result<usize>> {
        let end = self.get_mut();
        match end.link.condition(end.place + 1, cx) {
            Condition::Good | Condition::Silent => Pin::new(&mut end.stream).poll_write(cx, bytes),
            Condition::Cut => Poll::Ready(Err(reset())),
        }
    }

    fn poll_flush(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.get_mut().stream).poll_flush(cx)
    }

    fn poll_shutdown(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.get_mut().stream).poll_shutdown(cx)
    }
}

fn reset() -> io::Error {
    io::ErrorKind::ConnectionReset.into()
}
