//! The chunked transfer coding (RFC 9112 7.1), as far as the body of a refusal needs it.

use bytes::{Buf, BytesMut};
use thiserror::Error;

/// The longest line of a chunked body, extensions and trailers included.
const LONGEST_LINE: usize = 4096;

/// Why a chunked body cannot be read further.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
#[non_exhaustive]
pub enum ChunkError {
    /// A chunk does not begin with its size in hexadecimal digits.
    #[error("a chunk's size is not a hexadecimal number")]
    Size,
    /// A chunk's size does not fit in 60 bits.
    #[error("a chunk's size is out of range")]
    SizeTooLarge,
    /// A chunk's data is not followed by CR LF.
    #[error("a chunk is longer than its size")]
    DataEnd,
    /// A line is over 4096 bytes long, or ends without CR.
    #[error("a line of the chunked body does not end as it must")]
    Line,
}

/// Decodes a chunked body piece by piece.
#[derive(Debug, Default)]
pub(crate) struct Chunked {
    state: State,
}

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
enum State {
    #[default]
    Size,
    Data(u64),
    DataEnd,
    Trailers,
    End,
}

impl Chunked {
    /// Takes what it can from `input` and appends the data to `out`, until `out` has `limit` bytes.
    /// Says whether the body has ended.
    pub(crate) fn decode(
        &mut self,
        input: &mut BytesMut,
        out: &mut BytesMut,
        limit: usize,
    ) -> Result<bool, ChunkError> {
        loop {
            match self.state {
                State::Size => {
                    let Some(line) = line(input)? else { return Ok(false) };
                    self.state = match size(&line)? {
                        0 => State::Trailers,
                        length => State::Data(length),
                    };
                }
                State::Data(left) => {
                    let room = limit.saturating_sub(out.len()).min(input.len());
                    let taken = usize::try_from(left).map_or(room, |left| left.min(room));
                    if taken == 0 {
                        return Ok(false);
                    }
                    out.extend_from_slice(&input.split_to(taken));
                    self.state = match left - taken as u64 {
                        0 => State::DataEnd,
                        left => State::Data(left),
                    };
                }
                State::DataEnd => {
                    if !b"\r\n".starts_with(&input[..input.len().min(2)]) {
                        return Err(ChunkError::DataEnd);
                    }
                    if input.len() < 2 {
                        return Ok(false);
                    }
                    input.advance(2);
                    self.state = State::Size;
                }
                State::Trailers => {
                    let Some(line) = line(input)? else { return Ok(false) };
                    if line.is_empty() {
                        self.state = State::End;
                    }
                }
                State::End => return Ok(true),
            }
        }
    }
}

/// The next line without its CR LF, once it is there as a whole.
fn line(input: &mut BytesMut) -> Result<Option<BytesMut>, ChunkError> {
    let Some(end) = input.iter().take(LONGEST_LINE).position(|&byte| byte == b'\n') else {
        return if input.len() < LONGEST_LINE { Ok(None) } else { Err(ChunkError::Line) };
    };
    let mut line = input.split_to(end + 1);
    if !line.ends_with(b"\r\n") {
        return Err(ChunkError::Line);
    }
    line.truncate(end - 1);
    Ok(Some(line))
}

// RFC 9112 7.1: chunk-size = 1*HEXDIG, then extensions, which are not understood here and so ignored.
fn size(line: &[u8]) -> Result<u64, ChunkError> {
    let end = line.iter().position(|byte| !byte.is_ascii_hexdigit()).unwrap_or(line.len());
    let (digits, rest) = line.split_at(end);
    let extension = rest.trim_ascii_start();
    if digits.is_empty() || !(extension.is_empty() || extension.starts_with(b";")) {
        return Err(ChunkError::Size);
    }
    if digits.len() > 15 {
        return Err(ChunkError::SizeTooLarge);
    }
    let text = std::str::from_utf8(digits).map_err(|_| ChunkError::Size)?;
    u64::from_str_radix(text, 16).map_err(|_| ChunkError::Size)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    /// Decodes `input` handed over in pieces of `piece` bytes.
    fn decode(input: &[u8], piece: usize, limit: usize) -> Result<(bool, Vec<u8>), ChunkError> {
        let (mut chunked, mut held, mut out) = (Chunked::default(), BytesMut::new(), BytesMut::new());
        let mut ended = false;
        for piece in input.chunks(piece) {
            held.extend_from_slice(piece);
            ended = chunked.decode(&mut held, &mut out, limit)?;
        }
        Ok((ended, out.to_vec()))
    }

    fn error(input: &str) -> ChunkError {
        let whole = decode(input.as_bytes(), input.len(), 100).expect_err(input);
        assert_eq!(decode(input.as_bytes(), 1, 100).expect_err(input), whole, "{input:?}");
        whole
    }

    // RFC 9112 7.1: chunks, extensions, the last chunk, trailers.
    #[test]
    fn reads_chunks_extensions_and_trailers() {
        let text = "5\r\nhello\r\n1 ;a=\"b\"\r\n,\r\n00006;x\r\n world\r\n0\r\nA: b\r\n\r\n";
        for piece in 1..=text.len() {
            let (ended, body) = decode(text.as_bytes(), piece, 100).expect("valid");
            assert!(ended);
            assert_eq!(body, b"hello, world");
        }
    }

    #[test]
    fn each_fault_has_its_own_error() {
        assert_eq!(error("\r\n"), ChunkError::Size);
        assert_eq!(error("x\r\n"), ChunkError::Size);
        assert_eq!(error("-1\r\n"), ChunkError::Size);
        assert_eq!(error("+1\r\n"), ChunkError::Size);
        assert_eq!(error("0x1\r\n"), ChunkError::Size);
        assert_eq!(error(" 1\r\n"), ChunkError::Size);
        assert_eq!(error("1 1\r\n"), ChunkError::Size);
        assert_eq!(error("1000000000000000\r\n"), ChunkError::SizeTooLarge);
        assert_eq!(error("1\r\nab\r\n"), ChunkError::DataEnd);
        assert_eq!(error("1\r\na\n"), ChunkError::DataEnd);
        assert_eq!(error("1\na\r\n"), ChunkError::Line);
        assert_eq!(error(&"1".repeat(LONGEST_LINE)), ChunkError::Line);
    }

    #[test]
    fn stops_at_the_limit() {
        let endless = "ffffffff\r\nabcdefgh";
        assert_eq!(decode(endless.as_bytes(), 3, 4).expect("valid"), (false, b"abcd".to_vec()));
    }

    proptest! {
        // The oracle is the encoder: whatever is written in chunks is read back, at every split.
        #[test]
        fn reads_what_was_written(
            chunks in prop::collection::vec(prop::collection::vec(any::<u8>(), 1..40), 0..8),
            piece in 1usize..50,
        ) {
            let mut text = Vec::new();
            for chunk in &chunks {
                text.extend_from_slice(format!("{:X}\r\n", chunk.len()).as_bytes());
                text.extend_from_slice(chunk);
                text.extend_from_slice(b"\r\n");
            }
            text.extend_from_slice(b"0\r\n\r\n");
            prop_assert_eq!(decode(&text, piece, usize::MAX), Ok((true, chunks.concat())));
        }

        #[test]
        fn damaged_input_ends_the_same_way_at_every_split(
            input in "[0-9a-f;\r\n]{0,60}",
            piece in 1usize..20,
        ) {
            let whole = decode(input.as_bytes(), input.len().max(1), 100);
            prop_assert_eq!(decode(input.as_bytes(), piece, 100), whole);
        }
    }
}
