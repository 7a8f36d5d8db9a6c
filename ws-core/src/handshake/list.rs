use crate::head::{Fields, is_token};

/// A list of tokens: the values of a field, repeated lines included, split at commas (RFC 9110 5.6.1).
///
/// ```
/// use ws_core::handshake::TokenList;
///
/// let list = TokenList::of([&b"keep-alive, Upgrade"[..]]);
/// assert_eq!(list.contains("upgrade"), Ok(true));
/// ```
#[derive(Clone, Debug)]
pub struct TokenList<I>(I);

/// An element of a list is not a token (RFC 9110 5.6.2).
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("an element of the list is not a token")]
pub struct MalformedList;

impl<'a, I: Iterator<Item = &'a [u8]>> TokenList<I> {
    /// The list that these field values make together.
    pub fn of(values: impl IntoIterator<IntoIter = I>) -> Self {
        Self(values.into_iter())
    }

    /// Whether the list has this token, without regard to case. The whole list is read: a list with
    /// one malformed element says nothing.
    pub fn contains(self, token: &str) -> Result<bool, MalformedList> {
        self.tokens().try_fold(false, |found, element| Ok(found | element?.eq_ignore_ascii_case(token)))
    }

    /// The tokens one by one.
    pub fn tokens(self) -> impl Iterator<Item = Result<&'a str, MalformedList>> {
        self.0.flat_map(elements).map(|element| {
            // A token is ASCII.
            let text = if is_token(element) { std::str::from_utf8(element).ok() } else { None };
            text.ok_or(MalformedList)
        })
    }
}

/// The elements of one line of a list without the whitespace around them. Empty ones are left out, as
/// RFC 9110 5.6.1.2 demands.
pub(super) fn elements(value: &[u8]) -> impl Iterator<Item = &[u8]> {
    value.split(|&byte| byte == b',').map(<[u8]>::trim_ascii).filter(|element| !element.is_empty())
}

/// The token list in all lines of a field.
pub(super) fn tokens_of<'a>(
    fields: &'a Fields,
    name: &str,
) -> impl Iterator<Item = Result<&'a str, MalformedList>> {
    TokenList::of(fields.get_all(name)).tokens()
}
