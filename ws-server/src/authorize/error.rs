use std::{borrow::Cow, time::Duration};

use thiserror::Error;
use ws_core::refusal::{Cause, Refusal};

/// Why an authorizer does not let somebody in. There is no variant for "no": each names a cause.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
#[non_exhaustive]
pub enum AuthorizationError {
    /// The token was not issued for this (RFC 6750 3.1).
    #[error("the scopes {required:?} are required")]
    ScopeInsufficient {
        /// All scopes that are required here.
        required: Vec<String>,
    },
    /// The caller does not have a role.
    #[error("the role {role:?} is required")]
    RoleMissing {
        /// The first role that is missing.
        role: String,
    },
    /// A rule says no.
    #[error("denied by the rule {rule:?}")]
    PolicyDenied {
        /// The name of the rule; the caller is told.
        rule: Cow<'static, str>,
    },
    /// A rule says no, and the caller is not to know that there is something to be denied.
    #[error("hidden by the rule {rule:?}")]
    ResourceHidden {
        /// The name of the rule, for the log.
        rule: Cow<'static, str>,
    },
    /// Whoever would decide cannot be asked. This is never the caller's fault.
    #[error("the authorization backend is not available")]
    Unavailable {
        /// When to come back, if that is known.
        retry_after: Option<Duration>,
    },
    /// The authorizer failed by its own fault.
    #[error("the authorizer failed")]
    Internal,
    /// The authorizer has nothing to say about this, and leaves it to others. Where all others do, the answer is no.
    #[error("no authorizer decides about this")]
    Undecided,
}

/// What an error means for others who are asked as well.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Weight {
    /// A no, more informative than those of a lower rank.
    Denial(u8),
    /// Nobody knows.
    Failure,
    /// Nothing.
    Abstention,
}

impl AuthorizationError {
    /// The row of the catalogue.
    pub const fn cause(&self) -> Cause {
        match self {
            Self::ScopeInsufficient { .. } => Cause::ScopeInsufficient,
            Self::RoleMissing { .. } => Cause::RoleMissing,
            // Where nobody decides, nobody says yes.
            Self::PolicyDenied { .. } | Self::Undecided => Cause::PolicyDenied,
            Self::ResourceHidden { .. } => Cause::ResourceHidden,
            Self::Unavailable { .. } => Cause::AuthorizationUnavailable,
            Self::Internal => Cause::InternalError,
        }
    }

    /// Whether the answer is no, rather than that nobody could be asked.
    pub const fn is_denial(&self) -> bool {
        match self.weight() {
            Weight::Denial(_) | Weight::Abstention => true,
            Weight::Failure => false,
        }
    }

    /// This refusal with everything that is to be told of it, challenges excepted: those are the route's.
    pub fn to_refusal(&self) -> Refusal {
        let refusal = Refusal::new(self.cause());
        let detail = self.to_string();
        match self {
            Self::ScopeInsufficient { required } => refusal.detail(detail).required_scope(required.join(" ")),
            // The one who is refused may know the rule.
            Self::PolicyDenied { .. } | Self::Undecided => refusal.public_detail(detail),
            Self::Unavailable { retry_after: Some(wait) } => refusal.detail(detail).retry_after(*wait),
            Self::RoleMissing { .. }
            | Self::ResourceHidden { .. }
            | Self::Unavailable { retry_after: None }
            | Self::Internal => refusal.detail(detail),
        }
    }

    /// Of several denials the one that says most is told: what can be had from the issuer of the token, then what has
    /// to be had from an administrator, then a rule. Before all of them comes a denial that hides: the others would
    /// tell that there is something.
    pub(super) const fn weight(&self) -> Weight {
        match self {
            Self::ResourceHidden { .. } => Weight::Denial(3),
            Self::ScopeInsufficient { .. } => Weight::Denial(2),
            Self::RoleMissing { .. } => Weight::Denial(1),
            Self::PolicyDenied { .. } => Weight::Denial(0),
            Self::Unavailable { .. } | Self::Internal => Weight::Failure,
            Self::Undecided => Weight::Abstention,
        }
    }
}
