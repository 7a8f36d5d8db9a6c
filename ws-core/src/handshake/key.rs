use std::fmt;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use ring::rand::{SecureRandom, SystemRandom};
use sha1::{Digest, Sha1};

/// RFC 6455 1.3: what the server appends to the key before hashing.
const GUID: &[u8] = b"258EAFA5-E914-47DA-95CA-C5AB0DC85B11";

/// Characters of 16 bytes in base64.
const ENCODED: usize = 24;

/// The value of `Sec-WebSocket-Key`: 16 bytes that a client chooses at random (RFC 6455 4.1).
///
/// ```
/// use ws_core::handshake::Key;
///
/// // The example of RFC 6455 1.3.
/// let key = Key::parse(b"dGhlIHNhbXBsZSBub25jZQ==").unwrap();
/// assert_eq!(&key.accept(), b"s3pPLMBiTxaQ9kYGzzhZRbK+xOo=");
/// ```
#[derive(Clone, Copy, PartialEq, Eq)]
pub struct Key([u8; 16]);

/// Why a value is no key (RFC 6455 4.2.1).
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum KeyError {
    /// Not 24 characters, thus not base64 of 16 bytes.
    #[error("the key has {0} characters instead of 24")]
    Length(usize),
    /// A character outside the base64 alphabet, or padding in the wrong place (RFC 4648 4).
    #[error("the key is not base64")]
    Base64,
    /// Base64 of 16 bytes, but not the one way to write them (RFC 4648 3.5).
    #[error("the key is not canonical base64")]
    NotCanonical,
}

impl Key {
    /// A fresh key from the operating system's random numbers; `None` if it has none to give.
    #[must_use]
    pub fn generate() -> Option<Self> {
        let mut bytes = [0; 16];
        SystemRandom::new().fill(&mut bytes).ok()?;
        Some(Self(bytes))
    }

    /// The key of these bytes, for replaying a handshake. Real clients take [`generate`](Self::generate).
    #[must_use]
    pub const fn from_bytes(bytes: [u8; 16]) -> Self {
        Self(bytes)
    }

    /// Reads the value of the field, which has to be canonical base64 of 16 bytes.
    pub fn parse(value: &[u8]) -> Result<Self, KeyError> {
        if value.len() != ENCODED {
            return Err(KeyError::Length(value.len()));
        }
        let mut bytes = [0; 18];
        let length = STANDARD.decode_slice(value, &mut bytes).map_err(|error| match error {
            base64::DecodeSliceError::DecodeError(base64::DecodeError::InvalidLastSymbol(..)) => {
                KeyError::NotCanonical
            }
            _ => KeyError::Base64,
        })?;
        match bytes {
            [key @ .., _, _] if length == key.len() => Ok(Self(key)),
            // Less padding than 16 bytes leave: 17 or 18 bytes.
            _ => Err(KeyError::Base64),
        }
    }

    /// The value of `Sec-WebSocket-Key`.
    #[must_use]
    pub fn encode(&self) -> [u8; ENCODED] {
        let mut out = [0; ENCODED];
        // 16 bytes always make 24 characters.
        let written = STANDARD.encode_slice(self.0, &mut out);
        debug_assert_eq!(written, Ok(ENCODED));
        out
    }

    /// The value of `Sec-WebSocket-Accept` that answers this key (RFC 6455 4.2.2).
    #[must_use]
    pub fn accept(&self) -> [u8; 28] {
        // The encoding is canonical, so these are the very characters that were sent.
        accept_of(&self.encode())
    }
}

/// A key is no secret, but nobody needs it in a log either.
impl fmt::Debug for Key {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Key(..)")
    }
}

/// The value of `Sec-WebSocket-Accept` for the characters of a key: base64(SHA-1(key + GUID))
/// (RFC 6455 4.2.2).
///
/// ```
/// assert_eq!(&ws_core::handshake::accept_value("dGhlIHNhbXBsZSBub25jZQ=="), b"s3pPLMBiTxaQ9kYGzzhZRbK+xOo=");
/// ```
#[must_use]
pub fn accept_value(key: &str) -> [u8; 28] {
    accept_of(key.as_bytes())
}

fn accept_of(key: &[u8]) -> [u8; 28] {
    let digest = Sha1::new().chain_update(key).chain_update(GUID).finalize();
    let mut out = [0; 28];
    // 20 bytes always make 28 characters.
    let written = STANDARD.encode_slice(digest, &mut out);
    debug_assert_eq!(written, Ok(28));
    out
}
