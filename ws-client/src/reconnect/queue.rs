//! A bounded queue of messages: so many, and so many bytes.

use std::collections::VecDeque;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::task::{Context, Poll, Waker};

use tokio::sync::{OwnedSemaphorePermit, Semaphore};
use ws_core::message::Message;

/// How much a queue holds.
///
/// ```
/// use ws_client::reconnect::Bounds;
///
/// let bounds = Bounds { messages: 10_000, ..Bounds::default() };
/// assert_eq!(bounds.bytes, 1 << 20);
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Bounds {
    /// Messages. Default 1,024; one at least.
    pub messages: usize,
    /// Bytes of payload of all of them. Default 1 MiB. A message that is larger than this cannot be sent; one that is
    /// received waits until the queue is empty.
    pub bytes: usize,
}

impl Default for Bounds {
    fn default() -> Self {
        Self { messages: 1024, bytes: 1 << 20 }
    }
}

/// Why a message did not enter.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Rejected {
    /// There is no room.
    Full(Message),
    /// Nothing enters any more.
    Ended(Message),
}

/// Any number of tasks put messages in, in turn where they have to wait; one takes them out.
#[derive(Debug)]
pub(super) struct Queue {
    bounds: Bounds,
    messages: Arc<Semaphore>,
    bytes: Arc<Semaphore>,
    inner: Mutex<Inner>,
}

#[derive(Debug, Default)]
struct Inner {
    entries: VecDeque<Entry>,
    /// Whoever takes out waits for a message.
    taker: Option<Waker>,
    ended: bool,
}

#[derive(Debug)]
struct Entry {
    message: Message,
    /// Its room; a message that was forced in has none.
    _room: Option<Room>,
}

/// Room for one message. It is given back when it is dropped.
#[derive(Debug)]
pub(super) struct Room {
    _message: OwnedSemaphorePermit,
    _bytes: OwnedSemaphorePermit,
}

impl Queue {
    pub(super) fn new(bounds: Bounds) -> Arc<Self> {
        let bounds = Bounds {
            messages: bounds.messages.clamp(1, Semaphore::MAX_PERMITS),
            bytes: bounds.bytes.min(u32::MAX as usize).min(Semaphore::MAX_PERMITS),
        };
        Arc::new(Self {
            bounds,
            messages: Arc::new(Semaphore::new(bounds.messages)),
            bytes: Arc::new(Semaphore::new(bounds.bytes)),
            inner: Mutex::default(),
        })
    }

    pub(super) fn bounds(&self) -> Bounds {
        self.bounds
    }

    /// Waits for room for a message of so many bytes, first come first served; `None` where nothing enters any more.
    /// A message that is larger than the queue has all of it for itself.
    ///
    /// Cancel safe, but the place in the row is lost.
    pub(super) async fn room(&self, bytes: usize) -> Option<Room> {
        let message = self.messages.clone().acquire_owned().await.ok()?;
        let bytes = self.bytes.clone().acquire_many_owned(self.weight(bytes)).await.ok()?;
        Some(Room { _message: message, _bytes: bytes })
    }

    /// Waits for room, then puts the message in.
    ///
    /// Cancel safe: a message whose future is dropped did not enter.
    pub(super) async fn push(&self, message: Message) -> Result<(), Rejected> {
        match self.room(message.len()).await {
            Some(room) => self.push_into(room, message),
            None => Err(Rejected::Ended(message)),
        }
    }

    /// Puts a message where room was made for it.
    pub(super) fn push_into(&self, room: Room, message: Message) -> Result<(), Rejected> {
        self.lock().enter(message, Some(room))
    }

    /// Puts the message in if there is room, without waiting.
    pub(super) fn try_push(&self, message: Message) -> Result<(), Rejected> {
        let mut inner = self.lock();
        if inner.ended {
            return Err(Rejected::Ended(message));
        }
        match self.try_room(message.len()) {
            Some(room) => inner.enter(message, Some(room)),
            None => Err(Rejected::Full(message)),
        }
    }

    /// Puts the message in and throws away the oldest ones as long as there is no room; gives how many.
    pub(super) fn push_over_oldest(&self, message: Message) -> Result<u64, Rejected> {
        let mut inner = self.lock();
        let mut dropped = 0;
        loop {
            if inner.ended {
                return Err(Rejected::Ended(message));
            }
            if let Some(room) = self.try_room(message.len()) {
                return inner.enter(message, Some(room)).map(|()| dropped);
            }
            // Where nothing is left to throw away, others are about to put theirs in.
            if inner.entries.pop_front().is_none() {
                return Err(Rejected::Full(message));
            }
            dropped += 1;
        }
    }

    /// Puts the message in whether there is room or not.
    pub(super) fn force(&self, message: Message) {
        // Where nothing enters any more nobody takes out either.
        let _ = self.lock().enter(message, None);
    }

    /// The oldest message; `None` once the queue has ended and is empty. One task waits at a time.
    pub(super) fn poll_pop(&self, cx: &mut Context<'_>) -> Poll<Option<Message>> {
        let mut inner = self.lock();
        if let Some(entry) = inner.entries.pop_front() {
            return Poll::Ready(Some(entry.message));
        }
        if inner.ended {
            return Poll::Ready(None);
        }
        if !inner.taker.as_ref().is_some_and(|taker| taker.will_wake(cx.waker())) {
            inner.taker = Some(cx.waker().clone());
        }
        Poll::Pending
    }

    /// As [`poll_pop`](Self::poll_pop). Cancel safe.
    pub(super) async fn pop(&self) -> Option<Message> {
        std::future::poll_fn(|cx| self.poll_pop(cx)).await
    }

    /// From now on nothing enters; what is in can still be taken out.
    pub(super) fn end(&self) {
        self.messages.close();
        self.bytes.close();
        let taker = {
            let mut inner = self.lock();
            inner.ended = true;
            inner.taker.take()
        };
        if let Some(taker) = taker {
            taker.wake();
        }
    }

    /// Puts a message that was taken out back to where it was, even after the end.
    pub(super) fn put_back(&self, message: Message) {
        self.lock().entries.push_front(Entry { message, _room: None });
    }

    /// Takes all out at once.
    pub(super) fn drain(&self) -> Vec<Message> {
        self.lock().entries.drain(..).map(|entry| entry.message).collect()
    }

    pub(super) fn len(&self) -> usize {
        self.lock().entries.len()
    }

    fn try_room(&self, bytes: usize) -> Option<Room> {
        let message = self.messages.clone().try_acquire_owned().ok()?;
        let bytes = self.bytes.clone().try_acquire_many_owned(self.weight(bytes)).ok()?;
        Some(Room { _message: message, _bytes: bytes })
    }

    fn weight(&self, bytes: usize) -> u32 {
        u32::try_from(bytes.min(self.bounds.bytes)).unwrap_or(u32::MAX)
    }

    fn lock(&self) -> MutexGuard<'_, Inner> {
        self.inner.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Inner {
    fn enter(&mut self, message: Message, room: Option<Room>) -> Result<(), Rejected> {
        if self.ended {
            return Err(Rejected::Ended(message));
        }
        self.entries.push_back(Entry { message, _room: room });
        if let Some(taker) = self.taker.take() {
            taker.wake();
        }
        Ok(())
    }
}

#[cfg(test)]
#[path = "queue_tests.rs"]
mod tests;
