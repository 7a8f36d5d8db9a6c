//! What is wrong with what was asked for: the flag, and the fix.

use thiserror::Error;

use crate::{RequestError, UrlError};

/// A mistake on the command line. No variant repeats a value that may be a secret.
#[derive(Debug, Error)]
pub(super) enum Usage {
    #[error("the address: {0}")]
    Url(#[from] UrlError),
    #[error("{flag}: {source}")]
    Request { flag: &'static str, source: RequestError },
    #[error("--header {name}: use {flag}")]
    FlagOfItsOwn { name: String, flag: &'static str },
    #[error("{flag}: write it as USER:PASSWORD, with a colon between the two")]
    Basic { flag: &'static str },
    #[error(
        "--resolve {given:?}: write it as HOST:ADDRESS or HOST:ADDRESS:PORT, such as chat.example:192.0.2.7 or chat.example:[2001:db8::7]:8443"
    )]
    Resolve { given: String },
    #[error("--header: write it as 'Name: value', with a colon after the name")]
    Header,
}
