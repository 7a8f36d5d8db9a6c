//! What has happened so far, in numbers.

use std::sync::atomic::{AtomicU64, Ordering::Relaxed};

/// What a [`Reconnecting`](super::Reconnecting) client has done since it started: each number only grows.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct Counters {
    /// Attempts to connect.
    pub attempts: u64,
    /// Connections that opened and whose state was restored.
    pub opened: u64,
    /// Of those, the ones that ended without this side's wish.
    pub lost: u64,
    /// Tokens that were rejected since the server said 3000.
    pub renewals: u64,
    /// Messages handed to a connection; not all of them have arrived.
    pub sent: u64,
    /// Messages received and queued.
    pub received: u64,
    /// Messages thrown away because the outgoing queue was full:
    /// [`WhenFull::DropOldest`](super::WhenFull::DropOldest), [`WhenFull::DropNewest`](super::WhenFull::DropNewest).
    pub dropped: u64,
    /// How often nothing more was read, because the application did not keep up.
    pub paused: u64,
}

impl Counters {
    /// How often a connection came back.
    pub fn reconnects(&self) -> u64 {
        self.opened.saturating_sub(1)
    }
}

macro_rules! tally {
    ($($name:ident),*) => {
        /// The counters themselves.
        #[derive(Debug, Default)]
        pub(super) struct Tally {
            $(pub(super) $name: AtomicU64),*
        }

        impl Tally {
            pub(super) fn read(&self) -> Counters {
                Counters { $($name: self.$name.load(Relaxed)),* }
            }
        }
    };
}

tally!(attempts, opened, lost, renewals, sent, received, dropped, paused);

/// Adds to a counter.
pub(super) fn add(counter: &AtomicU64, count: u64) {
    counter.fetch_add(count, Relaxed);
}
