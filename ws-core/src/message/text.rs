//! Bytes known to be UTF-8. The only module of the workspace with `unsafe` code.
#![expect(unsafe_code, reason = "reading a text again would cost a pass over its bytes each time")]

use std::{fmt, ops::Deref};

use bytes::Bytes;
use thiserror::Error;

/// Text: reference-counted bytes that are valid UTF-8 (RFC 6455 section 5.6).
///
/// ```
/// use bytes::Bytes;
/// use ws_core::message::Text;
///
/// let text = Text::try_from(Bytes::from_static("Grüße".as_bytes()))?;
/// assert_eq!(text.chars().count(), 5);
/// assert!(Text::try_from(Bytes::from_static(b"\xff")).is_err());
/// # Ok::<(), ws_core::message::InvalidUtf8>(())
/// ```
// Invariant: the bytes are valid UTF-8. Each constructor below checks them or takes them from a `str`;
// nothing hands out the field, and `Bytes` cannot change.
#[derive(Clone, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Text(Bytes);

/// The bytes are not UTF-8 (RFC 3629).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
#[error("the bytes are not valid UTF-8")]
pub struct InvalidUtf8;

impl Text {
    /// A text that lives as long as the program: no copy, no allocation.
    pub const fn from_static(text: &'static str) -> Self {
        Self(Bytes::from_static(text.as_bytes()))
    }

    /// The text.
    #[inline]
    pub fn as_str(&self) -> &str {
        // SAFETY: the invariant of `Text`.
        unsafe { std::str::from_utf8_unchecked(&self.0) }
    }

    /// A copy with storage of its own.
    #[must_use]
    pub fn detached(&self) -> Self {
        Self(Bytes::copy_from_slice(&self.0))
    }
}

impl TryFrom<Bytes> for Text {
    type Error = InvalidUtf8;

    #[inline]
    fn try_from(bytes: Bytes) -> Result<Self, InvalidUtf8> {
        // Miri does not run vector intrinsics.
        #[cfg(miri)]
        let valid = std::str::from_utf8(&bytes).is_ok();
        #[cfg(not(miri))]
        let valid = simdutf8::basic::from_utf8(&bytes).is_ok();
        if valid { Ok(Self(bytes)) } else { Err(InvalidUtf8) }
    }
}

impl From<String> for Text {
    fn from(text: String) -> Self {
        Self(text.into())
    }
}

impl From<&str> for Text {
    fn from(text: &str) -> Self {
        Self(Bytes::copy_from_slice(text.as_bytes()))
    }
}

impl From<Text> for Bytes {
    fn from(text: Text) -> Self {
        text.0
    }
}

impl Deref for Text {
    type Target = str;

    fn deref(&self) -> &str {
        self.as_str()
    }
}

impl AsRef<str> for Text {
    fn as_ref(&self) -> &str {
        self
    }
}

impl fmt::Debug for Text {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Debug::fmt(self.as_str(), formatter)
    }
}

impl fmt::Display for Text {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self.as_str(), formatter)
    }
}

impl PartialEq<str> for Text {
    fn eq(&self, other: &str) -> bool {
        self.as_str() == other
    }
}

impl PartialEq<&str> for Text {
    fn eq(&self, other: &&str) -> bool {
        self.as_str() == *other
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_utf8_becomes_text() {
        for bytes in [&b"\xc3"[..], b"\xff", b"\xed\xa0\x80", b"\xf4\x90\x80\x80", b"\xc0\xaf"] {
            assert_eq!(Text::try_from(Bytes::copy_from_slice(bytes)), Err(InvalidUtf8), "{bytes:x?}");
        }
        for text in ["", "a", "Grüße", "κόσμε", "\u{10FFFF}", "日本語"] {
            let bytes = Bytes::copy_from_slice(text.as_bytes());
            assert_eq!(Text::try_from(bytes).unwrap(), *text);
        }
    }

    #[test]
    fn text_is_read_however_it_was_made() {
        let long = "ü".repeat(1000);
        for text in [Text::from(long.as_str()), Text::from(long.clone()), Text::from(long.clone()).detached()]
        {
            assert_eq!(text.as_str(), long);
            assert_eq!(text.chars().count(), 1000);
            assert_eq!(Bytes::from(text.clone()), long.as_bytes());
        }
        assert_eq!(Text::from_static("fixed").as_str(), "fixed");
        assert_eq!(format!("{:?} {}", Text::from("a\"b"), Text::from("c")), "\"a\\\"b\" c");
    }
}
