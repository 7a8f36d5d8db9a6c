use std::borrow::Cow;

use super::AuthorizationError;

/// What an authorizer says: yes, perhaps by which rule, or why not.
pub type Authorization = Result<Permit, AuthorizationError>;

/// A yes, with the rule that says so where there is one to name. The trace tells it to the operator.
///
/// ```
/// use ws_server::authorize::Permit;
///
/// assert_eq!(Permit::new().rule(), None);
/// assert_eq!(Permit::by("own-room").rule(), Some("own-room"));
/// ```
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Permit {
    rule: Option<Cow<'static, str>>,
}

impl Permit {
    /// A yes of which there is no more to say.
    pub const fn new() -> Self {
        Self { rule: None }
    }

    /// A yes by the rule of this name.
    pub fn by(rule: impl Into<Cow<'static, str>>) -> Self {
        Self { rule: Some(rule.into()) }
    }

    /// The rule by which it is a yes. Several have commas between them.
    pub fn rule(&self) -> Option<&str> {
        self.rule.as_deref()
    }

    pub(crate) fn into_rule(self) -> Option<Cow<'static, str>> {
        self.rule
    }

    /// A yes by both.
    #[must_use]
    pub fn and(self, other: Self) -> Self {
        match (self.rule, other.rule) {
            (Some(ours), Some(theirs)) => Self::by(format!("{ours}, {theirs}")),
            (ours, theirs) => Self { rule: ours.or(theirs) },
        }
    }
}

impl From<()> for Permit {
    fn from((): ()) -> Self {
        Self::new()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn two_are_by_both_of_their_rules() {
        assert_eq!(Permit::by("a").and(Permit::by("b")).rule(), Some("a, b"));
        assert_eq!(Permit::by("a").and(Permit::new()).rule(), Some("a"));
        assert_eq!(Permit::new().and(Permit::by("b")).rule(), Some("b"));
        assert_eq!(Permit::new().and(Permit::from(())), Permit::default());
    }
}
