//! What is sent.

use bytes::Bytes;

/// Bytes of payload: a heartbeat, the longest that has the shortest header, a document, a large one.
pub(crate) const SIZES: [usize; 4] = [16, 125, 1024, 64 * 1024];

#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Kind {
    Binary,
    Ascii,
    NonAscii,
}

impl Kind {
    pub(crate) const fn name(self) -> &'static str {
        match self {
            Self::Binary => "binary",
            Self::Ascii => "ASCII text",
            Self::NonAscii => "non-ASCII text",
        }
    }

    pub(crate) fn is_text(self) -> bool {
        self != Self::Binary
    }
}

pub(crate) fn payload(kind: Kind, size: usize) -> Bytes {
    let pattern = match kind {
        Kind::Binary => "\u{1}binary\u{7f}\0",
        Kind::Ascii => "{\"user\":\"ann\",\"text\":\"good morning\"}",
        Kind::NonAscii => "добрый день — 今日は, ça va? 😀 ",
    };
    let mut text = String::with_capacity(size);
    for char in pattern.chars().cycle() {
        if text.len() + char.len_utf8() > size {
            break;
        }
        text.push(char);
    }
    // What is left is shorter than a character.
    text.extend(std::iter::repeat_n('.', size - text.len()));
    Bytes::from(text)
}
