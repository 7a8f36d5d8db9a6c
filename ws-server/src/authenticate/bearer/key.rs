use std::fmt;

use ring::{
    agreement, hmac,
    rand::SystemRandom,
    signature::{self, UnparsedPublicKey, VerificationAlgorithm},
};
use thiserror::Error;

use super::{
    algorithm::{Algorithm, Family},
    pem,
    spki::{self, PublicKey},
};

/// A key that verifies tokens of exactly one algorithm.
///
/// The algorithm belongs to the key and is never taken from a token, so that a public key cannot be used as an
/// HMAC secret nor a token choose how it is verified (RFC 8725 3.1).
///
/// ```
/// use ws_server::authenticate::bearer::{Algorithm, Key};
///
/// let key = Key::secret(Algorithm::Hs256, b"thirty-two bytes, at the least..")?.with_id("2026-01");
/// assert_eq!(key.algorithm(), Algorithm::Hs256);
/// assert_eq!(key.id(), Some("2026-01"));
/// # Ok::<(), ws_server::authenticate::bearer::KeyError>(())
/// ```
#[derive(Clone)]
pub struct Key {
    id: Option<String>,
    algorithm: Algorithm,
    material: Material,
}

#[derive(Clone)]
enum Material {
    Secret(hmac::Key),
    Public { verification: &'static dyn VerificationAlgorithm, bytes: Vec<u8>, signature_length: usize },
}

/// Why something cannot be a [`Key`]. These are faults of a configuration, not of a caller.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
#[non_exhaustive]
pub enum KeyError {
    /// A secret shorter than the digest of its algorithm (RFC 7518 3.2).
    #[error("the secret has {actual} bytes, {algorithm} needs {needed} (RFC 7518 3.2)")]
    SecretTooShort {
        /// What the secret is for.
        algorithm: Algorithm,
        /// The fewest bytes that it takes.
        needed: usize,
        /// The bytes that it got.
        actual: usize,
    },
    /// A PEM file was given as an HMAC secret: whoever knows the public key could then sign.
    #[error("a PEM file is not an HMAC secret")]
    SecretIsPem,
    /// An algorithm with a public key was named for a secret.
    #[error("{0} takes a public key, not a secret")]
    NotForSecrets(Algorithm),
    /// Not one PEM block (RFC 7468).
    #[error("not one PEM block labelled PUBLIC KEY")]
    NotPem,
    /// PEM, but neither a public nor a private key: a certificate, or a form of key that names no algorithm.
    #[error("the PEM block is not labelled PUBLIC KEY")]
    NotAPublicKey,
    /// PEM of a private key, which has no business where tokens are verified.
    #[error("the PEM block is a private key; tokens are verified with the public one")]
    PrivateKey,
    /// The `SubjectPublicKeyInfo` is not strict DER (RFC 5280 4.1.2.7).
    #[error("the public key is not valid DER")]
    Der,
    /// A kind of key or a curve that is not supported.
    #[error("this kind of public key is not supported (RSA, P-256, P-384 and Ed25519 are)")]
    UnsupportedKind,
    /// The key is of another kind than the algorithm.
    #[error("the public key is not of the kind that {0} needs")]
    WrongKind(Algorithm),
    /// An RSA modulus outside 2048 to 8192 bits (RFC 7518 3.3).
    #[error("the RSA modulus has {0} bits; 2048 to 8192 are taken (RFC 7518 3.3)")]
    ModulusSize(usize),
    /// The point of an elliptic curve key is compressed or not on its curve.
    #[error("the public key is not an uncompressed point on its curve")]
    Point,
}

impl Key {
    /// A shared secret, as raw bytes, for HS256, HS384 or HS512.
    pub fn secret(algorithm: Algorithm, secret: &[u8]) -> Result<Self, KeyError> {
        Ok(Self { id: None, algorithm, material: Material::Secret(hmac_key(algorithm, secret)?) })
    }

    /// A public key from a PEM block labelled `PUBLIC KEY`.
    pub fn public_pem(algorithm: Algorithm, pem: &[u8]) -> Result<Self, KeyError> {
        Self::public_der(algorithm, &pem::public_key(pem)?)
    }

    /// A public key from the DER of a `SubjectPublicKeyInfo` (RFC 5280 4.1.2.7).
    pub fn public_der(algorithm: Algorithm, der: &[u8]) -> Result<Self, KeyError> {
        Self::public(algorithm, spki::parse(der)?)
    }

    /// A public key of the kind that the algorithm needs.
    pub(super) fn public(algorithm: Algorithm, key: PublicKey<'_>) -> Result<Self, KeyError> {
        let (bytes, signature_length) = match (algorithm.family(), key) {
            (Family::Rsa, PublicKey::Rsa { der, modulus_bits }) => {
                // RFC 7518 3.3, 3.5: at least 2048 bits; more than 8192 only cost time.
                if !(2048..=8192).contains(&modulus_bits) {
                    return Err(KeyError::ModulusSize(modulus_bits));
                }
                (der, modulus_bits.div_ceil(8))
            }
            (Family::P256, PublicKey::P256(point)) => {
                on_curve(&agreement::ECDH_P256, point)?;
                (point, 64)
            }
            (Family::P384, PublicKey::P384(point)) => {
                on_curve(&agreement::ECDH_P384, point)?;
                (point, 96)
            }
            (Family::Ed25519, PublicKey::Ed25519(bytes)) => (bytes, 64),
            _ => return Err(KeyError::WrongKind(algorithm)),
        };
        let verification = verification(algorithm).ok_or(KeyError::WrongKind(algorithm))?;
        let material = Material::Public { verification, bytes: bytes.to_vec(), signature_length };
        Ok(Self { id: None, algorithm, material })
    }

    /// An Ed25519 public key from its 32 bytes (RFC 8032 5.1.5).
    pub fn ed25519(public: &[u8; 32]) -> Self {
        let bytes = public.to_vec();
        let material = Material::Public { verification: &signature::ED25519, bytes, signature_length: 64 };
        Self { id: None, algorithm: Algorithm::EdDsa, material }
    }

    /// Gives the key an id: tokens that name one in `kid` (RFC 7515 4.1.4) are verified with that one only.
    /// A key without an id is tried for every token, and one with an id for those that name none: but of the keys that a
    /// token does not name, no more than four of its algorithm, the first ones. Where there are more, have tokens name
    /// theirs.
    #[must_use]
    pub fn with_id(mut self, id: impl Into<String>) -> Self {
        self.id = Some(id.into());
        self
    }

    /// The id, compared with `kid` byte by byte.
    pub fn id(&self) -> Option<&str> {
        self.id.as_deref()
    }

    /// The one algorithm that it verifies.
    pub const fn algorithm(&self) -> Algorithm {
        self.algorithm
    }

    /// The length of each of its signatures, in bytes.
    pub(super) fn signature_length(&self) -> usize {
        match &self.material {
            Material::Secret(key) => key.algorithm().digest_algorithm().output_len(),
            Material::Public { signature_length, .. } => *signature_length,
        }
    }

    /// Whether `signature` is this key's for `message`. Secrets are compared in constant time.
    pub(super) fn verifies(&self, message: &[u8], signature: &[u8]) -> bool {
        match &self.material {
            Material::Secret(key) => hmac::verify(key, message, signature).is_ok(),
            Material::Public { verification, bytes, .. } => {
                UnparsedPublicKey::new(*verification, bytes).verify(message, signature).is_ok()
            }
        }
    }
}

impl fmt::Debug for Key {
    /// Without the key itself.
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut debug = formatter.debug_struct("Key");
        debug.field("id", &self.id).field("algorithm", &self.algorithm).finish_non_exhaustive()
    }
}

/// A secret for HMAC, long enough and not a PEM file.
pub(super) fn hmac_key(algorithm: Algorithm, secret: &[u8]) -> Result<hmac::Key, KeyError> {
    let digest = match algorithm {
        Algorithm::Hs256 => hmac::HMAC_SHA256,
        Algorithm::Hs384 => hmac::HMAC_SHA384,
        Algorithm::Hs512 => hmac::HMAC_SHA512,
        _ => return Err(KeyError::NotForSecrets(algorithm)),
    };
    if secret.trim_ascii_start().starts_with(b"-----BEGIN ") {
        return Err(KeyError::SecretIsPem);
    }
    // RFC 7518 3.2: a key of the size of the hash output or larger must be used.
    let needed = digest.digest_algorithm().output_len();
    if secret.len() < needed {
        return Err(KeyError::SecretTooShort { algorithm, needed, actual: secret.len() });
    }
    Ok(hmac::Key::new(digest, secret))
}

fn verification(algorithm: Algorithm) -> Option<&'static dyn VerificationAlgorithm> {
    Some(match algorithm {
        Algorithm::Hs256 | Algorithm::Hs384 | Algorithm::Hs512 => return None,
        Algorithm::Rs256 => &signature::RSA_PKCS1_2048_8192_SHA256,
        Algorithm::Rs384 => &signature::RSA_PKCS1_2048_8192_SHA384,
        Algorithm::Rs512 => &signature::RSA_PKCS1_2048_8192_SHA512,
        Algorithm::Ps256 => &signature::RSA_PSS_2048_8192_SHA256,
        Algorithm::Ps384 => &signature::RSA_PSS_2048_8192_SHA384,
        Algorithm::Ps512 => &signature::RSA_PSS_2048_8192_SHA512,
        // RFC 7518 3.4: R and S, each of fixed length, one after the other.
        Algorithm::Es256 => &signature::ECDSA_P256_SHA256_FIXED,
        Algorithm::Es384 => &signature::ECDSA_P384_SHA384_FIXED,
        Algorithm::EdDsa => &signature::ED25519,
    })
}

/// `ring` looks at a point when it is used; agreeing on a secret with it once shows a wrong one at start-up.
fn on_curve(curve: &'static agreement::Algorithm, point: &[u8]) -> Result<(), KeyError> {
    agreement::EphemeralPrivateKey::generate(curve, &SystemRandom::new())
        .and_then(|ours| {
            agreement::agree_ephemeral(ours, &agreement::UnparsedPublicKey::new(curve, point), |_| ())
        })
        .map_err(|_| KeyError::Point)
}
