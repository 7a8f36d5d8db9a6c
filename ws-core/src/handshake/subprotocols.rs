use super::list::tokens_of;
use crate::head::Fields;

/// Lists no longer than this are compared pair by pair, longer ones are sorted first.
const FEW: usize = 8;

/// What is wrong with a list of subprotocols (RFC 6455 4.1, 11.3.4).
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum SubprotocolError {
    /// The field is there and names nothing.
    #[error("the list of subprotocols is empty")]
    Empty,
    /// An element that is not a token.
    #[error("a subprotocol is not a token")]
    NotToken,
    /// The same subprotocol twice.
    #[error("a subprotocol is listed twice")]
    Repeated,
}

/// RFC 6455 4.1: the elements are tokens and MUST all be unique. 11.3.4: a request may have several
/// lines, which make one list.
pub(super) fn parse_subprotocols(fields: &Fields) -> Result<Vec<String>, SubprotocolError> {
    let mut list = Vec::new();
    for token in tokens_of(fields, "Sec-WebSocket-Protocol") {
        list.push(token.map_err(|_| SubprotocolError::NotToken)?.to_owned());
    }
    if list.is_empty() && fields.contains("Sec-WebSocket-Protocol") {
        return Err(SubprotocolError::Empty);
    }
    if has_repeated(&list) {
        return Err(SubprotocolError::Repeated);
    }
    Ok(list)
}

/// Whether two elements are the same, in time that grows hardly more than the list.
pub(super) fn has_repeated(list: &[String]) -> bool {
    if list.len() <= FEW {
        return list
            .iter()
            .enumerate()
            .any(|(index, own)| list.iter().skip(index + 1).any(|other| own == other));
    }
    let mut sorted: Vec<&str> = list.iter().map(String::as_str).collect();
    sorted.sort_unstable();
    sorted.windows(2).any(|pair| pair.first() == pair.last())
}
