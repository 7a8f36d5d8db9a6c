//! Everything on its way to the peer, and the one place that writes.
//!
//! Whoever has bytes hands them in and tries to write them at once. What the socket does not take is
//! left to a task that waits for the socket; only this task ever waits for it, so that no two wakers
//! compete, and it gives the connection up when the peer takes nothing for too long.

use std::{
    future::poll_fn,
    io::{self, IoSlice},
    pin::Pin,
    sync::{
        Arc, Mutex, MutexGuard, PoisonError,
        atomic::{AtomicBool, AtomicUsize, Ordering::Relaxed, Ordering::SeqCst},
    },
    task::{Context, Poll, Waker, ready},
};

use bytes::BytesMut;
use tokio::{io::AsyncWrite, runtime::Handle, time::timeout};

use super::{Error, ReadSide, SocketConfig, WriteSide, cork, queue::Queue};
use crate::{
    connection::{Role, SendError, encode_control},
    frame::OpCode,
    message::CloseFrame,
};

/// The shared half of a socket: what its halves, its driver and the flushing task have in common.
#[derive(Debug)]
pub(super) struct Outbox {
    state: Mutex<State>,
    /// Bytes that wait for the socket; a copy of what `state` knows, to be read without the lock.
    backlog: AtomicUsize,
    close_sent: AtomicBool,
    /// A whole message lies unread in the receiving half: its answer is worth waiting for.
    unread: AtomicBool,
    /// Halves and drivers that are alive.
    pub(super) holders: AtomicUsize,
    pub(super) config: Arc<SocketConfig>,
}

#[derive(Debug)]
struct State {
    writer: WriteSide,
    queue: Queue,
    flusher: Flusher,
    /// Tasks that wait for room, or for everything to be written.
    waiters: Vec<Waker>,
    failure: Option<Failure>,
    shutdown: Shutdown,
    /// The reading side of a socket whose receiving half is gone before its connection.
    abandoned: Option<ReadSide>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Flusher {
    None,
    /// It will run when the current task yields; until then others may write.
    Scheduled,
    /// It waits for the socket.
    Waiting,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Shutdown {
    No,
    /// Once everything is written.
    Wanted,
    Done,
}

#[derive(Clone, Copy, Debug)]
enum Failure {
    Io(io::ErrorKind),
    Timeout,
}

impl Outbox {
    pub(super) fn new(writer: WriteSide, config: Arc<SocketConfig>) -> Arc<Self> {
        let state = State {
            writer,
            queue: Queue::new(),
            flusher: Flusher::None,
            waiters: Vec::new(),
            failure: None,
            shutdown: Shutdown::No,
            abandoned: None,
        };
        Arc::new(Self {
            state: Mutex::new(state),
            backlog: AtomicUsize::new(0),
            close_sent: AtomicBool::new(false),
            unread: AtomicBool::new(false),
            holders: AtomicUsize::new(0),
            config,
        })
    }

    pub(super) fn close_sent(&self) -> bool {
        self.close_sent.load(Relaxed)
    }

    pub(super) fn unread(&self) -> bool {
        self.unread.load(Relaxed)
    }

    pub(super) fn set_unread(&self, unread: bool) {
        self.unread.store(unread, Relaxed);
    }

    /// Hands frames in: to the cork where there is one, else to the queue, to be written as `when` says.
    #[inline]
    pub(super) fn append<E>(
        self: &Arc<Self>,
        when: impl FnOnce() -> When,
        encode: impl FnOnce(&mut Queue) -> Result<(), E>,
    ) -> Result<(), E> {
        let mut encode = Some(encode);
        let corked = cork::with(self, |queue| {
            let result = encode.take().map_or(Ok(()), |encode| encode(queue));
            // Much has gathered: it leaves now, before the buffer would have to grow.
            let full = (queue.len() >= FULL).then(|| std::mem::take(queue));
            (result, full)
        });
        if let Some((result, full)) = corked {
            if let Some(queue) = full {
                self.submit(queue);
            }
            return result;
        }
        let mut state = self.lock();
        let result = encode.take().map_or(Ok(()), |encode| encode(&mut state.queue));
        match when() {
            When::Now => self.try_write(&mut state),
            When::Soon => self.schedule(&mut state),
            When::Flushed if state.queue.len() >= FULL => self.try_write(&mut state),
            When::Flushed => {}
        }
        self.note_backlog(&state);
        result
    }

    /// Takes what a cork has gathered, and writes.
    pub(super) fn submit(self: &Arc<Self>, queue: Queue) {
        let mut state = self.lock();
        state.queue.append(queue);
        self.try_write(&mut state);
        self.note_backlog(&state);
    }

    /// Writes whatever has been sent and not written yet.
    #[inline]
    pub(super) fn push_out(self: &Arc<Self>) {
        if let Some(queue) = cork::take(self) {
            self.submit(queue);
        } else if self.backlog.load(Relaxed) > 0 {
            self.submit(Queue::new());
        }
    }

    /// Sends a Close frame, unless one was sent already.
    pub(super) fn send_close(self: &Arc<Self>, frame: Option<&CloseFrame>) -> Result<(), SendError> {
        if self.close_sent.swap(true, SeqCst) {
            return Ok(());
        }
        let mut payload = BytesMut::new();
        if let Some(frame) = frame {
            frame.encode(&mut payload);
        }
        self.send_control(OpCode::Close, &payload, || When::Now)
    }

    pub(super) fn send_control(
        self: &Arc<Self>,
        opcode: OpCode,
        payload: &[u8],
        when: impl FnOnce() -> When,
    ) -> Result<(), SendError> {
        let role: Role = self.config.role;
        self.append(when, |queue| encode_control(role, opcode, payload, queue.tail()))
    }

    /// Ready when there is room for more.
    #[inline]
    pub(super) fn poll_room(self: &Arc<Self>, cx: &mut Context<'_>) -> Poll<Result<(), Error>> {
        // A failed connection counts as full, so that one load tells both.
        if self.backlog.load(Relaxed) <= self.config.limits.output {
            return Poll::Ready(Ok(()));
        }
        let mut state = self.lock();
        self.try_write(&mut state);
        self.note_backlog(&state);
        if let Some(failure) = state.failure {
            return Poll::Ready(Err(failure.into()));
        }
        if state.queue.len() <= self.config.limits.output {
            return Poll::Ready(Ok(()));
        }
        state.wait(cx);
        Poll::Pending
    }

    /// Ready when everything that was sent has been written.
    pub(super) fn poll_flush(self: &Arc<Self>, cx: &mut Context<'_>) -> Poll<Result<(), Error>> {
        self.push_out();
        let mut state = self.lock();
        if let Some(failure) = state.failure {
            return Poll::Ready(Err(failure.into()));
        }
        if state.queue.is_empty() {
            return Poll::Ready(Ok(()));
        }
        state.wait(cx);
        Poll::Pending
    }

    /// Ends our direction of the stream once everything is written.
    pub(super) fn shut_down(self: &Arc<Self>) {
        self.push_out();
        let mut state = self.lock();
        if state.shutdown == Shutdown::No {
            state.shutdown = Shutdown::Wanted;
            self.try_write(&mut state);
        }
        self.note_backlog(&state);
    }

    /// Keeps the reading side until the connection has ended.
    pub(super) fn abandon(&self, reader: ReadSide) {
        self.lock().abandoned = Some(reader);
    }

    pub(super) fn take_abandoned(&self) -> Option<ReadSide> {
        self.lock().abandoned.take()
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Writes as much as the socket takes, and leaves the rest to the flushing task.
    fn try_write(self: &Arc<Self>, state: &mut State) {
        if state.flusher == Flusher::Waiting {
            return;
        }
        let written = state.poll_write(&mut Context::from_waker(Waker::noop()));
        match written {
            Poll::Ready(Ok(())) => state.wake_all(),
            Poll::Ready(Err(error)) => state.fail(Failure::Io(error.kind())),
            Poll::Pending => self.schedule(state),
        }
    }

    /// Has the queue written when the current task yields.
    fn schedule(self: &Arc<Self>, state: &mut State) {
        if state.flusher != Flusher::None || state.failure.is_some() {
            return;
        }
        let Ok(runtime) = Handle::try_current() else {
            // Without a runtime nothing can wait for the socket.
            state.fail(Failure::Io(io::ErrorKind::NotConnected));
            return;
        };
        state.flusher = Flusher::Scheduled;
        runtime.spawn(flush(self.clone()));
    }

    #[inline]
    fn note_backlog(&self, state: &State) {
        let backlog = if state.failure.is_some() { usize::MAX } else { state.queue.len() };
        self.backlog.store(backlog, Relaxed);
    }
}

/// Gathered bytes leave without waiting for more: a payload that is copied still fits behind them.
const FULL: usize = super::pool::BUFFER - crate::connection::DIRECT_PAYLOAD - 64;

/// When what is appended is written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum When {
    /// At once.
    Now,
    /// When the task yields, at the latest.
    Soon,
    /// When it is flushed, or much has gathered.
    Flushed,
}

/// The flushing task: waits for the socket until everything is written.
async fn flush(outbox: Arc<Outbox>) {
    loop {
        let mut before = None;
        let step = poll_fn(|cx| {
            let mut state = outbox.lock();
            let start = *before.get_or_insert(state.queue.len());
            let written = state.poll_write(cx);
            let step = match written {
                Poll::Ready(Ok(())) => Poll::Ready(true),
                Poll::Ready(Err(error)) => {
                    state.fail(Failure::Io(error.kind()));
                    Poll::Ready(true)
                }
                Poll::Pending => {
                    state.flusher = Flusher::Waiting;
                    // Some was written: the time that the peer has begins anew.
                    if state.queue.len() < start { Poll::Ready(false) } else { Poll::Pending }
                }
            };
            if step == Poll::Ready(true) {
                state.flusher = Flusher::None;
            }
            if step.is_ready() {
                state.wake_all();
            }
            outbox.note_backlog(&state);
            step
        });
        match timeout(outbox.config.write_timeout, step).await {
            Ok(true) => return,
            Ok(false) => {}
            Err(_) => {
                let mut state = outbox.lock();
                state.flusher = Flusher::None;
                state.fail(Failure::Timeout);
                outbox.note_backlog(&state);
                return;
            }
        }
    }
}

impl State {
    /// Ready when the queue is empty, and shut down where that is wanted.
    fn poll_write(&mut self, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        if self.failure.is_some() {
            return Poll::Ready(Ok(()));
        }
        let mut wrote = false;
        while !self.queue.is_empty() {
            let writer = Pin::new(&mut self.writer);
            let written = if let Some(bytes) = self.queue.single() {
                ready!(writer.poll_write(cx, bytes))?
            } else {
                let mut slices = [IoSlice::new(&[]); 16];
                let used = self.queue.slices(&mut slices);
                ready!(writer.poll_write_vectored(cx, &slices[..used]))?
            };
            if written == 0 {
                return Poll::Ready(Err(io::ErrorKind::WriteZero.into()));
            }
            wrote = true;
            self.queue.advance(written);
        }
        // TCP has nothing to flush; a TLS stream may hold what was written.
        if wrote || matches!(self.writer, WriteSide::Other(_)) {
            ready!(Pin::new(&mut self.writer).poll_flush(cx))?;
        }
        if self.shutdown == Shutdown::Wanted {
            // The peer may be gone already: then there is nothing to end.
            let _ = ready!(Pin::new(&mut self.writer).poll_shutdown(cx));
            self.shutdown = Shutdown::Done;
        }
        Poll::Ready(Ok(()))
    }

    fn fail(&mut self, failure: Failure) {
        self.failure = Some(failure);
        self.queue = Queue::new();
        self.wake_all();
    }

    fn wait(&mut self, cx: &Context<'_>) {
        if !self.waiters.iter().any(|waiter| waiter.will_wake(cx.waker())) {
            self.waiters.push(cx.waker().clone());
        }
    }

    #[inline]
    fn wake_all(&mut self) {
        if self.waiters.is_empty() {
            return;
        }
        for waiter in std::mem::take(&mut self.waiters) {
            waiter.wake();
        }
    }
}

impl From<Failure> for Error {
    fn from(failure: Failure) -> Self {
        match failure {
            Failure::Io(kind) => Self::Io(kind.into()),
            Failure::Timeout => Self::WriteTimeout,
        }
    }
}
