//! `token` of RFC 9110 5.6.2.

/// One `tchar` or more.
pub(crate) fn is_token(text: &str) -> bool {
    !text.is_empty() && text.bytes().all(is_tchar)
}

/// What a token consists of.
pub(crate) fn is_tchar(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || b"!#$%&'*+-.^_`|~".contains(&byte)
}

#[cfg(test)]
mod tests {
    use super::*;

    // RFC 9110 5.6.2: any visible character but the delimiters.
    #[test]
    fn a_token_has_no_delimiters() {
        for byte in 0..=0x7f_u8 {
            let token = byte.is_ascii_graphic() && !b"\"(),/:;<=>?@[\\]{}".contains(&byte);
            assert_eq!(is_token(&format!("a{}", char::from(byte))), token, "{byte:#x}");
        }
        assert!(!is_token("") && !is_token("\u{e9}"));
    }
}
