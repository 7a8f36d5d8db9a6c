use std::fmt;
use std::sync::Arc;

use super::syntax::Span;

/// The header fields of a head, in the order in which they came. A clone shares the bytes.
///
/// Names are compared without regard to case (RFC 9110 5.1). Values are without the whitespace around
/// them, and may hold bytes over 0x7f (RFC 9110 5.5).
#[derive(Clone)]
pub struct Fields {
    pub(super) head: Arc<[u8]>,
    pub(super) lines: Arc<[FieldLine]>,
}

/// Where one field stands in the head.
#[derive(Clone, Copy, Debug)]
pub(super) struct FieldLine {
    pub(super) name: Span,
    pub(super) value: Span,
}

/// A field that may stand once stands more than once.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("the field is repeated")]
pub struct Repeated;

impl Fields {
    /// All fields: name as it was sent, and value.
    pub fn iter(&self) -> impl Iterator<Item = (&str, &[u8])> {
        self.lines.iter().map(|line| (line.name.text(&self.head), line.value.of(&self.head)))
    }

    /// The values of all lines of this name, in their order.
    pub fn get_all<'a>(&'a self, name: &str) -> impl Iterator<Item = &'a [u8]> {
        self.lines
            .iter()
            .filter(move |line| {
                line.name.len() == name.len()
                    && line.name.of(&self.head).eq_ignore_ascii_case(name.as_bytes())
            })
            .map(|line| line.value.of(&self.head))
    }

    /// The value of the first line of this name.
    pub fn first(&self, name: &str) -> Option<&[u8]> {
        self.get_all(name).next()
    }

    /// The value of the only line of this name, for fields that may not be repeated.
    pub fn single(&self, name: &str) -> Result<Option<&[u8]>, Repeated> {
        let mut values = self.get_all(name);
        match (values.next(), values.next()) {
            (value, None) => Ok(value),
            (_, Some(_)) => Err(Repeated),
        }
    }

    /// The value of the first line of this name, if it is UTF-8.
    pub fn get_str(&self, name: &str) -> Option<&str> {
        self.first(name).and_then(|value| std::str::from_utf8(value).ok())
    }

    /// Whether there is a field of this name.
    pub fn contains(&self, name: &str) -> bool {
        self.first(name).is_some()
    }

    /// How many field lines there are.
    pub fn len(&self) -> usize {
        self.lines.len()
    }

    /// Whether there is none.
    pub fn is_empty(&self) -> bool {
        self.lines.is_empty()
    }
}

/// The names alone: values may hold credentials.
impl fmt::Debug for Fields {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_list().entries(self.iter().map(|(name, _)| name)).finish()
    }
}
