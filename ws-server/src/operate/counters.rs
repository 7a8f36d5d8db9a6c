//! Counts of what happened, each an atomic number: nobody waits for anybody.

use std::fmt;
use std::sync::atomic::{AtomicU64, Ordering::Relaxed};
use std::time::Duration;

use ws_core::refusal::Cause;

/// What happened since the server was built, by cause. See [`ServerHandle::counters`](crate::ServerHandle::counters).
///
/// Each count is exact; taken together they may be a moment apart.
///
/// ```
/// # fn look(handle: &ws_server::ServerHandle) {
/// let counters = handle.counters();
/// println!("{} accepted", counters.accepted());
/// for (cause, count) in counters.refused().filter(|(_, count)| *count > 0) {
///     println!("{count} refused as {cause}");
/// }
/// # }
/// ```
pub struct Counters {
    accepted: AtomicU64,
    dry_runs: AtomicU64,
    deciding: AtomicU64,
    refused: ByCause,
    opened: AtomicU64,
    over: AtomicU64,
    ended: ByCause,
    /// The last one is for all other codes.
    closed: [AtomicU64; CODES.len() + 1],
}

type ByCause = [AtomicU64; Cause::ALL.len()];

/// The close codes that are counted each by itself (RFC 6455 7.4.1 and the IANA WebSocket Close Code registry); 1005 is
/// a Close frame without a code, 1006 no Close frame at all.
const CODES: [u16; 17] =
    [1000, 1001, 1002, 1003, 1005, 1006, 1007, 1008, 1009, 1010, 1011, 1012, 1013, 1014, 3000, 3003, 3008];

impl Counters {
    /// Handshakes that were let in.
    pub fn accepted(&self) -> u64 {
        self.accepted.load(Relaxed)
    }

    /// Requests that were refused, by cause, in the order of the catalogue. Dry runs are not among them.
    pub fn refused(&self) -> impl Iterator<Item = (Cause, u64)> + '_ {
        by_cause(&self.refused)
    }

    /// Requests that were refused for this cause.
    pub fn refused_for(&self, cause: Cause) -> u64 {
        count_of(&self.refused, cause)
    }

    /// Dry runs, whatever they were told.
    pub fn dry_runs(&self) -> u64 {
        self.dry_runs.load(Relaxed)
    }

    /// The time that all decisions about handshakes have taken together.
    pub fn time_deciding(&self) -> Duration {
        Duration::from_nanos(self.deciding.load(Relaxed))
    }

    /// Sessions that are open now.
    pub fn open(&self) -> u64 {
        // In this order, so that one that ends in between is not counted below zero.
        let over = self.over.load(Relaxed);
        self.opened.load(Relaxed).saturating_sub(over)
    }

    /// Sessions that were ended for a cause of the catalogue, by cause.
    pub fn ended(&self) -> impl Iterator<Item = (Cause, u64)> + '_ {
        by_cause(&self.ended)
    }

    /// Sessions that were ended for this cause.
    pub fn ended_for(&self, cause: Cause) -> u64 {
        count_of(&self.ended, cause)
    }

    /// Sessions that are over, by the close code that ended them, whoever sent it; `None` stands for all codes that the
    /// applications gave a meaning of their own.
    pub fn closed(&self) -> impl Iterator<Item = (Option<u16>, u64)> + '_ {
        let codes = CODES.into_iter().map(Some).chain([None]);
        codes.zip(&self.closed).map(|(code, count)| (code, count.load(Relaxed)))
    }

    pub(crate) fn new() -> Self {
        Self {
            accepted: AtomicU64::new(0),
            dry_runs: AtomicU64::new(0),
            deciding: AtomicU64::new(0),
            refused: [const { AtomicU64::new(0) }; Cause::ALL.len()],
            opened: AtomicU64::new(0),
            over: AtomicU64::new(0),
            ended: [const { AtomicU64::new(0) }; Cause::ALL.len()],
            closed: [const { AtomicU64::new(0) }; CODES.len() + 1],
        }
    }

    /// A handshake was let in, after this time.
    pub(crate) fn count_accepted(&self, took: Duration) {
        self.accepted.fetch_add(1, Relaxed);
        self.count_time(took);
    }

    /// A request was refused, after this time.
    pub(crate) fn count_refused(&self, cause: Cause, took: Duration) {
        add(&self.refused, cause);
        self.count_time(took);
    }

    pub(crate) fn count_dry_run(&self) {
        self.dry_runs.fetch_add(1, Relaxed);
    }

    pub(crate) fn count_opened(&self) {
        self.opened.fetch_add(1, Relaxed);
    }

    /// A session is over: with this close code, and for a cause of the catalogue if it has one.
    pub(crate) fn count_over(&self, code: u16, cause: Option<Cause>) {
        self.over.fetch_add(1, Relaxed);
        let place = CODES.iter().position(|known| *known == code).unwrap_or(CODES.len());
        if let Some(count) = self.closed.get(place) {
            count.fetch_add(1, Relaxed);
        }
        if let Some(cause) = cause {
            add(&self.ended, cause);
        }
    }

    fn count_time(&self, took: Duration) {
        self.deciding.fetch_add(u64::try_from(took.as_nanos()).unwrap_or(u64::MAX), Relaxed);
    }
}

impl fmt::Debug for Counters {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let seen = |counts: &ByCause| by_cause(counts).filter(|(_, count)| *count > 0).collect::<Vec<_>>();
        f.debug_struct("Counters")
            .field("accepted", &self.accepted())
            .field("dry_runs", &self.dry_runs())
            .field("refused", &seen(&self.refused))
            .field("open", &self.open())
            .field("ended", &seen(&self.ended))
            .finish_non_exhaustive()
    }
}

fn by_cause(counts: &ByCause) -> impl Iterator<Item = (Cause, u64)> + '_ {
    Cause::ALL.iter().zip(counts).map(|(cause, count)| (*cause, count.load(Relaxed)))
}

fn count_of(counts: &ByCause, cause: Cause) -> u64 {
    counts.get(place(cause)).map_or(0, |count| count.load(Relaxed))
}

fn add(counts: &ByCause, cause: Cause) {
    if let Some(count) = counts.get(place(cause)) {
        count.fetch_add(1, Relaxed);
    }
}

/// The causes are declared in the order of `Cause::ALL`.
const fn place(cause: Cause) -> usize {
    cause as usize
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_cause_has_a_count_of_its_own() {
        let counters = Counters::new();
        for (place, cause) in Cause::ALL.iter().enumerate() {
            for _ in 0..=place {
                counters.count_refused(*cause, Duration::from_nanos(1));
            }
            counters.count_over(1011, Some(*cause));
        }
        for (place, (cause, count)) in counters.refused().enumerate() {
            assert_eq!((cause, count), (Cause::ALL[place], place as u64 + 1));
            assert_eq!(counters.refused_for(cause), count);
            assert_eq!(counters.ended_for(cause), 1);
        }
        let all: u64 = counters.refused().map(|(_, count)| count).sum();
        assert_eq!(counters.time_deciding(), Duration::from_nanos(all));
    }

    #[test]
    fn codes_without_a_name_are_counted_together() {
        let counters = Counters::new();
        for _ in 0..7 {
            counters.count_opened();
        }
        for code in [1000, 3000, 3000, 4321, 999] {
            counters.count_over(code, None);
        }
        assert_eq!(counters.open(), 2);
        let closed: Vec<_> = counters.closed().filter(|(_, count)| *count > 0).collect();
        assert_eq!(closed, [(Some(1000), 1), (Some(3000), 2), (None, 2)]);
        assert_eq!(counters.ended().map(|(_, count)| count).sum::<u64>(), 0);
        counters.count_over(1000, None);
        counters.count_over(1000, None);
        counters.count_over(1000, None);
        assert_eq!(counters.open(), 0, "never below zero");
    }
}
