use std::time::Duration;

use thiserror::Error;
use ws_core::refusal::Cause;

use super::algorithm::Algorithm;
use crate::authenticate::{ClaimsFault, JsonFault};

/// Why a token is not accepted.
///
/// The variants stand in the order of the checks. None says anything about a claim before the signature has
/// verified, and none repeats what the token contained.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
#[non_exhaustive]
pub enum TokenError {
    /// Longer than the verifier's limit.
    #[error("the token is longer than {limit} bytes")]
    TooLong {
        /// The limit, in bytes.
        limit: usize,
    },
    /// Not three parts with dots between them (RFC 7515 7.1).
    #[error("the token does not have three parts")]
    Parts,
    /// The header is not base64url without padding (RFC 7515 2).
    #[error("the token's header is not base64url")]
    HeaderEncoding,
    /// The header is not one JSON object without repeated members (RFC 7515 5.2).
    #[error("the token's header {0}")]
    HeaderJson(JsonFault),
    /// The payload is not base64url without padding (RFC 7515 2).
    #[error("the token's payload is not base64url")]
    PayloadEncoding,
    /// A header member has a type that its definition does not allow, or `alg` is absent (RFC 7515 4.1).
    #[error("the header parameter `{0}` is missing or of the wrong type")]
    HeaderParameter(&'static str),
    /// The header has `crit`, and no extension is understood here (RFC 7515 4.1.11).
    #[error("the token's header has critical extensions (`crit`); none is understood here")]
    CriticalExtension,
    /// `alg` is `none`: the token is not signed at all (RFC 8725 3.2).
    #[error("the token is not signed (`alg` is `none`)")]
    AlgorithmNone,
    /// `alg` names nothing that is supported.
    #[error("the token's algorithm is not supported")]
    AlgorithmUnknown,
    /// There is no key that has this `kid`.
    #[error("no key has the token's key id (`kid`)")]
    KeyUnknown,
    /// The key may be one that cannot be fetched now, or no keys could be fetched ever. Not the token's fault.
    #[error("the keys that would verify the token cannot be had")]
    KeysUnavailable {
        /// When they are looked for again, if that is known.
        retry_after: Option<Duration>,
    },
    /// A supported `alg`, but not that of the keys in question (RFC 8725 3.1).
    #[error("the key does not take tokens of algorithm {0}")]
    AlgorithmDenied(Algorithm),
    /// The signature is not base64url without padding.
    #[error("the token's signature is not base64url")]
    SignatureEncoding,
    /// The signature does not have the length that its key and algorithm give.
    #[error("the token's signature has the wrong length")]
    SignatureLength,
    /// The signature is not that of the key over header and payload.
    #[error("the token's signature does not verify")]
    SignatureWrong,
    /// The payload is not one JSON object without repeated members (RFC 7519 7.2, 4).
    #[error("the token's payload {0}")]
    PayloadJson(JsonFault),
    /// A claim is not of the type that its definition gives (RFC 7519 4.1).
    #[error("the claim `{claim}` is not {expected}")]
    ClaimType {
        /// The name of the claim.
        claim: String,
        /// What it has to be.
        expected: &'static str,
    },
    /// A claim that is required here is absent.
    #[error("the claim `{0}` is missing")]
    ClaimMissing(String),
    /// The time is at or after `exp` (RFC 7519 4.1.4).
    #[error("the token expired {} s ago", .ago.as_secs())]
    Expired {
        /// How long ago, the leeway not counted.
        ago: Duration,
    },
    /// The time is before `nbf` (RFC 7519 4.1.5).
    #[error("the token is not valid before {} s from now", .wait.as_secs_f64().ceil())]
    NotYetValid {
        /// How long until it is, the leeway not counted.
        wait: Duration,
    },
    /// `iss` is not an accepted issuer (RFC 7519 4.1.1).
    #[error("the token is of another issuer")]
    IssuerWrong,
    /// `aud` does not name us (RFC 7519 4.1.3).
    #[error("the token is for another audience")]
    AudienceWrong,
    /// Withdrawn before it expired.
    #[error("the token has been revoked")]
    Revoked,
}

impl TokenError {
    /// The row of the catalogue.
    pub const fn cause(&self) -> Cause {
        match self {
            Self::TooLong { .. }
            | Self::Parts
            | Self::HeaderEncoding
            | Self::HeaderJson(_)
            | Self::PayloadEncoding
            | Self::HeaderParameter(_)
            | Self::CriticalExtension
            | Self::PayloadJson(_)
            | Self::ClaimType { .. } => Cause::TokenMalformed,
            Self::AlgorithmNone | Self::AlgorithmUnknown | Self::AlgorithmDenied(_) => {
                Cause::TokenAlgorithmDenied
            }
            Self::KeyUnknown => Cause::TokenKeyUnknown,
            Self::KeysUnavailable { .. } => Cause::AuthenticationUnavailable,
            Self::SignatureEncoding | Self::SignatureLength | Self::SignatureWrong => {
                Cause::TokenSignatureInvalid
            }
            Self::ClaimMissing(_) => Cause::TokenClaimMissing,
            Self::Expired { .. } => Cause::TokenExpired,
            Self::NotYetValid { .. } => Cause::TokenNotYetValid,
            Self::IssuerWrong => Cause::TokenIssuerWrong,
            Self::AudienceWrong => Cause::TokenAudienceWrong,
            Self::Revoked => Cause::TokenRevoked,
        }
    }
}

/// The claims of a token have variants of their own, because each has a row of its own in the catalogue.
impl From<ClaimsFault> for TokenError {
    fn from(fault: ClaimsFault) -> Self {
        match fault {
            ClaimsFault::Json(fault) => Self::PayloadJson(fault),
            ClaimsFault::Type { claim, expected } => Self::ClaimType { claim, expected },
            ClaimsFault::Missing(claim) => Self::ClaimMissing(claim.to_owned()),
            ClaimsFault::Expired { ago } => Self::Expired { ago },
            ClaimsFault::NotYetValid { wait } => Self::NotYetValid { wait },
        }
    }
}
