use std::{
    collections::{HashMap, HashSet},
    fmt,
};

use subtle::ConstantTimeEq;
use thiserror::Error;

use crate::authenticate::digest::{Digest, digest_of};

/// One key: its hash, and who has it.
///
/// ```
/// use ws_server::authenticate::api_key::ApiKeyEntry;
///
/// // printf %s "$KEY" | sha256sum
/// let hash = "2c70e12b7a0646f92279f427c7b38e7334d8e5389cff167a1dc30e73f826b683";
/// let entry = ApiKeyEntry::hashed("probe", hash)?.with_roles(["monitor"]).with_scopes(["chat:read"]);
/// # Ok::<(), ws_server::authenticate::api_key::ApiKeysError>(())
/// ```
#[derive(Clone)]
pub struct ApiKeyEntry {
    pub(super) name: String,
    pub(super) roles: Vec<String>,
    pub(super) scopes: Vec<String>,
    digest: Digest,
}

/// The keys that are accepted. They are kept as SHA-256 hashes: keys are long and random, so that a fast hash without
/// salt cannot be turned around, and whoever reads the list cannot use it.
#[derive(Clone, Default)]
pub struct ApiKeys {
    entries: HashMap<Digest, ApiKeyEntry>,
}

/// Why a list of keys is not taken. None of these repeats a hash.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
#[non_exhaustive]
pub enum ApiKeysError {
    /// The name is empty.
    #[error("a key has no name; give each one a name of its own")]
    NameEmpty,
    /// Two keys have the same name, by which one could not be revoked without the other.
    #[error("two keys are named {0:?}; give each one a name of its own")]
    NameRepeated(String),
    /// Two names have the same key.
    #[error("{0:?} and {1:?} have the same key; give each one a key of its own")]
    KeyRepeated(String, String),
    /// The hash is not SHA-256 in lower-case hexadecimal.
    #[error(
        "the hash of {name:?} is not 64 lower-case hexadecimal digits; make it with: printf %s \"$KEY\" | sha256sum"
    )]
    HashSyntax {
        /// The name of the key.
        name: String,
    },
    /// The key is the empty string.
    #[error("the key of {name:?} is empty; make one of 32 random characters or more")]
    KeyEmpty {
        /// The name of the key.
        name: String,
    },
}

impl ApiKeyEntry {
    /// A key of which only the SHA-256 is known, in lower-case hexadecimal.
    pub fn hashed(name: impl Into<String>, sha256: &str) -> Result<Self, ApiKeysError> {
        let name = named(name)?;
        match decode_hex(sha256.as_bytes()) {
            Some(digest) if digest == digest_of(b"") => Err(ApiKeysError::KeyEmpty { name }),
            Some(digest) => Ok(Self { name, digest, roles: Vec::new(), scopes: Vec::new() }),
            None => Err(ApiKeysError::HashSyntax { name }),
        }
    }

    /// The key itself, which is hashed and not kept.
    pub fn plain(name: impl Into<String>, key: impl AsRef<[u8]>) -> Result<Self, ApiKeysError> {
        let name = named(name)?;
        if key.as_ref().is_empty() {
            return Err(ApiKeysError::KeyEmpty { name });
        }
        Ok(Self { name, digest: digest_of(key.as_ref()), roles: Vec::new(), scopes: Vec::new() })
    }

    /// Replaces the roles.
    #[must_use]
    pub fn with_roles<S: Into<String>>(mut self, roles: impl IntoIterator<Item = S>) -> Self {
        self.roles = roles.into_iter().map(Into::into).collect();
        self
    }

    /// Replaces the scopes.
    #[must_use]
    pub fn with_scopes<S: Into<String>>(mut self, scopes: impl IntoIterator<Item = S>) -> Self {
        self.scopes = scopes.into_iter().map(Into::into).collect();
        self
    }
}

impl ApiKeys {
    /// These keys, each with a name of its own.
    pub fn new(entries: impl IntoIterator<Item = ApiKeyEntry>) -> Result<Self, ApiKeysError> {
        let (mut keys, mut names) = (Self::default(), HashSet::new());
        for entry in entries {
            if !names.insert(entry.name.clone()) {
                return Err(ApiKeysError::NameRepeated(entry.name));
            }
            if let Some(other) = keys.entries.get(&entry.digest) {
                return Err(ApiKeysError::KeyRepeated(other.name.clone(), entry.name));
            }
            keys.entries.insert(entry.digest, entry);
        }
        Ok(keys)
    }

    /// How many there are.
    pub fn len(&self) -> usize {
        self.entries.len()
    }

    /// Whether there is none.
    pub fn is_empty(&self) -> bool {
        self.entries.is_empty()
    }

    /// Whose key this is.
    ///
    /// The key is hashed first, whether it is known or not, so that whatever time the rest takes depends on its hash
    /// only. A hash that is close to a known one tells nothing about the key that has it, and nobody can steer
    /// towards it. The last comparison takes the same time for all hashes all the same.
    pub(super) fn find(&self, key: &[u8]) -> Option<&ApiKeyEntry> {
        let digest = digest_of(key);
        let entry = self.entries.get(&digest)?;
        bool::from(entry.digest.ct_eq(&digest)).then_some(entry)
    }
}

impl fmt::Debug for ApiKeyEntry {
    /// Without the hash.
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut debug = formatter.debug_struct("ApiKeyEntry");
        debug.field("name", &self.name).field("roles", &self.roles).field("scopes", &self.scopes);
        debug.finish_non_exhaustive()
    }
}

impl fmt::Debug for ApiKeys {
    /// Without the hashes.
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.debug_set().entries(self.entries.values()).finish()
    }
}

fn named(name: impl Into<String>) -> Result<String, ApiKeysError> {
    let name = name.into();
    if name.is_empty() { Err(ApiKeysError::NameEmpty) } else { Ok(name) }
}

fn decode_hex(text: &[u8]) -> Option<Digest> {
    let mut digest = Digest::default();
    if text.len() != 2 * digest.len() {
        return None;
    }
    for (byte, pair) in digest.iter_mut().zip(text.chunks_exact(2)) {
        let &[high, low] = pair else { return None };
        *byte = nibble(high)? << 4 | nibble(low)?;
    }
    Some(digest)
}

const fn nibble(digit: u8) -> Option<u8> {
    match digit {
        b'0'..=b'9' => Some(digit - b'0'),
        b'a'..=b'f' => Some(digit - b'a' + 10),
        _ => None,
    }
}
