//! The writing side of a socket: what is queued, how far it is, and who waits for it.

use std::{
    io::{self, IoSlice},
    pin::Pin,
    task::{Context, Poll, Waker, ready},
};

use tokio::{io::AsyncWrite, task::AbortHandle};

use super::{Error, WriteSide, queue::Queue};

/// What an [`Outbox`](super::outbox::Outbox) keeps under its lock.
#[derive(Debug)]
pub(super) struct Writer {
    side: WriteSide,
    queue: Queue,
    /// Frames that follow those which a cork of another task still holds.
    behind: Option<Box<Queue>>,
    /// Bytes were written that the stream may still hold.
    unflushed: bool,
    /// The stream took something in the last [`poll_write`](Self::poll_write).
    pub(super) progress: bool,
    pub(super) flusher: Option<Flusher>,
    pub(super) failure: Option<Failure>,
    pub(super) shutdown: Shutdown,
    /// The Close frame is among what was queued: nothing may follow it.
    pub(super) closed: bool,
    /// Tasks that wait for room, or for everything to be written.
    waiters: Vec<Waker>,
    /// The task that receives; it is woken when the connection fails or begins to close.
    pub(super) reader: Option<Waker>,
}

/// The task that waits for the socket; it may be gone with its runtime.
#[derive(Debug)]
pub(super) struct Flusher {
    pub(super) task: AbortHandle,
    /// It waits for the socket. Before that it is to run when the current task yields, and others may write.
    pub(super) waits: bool,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Shutdown {
    No,
    /// Once everything is written.
    Wanted,
    Done,
}

#[derive(Clone, Copy, Debug)]
pub(super) enum Failure {
    Io(io::ErrorKind),
    Timeout,
    /// The peer took nothing for too long. What is queued may still leave, and a Close frame behind it.
    Stalled,
}

impl Writer {
    pub(super) fn new(side: WriteSide) -> Self {
        Self {
            side,
            queue: Queue::new(),
            behind: None,
            unflushed: false,
            progress: false,
            flusher: None,
            failure: None,
            shutdown: Shutdown::No,
            closed: false,
            waiters: Vec::new(),
            reader: None,
        }
    }

    /// Bytes that are queued.
    #[inline]
    pub(super) fn len(&self) -> usize {
        self.queue.len() + self.behind.as_ref().map_or(0, |behind| behind.len())
    }

    /// Whether the stream has taken and passed on all that was queued.
    pub(super) fn is_flushed(&self) -> bool {
        self.len() == 0 && !self.unflushed
    }

    /// Whether a task will write what is queued.
    pub(super) fn has_flusher(&self) -> bool {
        self.flusher.as_ref().is_some_and(|flusher| !flusher.task.is_finished())
    }

    /// Whether a task waits for the socket, so that nobody else may.
    pub(super) fn flusher_waits(&self) -> bool {
        self.flusher.as_ref().is_some_and(|flusher| flusher.waits && !flusher.task.is_finished())
    }

    /// Where further frames go; `corked` where a cork holds some that come first.
    #[inline]
    pub(super) fn target(&mut self, corked: bool) -> &mut Queue {
        if corked { self.behind.get_or_insert_default() } else { &mut self.queue }
    }

    /// Takes what a cork had gathered; with the `last` cork what came behind it follows.
    #[inline]
    pub(super) fn uncork(&mut self, gathered: Queue, last: bool) {
        if self.is_dead() {
            return;
        }
        // RFC 6455 5.5.1: nothing follows a Close frame. One that was sent while the cork held something
        // stands behind it; where none does, the cork began to gather after the Close frame.
        if !self.closed || self.behind.is_some() {
            self.queue.append(gathered);
        }
        if let Some(behind) = self.behind.take_if(|_| last) {
            self.queue.append(*behind);
        }
    }

    /// Ready when the queue is empty and flushed, and shut down where that is wanted.
    pub(super) fn poll_write(&mut self, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        self.progress = false;
        if self.is_dead() {
            return Poll::Ready(Ok(()));
        }
        while !self.queue.is_empty() {
            let side = Pin::new(&mut self.side);
            let written = if let Some(bytes) = self.queue.single() {
                ready!(side.poll_write(cx, bytes))?
            } else {
                let mut slices = [IoSlice::new(&[]); 16];
                let used = self.queue.slices(&mut slices);
                ready!(side.poll_write_vectored(cx, &slices[..used]))?
            };
            if written == 0 {
                return Poll::Ready(Err(io::ErrorKind::WriteZero.into()));
            }
            (self.unflushed, self.progress) = (true, true);
            self.queue.advance(written);
        }
        // TCP has nothing to flush; a TLS stream may hold what was written.
        if self.unflushed {
            ready!(Pin::new(&mut self.side).poll_flush(cx))?;
            self.unflushed = false;
        }
        if self.shutdown == Shutdown::Wanted && self.behind.is_none() {
            // The peer may be gone already: then there is nothing to end.
            let _ = ready!(Pin::new(&mut self.side).poll_shutdown(cx));
            self.shutdown = Shutdown::Done;
        }
        Poll::Ready(Ok(()))
    }

    /// Whether nothing leaves any more.
    pub(super) const fn is_dead(&self) -> bool {
        matches!(self.failure, Some(Failure::Io(_) | Failure::Timeout))
    }

    pub(super) fn fail(&mut self, failure: Failure) {
        self.failure = Some(failure);
        if self.is_dead() {
            (self.queue, self.behind) = (Queue::new(), None);
        }
        self.wake_all();
        self.wake_reader();
    }

    pub(super) fn wait(&mut self, cx: &Context<'_>) {
        if !self.waiters.iter().any(|waiter| waiter.will_wake(cx.waker())) {
            self.waiters.push(cx.waker().clone());
        }
    }

    #[inline]
    pub(super) fn wake_all(&mut self) {
        if self.waiters.is_empty() {
            return;
        }
        for waiter in std::mem::take(&mut self.waiters) {
            waiter.wake();
        }
    }

    pub(super) fn wake_reader(&self) {
        if let Some(reader) = &self.reader {
            reader.wake_by_ref();
        }
    }
}

impl From<Failure> for Error {
    fn from(failure: Failure) -> Self {
        match failure {
            Failure::Io(kind) => Self::Io(kind.into()),
            Failure::Timeout | Failure::Stalled => Self::WriteTimeout,
        }
    }
}
