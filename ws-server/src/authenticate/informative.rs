//! Which of several failures tells the caller most.

use super::{AuthenticationError, bearer::TokenError};

/// How much a failure tells, from the least to the most; [`AnyOf`](super::AnyOf) explains the order.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Informative {
    /// There is no certificate; where other credentials are accepted as well, asking for those says more.
    NoCertificate,
    /// There are no credentials.
    Nothing,
    /// There are some, of another scheme.
    OtherScheme,
    /// Something is there that does not have the form of this authenticator's credentials.
    OtherForm,
    /// The form is right, but nobody here can have made it.
    OtherKey,
    /// It is of the right kind, and forged, damaged or wrong.
    Wrong,
    /// Somebody who is trusted made it, for another purpose.
    OtherPurpose,
    /// It was good once, or will be.
    OtherTime,
    /// It might be good: whoever would know cannot be asked.
    Unknown,
    /// It might be good: we failed.
    Failed,
    /// The request itself is in disorder, whoever looks at it.
    Malformed,
}

impl AuthenticationError {
    /// How much this tells. There is no failure without a rank.
    pub(crate) const fn informative(&self) -> Informative {
        match self {
            Self::ClientCertificateRequired => Informative::NoCertificate,
            Self::CredentialsMissing => Informative::Nothing,
            Self::SchemeUnsupported => Informative::OtherScheme,
            Self::Token(error) => token(error),
            Self::CredentialsRejected
            | Self::CookieRejected(_)
            | Self::TicketRejected(_)
            | Self::ClientCertificateRejected(_) => Informative::Wrong,
            Self::TicketSpent | Self::TicketExpired => Informative::OtherTime,
            Self::Unavailable { .. } => Informative::Unknown,
            Self::Internal => Informative::Failed,
            Self::CredentialsMalformed(_) => Informative::Malformed,
        }
    }

    /// This failure or the one known before, whichever tells more; the one known before where they tell as much.
    #[must_use]
    pub(crate) fn or_more_informative(self, known: Option<Self>) -> Self {
        match known {
            Some(known) if known.informative() >= self.informative() => known,
            _ => self,
        }
    }
}

const fn token(error: &TokenError) -> Informative {
    match error {
        TokenError::TooLong { .. }
        | TokenError::Parts
        | TokenError::HeaderEncoding
        | TokenError::HeaderJson(_)
        | TokenError::PayloadEncoding
        | TokenError::HeaderParameter(_)
        | TokenError::CriticalExtension => Informative::OtherForm,
        TokenError::KeyUnknown => Informative::OtherKey,
        TokenError::KeysUnavailable { .. } => Informative::Unknown,
        TokenError::AlgorithmNone
        | TokenError::AlgorithmUnknown
        | TokenError::AlgorithmDenied(_)
        | TokenError::SignatureEncoding
        | TokenError::SignatureLength
        | TokenError::SignatureWrong => Informative::Wrong,
        // The signature has verified when the claims are read.
        TokenError::PayloadJson(_)
        | TokenError::ClaimType { .. }
        | TokenError::ClaimMissing(_)
        | TokenError::IssuerWrong
        | TokenError::AudienceWrong => Informative::OtherPurpose,
        TokenError::Expired { .. } | TokenError::NotYetValid { .. } | TokenError::Revoked => {
            Informative::OtherTime
        }
    }
}
