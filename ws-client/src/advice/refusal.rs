//! What follows from a refusal: by its cause, or by what else it says.

use ws_core::refusal::{Cause, Challenge};

use crate::refused::{Closed, Refused};

impl Refused {
    /// Its name: the cause of the catalogue where the answer tells one, else one that follows from the status, the
    /// challenges and what widespread servers say.
    pub fn code(&self) -> &'static str {
        self.cause().map_or_else(|| self.meaning().code, Cause::code)
    }

    /// As [`ConnectError::do_new_credentials_help`](crate::ConnectError::do_new_credentials_help).
    pub fn do_new_credentials_help(&self) -> bool {
        match self.cause() {
            Some(cause) => renewable(cause),
            None => self.is_token_invalid(),
        }
    }

    // RFC 6750 3.1: the token is expired, revoked or malformed; the client may ask for another one.
    pub(super) fn is_token_invalid(&self) -> bool {
        let invalid =
            |challenge: &Challenge| challenge.is("Bearer") && challenge.error() == Some(INVALID_TOKEN);
        self.status == 401 && self.challenges.iter().any(invalid)
    }
}

impl Closed {
    /// As [`ConnectError::do_new_credentials_help`](crate::ConnectError::do_new_credentials_help).
    pub fn do_new_credentials_help(&self) -> bool {
        match (self.cause(), &self.frame) {
            (Some(cause), _) => renewable(cause),
            // IANA WebSocket Close Code registry: 3000 is Unauthorized.
            (None, Some(frame)) => frame.code == 3000,
            (None, None) => false,
        }
    }
}

/// RFC 6750 3.1: the error code of a challenge to a token that is not accepted.
pub(super) const INVALID_TOKEN: &str = "invalid_token";

/// Whether another credential from the same place may be let in where this one was not.
///
/// Not where each one from there has the same flaw: an algorithm, issuer or audience that is not accepted, a claim that is
/// missing. A token that is not yet valid needs time, and a younger one more of it.
fn renewable(cause: Cause) -> bool {
    matches!(
        cause,
        Cause::TokenExpired
            | Cause::TokenRevoked
            // Keys change: a fresh token is signed with one that the server knows.
            | Cause::TokenKeyUnknown
            | Cause::TokenSignatureInvalid
            // It may have been cut short on its way here.
            | Cause::TokenMalformed
            // An opaque token that has expired or is revoked, a session that is over, a password that was changed.
            | Cause::CredentialsRejected
            | Cause::TicketSpent
            | Cause::TicketExpired
    )
}
