use std::fmt;

use ws_core::refusal::Cause;

use super::check::Check;

/// The checks that were made of a handshake, in their order, and how each ended. For the log, never for the caller.
///
/// ```
/// # use ws_server::gate::Trace;
/// assert_eq!(Trace::default().to_string(), "");
/// ```
#[derive(Clone, Default, PartialEq, Eq)]
pub struct Trace {
    outcomes: [Option<Outcome>; Check::ALL.len()],
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

impl Trace {
    /// The checks that were made.
    pub fn steps(&self) -> impl Iterator<Item = (Check, Outcome)> {
        Check::ALL.into_iter().zip(self.outcomes).filter_map(|(check, outcome)| Some((check, outcome?)))
    }

    /// How this check ended, if it was made.
    pub fn outcome(&self, check: Check) -> Option<Outcome> {
        self.outcomes.get(check as usize).copied().flatten()
    }

    /// The check that refused.
    pub fn refused_by(&self) -> Option<Check> {
        self.steps().find_map(|(check, outcome)| matches!(outcome, Outcome::Refused(_)).then_some(check))
    }

    pub(super) fn pass(&mut self, check: Check) {
        self.set(check, Outcome::Passed);
    }

    pub(super) fn skip(&mut self, check: Check) {
        self.set(check, Outcome::Skipped);
    }

    pub(super) fn refuse(&mut self, check: Check, cause: Cause) {
        self.set(check, Outcome::Refused(cause));
    }

    fn set(&mut self, check: Check, outcome: Outcome) {
        if let Some(slot) = self.outcomes.get_mut(check as usize) {
            *slot = Some(outcome);
        }
    }
}

/// One line: what passed, what did not apply in parentheses, and what refused with its cause.
impl fmt::Display for Trace {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (position, (check, outcome)) in self.steps().enumerate() {
            if position > 0 {
                formatter.write_str(" ")?;
            }
            match outcome {
                Outcome::Passed => write!(formatter, "{check}")?,
                Outcome::Skipped => write!(formatter, "({check})")?,
                Outcome::Refused(cause) => write!(formatter, "{check}={cause}")?,
            }
        }
        Ok(())
    }
}

impl fmt::Debug for Trace {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.debug_map().entries(self.steps()).finish()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_check_has_its_place() {
        for (place, check) in Check::ALL.into_iter().enumerate() {
            assert_eq!(check as usize, place);
        }
    }

    #[test]
    fn is_one_line() {
        let mut trace = Trace::default();
        trace.refuse(Check::Route, Cause::RouteNotFound);
        trace.pass(Check::Host);
        trace.skip(Check::Draining);
        assert_eq!(trace.to_string(), "host (draining) route=route-not-found");
        assert_eq!(trace.refused_by(), Some(Check::Route));
        assert_eq!(trace.outcome(Check::Host), Some(Outcome::Passed));
        assert_eq!(trace.outcome(Check::Key), None);
    }
}
