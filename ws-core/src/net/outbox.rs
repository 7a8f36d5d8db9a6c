//! Everything on its way to the peer, and the one place that writes.
//!
//! Whoever has bytes hands them in and tries to write them at once. What the socket does not take is
//! left to a task that waits for the socket; only this task ever waits for it, so that no two wakers
//! compete, and it gives the connection up when the peer takes nothing for too long.

use std::{
    future::poll_fn,
    io,
    sync::{
        Arc, Mutex, MutexGuard, PoisonError,
        atomic::{AtomicBool, AtomicU16, AtomicUsize, Ordering::Relaxed, Ordering::SeqCst},
    },
    task::{Context, Poll, Waker},
};

use bytes::BytesMut;
use tokio::{runtime::Handle, time::Instant, time::timeout};

use super::{
    Error, ReadSide, SocketConfig, WriteSide, cork,
    queue::Queue,
    writer::{Failure, Flusher, Shutdown, Writer},
};
use crate::{
    connection::{Role, SendError, encode_control},
    frame::OpCode,
    message::CloseFrame,
};

/// The shared half of a socket: what its halves, its driver and the flushing task have in common.
#[derive(Debug)]
pub(super) struct Outbox {
    writer: Mutex<Writer>,
    /// Bytes that wait for the socket; a copy of what `writer` knows, to be read without the lock.
    backlog: AtomicUsize,
    /// Corks that hold frames. What is sent elsewhere meanwhile has to wait behind them.
    corks: AtomicUsize,
    /// Something waits behind them; what is sent after it does so too.
    behind: AtomicBool,
    /// The code of the Close frame that was sent, 1005 for one without a code; zero as long as none was.
    close_sent: AtomicU16,
    /// A whole message lies unread in the receiving half: its answer is worth waiting for.
    unread: AtomicBool,
    /// The peer has not answered a ping in time.
    silent: AtomicBool,
    /// What the peer says does not count any more.
    muted: AtomicBool,
    /// Halves and drivers that are alive.
    pub(super) holders: AtomicUsize,
    /// The reading side of a socket whose receiving half is gone before its connection.
    abandoned: Mutex<Option<ReadSide>>,
    pub(super) config: Arc<SocketConfig>,
}

impl Outbox {
    pub(super) fn new(side: WriteSide, config: Arc<SocketConfig>) -> Arc<Self> {
        Arc::new(Self {
            writer: Mutex::new(Writer::new(side)),
            backlog: AtomicUsize::new(0),
            corks: AtomicUsize::new(0),
            behind: AtomicBool::new(false),
            close_sent: AtomicU16::new(0),
            unread: AtomicBool::new(false),
            silent: AtomicBool::new(false),
            muted: AtomicBool::new(false),
            holders: AtomicUsize::new(0),
            abandoned: Mutex::new(None),
            config,
        })
    }

    pub(super) fn close_sent(&self) -> bool {
        self.close_code().is_some()
    }

    pub(super) fn close_code(&self) -> Option<u16> {
        Some(self.close_sent.load(Relaxed)).filter(|code| *code != 0)
    }

    pub(super) fn unread(&self) -> bool {
        self.unread.load(Relaxed)
    }

    pub(super) fn set_unread(&self, unread: bool) {
        self.unread.store(unread, Relaxed);
    }

    pub(super) fn is_silent(&self) -> bool {
        self.silent.load(Relaxed)
    }

    /// Whether the peer took nothing for too long.
    pub(super) fn is_stalled(&self) -> bool {
        matches!(self.lock().failure, Some(Failure::Stalled))
    }

    pub(super) fn set_silent(&self) {
        self.silent.store(true, Relaxed);
    }

    #[inline]
    pub(super) fn is_muted(&self) -> bool {
        self.muted.load(Relaxed)
    }

    pub(super) fn mute(&self) {
        self.muted.store(true, Relaxed);
    }

    /// Whether a connection that has not failed waits for the socket.
    pub(super) fn has_backlog(&self) -> bool {
        (1..usize::MAX).contains(&self.backlog.load(Relaxed))
    }

    /// Hands frames in: to the cork where there is one, else to the queue, to be written as `when` says.
    /// A connection that has failed takes nothing, which [`poll_room`](Self::poll_room) tells.
    ///
    /// # Errors
    /// [`SendError::Closed`] behind a Close frame, and what `encode` tells.
    #[inline]
    pub(super) fn append<E: From<SendError>>(
        self: &Arc<Self>,
        when: impl FnOnce() -> When,
        encode: impl FnOnce(&mut Queue) -> Result<(), E>,
    ) -> Result<(), E> {
        let mut encode = Some(encode);
        let corked = cork::with(self, |queue| {
            // At most one cork gathers, and nothing once something waits behind it: the order is kept.
            let begins = queue.is_empty();
            if self.behind.load(SeqCst) || begins && self.is_corked() {
                return None;
            }
            let result = encode.take().map_or(Ok(()), |encode| encode(queue));
            if begins && !queue.is_empty() {
                self.corks.fetch_add(1, SeqCst);
            }
            // Much has gathered: it leaves now, before the buffer would have to grow.
            let full = (queue.len() >= FULL).then(|| std::mem::take(queue));
            Some((result, full))
        });
        if let Some((result, full)) = corked.flatten() {
            if let Some(queue) = full {
                self.uncork(queue);
            }
            return result;
        }
        let mut writer = self.lock();
        if writer.failure.is_some() {
            return Ok(());
        }
        if writer.closed {
            return Err(SendError::Closed.into());
        }
        let corked = self.is_corked();
        let result = encode.take().map_or(Ok(()), |encode| encode(writer.target(corked)));
        match when() {
            // The cork has it written.
            _ if corked => self.behind.store(true, SeqCst),
            When::Now => self.try_write(&mut writer),
            When::Soon => self.schedule(&mut writer),
            When::Flushed if writer.len() >= FULL => self.try_write(&mut writer),
            When::Flushed => {}
        }
        self.note_backlog(&writer);
        result
    }

    /// Writes what a cork has gathered; it is not empty.
    pub(super) fn uncork(self: &Arc<Self>, gathered: Queue) {
        let mut writer = self.lock();
        self.gather(&mut writer, gathered);
        self.try_write(&mut writer);
        self.note_backlog(&writer);
    }

    /// Writes whatever has been sent and not written yet.
    #[inline]
    pub(super) fn push_out(self: &Arc<Self>) {
        if let Some(gathered) = cork::take(self) {
            self.uncork(gathered);
        } else if self.backlog.load(Relaxed) > 0 {
            let mut writer = self.lock();
            self.try_write(&mut writer);
            self.note_backlog(&writer);
        }
    }

    /// Sends a Close frame, unless one was sent already.
    pub(super) fn send_close(self: &Arc<Self>, frame: Option<&CloseFrame>) -> Result<(), SendError> {
        // RFC 6455 7.1.5: a Close frame without a code counts as 1005.
        let code = frame.map_or(1005, |frame| frame.code.get());
        if self.close_sent.compare_exchange(0, code, SeqCst, SeqCst).is_err() {
            return Ok(());
        }
        let mut payload = BytesMut::new();
        if let Some(frame) = frame {
            frame.encode(&mut payload);
        }
        let mut writer = self.lock();
        if let Some(gathered) = cork::take(self) {
            self.gather(&mut writer, gathered);
        }
        // The receiving half has to begin to wait for the answer.
        writer.wake_reader();
        if writer.is_dead() {
            return Ok(());
        }
        // RFC 6455 5.5.1: from here on nothing is queued any more, whoever still tries.
        writer.closed = true;
        let corked = self.is_corked();
        let result = encode_control(self.config.role, OpCode::Close, &payload, writer.target(corked).tail());
        if !corked {
            self.try_write(&mut writer);
        }
        self.note_backlog(&writer);
        result
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
        if self.backlog.load(Relaxed) <= self.config.limits.output.min(usize::MAX - 1) {
            return Poll::Ready(Ok(()));
        }
        let mut writer = self.lock();
        self.try_write(&mut writer);
        self.note_backlog(&writer);
        if let Some(failure) = writer.failure {
            return Poll::Ready(Err(failure.into()));
        }
        if writer.len() <= self.config.limits.output {
            return Poll::Ready(Ok(()));
        }
        writer.wait(cx);
        Poll::Pending
    }

    /// Ready when everything that was sent has been written.
    pub(super) fn poll_flush(self: &Arc<Self>, cx: &mut Context<'_>) -> Poll<Result<(), Error>> {
        self.push_out();
        let mut writer = self.lock();
        if let Some(failure) = writer.failure {
            return Poll::Ready(Err(failure.into()));
        }
        if writer.is_flushed() && !self.is_corked() {
            return Poll::Ready(Ok(()));
        }
        writer.wait(cx);
        Poll::Pending
    }

    /// Ends our direction of the stream once everything is written.
    pub(super) fn shut_down(self: &Arc<Self>) {
        self.push_out();
        let mut writer = self.lock();
        if writer.shutdown == Shutdown::No {
            writer.shutdown = Shutdown::Wanted;
            self.try_write(&mut writer);
        }
        self.note_backlog(&writer);
    }

    /// Keeps the reading side until the connection has ended.
    pub(super) fn abandon(&self, reader: ReadSide) {
        *self.abandoned.lock().unwrap_or_else(PoisonError::into_inner) = Some(reader);
    }

    pub(super) fn take_abandoned(&self) -> Option<ReadSide> {
        self.abandoned.lock().unwrap_or_else(PoisonError::into_inner).take()
    }

    /// The task that receives is to be woken when the connection fails or begins to close.
    pub(super) fn set_reader(&self, waker: Waker) {
        self.lock().reader = Some(waker);
    }

    fn lock(&self) -> MutexGuard<'_, Writer> {
        self.writer.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn is_corked(&self) -> bool {
        self.corks.load(SeqCst) > 0
    }

    fn gather(&self, writer: &mut Writer, gathered: Queue) {
        let last = self.corks.fetch_sub(1, SeqCst) == 1;
        if last {
            self.behind.store(false, SeqCst);
        }
        writer.uncork(gathered, last);
    }

    /// Writes as much as the socket takes, and leaves the rest to the flushing task.
    fn try_write(self: &Arc<Self>, writer: &mut Writer) {
        if writer.flusher_waits() {
            return;
        }
        let written = writer.poll_write(&mut Context::from_waker(Waker::noop()));
        match written {
            Poll::Ready(Ok(())) => writer.wake_all(),
            Poll::Ready(Err(error)) => writer.fail(Failure::Io(error.kind())),
            Poll::Pending => self.schedule(writer),
        }
    }

    /// Has the queue written when the current task yields.
    fn schedule(self: &Arc<Self>, writer: &mut Writer) {
        if writer.has_flusher() || writer.is_dead() {
            return;
        }
        let Ok(runtime) = Handle::try_current() else {
            // Without a runtime nothing can wait for the socket.
            writer.fail(Failure::Io(io::ErrorKind::NotConnected));
            return;
        };
        let task = runtime.spawn(flush(self.clone())).abort_handle();
        writer.flusher = Some(Flusher { task, waits: false });
    }

    #[inline]
    fn note_backlog(&self, writer: &Writer) {
        let backlog = if writer.failure.is_some() { usize::MAX } else { writer.len() };
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

/// The flushing task: waits for the socket until everything is written. The peer may take its time as long
/// as it takes something; what is left at the end of the connection has the write timeout as a whole. A peer that
/// took nothing for too long has the close timeout to learn so.
async fn flush(outbox: Arc<Outbox>) {
    let (mut ending, mut stalled): (Option<Instant>, bool) = (None, false);
    loop {
        let step = poll_fn(|cx| {
            let mut writer = outbox.lock();
            let written = writer.poll_write(cx);
            let step = match written {
                Poll::Ready(Ok(())) => Poll::Ready(true),
                Poll::Ready(Err(error)) => {
                    writer.fail(Failure::Io(error.kind()));
                    Poll::Ready(true)
                }
                Poll::Pending => {
                    if let Some(flusher) = &mut writer.flusher {
                        flusher.waits = true;
                    }
                    // Some was written: the time that the peer has begins anew.
                    if writer.progress { Poll::Ready(false) } else { Poll::Pending }
                }
            };
            if step == Poll::Ready(true) {
                writer.flusher = None;
            }
            if step.is_ready() {
                writer.wake_all();
            }
            outbox.note_backlog(&writer);
            step
        });
        let limit = if stalled { outbox.config.close_timeout } else { outbox.config.write_timeout };
        let limit = ending.map_or(limit, |start| limit.saturating_sub(start.elapsed()));
        match timeout(limit, step).await {
            Ok(true) => return,
            Ok(false) => {
                if ending.is_none() && outbox.lock().shutdown == Shutdown::Wanted {
                    ending = Some(Instant::now());
                }
            }
            Err(_) => {
                let mut writer = outbox.lock();
                // Whoever was told why already is waited for no longer.
                if !stalled && !writer.closed {
                    writer.fail(Failure::Stalled);
                    outbox.note_backlog(&writer);
                    (ending, stalled) = (Some(Instant::now()), true);
                    continue;
                }
                writer.flusher = None;
                writer.fail(Failure::Timeout);
                outbox.note_backlog(&writer);
                return;
            }
        }
    }
}

#[cfg(test)]
#[path = "outbox_tests.rs"]
mod tests;
