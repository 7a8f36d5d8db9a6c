//! RFC 6455 8.1: UTF-8 checked as it arrives.

use super::InvalidUtf8;

/// Checks text that arrives in pieces, and fails at the first byte that no valid text could hold, not
/// at the end of the message.
///
/// ```
/// use ws_core::message::Utf8Validator;
///
/// let mut validator = Utf8Validator::default();
/// validator.push(b"Gr\xc3")?; // half a character: more may come
/// assert!(validator.finish().is_err());
/// validator.push(b"\xbc\xc3\x9fe")?;
/// assert!(validator.finish().is_ok());
/// assert!(validator.push(b"\xf4\x90").is_err()); // beyond U+10FFFF, seen at its second byte
/// # Ok::<(), ws_core::message::InvalidUtf8>(())
/// ```
#[derive(Clone, Copy, Debug, Default)]
pub struct Utf8Validator {
    /// The start of a character whose end has not come yet.
    pending: [u8; 4],
    length: u8,
}

impl Utf8Validator {
    /// Checks the next piece of the text.
    ///
    /// # Errors
    /// [`InvalidUtf8`] once no continuation could make the text valid.
    #[inline]
    pub fn push(&mut self, mut bytes: &[u8]) -> Result<(), InvalidUtf8> {
        while self.length > 0 {
            let Some((&byte, rest)) = bytes.split_first() else { return Ok(()) };
            bytes = rest;
            self.complete(byte)?;
        }
        let Err(error) = validate(bytes) else { return Ok(()) };
        let tail = &bytes[error.valid_up_to()..];
        // No length: the text ends inside a character that is valid so far, of at most three bytes.
        if error.error_len().is_some() || tail.len() > 3 {
            return Err(InvalidUtf8);
        }
        self.pending[..tail.len()].copy_from_slice(tail);
        self.length = tail.len().to_le_bytes()[0];
        Ok(())
    }

    /// The text ends here.
    ///
    /// # Errors
    /// [`InvalidUtf8`] where it ends inside a character.
    #[inline]
    pub const fn finish(&self) -> Result<(), InvalidUtf8> {
        if self.length == 0 { Ok(()) } else { Err(InvalidUtf8) }
    }

    /// Takes one more byte of a character that has begun.
    fn complete(&mut self, byte: u8) -> Result<(), InvalidUtf8> {
        let length = usize::from(self.length);
        *self.pending.get_mut(length).ok_or(InvalidUtf8)? = byte;
        match std::str::from_utf8(&self.pending[..=length]) {
            Ok(_) => self.length = 0,
            Err(error) if error.error_len().is_none() && error.valid_up_to() == 0 => self.length += 1,
            Err(_) => return Err(InvalidUtf8),
        }
        Ok(())
    }
}

#[cfg(not(miri))]
fn validate(bytes: &[u8]) -> Result<&str, simdutf8::compat::Utf8Error> {
    simdutf8::compat::from_utf8(bytes)
}

// Miri does not run vector intrinsics.
#[cfg(miri)]
fn validate(bytes: &[u8]) -> Result<&str, std::str::Utf8Error> {
    std::str::from_utf8(bytes)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    /// The first prefix of `bytes` that no valid text starts with, found by trying every prefix.
    fn naive_failure(bytes: &[u8]) -> Option<usize> {
        (0..=bytes.len())
            .find(|&end| std::str::from_utf8(&bytes[..end]).is_err_and(|error| error.error_len().is_some()))
    }

    fn bytes() -> impl Strategy<Value = Vec<u8>> {
        let damaged =
            (any::<String>(), any::<prop::sample::Index>(), any::<u8>()).prop_map(|(text, at, byte)| {
                let mut bytes = text.into_bytes();
                if !bytes.is_empty() {
                    let at = at.index(bytes.len());
                    bytes[at] = byte;
                }
                bytes
            });
        prop_oneof![damaged, any::<String>().prop_map(String::into_bytes), any::<Vec<u8>>()]
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(1024))]

        /// RFC 6455 8.1: byte by byte, the failure shows at the first invalid byte.
        #[test]
        fn fails_at_the_first_invalid_byte(bytes in bytes()) {
            let mut validator = Utf8Validator::default();
            let failed = bytes.iter().position(|byte| validator.push(&[*byte]).is_err()).map(|at| at + 1);
            prop_assert_eq!(failed, naive_failure(&bytes));
            if failed.is_none() {
                prop_assert_eq!(validator.finish().is_ok(), std::str::from_utf8(&bytes).is_ok());
            }
        }

        #[test]
        fn every_split_gives_the_same_verdict(bytes in bytes(), cuts in proptest::collection::vec(any::<prop::sample::Index>(), 0..4)) {
            let mut cuts: Vec<usize> = cuts.iter().map(|cut| cut.index(bytes.len() + 1)).collect();
            cuts.extend([0, bytes.len()]);
            cuts.sort_unstable();
            let mut validator = Utf8Validator::default();
            let pushed = cuts.windows(2).try_for_each(|pair| validator.push(&bytes[pair[0]..pair[1]]));
            let valid = pushed.and_then(|()| validator.finish()).is_ok();
            prop_assert_eq!(valid, std::str::from_utf8(&bytes).is_ok());
        }
    }
}
