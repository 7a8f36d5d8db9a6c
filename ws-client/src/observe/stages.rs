//! An observer that keeps what it is told.

use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use super::{Attempt, Observer, Outcome, Stage, StageEnd};

/// So many stages are kept, the first ones; one attempt has a dozen at the most.
const KEPT: usize = 256;

/// Keeps the stages of attempts. Clones share what they keep.
///
/// ```no_run
/// use ws_client::Client;
/// use ws_client::observe::Stages;
///
/// # async fn example() -> Result<(), ws_client::UrlError> {
/// let stages = Stages::default();
/// let client = Client::builder("wss://rooms.example/lobby")?.observer(stages.clone()).build();
/// let connected = client.connect().await;
/// for stage in stages.take() {
///     println!("{:12} {:8.1?} {} {}", stage.stage.name(), stage.took, stage.code, stage.detail);
/// }
/// # let _ = connected;
/// # Ok(())
/// # }
/// ```
#[derive(Clone, Debug, Default)]
pub struct Stages(Arc<Mutex<Vec<StageRecord>>>);

/// How a stage of an attempt ended.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct StageRecord {
    /// The number of the attempt.
    pub attempt: u64,
    /// Which stage.
    pub stage: Stage,
    /// `ok`, the [code](crate::ConnectError::code) of its error, or `abandoned`.
    pub code: &'static str,
    /// After how long.
    pub took: Duration,
    /// What came of it, or the error, in words.
    pub detail: String,
}

impl StageRecord {
    /// Whether it ended well.
    pub fn is_ok(&self) -> bool {
        self.code == "ok"
    }
}

impl Stages {
    /// What there is so far, in the order of its end; it is kept no longer.
    pub fn take(&self) -> Vec<StageRecord> {
        std::mem::take(&mut *self.0.lock().unwrap_or_else(PoisonError::into_inner))
    }
}

impl Observer for Stages {
    fn stage_ended(&self, attempt: Attempt<'_>, end: &StageEnd<'_>) {
        let detail = match end.outcome {
            Outcome::Failed(error) => error.to_string(),
            Outcome::Done | Outcome::Abandoned => end.detail.to_owned(),
        };
        let mut kept = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if kept.len() < KEPT {
            kept.push(StageRecord {
                attempt: attempt.number,
                stage: end.stage,
                code: end.outcome.code(),
                took: end.took,
                detail,
            });
        }
    }
}
