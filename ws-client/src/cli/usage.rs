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
    #[error("--header: write it as 'Name: value', with a colon after the name")]
    Header,
}
