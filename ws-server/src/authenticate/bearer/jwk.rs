//! One JSON Web Key (RFC 7517 4) as keys that each know their algorithm.

use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use serde_json::{Map, Value};
use thiserror::Error;
use zeroize::Zeroizing;

use super::{
    algorithm::{Algorithm, Family},
    key::{Key, KeyError},
    spki::{self, PublicKey},
};

/// Why a key of a set is left out.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
#[non_exhaustive]
pub enum JwkFault {
    /// Not a JSON object.
    #[error("it is not a JSON object")]
    NotAnObject,
    /// A member is missing, or of another type or encoding than its definition gives.
    #[error("its member `{0}` is missing or not of its form")]
    Member(&'static str),
    /// A kind of key that is not known here (RFC 7517 4.1).
    #[error("its kind (`kty`) is not supported")]
    KindUnknown,
    /// A curve that is not known here (RFC 7518 6.2.1.1, RFC 8037 2).
    #[error("its curve (`crv`) is not supported")]
    CurveUnknown,
    /// `use` says that it is not for signatures (RFC 7517 4.2).
    #[error("it is not for signatures (`use`)")]
    NotForSignatures,
    /// `key_ops` does not have `verify` (RFC 7517 4.3).
    #[error("it is not for verifying (`key_ops`)")]
    NotForVerifying,
    /// `alg` names nothing that is supported (RFC 7517 4.4).
    #[error("its algorithm (`alg`) is not supported")]
    AlgorithmUnknown,
    /// `alg` is one for another kind of key.
    #[error("{0} is not for keys of its kind")]
    AlgorithmMismatched(Algorithm),
    /// What it would verify is not among the allowed algorithms.
    #[error("none of its algorithms is allowed here")]
    AlgorithmNotAllowed,
    /// It has private members, which have no business where tokens are verified; if it was published, it is lost.
    #[error("it is a private key; tokens are verified with the public one")]
    PrivateKey,
    /// The key itself is not one that is taken.
    #[error(transparent)]
    Key(#[from] KeyError),
}

/// The keys that a JWK stands for: one for its `alg`, or else one for each allowed algorithm of its kind.
pub(super) fn keys(jwk: Value, allowed: &[Algorithm]) -> Result<Vec<Key>, JwkFault> {
    let Value::Object(mut jwk) = jwk else { return Err(JwkFault::NotAnObject) };
    check_purpose(&jwk)?;
    let id = string(&jwk, "kid")?.map(str::to_owned);
    let algorithm = match string(&jwk, "alg")? {
        None => None,
        Some(name) => Some(Algorithm::from_name(name).ok_or(JwkFault::AlgorithmUnknown)?),
    };
    let material = Material::read(&mut jwk)?;
    let family = material.family();
    if let Some(algorithm) = algorithm.filter(|algorithm| algorithm.family() != family) {
        return Err(JwkFault::AlgorithmMismatched(algorithm));
    }
    // RFC 8725 3.1: the key says what it verifies, and where it does not, the operator does; the token never.
    let keys = Algorithm::ALL
        .into_iter()
        .filter(|candidate| allowed.contains(candidate))
        .filter(|candidate| algorithm.map_or(candidate.family() == family, |own| own == *candidate))
        .map(|candidate| material.key(candidate))
        .collect::<Result<Vec<_>, _>>()?;
    if keys.is_empty() {
        return Err(JwkFault::AlgorithmNotAllowed);
    }
    Ok(match id {
        Some(id) => keys.into_iter().map(|key| key.with_id(id.as_str())).collect(),
        None => keys,
    })
}

/// RFC 7517 4.2, 4.3: what somebody says about the purpose of a key counts.
fn check_purpose(jwk: &Map<String, Value>) -> Result<(), JwkFault> {
    if string(jwk, "use")?.is_some_and(|purpose| purpose != "sig") {
        return Err(JwkFault::NotForSignatures);
    }
    let Some(operations) = jwk.get("key_ops") else { return Ok(()) };
    let operations = operations.as_array().ok_or(JwkFault::Member("key_ops"))?;
    if operations.iter().any(|operation| !operation.is_string()) {
        return Err(JwkFault::Member("key_ops"));
    }
    if operations.iter().any(|operation| operation == "verify") {
        Ok(())
    } else {
        Err(JwkFault::NotForVerifying)
    }
}

/// What a JWK is made of, with the bytes decoded.
enum Material {
    Secret(Zeroizing<Vec<u8>>),
    /// `RSAPublicKey` in DER.
    Rsa(Vec<u8>),
    /// Uncompressed points.
    P256(Vec<u8>),
    P384(Vec<u8>),
    Ed25519(Vec<u8>),
}

impl Material {
    fn read(jwk: &mut Map<String, Value>) -> Result<Self, JwkFault> {
        let kind = string(jwk, "kty")?.ok_or(JwkFault::Member("kty"))?.to_owned();
        if kind == "oct" {
            return Self::secret(jwk);
        }
        // RFC 7518 6.2.2.1, 6.3.2.1, RFC 8037 2: what makes a key a private one.
        if jwk.contains_key("d") {
            return Err(JwkFault::PrivateKey);
        }
        match kind.as_str() {
            // RFC 7518 6.3.1
            "RSA" => {
                let (modulus, exponent) = (bytes(jwk, "n")?, bytes(jwk, "e")?);
                // RFC 7518 2: Base64urlUInt has the fewest octets that the number takes.
                for (name, number) in [("n", &modulus), ("e", &exponent)] {
                    if matches!(number.first(), None | Some(0)) {
                        return Err(JwkFault::Member(name));
                    }
                }
                Ok(Self::Rsa(spki::rsa_public_key(&modulus, &exponent)?))
            }
            // RFC 7518 6.2.1
            "EC" => match string(jwk, "crv")?.ok_or(JwkFault::Member("crv"))? {
                "P-256" => Ok(Self::P256(point(jwk, 32)?)),
                "P-384" => Ok(Self::P384(point(jwk, 48)?)),
                _ => Err(JwkFault::CurveUnknown),
            },
            // RFC 8037 2
            "OKP" => match string(jwk, "crv")?.ok_or(JwkFault::Member("crv"))? {
                "Ed25519" => Ok(Self::Ed25519(coordinate(jwk, "x", 32)?)),
                _ => Err(JwkFault::CurveUnknown),
            },
            _ => Err(JwkFault::KindUnknown),
        }
    }

    /// RFC 7518 6.4
    fn secret(jwk: &mut Map<String, Value>) -> Result<Self, JwkFault> {
        let Some(Value::String(text)) = jwk.remove("k") else { return Err(JwkFault::Member("k")) };
        let text = Zeroizing::new(text);
        let secret = URL_SAFE_NO_PAD.decode(text.as_bytes()).map_err(|_| JwkFault::Member("k"))?;
        Ok(Self::Secret(Zeroizing::new(secret)))
    }

    const fn family(&self) -> Family {
        match self {
            Self::Secret(_) => Family::Hmac,
            Self::Rsa(_) => Family::Rsa,
            Self::P256(_) => Family::P256,
            Self::P384(_) => Family::P384,
            Self::Ed25519(_) => Family::Ed25519,
        }
    }

    fn key(&self, algorithm: Algorithm) -> Result<Key, KeyError> {
        let public = match self {
            Self::Secret(secret) => return Key::secret(algorithm, secret),
            Self::Rsa(der) => PublicKey::Rsa { der, modulus_bits: spki::modulus_bits(der)? },
            Self::P256(point) => PublicKey::P256(point),
            Self::P384(point) => PublicKey::P384(point),
            Self::Ed25519(bytes) => PublicKey::Ed25519(bytes),
        };
        Key::public(algorithm, public)
    }
}

/// RFC 7518 6.2.1.2, 6.2.1.3: both coordinates with all their octets. SEC 1 2.3.3: 4, then one after the other.
fn point(jwk: &Map<String, Value>, length: usize) -> Result<Vec<u8>, JwkFault> {
    Ok([vec![0x04], coordinate(jwk, "x", length)?, coordinate(jwk, "y", length)?].concat())
}

fn coordinate(jwk: &Map<String, Value>, name: &'static str, length: usize) -> Result<Vec<u8>, JwkFault> {
    bytes(jwk, name)
        .and_then(|bytes| if bytes.len() == length { Ok(bytes) } else { Err(JwkFault::Member(name)) })
}

/// A member in base64url without padding.
fn bytes(jwk: &Map<String, Value>, name: &'static str) -> Result<Vec<u8>, JwkFault> {
    let text = string(jwk, name)?.ok_or(JwkFault::Member(name))?;
    URL_SAFE_NO_PAD.decode(text).map_err(|_| JwkFault::Member(name))
}

fn string<'a>(jwk: &'a Map<String, Value>, name: &'static str) -> Result<Option<&'a str>, JwkFault> {
    match jwk.get(name) {
        None => Ok(None),
        Some(value) => value.as_str().map(Some).ok_or(JwkFault::Member(name)),
    }
}
