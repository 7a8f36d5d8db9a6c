//! The counts, and who keeps them.

use std::collections::BTreeMap;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use ws_core::refusal::Cause;

use super::Histogram;
use crate::observe::{Attempt, Observer, Outcome, Stage, StageEnd};

/// What happened to a client and its clones since it was built: attempts, connections, failures.
///
/// Clones count together, and so do all clients that are given the same one by
/// [`Builder::metrics`](crate::Builder::metrics).
///
/// ```
/// # fn example() -> Result<(), ws_client::UrlError> {
/// let client = ws_client::Client::builder("wss://rooms.example/lobby")?.build();
/// // For a dashboard of one's own:
/// let counts = client.metrics().counts();
/// println!("{} of {} attempts failed", counts.failed.values().sum::<u64>(), counts.attempts);
/// // For a Prometheus server:
/// println!("{}", client.metrics().prometheus());
/// # Ok(())
/// # }
/// ```
#[derive(Clone, Debug, Default)]
pub struct Metrics(Arc<Mutex<State>>);

#[derive(Debug, Default)]
struct State {
    /// But for the requests for tokens to providers that are in use.
    counts: Counts,
    /// Those are counted where they are made.
    token_requests: Vec<Arc<AtomicU64>>,
}

/// The counts at one moment.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct Counts {
    /// Calls of a client's `connect`.
    pub attempts: u64,
    /// Those that led to an open connection.
    pub connected: u64,
    /// Those that failed, by the [code](crate::ConnectError::code) of the error.
    pub failed: BTreeMap<&'static str, u64>,
    /// Those that were dropped before they ended.
    pub abandoned: u64,
    /// Connections that are open now.
    pub open: u64,
    /// Times that a connection was there again after it had been lost; see
    /// [`Client::reconnecting`](crate::Client::reconnecting).
    pub reconnects: u64,
    /// Requests for tokens to the providers of all [`Credentials`](crate::credentials::Credentials) in use.
    pub token_requests: u64,
    /// Answers of a server that refused for a cause of the catalogue. An attempt that succeeds with a fresh token after it
    /// has been refused with the old one is among them.
    pub refused: BTreeMap<Cause, u64>,
    /// The stages of all attempts.
    pub stages: BTreeMap<Stage, StageCounts>,
}

/// The counts of one stage.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct StageCounts {
    /// How long it took, well or badly.
    pub took: Histogram,
    /// How often it failed.
    pub failed: u64,
}

impl Metrics {
    /// The counts now.
    pub fn counts(&self) -> Counts {
        let state = self.lock();
        let mut counts = state.counts.clone();
        counts.token_requests +=
            state.token_requests.iter().map(|requests| requests.load(Ordering::Relaxed)).sum::<u64>();
        counts
    }

    /// The counts now, as text for a Prometheus server (exposition format 0.0.4); its names begin with `ws_client_`.
    pub fn prometheus(&self) -> String {
        super::prometheus::render(&self.counts())
    }

    /// The number of the attempt that begins.
    pub(crate) fn next_attempt(&self) -> u64 {
        let counts = &mut self.lock().counts;
        counts.attempts += 1;
        counts.attempts
    }

    /// A connection is open, as long as what is returned is there.
    pub(crate) fn opened(&self) -> Open {
        self.lock().counts.open += 1;
        Open(self.clone())
    }

    /// Has the requests for tokens counted here, too, that are counted there.
    pub(crate) fn include_token_requests(&self, requests: &Arc<AtomicU64>) {
        let mut state = self.lock();
        let State { counts, token_requests: known } = &mut *state;
        // Those whose credentials are gone count no further, and are not kept one by one.
        known.retain_mut(|known| match Arc::get_mut(known) {
            Some(last) => {
                counts.token_requests += *last.get_mut();
                false
            }
            None => true,
        });
        if !known.iter().any(|other| Arc::ptr_eq(other, requests)) {
            known.push(Arc::clone(requests));
        }
    }

    /// A connection that was lost is there again.
    pub(crate) fn count_reconnect(&self) {
        self.lock().counts.reconnects += 1;
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        // Nothing panics while it is held.
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Observer for Metrics {
    fn stage_ended(&self, _: Attempt<'_>, end: &StageEnd<'_>) {
        let counts = &mut self.lock().counts;
        let stage = counts.stages.entry(end.stage).or_default();
        stage.took.add(end.took);
        if let Outcome::Failed(error) = end.outcome {
            stage.failed += 1;
            if let Some(cause) = error.cause() {
                *counts.refused.entry(cause).or_default() += 1;
            }
        }
    }

    fn ended(&self, _: Attempt<'_>, outcome: Outcome<'_>, _: Duration) {
        let counts = &mut self.lock().counts;
        match outcome {
            Outcome::Done => counts.connected += 1,
            Outcome::Failed(error) => *counts.failed.entry(error.code()).or_default() += 1,
            Outcome::Abandoned => counts.abandoned += 1,
        }
    }
}

/// A connection that is open.
#[derive(Debug)]
pub(crate) struct Open(Metrics);

impl Drop for Open {
    fn drop(&mut self) {
        let counts = &mut self.0.lock().counts;
        counts.open = counts.open.saturating_sub(1);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn requests_of_credentials_that_are_gone_are_counted_and_not_kept() {
        let metrics = Metrics::default();
        let kept = Arc::new(AtomicU64::new(1));
        metrics.include_token_requests(&kept);
        for _ in 0..100 {
            let gone = Arc::new(AtomicU64::new(0));
            metrics.include_token_requests(&gone);
            metrics.include_token_requests(&gone);
            gone.store(2, Ordering::Relaxed);
        }
        assert_eq!(metrics.counts().token_requests, 201);
        metrics.include_token_requests(&kept);
        assert_eq!((metrics.counts().token_requests, metrics.lock().token_requests.len()), (201, 1));
    }
}
