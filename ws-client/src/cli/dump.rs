//! Bytes as text, and text as bytes.

use std::fmt::Write as _;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use clap::ValueEnum;
use thiserror::Error;

/// Bytes in a row of a dump.
const ROW: usize = 16;

/// How bytes are written on a line.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(super) enum Encoding {
    /// The bytes themselves.
    Text,
    /// Hex digits; spaces between them do not count.
    Hex,
    /// Base64 (RFC 4648 4).
    Base64,
}

/// Why a line has no bytes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
pub(super) enum EncodingError {
    #[error("not hex: write two digits for each byte, such as 48 69 0a")]
    Hex,
    #[error("not base64 (RFC 4648 4, with padding)")]
    Base64,
}

impl Encoding {
    pub(super) fn decode(self, line: &[u8]) -> Result<Vec<u8>, EncodingError> {
        match self {
            Self::Text => Ok(line.to_vec()),
            Self::Hex => hex(line).ok_or(EncodingError::Hex),
            Self::Base64 => STANDARD.decode(line.trim_ascii()).map_err(|_| EncodingError::Base64),
        }
    }

    pub(super) fn encode(self, bytes: &[u8]) -> Vec<u8> {
        match self {
            Self::Text => bytes.to_vec(),
            Self::Hex => bytes
                .iter()
                .fold(String::new(), |mut text, byte| {
                    // Writing to a string cannot fail.
                    let _ = write!(text, "{byte:02x}");
                    text
                })
                .into_bytes(),
            Self::Base64 => STANDARD.encode(bytes).into_bytes(),
        }
    }
}

/// Rows of offset, hex digits and ASCII.
pub(super) fn dump(bytes: &[u8]) -> String {
    let mut rows = String::new();
    for (number, row) in bytes.chunks(ROW).enumerate() {
        if number > 0 {
            rows.push('\n');
        }
        // Writing to a string cannot fail.
        let _ = write!(rows, "{:08x} ", number * ROW);
        for place in 0..ROW {
            let gap = if place == ROW / 2 { "  " } else { " " };
            let _ = match row.get(place) {
                Some(byte) => write!(rows, "{gap}{byte:02x}"),
                None => write!(rows, "{gap}  "),
            };
        }
        rows.push_str("  |");
        rows.extend(row.iter().map(|&byte| match byte {
            b' '..=b'~' => char::from(byte),
            _ => '.',
        }));
        rows.push('|');
    }
    rows
}

fn hex(line: &[u8]) -> Option<Vec<u8>> {
    let digits: Option<Vec<u8>> = line
        .iter()
        .filter(|byte| !byte.is_ascii_whitespace())
        .map(|&byte| char::from(byte).to_digit(16).and_then(|digit| u8::try_from(digit).ok()))
        .collect();
    let (pairs, rest) = digits.as_deref()?.as_chunks::<2>();
    rest.is_empty().then(|| pairs.iter().map(|[high, low]| high << 4 | low).collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn there_and_back() {
        let bytes: Vec<u8> = (0..=255).collect();
        for encoding in [Encoding::Text, Encoding::Hex, Encoding::Base64] {
            assert_eq!(encoding.decode(&encoding.encode(&bytes)), Ok(bytes.clone()), "{encoding:?}");
        }
        assert_eq!(Encoding::Hex.decode(b" 48 69 0A"), Ok(b"Hi\n".to_vec()));
        for text in ["4", "4g", "é", "0x41"] {
            assert_eq!(Encoding::Hex.decode(text.as_bytes()), Err(EncodingError::Hex), "{text}");
        }
        assert_eq!(Encoding::Base64.decode(b"a"), Err(EncodingError::Base64));
    }

    #[test]
    fn a_dump_has_sixteen_bytes_in_a_row() {
        assert_eq!(
            dump(b"0123456789abcdef\x1b["),
            "00000000  30 31 32 33 34 35 36 37  38 39 61 62 63 64 65 66  |0123456789abcdef|\n\
             00000010  1b 5b                                             |.[|"
        );
        assert_eq!(dump(b""), "");
    }
}
