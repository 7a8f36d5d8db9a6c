//! What an authorization server answers, and what that means.

use std::time::SystemTime;

use oauth2::basic::{BasicErrorResponse, BasicErrorResponseType, BasicTokenResponse, BasicTokenType};
use oauth2::{RequestTokenError, TokenResponse as _};

use super::TokenEndpoint;
use super::http::HttpError;
use crate::credentials::{CredentialsError, Token};
use crate::refused::Printable;

/// A request that was made.
pub(super) struct Asked {
    endpoint: String,
    /// A token's time begins at the latest when it was sent, and certainly not before it was asked for.
    at: SystemTime,
}

impl Asked {
    pub(super) fn now(endpoint: &TokenEndpoint) -> Self {
        Self { endpoint: endpoint.to_string(), at: SystemTime::now() }
    }

    // RFC 6749 5.1.
    pub(super) fn token(&self, answer: &BasicTokenResponse) -> Result<Token, CredentialsError> {
        // RFC 6749 7.1: "The client MUST NOT use an access token if it does not understand the token type."
        if *answer.token_type() != BasicTokenType::Bearer {
            return Err(self.unusable("the type of the token is not Bearer".to_owned()));
        }
        let token = Token::new(answer.access_token().secret().clone());
        let expires = answer.expires_in().and_then(|lifetime| self.at.checked_add(lifetime));
        Ok(match expires {
            Some(expires) => token.expires(expires),
            None => token,
        })
    }

    /// There was no answer, or none that is OAuth's.
    pub(super) fn failed(&self, error: HttpError) -> CredentialsError {
        let endpoint = &self.endpoint;
        match error {
            HttpError::Unreachable(reason) => {
                self.unavailable(format!("{endpoint} cannot be reached: {reason}"))
            }
            HttpError::TimedOut(limit) => {
                self.unavailable(format!("{endpoint} did not answer within {limit:?}"))
            }
            HttpError::Busy { status, retry_after } => CredentialsError::Unavailable {
                reason: format!("{endpoint} answered with {status}"),
                retry_after,
            },
            HttpError::Status(status) => self.unusable(format!("it answered with {status}")),
            HttpError::Redirected(status) => {
                self.unusable(format!("it redirects ({status}), and secrets are not sent elsewhere"))
            }
            HttpError::TooLarge(limit) => self.unusable(format!("its answer has more than {limit} bytes")),
        }
    }

    /// The answer gives no token.
    pub(super) fn refused(
        &self,
        error: RequestTokenError<HttpError, BasicErrorResponse>,
    ) -> CredentialsError {
        match error {
            RequestTokenError::Request(error) => self.failed(error),
            RequestTokenError::ServerResponse(answer) => self.denied(&answer),
            // Only where in the answer something is wrong: the answer may have a token.
            RequestTokenError::Parse(error, _) => self
                .unusable(format!("its answer is not that of RFC 6749 5, at {:?}", error.path().to_string())),
            RequestTokenError::Other(reason) => self.unusable(printable(&reason)),
        }
    }

    // RFC 6749 5.2.
    fn denied(&self, answer: &BasicErrorResponse) -> CredentialsError {
        let error = printable(answer.error().as_ref());
        let description = answer.error_description().map(|text| printable(text));
        match answer.error() {
            // RFC 6749 4.1.2.1 has these for redirections; servers use them here as well.
            BasicErrorResponseType::Extension(code)
                if matches!(code.as_str(), "temporarily_unavailable" | "server_error" | "slow_down") =>
            {
                let more = description.map_or_else(String::new, |text| format!(" ({text})"));
                self.unavailable(format!("{} answered with {error}{more}", self.endpoint))
            }
            _ => CredentialsError::Denied { error, description },
        }
    }

    #[expect(clippy::unused_self, reason = "all errors are made alike")]
    fn unavailable(&self, reason: String) -> CredentialsError {
        CredentialsError::Unavailable { reason, retry_after: None }
    }

    fn unusable(&self, reason: String) -> CredentialsError {
        CredentialsError::NotATokenEndpoint { endpoint: self.endpoint.clone(), reason }
    }
}

/// What a stranger says, at most 300 characters of it.
fn printable(text: &str) -> String {
    let cut: String = text.chars().take(300).collect();
    Printable(&cut).to_string()
}
