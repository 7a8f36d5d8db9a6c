//! What one poll of a driven handler sends is gathered here, without a lock, and leaves in one write.

use std::{cell::RefCell, sync::Arc};

use super::{outbox::Outbox, queue::Queue};

/// Nobody's cork.
const NOBODY: usize = 0;

struct Cork {
    /// Address of the outbox whose handler is being polled on this thread.
    owner: usize,
    queue: Queue,
}

thread_local! {
    static CORK: RefCell<Cork> = RefCell::new(Cork { owner: NOBODY, queue: Queue::new() });
}

/// While it lives, what is sent to the outbox on this thread gathers; then it is written.
pub(super) struct Corked<'a> {
    outbox: &'a Arc<Outbox>,
    outer: Cork,
}

impl<'a> Corked<'a> {
    #[inline]
    pub(super) fn new(outbox: &'a Arc<Outbox>) -> Self {
        let cork = Cork { owner: address(outbox), queue: Queue::new() };
        Self { outbox, outer: CORK.replace(cork) }
    }
}

impl Drop for Corked<'_> {
    #[inline]
    fn drop(&mut self) {
        let outer = std::mem::replace(&mut self.outer, Cork { owner: NOBODY, queue: Queue::new() });
        let queue = CORK.replace(outer).queue;
        if !queue.is_empty() {
            self.outbox.uncork(queue);
        }
    }
}

/// Runs `work` on the cork of `outbox`, where its handler is being polled on this thread; `None` elsewhere.
#[inline]
pub(super) fn with<R>(outbox: &Arc<Outbox>, work: impl FnOnce(&mut Queue) -> R) -> Option<R> {
    // A thread that ends has no cork any more.
    let corked = CORK.try_with(|cork| {
        let mut cork = cork.borrow_mut();
        (cork.owner == address(outbox)).then(|| work(&mut cork.queue))
    });
    corked.ok().flatten()
}

/// What has gathered for `outbox`, if anything, where its handler is being polled on this thread.
#[inline]
pub(super) fn take(outbox: &Arc<Outbox>) -> Option<Queue> {
    with(outbox, |queue| (!queue.is_empty()).then(|| std::mem::take(queue))).flatten()
}

fn address(outbox: &Arc<Outbox>) -> usize {
    Arc::as_ptr(outbox).addr()
}
