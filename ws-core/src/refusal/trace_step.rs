use serde_json::Value;

use super::problem::Object;

/// One check that a server has made of a handshake, as [`Disclosure::Full`](super::Disclosure::Full) tells it in the
/// member `trace` of a problem.
///
/// ```
/// use ws_core::refusal::{Cause, Problem};
///
/// let body = br#"{"trace": [{"check": "origin", "outcome": "refused", "cause": "origin-denied"}]}"#;
/// let problem = Problem::parse(body)?;
/// assert_eq!(problem.trace[0].check, "origin");
/// assert_eq!(problem.trace[0].cause(), Some(Cause::OriginDenied));
/// # Ok::<(), ws_core::refusal::ProblemError>(())
/// ```
#[derive(Clone, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct TraceStep {
    /// `check`, its name.
    pub check: String,
    /// `outcome`: `passed`, `skipped` or `refused`.
    pub outcome: String,
    /// `cause`, the code of the cause that it refused for.
    pub cause: Option<String>,
    /// `nanoseconds`, how long it took.
    pub nanoseconds: Option<u64>,
    /// `compared`, what was compared, in words.
    pub compared: Option<String>,
}

impl TraceStep {
    /// A check that ended like this.
    pub fn new(check: impl Into<String>, outcome: impl Into<String>) -> Self {
        Self { check: check.into(), outcome: outcome.into(), ..Self::default() }
    }

    /// The cause that it refused for, where it did and the code is known.
    pub fn cause(&self) -> Option<super::Cause> {
        self.cause.as_deref().and_then(super::Cause::from_code)
    }

    /// Reads one element of the list; `None` where it has neither a check nor an outcome.
    pub(super) fn parse(step: &Value) -> Option<Self> {
        let text = |name: &str| step.get(name).and_then(Value::as_str).map(str::to_owned);
        Some(Self {
            check: text("check")?,
            outcome: text("outcome")?,
            cause: text("cause"),
            nanoseconds: step.get("nanoseconds").and_then(Value::as_u64),
            compared: text("compared"),
        })
    }

    /// The element as it is sent.
    pub(super) fn to_json(&self) -> String {
        let mut step = Object::default();
        step.member("check", &*self.check);
        step.member("outcome", &*self.outcome);
        if let Some(cause) = &self.cause {
            step.member("cause", &**cause);
        }
        if let Some(nanoseconds) = self.nanoseconds {
            step.member("nanoseconds", nanoseconds);
        }
        if let Some(compared) = &self.compared {
            step.member("compared", &**compared);
        }
        step.finish()
    }
}
