//! Lines from a file or a pipe.

use std::io;

use thiserror::Error;
use tokio::io::{AsyncBufRead, AsyncBufReadExt};

/// The longest line, in bytes.
const LONGEST: usize = 64 << 20;

/// Why there is no further line.
#[derive(Debug, Error)]
pub(super) enum LineError {
    #[error("input cannot be read: {0}")]
    Io(#[from] io::Error),
    #[error("line {number} is longer than {LONGEST} bytes")]
    TooLong { number: u64 },
}

/// Reads line by line, and counts.
#[derive(Debug)]
pub(super) struct Lines<R> {
    reader: R,
    line: Vec<u8>,
    number: u64,
}

impl<R: AsyncBufRead + Unpin> Lines<R> {
    pub(super) fn new(reader: R) -> Self {
        Self { reader, line: Vec::new(), number: 0 }
    }

    /// The number of the line that came last, from one.
    pub(super) fn number(&self) -> u64 {
        self.number
    }

    /// The next line without its end, LF or CRLF; the last one may have none. Cancel safe.
    pub(super) async fn next(&mut self) -> Result<Option<Vec<u8>>, LineError> {
        loop {
            let read = self.reader.fill_buf().await?;
            if read.is_empty() {
                return Ok(if self.line.is_empty() { None } else { Some(self.take()) });
            }
            let end = read.iter().position(|&byte| byte == b'\n');
            let used = end.map_or(read.len(), |end| end + 1);
            self.line.extend_from_slice(read.get(..end.unwrap_or(used)).unwrap_or_default());
            self.reader.consume(used);
            if self.line.len() > LONGEST {
                return Err(LineError::TooLong { number: self.number + 1 });
            }
            if end.is_some() {
                return Ok(Some(self.take()));
            }
        }
    }

    fn take(&mut self) -> Vec<u8> {
        self.number += 1;
        let mut line = std::mem::take(&mut self.line);
        if line.last() == Some(&b'\r') {
            line.pop();
        }
        line
    }
}

#[cfg(test)]
mod tests {
    use tokio::io::BufReader;

    use super::*;

    #[tokio::test]
    async fn lines_end_with_lf_or_crlf_or_not_at_all() {
        for capacity in [1, 3, 100] {
            let text = &b"a\r\n\n\xffb\rc\nlast"[..];
            let mut lines = Lines::new(BufReader::with_capacity(capacity, text));
            for expected in [&b"a"[..], b"", b"\xffb\rc", b"last"] {
                assert_eq!(lines.next().await.expect("readable").as_deref(), Some(expected));
            }
            assert_eq!(lines.number(), 4);
            assert!(lines.next().await.expect("readable").is_none());
        }
    }

    #[tokio::test]
    async fn a_line_without_end_is_refused() {
        let mut lines = Lines::new(BufReader::with_capacity(1 << 20, tokio::io::repeat(b'a')));
        assert!(matches!(lines.next().await, Err(LineError::TooLong { number: 1 })));
    }
}
