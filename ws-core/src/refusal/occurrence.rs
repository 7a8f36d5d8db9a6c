use std::borrow::Cow;
use std::fmt;
use std::time::Duration;

use super::{Cause, Challenge, Disclosure};

/// A cause with what is known about this occurrence of it.
///
/// ```
/// use std::time::Duration;
/// use ws_core::refusal::{Cause, Challenge, Disclosure, Presentation, Refusal};
///
/// let refusal = Refusal::new(Cause::ScopeInsufficient)
///     .detail("the token has the scope chat:read only")
///     .required_scope("chat:write")
///     .challenge(Challenge::bearer("chat"));
/// let answer = refusal.to_http(&Presentation::new("0f3b", "https://docs.example/refusals")).unwrap();
/// assert_eq!(answer.status, 403);
/// let closed = refusal.to_close(Disclosure::Full).unwrap();
/// assert_eq!(closed.code, 3003);
/// assert_eq!(closed.reason, "scope-insufficient: the token has the scope chat:read only");
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Refusal {
    /// Why.
    pub cause: Cause,
    /// What exactly happened, for the log and for [`Disclosure::Full`]; may be empty.
    pub detail: Cow<'static, str>,
    /// Whether the detail is told at [`Disclosure::Standard`] as well.
    pub detail_is_public: bool,
    /// Whether a server that shuts down will be back at once (close code 1012 rather than 1001).
    pub restarting: bool,
    /// One challenge for each accepted scheme.
    pub challenges: Vec<Challenge>,
    /// When to come back.
    pub retry_after: Option<Duration>,
    /// The scope that is missing, or several with spaces between them (RFC 6750 3).
    pub required_scope: Option<String>,
    /// What would be accepted: subprotocols, for example.
    pub supported: Vec<String>,
}

impl Refusal {
    /// A refusal of which no more than the cause is known.
    pub const fn new(cause: Cause) -> Self {
        Self {
            cause,
            detail: Cow::Borrowed(""),
            detail_is_public: false,
            restarting: false,
            challenges: Vec::new(),
            retry_after: None,
            required_scope: None,
            supported: Vec::new(),
        }
    }

    /// Says what exactly happened, for the log and for [`Disclosure::Full`].
    #[must_use]
    pub fn detail(self, detail: impl Into<Cow<'static, str>>) -> Self {
        Self { detail: detail.into(), ..self }
    }

    /// Says what exactly happened in words that a stranger may read at [`Disclosure::Standard`] too:
    /// the rule by which a policy denied, for example.
    #[must_use]
    pub fn public_detail(self, detail: impl Into<Cow<'static, str>>) -> Self {
        Self { detail: detail.into(), detail_is_public: true, ..self }
    }

    /// Adds the challenge of an accepted scheme.
    #[must_use]
    pub fn challenge(mut self, challenge: Challenge) -> Self {
        self.challenges.push(challenge);
        self
    }

    /// Adds the challenges of all accepted schemes.
    #[must_use]
    pub fn challenges(mut self, challenges: impl IntoIterator<Item = Challenge>) -> Self {
        self.challenges.extend(challenges);
        self
    }

    /// Says when to come back; sent in whole seconds, rounded up, at least one.
    #[must_use]
    pub fn retry_after(self, wait: Duration) -> Self {
        Self { retry_after: Some(wait), ..self }
    }

    /// Names the missing scope, or several with spaces between them.
    #[must_use]
    pub fn required_scope(self, scope: impl Into<String>) -> Self {
        Self { required_scope: Some(scope.into()), ..self }
    }

    /// Lists what would be accepted.
    #[must_use]
    pub fn supported<T: Into<String>>(self, supported: impl IntoIterator<Item = T>) -> Self {
        Self { supported: supported.into_iter().map(Into::into).collect(), ..self }
    }

    /// Says that the server comes back at once: 1012 instead of 1001 for `server-draining`.
    #[must_use]
    pub fn restarting(self) -> Self {
        Self { restarting: true, ..self }
    }

    /// The words on this occurrence that may be told at this level; the fixed ones otherwise.
    pub(super) fn told<'a>(&'a self, disclosure: Disclosure, fixed: &'a str) -> &'a str {
        let open =
            disclosure == Disclosure::Full || disclosure == Disclosure::Standard && self.detail_is_public;
        if open && !self.detail.is_empty() { &self.detail } else { fixed }
    }
}

impl From<Cause> for Refusal {
    fn from(cause: Cause) -> Self {
        Self::new(cause)
    }
}

/// For the log: the code and the detail.
impl fmt::Display for Refusal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}", self.cause, self.told(Disclosure::Full, self.cause.title()))
    }
}

impl std::error::Error for Refusal {}

#[cfg(test)]
mod tests {
    use super::*;

    /// A refusal travels as the error of a `Result`; a large one would make every call slower.
    #[test]
    fn is_small_enough_for_a_result() {
        assert!(size_of::<Refusal>() < 128);
    }

    #[test]
    fn the_log_has_the_true_cause() {
        let refusal = Refusal::new(Cause::ResourceHidden).detail("not a member of ops");
        assert_eq!(refusal.to_string(), "resource-hidden: not a member of ops");
        assert_eq!(Refusal::from(Cause::ServerFull).to_string(), "server-full: The server is full");
    }
}
