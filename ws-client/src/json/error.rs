//! What is wrong with a message, and where in it.

use std::fmt;

use serde_json::error::Category;
use thiserror::Error;

use crate::refused::Printable;

/// How much of a message is shown before the place of a fault, and how much behind it, in bytes.
const AROUND: usize = 32;
/// How much is shown of what the parser says, in characters: it repeats what it did not expect.
const REASON: usize = 160;

/// Why a typed message did not come, or could not be sent. `E` is the error of the connection.
///
/// After [`Syntax`](Self::Syntax), [`Mismatch`](Self::Mismatch), [`NotText`](Self::NotText) and
/// [`Unwritable`](Self::Unwritable) the connection is as good as before: one message is lost, the next can be read.
#[derive(Debug, Error)]
#[non_exhaustive]
pub enum JsonError<E> {
    /// The connection failed.
    #[error(transparent)]
    Socket(E),
    /// The message is not JSON.
    #[error("the message is not JSON: {0}")]
    Syntax(JsonFault),
    /// The message is JSON, but not of the type that is expected.
    #[error("the message is JSON of another form than expected: {0}")]
    Mismatch(JsonFault),
    /// The message is binary where only text is taken; see [`Binary`](super::Binary).
    #[error(
        "a binary message of {bytes} bytes came where JSON in a text message is expected: \
         have it read or skipped (Json::binary), or the peer send text"
    )]
    NotText {
        /// Its length in bytes.
        bytes: usize,
    },
    /// The value to be sent has no form in JSON, such as a map whose keys are no strings.
    #[error("the value cannot be written as JSON")]
    Unwritable(#[source] serde_json::Error),
}

/// What the parser did not like, where, and what stands there: printable whatever the message was, and short.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct JsonFault {
    /// The line, counted from 1.
    pub line: usize,
    /// The column in bytes, counted from 1: the last byte that was read, 0 at the beginning of a line.
    pub column: usize,
    /// What is wrong there.
    pub reason: String,
    /// The message around that place, with an ellipsis where it was cut.
    pub excerpt: String,
}

impl fmt::Display for JsonFault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { line, column, reason, excerpt } = self;
        write!(f, "{reason} at line {line}, column {column}, in {excerpt}")
    }
}

/// What the parser says about a message that it could not read.
pub(super) fn unreadable<E>(text: &[u8], error: &serde_json::Error) -> JsonError<E> {
    let fault = JsonFault {
        line: error.line(),
        column: error.column(),
        reason: reason(error),
        excerpt: excerpt(text, position(text, error.line(), error.column())),
    };
    match error.classify() {
        Category::Data => JsonError::Mismatch(fault),
        Category::Syntax | Category::Eof | Category::Io => JsonError::Syntax(fault),
    }
}

/// What the parser says, without the place, which stands beside it.
fn reason(error: &serde_json::Error) -> String {
    let text = error.to_string();
    let place = format!(" at line {} column {}", error.line(), error.column());
    let text = text.strip_suffix(&place).unwrap_or(&text);
    let shown: String = text.chars().take(REASON).collect();
    let cut = if shown.len() < text.len() { "…" } else { "" };
    format!("{}{cut}", Printable(&shown))
}

/// The place in bytes from the start.
fn position(text: &[u8], line: usize, column: usize) -> usize {
    let before: usize =
        text.split_inclusive(|&byte| byte == b'\n').take(line.saturating_sub(1)).map(<[u8]>::len).sum();
    (before + column).min(text.len())
}

fn excerpt(text: &[u8], at: usize) -> String {
    let (start, end) = (at.saturating_sub(AROUND), (at + AROUND).min(text.len()));
    let cut = String::from_utf8_lossy(text.get(start..end).unwrap_or_default());
    // Where a character was cut, its rest shows as replacements.
    let cut = cut.trim_matches('\u{fffd}');
    let (before, after) = (if start > 0 { "…" } else { "" }, if end < text.len() { "…" } else { "" });
    format!("{before}{}{after}", Printable(cut))
}
