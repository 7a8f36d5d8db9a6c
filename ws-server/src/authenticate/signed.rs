//! Signed values, the form of cookies and tickets: base64url of claims in JSON, a dot, and base64url of the
//! HMAC-SHA256 of what stands before the dot.

use std::fmt;

use base64::{
    Engine,
    alphabet::URL_SAFE,
    engine::{DecodePaddingMode, GeneralPurpose, GeneralPurposeConfig},
};
use ring::{digest::SHA256_OUTPUT_LEN, hmac};
use serde::Serialize;
use thiserror::Error;

use super::{
    bearer::SignError,
    claims::{Claims, ClaimsFault},
};

/// The longest signed value that is looked at, in bytes.
pub const SIGNED_LIMIT: usize = 8192;

/// The shortest secret, in bytes: 128 bits.
pub const SECRET_MINIMUM: usize = 16;

/// RFC 4648 5, written without padding and read with or without it. Unused bits of the last character are zero.
const BASE64URL: GeneralPurpose = GeneralPurpose::new(
    &URL_SAFE,
    GeneralPurposeConfig::new()
        .with_encode_padding(false)
        .with_decode_padding_mode(DecodePaddingMode::Indifferent),
);

/// The secrets behind signed values. The first signs, and all of them verify, so that one can be replaced without
/// anybody noticing: the new one is put first, and the old one goes when nothing that it has signed is good any more.
///
/// Cookies and tickets have the same form: give each its own secret, or one can be used as the other.
///
/// ```
/// use ws_server::authenticate::signed::SecretKeys;
///
/// let keys = SecretKeys::new(b"the secret of this year, 32 bytes")?.and(b"the secret of the last year, too")?;
/// let session = keys.sign(&serde_json::json!({ "sub": "ann", "roles": ["member"], "exp": 1_900_000_000 }))?;
/// let set_cookie = format!("session={session}; Path=/; Secure; HttpOnly; SameSite=Lax");
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone)]
pub struct SecretKeys {
    signing: hmac::Key,
    others: Vec<hmac::Key>,
}

/// A secret that is too easy to guess.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
#[error("the secret has {actual} bytes; make one of {SECRET_MINIMUM} random bytes or more")]
pub struct SecretTooShort {
    /// The bytes that it has.
    pub actual: usize,
}

/// Why a signed value is not believed. The text goes on after "the cookie" or "the ticket".
#[derive(Clone, Debug, PartialEq, Eq, Error)]
#[non_exhaustive]
pub enum SignedFault {
    /// Longer than [`SIGNED_LIMIT`].
    #[error("is longer than {SIGNED_LIMIT} bytes")]
    TooLong,
    /// Not two parts with a dot between them.
    #[error("does not have two parts")]
    Parts,
    /// The claims are not base64url (RFC 4648 5).
    #[error("has a payload that is not base64url")]
    PayloadEncoding,
    /// The signature is not base64url (RFC 4648 5).
    #[error("has a signature that is not base64url")]
    SignatureEncoding,
    /// The signature is not as long as one of HMAC-SHA256.
    #[error("has a signature that is not {SHA256_OUTPUT_LEN} bytes long")]
    SignatureLength,
    /// The signature is of none of the secrets, or of other claims.
    #[error("has a signature that does not verify")]
    SignatureWrong,
    /// The claims are signed, and do not hold.
    #[error(transparent)]
    Claims(#[from] ClaimsFault),
}

impl SecretKeys {
    /// One secret of at least [`SECRET_MINIMUM`] bytes; 32 random ones are as good as it gets (RFC 2104 3).
    pub fn new(secret: &[u8]) -> Result<Self, SecretTooShort> {
        Ok(Self { signing: key(secret)?, others: Vec::new() })
    }

    /// Believes what this secret has signed, too.
    pub fn and(mut self, secret: &[u8]) -> Result<Self, SecretTooShort> {
        self.others.push(key(secret)?);
        Ok(self)
    }

    /// A signed value with these claims.
    ///
    /// Those that are understood here are `sub`, `iss`, `jti`, `exp`, `nbf`, `iat`, `scope` and `roles`, with the types
    /// of RFC 7519 4.1; scopes and roles are lists, or words with spaces between them. The others are in
    /// [`Identity::claims`](super::Identity::claims). Everybody can read them: nothing is encrypted.
    ///
    /// # Errors
    /// The claims are not a JSON object.
    pub fn sign(&self, claims: &impl Serialize) -> Result<String, SignError> {
        let claims = serde_json::to_value(claims)?;
        if !claims.is_object() {
            return Err(SignError::NotAnObject);
        }
        let mut value = BASE64URL.encode(claims.to_string());
        let signature = hmac::sign(&self.signing, value.as_bytes());
        value.push('.');
        BASE64URL.encode_string(signature, &mut value);
        Ok(value)
    }

    /// The claims of a value that one of the secrets has signed. Their time has not been looked at.
    pub(super) fn open(&self, value: &str) -> Result<Claims, SignedFault> {
        if value.len() > SIGNED_LIMIT {
            return Err(SignedFault::TooLong);
        }
        let (signed, signature) = value.split_once('.').ok_or(SignedFault::Parts)?;
        if signature.contains('.') {
            return Err(SignedFault::Parts);
        }
        let payload = BASE64URL.decode(signed).map_err(|_| SignedFault::PayloadEncoding)?;
        let signature = BASE64URL.decode(signature).map_err(|_| SignedFault::SignatureEncoding)?;
        if signature.len() != SHA256_OUTPUT_LEN {
            return Err(SignedFault::SignatureLength);
        }
        // Compared in constant time.
        let verifies = |key| hmac::verify(key, signed.as_bytes(), &signature).is_ok();
        if !verifies(&self.signing) && !self.others.iter().any(verifies) {
            return Err(SignedFault::SignatureWrong);
        }
        Ok(Claims::read(&payload, "scope", "roles")?)
    }
}

impl fmt::Debug for SecretKeys {
    /// Without the secrets.
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.debug_struct("SecretKeys").field("keys", &(1 + self.others.len())).finish_non_exhaustive()
    }
}

fn key(secret: &[u8]) -> Result<hmac::Key, SecretTooShort> {
    if secret.len() < SECRET_MINIMUM {
        return Err(SecretTooShort { actual: secret.len() });
    }
    Ok(hmac::Key::new(hmac::HMAC_SHA256, secret))
}

#[cfg(test)]
#[path = "signed_tests.rs"]
mod tests;
