//! The characters that may stand in a header field, and how other ones are kept out of it.

use std::time::Duration;

/// RFC 9110 5.6.2: tchar.
pub(crate) const fn is_token_byte(byte: u8) -> bool {
    byte.is_ascii_alphanumeric()
        || matches!(
            byte,
            b'!' | b'#'
                | b'$'
                | b'%'
                | b'&'
                | b'\''
                | b'*'
                | b'+'
                | b'-'
                | b'.'
                | b'^'
                | b'_'
                | b'`'
                | b'|'
                | b'~'
        )
}

/// RFC 9110 5.6.2: token, one or more tchar.
pub(super) fn is_token(text: &str) -> bool {
    !text.is_empty() && text.bytes().all(is_token_byte)
}

/// The text as a token: what may not stand in one becomes `-`.
pub(super) fn to_token(text: &str) -> String {
    if text.is_empty() {
        return "-".to_owned();
    }
    text.chars().map(|c| if u8::try_from(c).is_ok_and(is_token_byte) { c } else { '-' }).collect()
}

/// The text as the value of a field: printable ASCII only, so that no CR, LF or NUL can split the
/// head, and no reader that refuses other characters loses the field.
///
/// RFC 9110 5.5: field values are limited to US-ASCII; CR, LF and NUL are dangerous.
pub(super) fn to_field_value(text: &str) -> String {
    text.chars().map(field_char).collect()
}

/// The character itself if it may stand in a field value, a space for a control character, or `?`.
pub(super) fn field_char(c: char) -> char {
    match c {
        ' '..='~' => c,
        _ if c.is_control() => ' ',
        _ => '?',
    }
}

/// Whole seconds to wait, rounded up so that nobody comes back too early, and never zero.
pub(super) fn whole_seconds(duration: Duration) -> u64 {
    duration.as_secs().saturating_add(u64::from(duration.subsec_nanos() > 0)).max(1)
}

/// The longest start of the text that fits in `bytes`, never cut inside a character.
pub(super) fn cut(text: &str, bytes: usize) -> &str {
    let end = (0..=bytes.min(text.len())).rev().find(|end| text.is_char_boundary(*end)).unwrap_or(0);
    &text[..end]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_control_character_survives() {
        let all: String = (0..=0x2ff).filter_map(char::from_u32).collect();
        assert!(to_field_value(&all).bytes().all(|byte| (b' '..=b'~').contains(&byte)));
        assert!(is_token(&to_token(&all)) && is_token(&to_token("")));
        assert_eq!(to_field_value("a\r\nX: y\0é"), "a  X: y ?");
    }

    #[test]
    fn waiting_times_are_rounded_up() {
        for (millis, seconds) in [(0, 1), (1, 1), (1000, 1), (1001, 2), (7000, 7)] {
            assert_eq!(whole_seconds(Duration::from_millis(millis)), seconds);
        }
        assert_eq!(whole_seconds(Duration::MAX), u64::MAX);
    }

    #[test]
    fn cuts_at_character_boundaries() {
        assert_eq!(cut("aé", 3), "aé");
        assert_eq!(cut("aé", 2), "a");
        assert_eq!(cut("é", 1), "");
        assert_eq!(cut("abc", 9), "abc");
    }
}
