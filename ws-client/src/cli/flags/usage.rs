//! What is wrong with what was asked for: the flag, and the fix.

use std::error::Error as _;

use thiserror::Error;

use crate::{ProxyUrlError, RequestError, TlsConfigError, UrlError};

/// A mistake on the command line. No variant repeats a value that may be a secret.
#[derive(Debug, Error)]
pub(in crate::cli) enum Usage {
    #[error("the address: {}", address(.0))]
    Url(#[from] UrlError),
    #[error("{flag}: {source}")]
    Request { flag: &'static str, source: RequestError },
    #[error("{flag}: {source}{}", system(source))]
    Tls { flag: &'static str, source: TlsConfigError },
    #[error("--proxy: {0}")]
    Proxy(#[from] ProxyUrlError),
    #[error("--header {name}: use {flag}")]
    FlagOfItsOwn { name: String, flag: &'static str },
    #[error("--header: write it as 'Name: value', with a colon after the name")]
    Header,
    #[error("{flag}: write it as USER:PASSWORD, with a colon between the two")]
    Basic { flag: &'static str },
    #[error("write header, query:NAME, cookie:NAME, subprotocol or first-message")]
    Placement,
    #[error(
        "--resolve {given:?}: write it as HOST:ADDRESS or HOST:ADDRESS:PORT, such as chat.example:192.0.2.7 or \
         chat.example:[2001:db8::7]:8443"
    )]
    Resolve { given: String },
}

/// What is wrong with the address; the library names its own methods in place of flags.
fn address(error: &UrlError) -> String {
    match error {
        UrlError::Userinfo => {
            "it holds a user name or password: take it out, and send a user name and a password with \
                               --basic USER:PASSWORD or WS_BASIC, a token with --token-file FILE or WS_TOKEN"
                .to_owned()
        }
        error => error.to_string(),
    }
}

/// What the operating system said about a file.
fn system(error: &TlsConfigError) -> String {
    error.source().map_or_else(String::new, |source| format!(" ({source})"))
}
