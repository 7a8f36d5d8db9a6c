//! The identifier of one request: in the answer, in the log and in what the handler sees.

use std::cell::RefCell;
use std::fmt;
use std::str::FromStr;

use ring::rand::{SecureRandom as _, SystemRandom};
use thiserror::Error;

/// Bytes of one identifier: 96 bits, so that neither chance nor a guess meets another one.
const BYTES: usize = 12;
/// Identifiers that one draw from the system's generator is enough for.
const BATCH: usize = 32;

/// Names one request: 24 hexadecimal digits, unpredictable.
///
/// The same text stands in the header field `X-Request-Id`, in the body of a refusal, in the log and in
/// [`SessionInfo::request_id`](crate::SessionInfo::request_id).
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct RequestId([u8; BYTES]);

impl RequestId {
    /// The number of characters of its text.
    pub const LENGTH: usize = BYTES * 2;

    /// Draws a new one.
    pub(crate) fn new() -> Self {
        thread_local! {
            static DRAWN: RefCell<Vec<[u8; BYTES]>> = const { RefCell::new(Vec::new()) };
        }
        DRAWN.with_borrow_mut(|drawn| {
            if drawn.is_empty() {
                drawn.resize(BATCH, [0; BYTES]);
                if SystemRandom::new().fill(drawn.as_flattened_mut()).is_err() {
                    // Nothing secret hangs on an identifier: without a generator they are all the same.
                    tracing::error!(
                        "the system's random generator failed; request identifiers are not unique"
                    );
                }
            }
            Self(drawn.pop().unwrap_or_default())
        })
    }

    /// Its text, for where a `str` is needed.
    pub(crate) fn text(self) -> RequestIdText {
        const DIGITS: &[u8; 16] = b"0123456789abcdef";
        let mut text = [0; Self::LENGTH];
        for (pair, byte) in text.chunks_exact_mut(2).zip(self.0) {
            pair.copy_from_slice(&[DIGITS[usize::from(byte >> 4)], DIGITS[usize::from(byte & 15)]]);
        }
        RequestIdText(text)
    }

    /// One of so many places; it is random, so that all are as likely.
    pub(super) fn pick(self, places: usize) -> usize {
        usize::from(u16::from_le_bytes([self.0[0], self.0[1]])) % places
    }
}

impl fmt::Display for RequestId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.text().as_str())
    }
}

/// Reads the text of an identifier; digits may be of either case.
impl FromStr for RequestId {
    type Err = RequestIdError;

    fn from_str(text: &str) -> Result<Self, RequestIdError> {
        let mut bytes = [0; BYTES];
        let (pairs, []) = text.as_bytes().as_chunks::<2>() else { return Err(RequestIdError) };
        if pairs.len() != BYTES {
            return Err(RequestIdError);
        }
        for (byte, pair) in bytes.iter_mut().zip(pairs) {
            let [high, low] = pair.map(|digit| char::from(digit).to_digit(16));
            let value = high.zip(low).map(|(high, low)| high << 4 | low);
            *byte = value.and_then(|value| u8::try_from(value).ok()).ok_or(RequestIdError)?;
        }
        Ok(Self(bytes))
    }
}

/// What is not the text of a [`RequestId`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
#[error("a request identifier has 24 hexadecimal digits")]
pub struct RequestIdError;

impl fmt::Debug for RequestId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "RequestId({self})")
    }
}

/// The text of a [`RequestId`], on the stack.
#[derive(Clone, Copy)]
pub(crate) struct RequestIdText([u8; RequestId::LENGTH]);

impl RequestIdText {
    pub(crate) fn as_str(&self) -> &str {
        // Hexadecimal digits are always UTF-8.
        std::str::from_utf8(&self.0).unwrap_or_default()
    }
}

#[cfg(test)]
mod tests {
    use std::collections::HashSet;

    use super::*;

    #[test]
    fn texts_have_a_fixed_length_and_differ() {
        let texts: HashSet<String> = (0..BATCH * 3).map(|_| RequestId::new().to_string()).collect();
        assert_eq!(texts.len(), BATCH * 3);
        for text in texts {
            assert_eq!(text.len(), RequestId::LENGTH);
            assert!(text.bytes().all(|byte| matches!(byte, b'0'..=b'9' | b'a'..=b'f')), "{text}");
        }
    }

    #[test]
    fn the_digits_are_those_of_the_bytes() {
        let id = RequestId([0x00, 0x0f, 0xf0, 0xff, 0x12, 0x34, 0x56, 0x78, 0x9a, 0xbc, 0xde, 0xf1]);
        assert_eq!(id.to_string(), "000ff0ff123456789abcdef1");
        assert_eq!("000ff0ff123456789ABCDEF1".parse(), Ok(id));
        for text in
            ["", "000ff0ff123456789abcdef", "000ff0ff123456789abcdef12", "000ff0ff123456789abcdeg1", "é"]
        {
            assert_eq!(text.parse::<RequestId>(), Err(RequestIdError), "{text}");
        }
    }
}
