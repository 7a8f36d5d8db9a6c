use std::{borrow::Cow, time::Duration};

use thiserror::Error;
use ws_core::refusal::Cause;

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
}

impl AuthorizationError {
    /// The row of the catalogue.
    pub const fn cause(&self) -> Cause {
        match self {
            Self::ScopeInsufficient { .. } => Cause::ScopeInsufficient,
            Self::RoleMissing { .. } => Cause::RoleMissing,
            Self::PolicyDenied { .. } => Cause::PolicyDenied,
            Self::ResourceHidden { .. } => Cause::ResourceHidden,
            Self::Unavailable { .. } => Cause::AuthorizationUnavailable,
            Self::Internal => Cause::InternalError,
        }
    }

    /// Whether somebody said no, rather than that nobody could say anything.
    pub const fn is_denial(&self) -> bool {
        !matches!(self, Self::Unavailable { .. } | Self::Internal)
    }
}
