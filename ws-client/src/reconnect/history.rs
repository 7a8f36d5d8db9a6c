//! What a returning client remembers from one attempt to the next.

use std::time::Duration;

use tokio::time::Instant;

use super::backoff::Backoff;

/// Two attempts begin no closer to each other than this, whatever the jitter, the configuration or a hook says.
pub(super) const LEAST_INTERVAL: Duration = Duration::from_millis(100);

#[derive(Debug)]
pub(super) struct History {
    /// Failed attempts in a row.
    pub(super) failures: u32,
    pub(super) ever_open: bool,
    /// A token was renewed since the last stable connection.
    pub(super) renewed: bool,
    /// Connections that opened.
    pub(super) connections: u64,
    /// When the last stable connection ended, or all began.
    away_since: Instant,
    last_attempt: Option<Instant>,
}

impl History {
    pub(super) fn new() -> Self {
        Self {
            failures: 0,
            ever_open: false,
            renewed: false,
            connections: 0,
            away_since: Instant::now(),
            last_attempt: None,
        }
    }

    /// The number of the attempt that is being made or comes next, from 1 on.
    pub(super) fn attempt(&self) -> u32 {
        self.failures.saturating_add(1)
    }

    pub(super) fn attempting(&mut self) {
        self.last_attempt = Some(Instant::now());
    }

    /// An attempt failed: at the latest when the state was to be restored.
    pub(super) fn failed(&mut self) {
        self.failures = self.failures.saturating_add(1);
    }

    /// A connection ended that was open since `opened`.
    pub(super) fn ended(&mut self, opened: Instant, backoff: &Backoff) {
        if opened.elapsed() >= backoff.stable {
            (self.failures, self.renewed) = (0, false);
            self.away_since = Instant::now();
        } else {
            self.failed();
        }
    }

    pub(super) fn away(&self) -> Duration {
        self.away_since.elapsed()
    }

    /// When the next attempt begins that is to come after `delay`.
    pub(super) fn next_attempt(&self, delay: Duration) -> Instant {
        let next = crate::connect::timeouts::deadline(delay);
        self.last_attempt.map_or(next, |last| next.max(last + LEAST_INTERVAL))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const SECOND: Duration = Duration::from_secs(1);

    #[tokio::test(start_paused = true)]
    async fn only_a_stable_connection_makes_up_for_failures() {
        let (mut history, backoff) = (History::new(), Backoff::default());
        history.failed();
        history.failed();
        history.renewed = true;
        let (opened, almost) = (Instant::now(), backoff.stable.saturating_sub(SECOND));
        tokio::time::advance(almost).await;
        history.ended(opened, &backoff);
        assert_eq!((history.failures, history.attempt(), history.renewed), (3, 4, true));
        assert_eq!(history.away(), almost);
        tokio::time::advance(SECOND).await;
        history.ended(opened, &backoff);
        assert_eq!((history.failures, history.attempt(), history.renewed), (0, 1, false));
        assert_eq!(history.away(), Duration::ZERO);
    }

    #[tokio::test(start_paused = true)]
    async fn attempts_keep_their_distance() {
        let mut history = History::new();
        assert_eq!(history.next_attempt(Duration::ZERO), Instant::now());
        history.attempting();
        assert_eq!(history.next_attempt(Duration::ZERO), Instant::now() + LEAST_INTERVAL);
        assert_eq!(history.next_attempt(SECOND), Instant::now() + SECOND);
        tokio::time::advance(SECOND).await;
        assert_eq!(history.next_attempt(Duration::ZERO), Instant::now());
        assert!(history.next_attempt(Duration::MAX) > Instant::now() + 1_000_000 * SECOND);
    }
}
