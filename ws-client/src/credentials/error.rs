//! Why there is no token.

use std::io;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use thiserror::Error;
use ws_core::net;

/// Why there is no credential to send. No variant repeats one.
///
/// It can be cloned since one request is made for all who wait for it.
#[derive(Clone, Debug, Error)]
#[non_exhaustive]
pub enum CredentialsError {
    /// The credential would go over the network in clear.
    #[error(
        "credentials are not sent over plain ws:// to {host}, where everyone on the way can read them: \
         use wss://, or allow it by name"
    )]
    InClear {
        /// The host they would go to.
        host: String,
    },
    /// The file with the token cannot be read.
    #[error("the token file {} cannot be read: {source}", path.display())]
    File {
        /// The file.
        path: PathBuf,
        /// What the system said.
        source: Arc<io::Error>,
    },
    /// The provider gave what is no token (RFC 6750 2.1).
    #[error("{from} gave no valid token: {reason}")]
    Malformed {
        /// Which provider.
        from: String,
        /// What is wrong with it.
        reason: &'static str,
    },
    /// The command for the token cannot be run, or failed.
    #[error("the command {command:?} gave no token: {reason}")]
    Command {
        /// The command, without its arguments.
        command: String,
        /// Its exit status, or why it did not run.
        reason: String,
    },
    /// The authorization server refused (RFC 6749 5.2): the client's registration or its refresh token is at fault.
    #[error("the authorization server refused to give a token: {error}{}", describe(description.as_deref()))]
    Denied {
        /// The error code, such as `invalid_grant`.
        error: String,
        /// What it says about it.
        description: Option<String>,
    },
    /// What is at this address does not answer as a token endpoint does (RFC 6749 5).
    #[error("{endpoint} does not answer as a token endpoint of OAuth 2.0: {reason}; is that its address?")]
    NotATokenEndpoint {
        /// Its address.
        endpoint: String,
        /// What it did instead.
        reason: String,
    },
    /// The authorization server, or what else gives tokens, cannot be reached or fails.
    #[error("no token can be had now: {reason}")]
    Unavailable {
        /// What failed.
        reason: String,
        /// When to ask again, where that was told.
        retry_after: Option<Duration>,
    },
    /// No token came in time.
    #[error("no token came within {after:?}")]
    TimedOut {
        /// The time given.
        after: Duration,
    },
    /// The token has a character that no subprotocol has (RFC 6455 4.1).
    #[error(
        "the token cannot stand among the subprotocols, for it has a character that none of these has: \
         send it in another place"
    )]
    NoSubprotocol,
    /// The server did not answer the token in the first message in time.
    #[error(
        "the server did not answer the token in the first message within {after:?}: \
         does the route take one there?"
    )]
    Unanswered {
        /// The time given.
        after: Duration,
    },
    /// The server's first message is no answer to the token in ours.
    #[error(
        "the server answered the token in the first message with something else than `authenticated`: \
         the route takes none there, so send the token in another place"
    )]
    NotUnderstood,
    /// The connection was lost before the token in the first message was answered.
    #[error("the connection was lost before the token in the first message was answered: {source}")]
    ConnectionLost {
        /// How it was lost.
        source: Arc<net::Error>,
    },
}

fn describe(description: Option<&str>) -> String {
    description.map_or_else(String::new, |text| format!(" ({text})"))
}
