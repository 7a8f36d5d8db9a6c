//! What is known of the keys at a moment. Values and times only: nothing here waits.

use std::{sync::Arc, time::Duration};

use tokio::time::Instant;

use super::error::KeysError;
use crate::authenticate::bearer::Key;

/// How often keys are fetched, and how long they last. The first two are a year at the most.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Schedule {
    /// Between one fetch and the next.
    pub(super) interval: Duration,
    /// Between a fetch and another because of a token whose key is not known.
    pub(super) refetch_limit: Duration,
    /// How old keys may be.
    pub(super) stale_for: Duration,
}

/// The first wait after a failure; it doubles with each more.
const FIRST_WAIT: Duration = Duration::from_secs(1);

/// The shortest wait after a failure, whatever the limit.
const SHORTEST_WAIT: Duration = Duration::from_millis(100);

#[derive(Debug)]
pub(super) struct State {
    keys: Option<(Arc<[Key]>, Instant)>,
    /// Whether the last fetch failed, and why.
    failed: Option<KeysError>,
    /// How many fetches failed since one did not.
    failures: u32,
    /// How many fetches came to an end.
    pub(super) fetches: u64,
    /// When the next fetch is due by itself.
    pub(super) due: Instant,
    /// Until when there is none, whoever asks.
    not_before: Instant,
}

impl State {
    pub(super) fn new(now: Instant) -> Self {
        Self { keys: None, failed: None, failures: 0, fetches: 0, due: now, not_before: now }
    }

    /// The keys, unless they are too old.
    pub(super) fn keys(&self, schedule: &Schedule, now: Instant) -> Result<&Arc<[Key]>, KeysError> {
        match &self.keys {
            Some((keys, at)) if now.saturating_duration_since(*at) < schedule.stale_for => Ok(keys),
            Some(_) => Err(self.failed.clone().unwrap_or(KeysError::Stale)),
            None => Err(self.failed.clone().unwrap_or(KeysError::NotYet)),
        }
    }

    /// How long nothing is fetched, even for a token whose key is not known. `None`: not a moment.
    pub(super) fn wait(&self, now: Instant) -> Option<Duration> {
        Some(self.not_before.saturating_duration_since(now)).filter(|wait| !wait.is_zero())
    }

    /// Whether the last fetch failed, and why.
    pub(super) const fn failed(&self) -> Option<&KeysError> {
        self.failed.as_ref()
    }

    /// A fetch that ended now. `jitter`, from 0 to 1, is how much of the tenth is taken by which the next may be
    /// early, so that many servers do not ask at once.
    pub(super) fn fetched(
        &mut self,
        result: Result<Arc<[Key]>, KeysError>,
        schedule: &Schedule,
        now: Instant,
        jitter: f64,
    ) {
        let early = 1.0 - jitter.clamp(0.0, 1.0) / 10.0;
        self.fetches += 1;
        match result {
            Ok(keys) => {
                self.keys = Some((keys, now));
                self.failed = None;
                self.failures = 0;
                self.not_before = now + schedule.refetch_limit;
                self.due = now + schedule.interval.mul_f64(early).max(SHORTEST_WAIT);
            }
            Err(error) => {
                self.failed = Some(error);
                let wait = FIRST_WAIT.saturating_mul(1 << self.failures.min(16));
                let wait = wait.min(schedule.refetch_limit).max(SHORTEST_WAIT).mul_f64(early);
                self.failures = self.failures.saturating_add(1);
                self.not_before = now + wait;
                self.due = self.not_before;
            }
        }
    }
}
