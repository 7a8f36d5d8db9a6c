use std::time::Duration;

use thiserror::Error;
use ws_core::refusal::Cause;

use super::{CertificateFault, bearer::TokenError, signed::SignedFault, ticket::TicketFault};

/// Why an authenticator does not say who somebody is. There is no variant for "no": each names a cause.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
#[non_exhaustive]
pub enum AuthenticationError {
    /// There are no credentials of the kind that this authenticator looks for. The next one is asked.
    #[error("there are no credentials")]
    CredentialsMissing,
    /// There are credentials, in a form that they cannot have.
    #[error("{0}")]
    CredentialsMalformed(CredentialsFault),
    /// `Authorization` has credentials of another scheme. The next authenticator is asked.
    #[error("the credentials are of another scheme")]
    SchemeUnsupported,
    /// There is a token, and it is not good.
    #[error(transparent)]
    Token(TokenError),
    /// A wrong user, password, key or session. Which of them is not told.
    #[error("the credentials are wrong")]
    CredentialsRejected,
    /// A session cookie that does not hold. The caller is told that the credentials are wrong.
    #[error("the cookie {0}")]
    CookieRejected(SignedFault),
    /// A ticket that was never good here. The caller is told that the credentials are wrong.
    #[error("the ticket {0}")]
    TicketRejected(#[from] TicketFault),
    /// A ticket for one use has been used.
    #[error("the ticket has been used")]
    TicketSpent,
    /// A ticket for one use is past its time.
    #[error("the ticket has expired")]
    TicketExpired,
    /// The client has presented no certificate. The next authenticator is asked.
    #[error("a client certificate is required")]
    ClientCertificateRequired,
    /// The client's certificate is not accepted.
    #[error("{0}")]
    ClientCertificateRejected(CertificateFault),
    /// Whoever would know cannot be asked. This is never the caller's fault.
    #[error("the authentication backend is not available")]
    Unavailable {
        /// When to come back, if that is known.
        retry_after: Option<Duration>,
    },
    /// The authenticator failed by its own fault.
    #[error("the authenticator failed")]
    Internal,
}

/// What is wrong with the form of credentials.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
#[non_exhaustive]
pub enum CredentialsFault {
    /// More than one `Authorization` (RFC 9110 11.6.2, 5.3).
    #[error("there is more than one Authorization")]
    HeaderRepeated,
    /// `Authorization` is not a scheme with credentials (RFC 9110 11.4).
    #[error("Authorization is not a scheme with credentials")]
    HeaderSyntax,
    /// What stands in place of a token has other characters than a token, or none (RFC 6750 2.1).
    #[error("the token is empty or has characters that no token has")]
    TokenSyntax,
    /// The query has the parameter more than once.
    #[error("the query has the credentials' parameter more than once")]
    ParameterRepeated,
    /// There is more than one cookie of that name.
    #[error("there is more than one cookie of the credentials' name")]
    CookieRepeated,
    /// More than one field has an API key.
    #[error("there is more than one field with an API key")]
    KeyRepeated,
    /// Nothing stands in place of an API key.
    #[error("the API key is empty")]
    KeyEmpty,
    /// What follows `Basic` is not base64 (RFC 7617 2).
    #[error("the Basic credentials are not base64")]
    UserPassEncoding,
    /// There is no colon between user and password (RFC 7617 2).
    #[error("the Basic credentials have no colon between user and password")]
    UserPassColon,
    /// User or password are not UTF-8, or have control characters (RFC 7617 2, 2.1).
    #[error("the Basic credentials are not UTF-8 without control characters")]
    UserPassCharacters,
    /// `bearer` is the last of the subprotocols: no token follows it.
    #[error("no token follows the subprotocol `bearer`")]
    SubprotocolAlone,
    /// Credentials came in more than one place (RFC 6750 2).
    #[error("credentials came in more than one place")]
    TwoPlaces,
    /// Another fault, of credentials that are the application's own.
    #[error("the credentials are malformed")]
    Syntax,
}

impl From<TokenError> for AuthenticationError {
    fn from(error: TokenError) -> Self {
        match error {
            TokenError::KeysUnavailable { retry_after } => Self::Unavailable { retry_after },
            error => Self::Token(error),
        }
    }
}

impl AuthenticationError {
    /// Whether there was nothing to judge: no credentials, those of another scheme, or no certificate. The next
    /// authenticator is asked then.
    pub const fn passes_on(&self) -> bool {
        matches!(self, Self::CredentialsMissing | Self::SchemeUnsupported | Self::ClientCertificateRequired)
    }

    /// Whether the request has no credentials of any kind.
    pub(crate) const fn finds_nothing(&self) -> bool {
        matches!(self, Self::CredentialsMissing | Self::ClientCertificateRequired)
    }

    /// The row of the catalogue.
    pub const fn cause(&self) -> Cause {
        match self {
            Self::CredentialsMissing => Cause::CredentialsMissing,
            Self::CredentialsMalformed(_) => Cause::CredentialsMalformed,
            Self::SchemeUnsupported => Cause::SchemeUnsupported,
            Self::Token(error) => error.cause(),
            Self::CredentialsRejected | Self::CookieRejected(_) | Self::TicketRejected(_) => {
                Cause::CredentialsRejected
            }
            Self::TicketSpent => Cause::TicketSpent,
            Self::TicketExpired => Cause::TicketExpired,
            Self::ClientCertificateRequired => Cause::ClientCertificateRequired,
            Self::ClientCertificateRejected(_) => Cause::ClientCertificateRejected,
            Self::Unavailable { .. } => Cause::AuthenticationUnavailable,
            Self::Internal => Cause::InternalError,
        }
    }
}
