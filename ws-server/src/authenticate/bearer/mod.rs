//! Bearer tokens (RFC 6750) that are signed JSON Web Tokens (RFC 7519, RFC 7515).

mod algorithm;
mod authenticator;
mod claims;
mod error;
mod jwk;
mod jwk_set;
mod jws;
mod key;
mod keys;
mod pem;
mod signer;
mod source;
mod spki;
#[cfg(test)]
mod tests;
mod verifier;

pub use algorithm::Algorithm;
pub use authenticator::Bearer;
pub use error::TokenError;
pub use jwk::JwkFault;
pub use jwk_set::{JwkSet, JwkSetError, SkippedKey};
pub use key::{Key, KeyError};
pub use keys::{KeySource, KeysError};
pub use signer::{SignError, Signer};
pub use source::Source;
pub use verifier::{TOKEN_LIMIT, Verifier};

#[cfg(feature = "remote")]
pub(super) use {
    claims::Rules,
    source::{SUBPROTOCOL, find as find_token},
};
