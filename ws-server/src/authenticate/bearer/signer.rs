use std::fmt;

use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use ring::{
    hmac,
    signature::{Ed25519KeyPair, KeyPair},
};
use serde::Serialize;
use serde_json::{Value, json};
use thiserror::Error;

use super::{
    algorithm::Algorithm,
    key::{self, Key, KeyError},
};

/// Makes tokens: for tests, examples, and services that are their own issuer.
///
/// ```
/// use ws_server::authenticate::bearer::Signer;
///
/// let signer = Signer::hs256(b"thirty-two bytes, at the least..")?.with_id("2026-01");
/// let token = signer.sign(&serde_json::json!({ "sub": "ann", "exp": 1_900_000_000 }))?;
/// assert_eq!(token.split('.').count(), 3);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
pub struct Signer {
    id: Option<String>,
    secret: Secret,
}

enum Secret {
    /// What signs and what verifies.
    Hs256(Box<(hmac::Key, Key)>),
    EdDsa(Box<Ed25519KeyPair>),
}

/// Why a token cannot be made.
#[derive(Debug, Error)]
#[non_exhaustive]
pub enum SignError {
    /// The claims do not serialize.
    #[error("the claims do not serialize to JSON")]
    Json(#[from] serde_json::Error),
    /// The claims serialize to something that is not an object (RFC 7519 7.1).
    #[error("the claims are not a JSON object")]
    NotAnObject,
}

impl Signer {
    /// Signs with HMAC and SHA-256; the secret has at least 32 bytes (RFC 7518 3.2).
    pub fn hs256(secret: &[u8]) -> Result<Self, KeyError> {
        let pair = (key::hmac_key(Algorithm::Hs256, secret)?, Key::secret(Algorithm::Hs256, secret)?);
        Ok(Self { id: None, secret: Secret::Hs256(Box::new(pair)) })
    }

    /// Signs with Ed25519; the seed is the 32 bytes of the private key (RFC 8032 5.1.5).
    pub fn ed25519(seed: &[u8; 32]) -> Result<Self, KeyError> {
        let pair = Ed25519KeyPair::from_seed_unchecked(seed).map_err(|_| KeyError::Der)?;
        Ok(Self { id: None, secret: Secret::EdDsa(Box::new(pair)) })
    }

    /// Puts `kid` into the header of each token.
    #[must_use]
    pub fn with_id(mut self, id: impl Into<String>) -> Self {
        self.id = Some(id.into());
        self
    }

    /// The key, with the same id, that verifies what this one signs.
    pub fn verifying_key(&self) -> Key {
        let key = match &self.secret {
            Secret::Hs256(pair) => pair.1.clone(),
            Secret::EdDsa(pair) => {
                let mut public = [0; 32];
                public.copy_from_slice(pair.public_key().as_ref());
                Key::ed25519(&public)
            }
        };
        match &self.id {
            Some(id) => key.with_id(id),
            None => key,
        }
    }

    /// The JWK (RFC 7517) of the key, with the same id, that verifies what this one signs: what an issuer publishes.
    /// `None` for a secret, which is not published.
    ///
    /// ```
    /// use ws_server::authenticate::bearer::{Algorithm, JwkSet, Signer};
    ///
    /// let signer = Signer::ed25519(&[7; 32])?.with_id("2026-01");
    /// let published = serde_json::json!({ "keys": [signer.verifying_jwk()] }).to_string();
    /// let set = JwkSet::parse(published.as_bytes(), &Algorithm::ASYMMETRIC)?;
    /// assert_eq!(set.keys()[0].id(), Some("2026-01"));
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn verifying_jwk(&self) -> Option<Value> {
        let Secret::EdDsa(pair) = &self.secret else { return None };
        // RFC 8037 2
        let x = URL_SAFE_NO_PAD.encode(pair.public_key());
        let mut jwk = json!({ "kty": "OKP", "crv": "Ed25519", "alg": "EdDSA", "use": "sig", "x": x });
        if let (Some(id), Value::Object(members)) = (&self.id, &mut jwk) {
            members.insert("kid".to_owned(), id.as_str().into());
        }
        Some(jwk)
    }

    /// A token with these claims, in the compact form (RFC 7515 7.1).
    pub fn sign(&self, claims: &impl Serialize) -> Result<String, SignError> {
        let claims = serde_json::to_value(claims)?;
        if !claims.is_object() {
            return Err(SignError::NotAnObject);
        }
        let mut header = json!({ "alg": self.algorithm().name(), "typ": "JWT" });
        if let (Some(id), Value::Object(members)) = (&self.id, &mut header) {
            members.insert("kid".to_owned(), id.as_str().into());
        }
        let mut token = URL_SAFE_NO_PAD.encode(header.to_string());
        token.push('.');
        URL_SAFE_NO_PAD.encode_string(claims.to_string(), &mut token);
        let signature = self.signature(token.as_bytes());
        token.push('.');
        URL_SAFE_NO_PAD.encode_string(signature, &mut token);
        Ok(token)
    }

    const fn algorithm(&self) -> Algorithm {
        match self.secret {
            Secret::Hs256(_) => Algorithm::Hs256,
            Secret::EdDsa(_) => Algorithm::EdDsa,
        }
    }

    fn signature(&self, message: &[u8]) -> Vec<u8> {
        match &self.secret {
            Secret::Hs256(pair) => hmac::sign(&pair.0, message).as_ref().to_vec(),
            Secret::EdDsa(pair) => pair.sign(message).as_ref().to_vec(),
        }
    }
}

impl fmt::Debug for Signer {
    /// Without the secret.
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut debug = formatter.debug_struct("Signer");
        debug.field("id", &self.id).field("algorithm", &self.algorithm()).finish_non_exhaustive()
    }
}
