//! What was agreed in the handshake.

use super::show::printable;
use crate::Answer;

/// What is worth knowing about an answer, to stand behind the word "connected".
pub(super) fn welcome(answer: &Answer) -> String {
    let mut text = String::new();
    if let Some(subprotocol) = &answer.subprotocol {
        text.push_str(", subprotocol ");
        text.push_str(&printable(subprotocol));
    }
    if answer.compression.is_some() {
        text.push_str(", compressed");
    }
    text
}
