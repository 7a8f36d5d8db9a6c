//! An attempt that is watched.

use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use tokio::time::Instant;
use tracing::{Instrument as _, Span, debug, info, info_span};

use super::{Attempt, Observer, Outcome, Stage, StageEnd};
use crate::connect::WsUrl;
use crate::error::ConnectError;
use crate::metrics::Metrics;

/// Who watches a client: its metrics, and whoever else was added.
#[derive(Clone, Default)]
pub(crate) struct Observers {
    pub(crate) metrics: Metrics,
    pub(crate) others: Vec<Arc<dyn Observer>>,
}

impl Observers {
    fn each(&self, tell: impl Fn(&dyn Observer)) {
        tell(&self.metrics);
        self.others.iter().for_each(|other| tell(other.as_ref()));
    }

    /// An attempt begins.
    pub(crate) fn watch<'a>(&'a self, url: &'a WsUrl) -> Watch<'a> {
        let attempt = Attempt { number: self.metrics.next_attempt(), url };
        let span = info_span!("ws.connect", ?url, attempt = attempt.number);
        self.each(|observer| observer.began(attempt));
        Watch { observers: self, attempt, span }
    }
}

impl fmt::Debug for Observers {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Observers").field("others", &self.others.len()).finish_non_exhaustive()
    }
}

/// An attempt, and those who watch it.
pub(crate) struct Watch<'a> {
    observers: &'a Observers,
    attempt: Attempt<'a>,
    span: Span,
}

impl Watch<'_> {
    /// Goes through the whole attempt, and tells how it ends; also if it is dropped before. Cancel safe as `work` is.
    pub(crate) async fn whole<T>(
        &self,
        work: impl Future<Output = Result<T, ConnectError>>,
    ) -> Result<T, ConnectError> {
        let unfinished = Unfinished::new(|outcome, took| self.ended(outcome, took));
        // A future is as large as what it was given and what it made of that together: so the second stands elsewhere.
        let result = Box::pin(work).instrument(self.span.clone()).await;
        unfinished.finish(outcome(&result));
        result
    }

    /// Goes through a stage, and tells how it ends; also if it is dropped before. `detail` says what came of it. Cancel
    /// safe as `work` is.
    pub(crate) async fn stage<T, E: Into<ConnectError>>(
        &self,
        stage: Stage,
        work: impl Future<Output = Result<T, E>>,
        detail: impl FnOnce(&T) -> String,
    ) -> Result<T, ConnectError> {
        let unfinished = Unfinished::new(|outcome, took| self.stage_ended(stage, outcome, took, ""));
        let result = work.await.map_err(Into::into);
        let took = unfinished.give_up();
        let detail = result.as_ref().map_or_else(|_| String::new(), detail);
        self.stage_ended(stage, outcome(&result), took, &detail);
        result
    }

    fn stage_ended(&self, stage: Stage, outcome: Outcome<'_>, took: Duration, detail: &str) {
        let ms = milliseconds(took);
        let (name, code) = (stage.name(), outcome.code());
        if let Outcome::Failed(error) = outcome {
            debug!(stage = name, outcome = code, ms, detail = %error, "stage failed");
        } else {
            debug!(stage = name, outcome = code, ms, detail, "stage ended");
        }
        let end = StageEnd { stage, outcome, took, detail };
        self.observers.each(|observer| observer.stage_ended(self.attempt, &end));
    }

    fn ended(&self, outcome: Outcome<'_>, took: Duration) {
        let ms = milliseconds(took);
        self.span.in_scope(|| match outcome {
            Outcome::Done => info!(ms, "connected"),
            Outcome::Failed(error) => info!(code = error.code(), ms, %error, "not connected"),
            Outcome::Abandoned => info!(ms, "abandoned"),
        });
        self.observers.each(|observer| observer.ended(self.attempt, outcome, took));
    }
}

fn outcome<T>(result: &Result<T, ConnectError>) -> Outcome<'_> {
    match result {
        Ok(_) => Outcome::Done,
        Err(error) => Outcome::Failed(error),
    }
}

fn milliseconds(took: Duration) -> f64 {
    // Microseconds are as fine as anybody can read.
    (took.as_secs_f64() * 1e6).round() / 1e3
}

/// Tells once how something ended, and when: as abandoned if nothing else was said before it is dropped.
struct Unfinished<F: FnMut(Outcome<'_>, Duration)> {
    begun: Instant,
    tell: Option<F>,
}

impl<F: FnMut(Outcome<'_>, Duration)> Unfinished<F> {
    fn new(tell: F) -> Self {
        Self { begun: Instant::now(), tell: Some(tell) }
    }

    fn finish(mut self, outcome: Outcome<'_>) {
        if let Some(mut tell) = self.tell.take() {
            tell(outcome, self.begun.elapsed());
        }
    }

    /// Tells nothing; how long it took is for the caller to tell.
    fn give_up(mut self) -> Duration {
        self.tell = None;
        self.begun.elapsed()
    }
}

impl<F: FnMut(Outcome<'_>, Duration)> Drop for Unfinished<F> {
    fn drop(&mut self) {
        if let Some(mut tell) = self.tell.take() {
            tell(Outcome::Abandoned, self.begun.elapsed());
        }
    }
}
