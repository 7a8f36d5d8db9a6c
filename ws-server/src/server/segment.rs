//! Percent-encoding of path segments (RFC 3986 2.1, 3.3): the two spellings that routing needs of them.
//!
//! A path is split at its slashes first and decoded by segment afterwards, so that `%2F` never separates anything.

use std::borrow::Cow;
use std::fmt::Write as _;

/// The one spelling that equal segments share: characters that a segment may hold as they are (RFC 3986 3.3, `pchar`),
/// every other byte as an escape in capitals. `None` if a `%` is not followed by two hexadecimal digits.
pub(super) fn canonical(path: &str) -> Option<Cow<'_, str>> {
    if path.bytes().all(|byte| byte == b'/' || is_plain(byte)) {
        return Some(Cow::Borrowed(path));
    }
    let mut out = String::with_capacity(path.len() + 16);
    let mut bytes = path.bytes();
    while let Some(byte) = bytes.next() {
        match byte {
            b'/' => out.push('/'),
            b'%' => push(escaped(&mut bytes)?, &mut out),
            byte => push(byte, &mut out),
        }
    }
    Some(Cow::Owned(out))
}

/// The text that a segment stands for. `None` if it is broken or not UTF-8.
pub(super) fn decode(segment: &str) -> Option<String> {
    let mut out = Vec::with_capacity(segment.len());
    let mut bytes = segment.bytes();
    while let Some(byte) = bytes.next() {
        out.push(if byte == b'%' { escaped(&mut bytes)? } else { byte });
    }
    String::from_utf8(out).ok()
}

fn escaped(bytes: &mut std::str::Bytes<'_>) -> Option<u8> {
    let mut digit = || char::from(bytes.next()?).to_digit(16).and_then(|digit| u8::try_from(digit).ok());
    Some(digit()? << 4 | digit()?)
}

fn push(byte: u8, out: &mut String) {
    if is_plain(byte) {
        out.push(char::from(byte));
    } else {
        // Writing to a String cannot fail.
        let _ = write!(out, "%{byte:02X}");
    }
}

/// RFC 3986 3.3: `pchar` without the escapes: unreserved, sub-delims, `:` and `@`.
fn is_plain(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || b"-._~!$&'()*+,;=:@".contains(&byte)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn equal_segments_get_one_spelling() {
        for (given, expected) in [
            ("/rooms/lobby", "/rooms/lobby"),
            ("/%72ooms/l%6fbby", "/rooms/lobby"),
            ("/caf\u{e9}", "/caf%C3%A9"),
            ("/caf%c3%a9", "/caf%C3%A9"),
            ("/a%2fb", "/a%2Fb"),
            ("/{x}", "/%7Bx%7D"),
            ("/%00%7f", "/%00%7F"),
        ] {
            assert_eq!(canonical(given).as_deref(), Some(expected), "{given}");
        }
    }

    #[test]
    fn broken_escapes_have_no_meaning() {
        for broken in ["%", "%4", "%zz", "a%+1", "%-1", "%%41"] {
            assert_eq!(canonical(broken), None, "{broken}");
            assert_eq!(decode(broken), None, "{broken}");
        }
        assert_eq!(decode("%ff"), None, "not UTF-8");
    }

    #[test]
    fn decoding_takes_control_characters_and_slashes() {
        assert_eq!(decode("a%2Fb%00").as_deref(), Some("a/b\0"));
        assert_eq!(decode("1+1").as_deref(), Some("1+1"), "a plus is no space in a path");
    }

    proptest! {
        #[test]
        fn the_canonical_spelling_means_the_same_and_is_its_own(segment in "([ -.0-~é]|%[0-9a-fA-F]{2}){0,12}") {
            if let Some(spelling) = canonical(&segment) {
                prop_assert_eq!(decode(&spelling), decode(&segment));
                prop_assert_eq!(canonical(&spelling), Some(Cow::Borrowed(&*spelling)));
            } else {
                prop_assert_eq!(decode(&segment), None);
            }
        }
    }
}
