use serde_json::Value;
use thiserror::Error;

use super::{
    algorithm::Algorithm,
    jwk::{self, JwkFault},
    key::Key,
};
use crate::authenticate::json::{self, JsonFault};

/// The longest set that is read, in bytes.
const SIZE_LIMIT: usize = 256 * 1024;

/// The most keys that a set may have.
const KEY_LIMIT: usize = 100;

/// The keys of a JWK Set (RFC 7517 5) that verify tokens here.
///
/// Each knows its algorithm: that of its `alg`, and where it has none, one that goes with its kind and that the
/// operator allows. What cannot be used is skipped, as RFC 7517 5 has it, and can be asked for.
///
/// A token that names no key is tried with four of its algorithm at the most, the first of the set: a larger set is for
/// tokens with a `kid`.
///
/// ```
/// use ws_server::authenticate::bearer::{Algorithm, JwkFault, JwkSet, Verifier};
///
/// let set = JwkSet::parse(br#"{"keys":[
///     {"kty":"OKP","crv":"Ed25519","kid":"2026-01","x":"11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo"},
///     {"kty":"oct","kid":"s","k":"dGhpcnR5LXR3byBieXRlcywgYXQgdGhlIGxlYXN0Li4"}
/// ]}"#, &Algorithm::ASYMMETRIC)?;
/// assert_eq!(set.keys()[0].algorithm(), Algorithm::EdDsa);
/// assert_eq!(set.skipped()[0].fault, JwkFault::AlgorithmNotAllowed);
/// let verifier = Verifier::with_keys(set);
/// # let _ = verifier;
/// # Ok::<(), ws_server::authenticate::bearer::JwkSetError>(())
/// ```
#[derive(Clone, Debug)]
pub struct JwkSet {
    keys: Vec<Key>,
    skipped: Vec<SkippedKey>,
}

/// A key that is left out of a set.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct SkippedKey {
    /// Where it stands in the set, counted from 0.
    pub index: usize,
    /// Its `kid`, if it has one.
    pub id: Option<String>,
    /// Why it is left out.
    pub fault: JwkFault,
}

/// Why some bytes are no JWK Set that can be used.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
#[non_exhaustive]
pub enum JwkSetError {
    /// Longer than any set should be.
    #[error("the key set is longer than {limit} bytes")]
    TooLong {
        /// The limit, in bytes.
        limit: usize,
    },
    /// Not one JSON object without repeated members (RFC 7517 4, 5).
    #[error("the key set {0}")]
    Json(JsonFault),
    /// No member `keys`, or not a list (RFC 7517 5.1).
    #[error("the key set has no list `keys`")]
    NoList,
    /// More keys than any set should have.
    #[error("the key set has more than {limit} keys")]
    TooMany {
        /// The limit.
        limit: usize,
    },
    /// Two keys with the same id for the same algorithm (RFC 7517 4.5).
    #[error("the key set has two keys with the same id for {0}")]
    Duplicate(Algorithm),
    /// None of its keys can be used: a set like this would refuse everybody.
    #[error("none of the {skipped} keys of the set can be used")]
    NoneUsable {
        /// How many keys it has.
        skipped: usize,
    },
}

impl JwkSet {
    /// Reads a set of at most 256 KiB and 100 keys; of its keys those for `allowed` algorithms. An `oct` key serves
    /// only where HMACs are allowed: a secret is none in a set that everybody can read.
    pub fn parse(json: &[u8], allowed: &[Algorithm]) -> Result<Self, JwkSetError> {
        if json.len() > SIZE_LIMIT {
            return Err(JwkSetError::TooLong { limit: SIZE_LIMIT });
        }
        let mut members = json::parse_object(json).map_err(JwkSetError::Json)?;
        let Some(Value::Array(list)) = members.remove("keys") else { return Err(JwkSetError::NoList) };
        if list.len() > KEY_LIMIT {
            return Err(JwkSetError::TooMany { limit: KEY_LIMIT });
        }
        let mut set = Self { keys: Vec::with_capacity(list.len()), skipped: Vec::new() };
        for (index, jwk) in list.into_iter().enumerate() {
            let id = jwk.get("kid").and_then(Value::as_str).map(str::to_owned);
            match jwk::keys(jwk, allowed) {
                Ok(keys) => set.add(keys)?,
                // RFC 7517 5: keys that are not understood, incomplete or out of range are ignored.
                Err(fault) => set.skipped.push(SkippedKey { index, id, fault }),
            }
        }
        if set.keys.is_empty() {
            Err(JwkSetError::NoneUsable { skipped: set.skipped.len() })
        } else {
            Ok(set)
        }
    }

    /// Those that can be used. Never empty.
    pub fn keys(&self) -> &[Key] {
        &self.keys
    }

    /// Those that cannot, and why.
    pub fn skipped(&self) -> &[SkippedKey] {
        &self.skipped
    }

    pub(super) fn into_keys(self) -> Vec<Key> {
        self.keys
    }

    fn add(&mut self, keys: Vec<Key>) -> Result<(), JwkSetError> {
        for key in keys {
            // RFC 7517 4.5: keys have distinct ids, but for equivalent ones of different kinds.
            let twin = |other: &Key| other.id() == key.id() && other.algorithm() == key.algorithm();
            if key.id().is_some() && self.keys.iter().any(twin) {
                return Err(JwkSetError::Duplicate(key.algorithm()));
            }
            self.keys.push(key);
        }
        Ok(())
    }
}
