use bytes::BytesMut;

use super::is_token;
use super::syntax::{is_field_value, trim_ows};

/// Header fields that we send, in order. Nothing that could split a head can get in.
///
/// ```
/// use bytes::BytesMut;
/// use ws_core::head::{InvalidField, OutgoingFields};
///
/// let mut fields = OutgoingFields::new();
/// fields.push("Server", "rooms")?;
/// assert_eq!(fields.push("X", "1\r\nSet-Cookie: a=b"), Err(InvalidField::Value(b'\r')));
/// let mut out = BytesMut::new();
/// fields.encode(&mut out);
/// assert_eq!(&out[..], b"Server: rooms\r\n");
/// # Ok::<(), InvalidField>(())
/// ```
#[derive(Clone, Default, PartialEq, Eq)]
pub struct OutgoingFields {
    /// As they go out.
    encoded: Vec<u8>,
}

/// Why a field cannot be sent.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum InvalidField {
    /// The name is empty or not a token (RFC 9110 5.1).
    #[error("the field name is not a token")]
    Name,
    /// The value holds a control character, such as CR, LF or NUL (RFC 9110 5.5).
    #[error("the field value holds the byte {0:#04x}")]
    Value(u8),
    /// The handshake itself sets this field (RFC 6455 4.1, 4.2.2).
    #[error("the handshake sets this field itself")]
    Reserved,
}

impl OutgoingFields {
    /// No field.
    #[must_use]
    pub const fn new() -> Self {
        Self { encoded: Vec::new() }
    }

    /// Adds a field. Whitespace around the value is removed.
    pub fn push(&mut self, name: &str, value: &str) -> Result<(), InvalidField> {
        self.push_bytes(name, value.as_bytes())
    }

    /// Adds a field whose value need not be UTF-8.
    pub fn push_bytes(&mut self, name: &str, value: &[u8]) -> Result<(), InvalidField> {
        if !is_token(name.as_bytes()) {
            return Err(InvalidField::Name);
        }
        if let Some(&byte) = value.iter().find(|&&byte| !is_field_value(byte)) {
            return Err(InvalidField::Value(byte));
        }
        for part in [name.as_bytes(), b": ", trim_ows(value), b"\r\n"] {
            self.encoded.extend_from_slice(part);
        }
        Ok(())
    }

    /// Appends all fields, each with its line end.
    pub fn encode(&self, out: &mut BytesMut) {
        out.extend_from_slice(&self.encoded);
    }

    /// All fields: name and value.
    pub fn iter(&self) -> impl Iterator<Item = (&str, &[u8])> {
        self.encoded.split_inclusive(|&byte| byte == b'\n').filter_map(|line| {
            let colon = line.iter().position(|&byte| byte == b':')?;
            let name = std::str::from_utf8(line.get(..colon)?).ok()?;
            Some((name, line.get(colon + 2..line.len() - 2)?))
        })
    }

    /// Whether there is a field of this name.
    #[must_use]
    pub fn contains(&self, name: &str) -> bool {
        self.iter().any(|(own, _)| own.eq_ignore_ascii_case(name))
    }

    /// Whether there is none.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.encoded.is_empty()
    }
}

/// The names alone: values may hold credentials.
impl std::fmt::Debug for OutgoingFields {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_list().entries(self.iter().map(|(name, _)| name)).finish()
    }
}
