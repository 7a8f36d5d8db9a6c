use std::{
    borrow::Cow,
    fmt,
    time::{Duration, Instant},
};

use serde::{Serialize, Serializer, ser::SerializeStruct};
use ws_core::refusal::{Cause, TraceStep};

use super::check::Check;
use crate::printable::Printable;

/// The checks that were made of a handshake, in their order: how each ended, how long it took, what it compared.
///
/// For the operator: at [`Disclosure::Full`](ws_core::refusal::Disclosure::Full) alone it goes to the caller as well. No
/// secret is in it. It serializes as a list of [`Step`]s, and is one line as text: the names of the checks, and with `{:#}`
/// everything.
///
/// ```
/// # use ws_server::gate::Trace;
/// assert_eq!(Trace::default().to_string(), "");
/// ```
#[derive(Clone, Default)]
pub struct Trace {
    steps: Vec<Step>,
    clock: Option<Clock>,
}

/// One check that was made.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct Step {
    /// Which.
    pub check: Check,
    /// How it ended.
    pub outcome: Outcome,
    /// How long it took. Checks that are made in one look at the head have their time in the first of them, and those
    /// that do no more than compare two numbers have theirs in the next that does more.
    pub duration: Duration,
    /// What was compared, in words; empty where the name of the check says it all. Never a secret.
    pub compared: Cow<'static, str>,
}

/// How a check ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Outcome {
    /// It had nothing against the handshake.
    Passed,
    /// It did not apply.
    Skipped,
    /// It refused the handshake, and is the last of the trace.
    Refused(Cause),
}

#[derive(Clone, Copy)]
struct Clock {
    began: Instant,
    read: Instant,
}

impl Trace {
    /// The checks that were made, in the order in which they were.
    pub fn steps(&self) -> &[Step] {
        &self.steps
    }

    /// How this check ended, if it was made.
    pub fn outcome(&self, check: Check) -> Option<Outcome> {
        self.steps.iter().find(|step| step.check == check).map(|step| step.outcome)
    }

    /// The check that refused.
    pub fn refused_by(&self) -> Option<Check> {
        self.steps.iter().find(|step| step.cause().is_some()).map(|step| step.check)
    }

    /// How long all of it took.
    pub fn duration(&self) -> Duration {
        self.clock.map(|clock| clock.read.saturating_duration_since(clock.began)).unwrap_or_default()
    }

    /// A trace whose time runs from now.
    pub(super) fn begin() -> Self {
        let now = Instant::now();
        Self { steps: Vec::with_capacity(Check::ALL.len()), clock: Some(Clock { began: now, read: now }) }
    }

    pub(crate) fn pass(&mut self, check: Check) {
        let duration = self.lap();
        self.push(check, Outcome::Passed, duration);
    }

    /// For what costs less than to look at the clock.
    pub(super) fn pass_at_once(&mut self, check: Check) {
        self.push(check, Outcome::Passed, Duration::ZERO);
    }

    pub(super) fn skip(&mut self, check: Check) {
        self.push(check, Outcome::Skipped, Duration::ZERO);
    }

    pub(crate) fn refuse(&mut self, check: Check, cause: Cause) {
        let duration = self.lap();
        self.push(check, Outcome::Refused(cause), duration);
    }

    /// Adds what the last check compared: nothing that is secret, and for one that passed nothing that has to be made
    /// first.
    pub(crate) fn compared(&mut self, compared: impl Into<Cow<'static, str>>) {
        if let Some(step) = self.steps.last_mut() {
            step.compared = compared.into();
        }
    }

    fn push(&mut self, check: Check, outcome: Outcome, duration: Duration) {
        self.steps.push(Step { check, outcome, duration, compared: Cow::Borrowed("") });
    }

    fn lap(&mut self) -> Duration {
        let Some(clock) = &mut self.clock else { return Duration::ZERO };
        let now = Instant::now();
        let lap = now.saturating_duration_since(clock.read);
        clock.read = now;
        lap
    }
}

impl Step {
    /// Why it refused, if it did.
    pub const fn cause(&self) -> Option<Cause> {
        match self.outcome {
            Outcome::Refused(cause) => Some(cause),
            _ => None,
        }
    }

    fn nanoseconds(&self) -> u64 {
        u64::try_from(self.duration.as_nanos()).unwrap_or(u64::MAX)
    }
}

impl From<&Step> for TraceStep {
    fn from(step: &Step) -> Self {
        let mut told = Self::new(step.check.name(), step.outcome.name());
        told.cause = step.cause().map(|cause| cause.code().to_owned());
        told.nanoseconds = Some(step.nanoseconds());
        told.compared = (!step.compared.is_empty()).then(|| step.compared.clone().into_owned());
        told
    }
}

impl Outcome {
    /// `passed`, `skipped` or `refused`.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Passed => "passed",
            Self::Skipped => "skipped",
            Self::Refused(_) => "refused",
        }
    }
}

/// What passed, what did not apply in parentheses, and what refused with its cause; with `{:#}` also the time in
/// microseconds, and what was compared in braces.
impl fmt::Display for Trace {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (position, step) in self.steps.iter().enumerate() {
            if position > 0 {
                formatter.write_str(" ")?;
            }
            step.fmt(formatter)?;
        }
        Ok(())
    }
}

impl fmt::Display for Step {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let check = self.check;
        match self.outcome {
            Outcome::Passed => write!(formatter, "{check}")?,
            Outcome::Skipped => write!(formatter, "({check})")?,
            Outcome::Refused(cause) => write!(formatter, "{check}={cause}")?,
        }
        if formatter.alternate() {
            if !self.duration.is_zero() {
                write!(formatter, ":{:.1}us", self.duration.as_secs_f64() * 1e6)?;
            }
            if !self.compared.is_empty() {
                write!(formatter, "{{{}}}", Printable(&self.compared))?;
            }
        }
        Ok(())
    }
}

impl fmt::Debug for Trace {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.debug_list().entries(&self.steps).finish()
    }
}

impl Serialize for Trace {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_seq(&self.steps)
    }
}

/// `check`, `outcome`, `nanoseconds`, and where they apply `cause` and `compared`.
impl Serialize for Step {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let cause = self.cause();
        let members = 3 + usize::from(cause.is_some()) + usize::from(!self.compared.is_empty());
        let mut step = serializer.serialize_struct("Step", members)?;
        step.serialize_field("check", self.check.name())?;
        step.serialize_field("outcome", self.outcome.name())?;
        if let Some(cause) = cause {
            step.serialize_field("cause", cause.code())?;
        }
        step.serialize_field("nanoseconds", &self.nanoseconds())?;
        if !self.compared.is_empty() {
            step.serialize_field("compared", &self.compared)?;
        }
        step.end()
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn each_check_has_its_place() {
        for (place, check) in Check::ALL.into_iter().enumerate() {
            assert_eq!(check as usize, place);
        }
    }

    fn trace() -> Trace {
        let mut trace = Trace::default();
        trace.pass(Check::Host);
        trace.skip(Check::Draining);
        trace.refuse(Check::Origin, Cause::OriginDenied);
        trace.compared("\"https://evil.example\" against 2 allowed");
        trace
    }

    #[test]
    fn is_one_line() {
        let trace = trace();
        assert_eq!(trace.to_string(), "host (draining) origin=origin-denied");
        assert_eq!(
            format!("{trace:#}"),
            "host (draining) origin=origin-denied{\"https://evil.example\" against 2 allowed}"
        );
        assert_eq!(trace.refused_by(), Some(Check::Origin));
        assert_eq!(trace.outcome(Check::Host), Some(Outcome::Passed));
        assert_eq!(trace.outcome(Check::Key), None);
        assert_eq!(trace.duration(), Duration::ZERO);
    }

    #[test]
    fn is_a_list_in_json() {
        let expected = json!([
            { "check": "host", "outcome": "passed", "nanoseconds": 0 },
            { "check": "draining", "outcome": "skipped", "nanoseconds": 0 },
            {
                "check": "origin", "outcome": "refused", "cause": "origin-denied", "nanoseconds": 0,
                "compared": "\"https://evil.example\" against 2 allowed",
            },
        ]);
        assert_eq!(serde_json::to_value(trace()).unwrap(), expected);
    }

    #[test]
    fn the_time_of_all_is_that_of_its_parts() {
        let mut trace = Trace::begin();
        trace.pass(Check::Host);
        trace.pass_at_once(Check::Draining);
        std::thread::sleep(Duration::from_millis(2));
        trace.pass(Check::Origin);
        let [host, draining, origin] = trace.steps() else { panic!("{trace:?}") };
        assert!(host.duration > Duration::ZERO && host.duration < Duration::from_millis(2) + origin.duration);
        assert!(draining.duration.is_zero() && origin.duration >= Duration::from_millis(2));
        assert_eq!(trace.duration(), host.duration + origin.duration);
        let line = format!("{trace:#}");
        assert!(line.starts_with("host:") && line.contains("us draining origin:"), "{line}");
    }

    /// What a stranger sends stays within its line.
    #[test]
    fn no_word_of_a_stranger_begins_a_line() {
        let mut trace = Trace::default();
        trace.refuse(Check::Origin, Cause::OriginDenied);
        trace.compared("a\r\nb");
        assert_eq!(format!("{trace:#}"), "origin=origin-denied{a\\r\\nb}");
    }
}
