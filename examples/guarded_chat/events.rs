//! What page and server say to each other: one JSON object a message.

use std::time::{SystemTime, UNIX_EPOCH};

use serde::{Deserialize, Serialize};
use ws_core::message::Text;
use ws_core::refusal::Cause;

/// The longest text in characters.
pub(crate) const TEXT_LIMIT: usize = 2000;

/// The largest message in bytes. The longest text fits in, however it is escaped.
pub(crate) const MESSAGE_BYTES: usize = 32 << 10;

/// Somebody who is present.
#[derive(Clone, Debug, Serialize)]
pub(crate) struct Person {
    /// Different for each connection to a room, whatever the names are.
    pub(crate) id: u64,
    pub(crate) name: String,
    pub(crate) role: &'static str,
}

/// What the server says.
#[derive(Debug, Serialize)]
#[serde(tag = "type", rename_all = "lowercase")]
pub(crate) enum Event<'a> {
    /// To somebody who has just come in.
    Welcome {
        room: &'a str,
        may_write: bool,
        people: &'a [Person],
        #[serde(flatten)]
        me: &'a Person,
    },
    Joined(&'a Person),
    Left(&'a Person),
    Message {
        text: &'a str,
        /// Milliseconds since 1970.
        at: u64,
        #[serde(flatten)]
        from: &'a Person,
    },
    /// What was sent may not be said, for a cause of the catalogue.
    Refused {
        code: &'a str,
        title: &'a str,
        detail: &'a str,
        text: &'a str,
    },
    /// What was sent is not a message of this chat.
    Invalid {
        code: &'a str,
        title: &'a str,
        detail: &'a str,
    },
}

impl Event<'_> {
    pub(crate) fn to_text(&self) -> Text {
        // Numbers and text always serialize.
        serde_json::to_string(self).unwrap_or_default().into()
    }

    /// That somebody may not speak, for want of a scope.
    pub(crate) fn silence<'a>(detail: &'a str, text: &'a str) -> Event<'a> {
        let cause = Cause::ScopeInsufficient;
        Event::Refused { code: cause.code(), title: cause.title(), detail, text }
    }
}

/// What the page says.
#[derive(Debug, Deserialize)]
#[serde(tag = "type", rename_all = "lowercase")]
enum Request {
    Say { text: String },
}

/// Why a message is not passed on.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub(crate) enum Unsaid {
    #[error("A message is a JSON object: {{\"type\": \"say\", \"text\": \"…\"}}.")]
    Malformed,
    #[error("There is no text in it.")]
    Empty,
    #[error("A text has {TEXT_LIMIT} characters at the most.")]
    TooLong,
}

impl Unsaid {
    pub(crate) const fn code(self) -> &'static str {
        match self {
            Self::Malformed => "message-malformed",
            Self::Empty => "text-empty",
            Self::TooLong => "text-too-long",
        }
    }

    pub(crate) const fn title(self) -> &'static str {
        match self {
            Self::Malformed => "The message cannot be read",
            Self::Empty => "The text is empty",
            Self::TooLong => "The text is too long",
        }
    }
}

/// The text that somebody wants to say.
pub(crate) fn said(message: &str) -> Result<String, Unsaid> {
    let Ok(Request::Say { text }) = serde_json::from_str(message) else { return Err(Unsaid::Malformed) };
    match text.trim() {
        "" => Err(Unsaid::Empty),
        trimmed if trimmed.chars().count() > TEXT_LIMIT => Err(Unsaid::TooLong),
        trimmed => Ok(trimmed.to_owned()),
    }
}

/// Milliseconds since 1970.
pub(crate) fn now() -> u64 {
    let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    u64::try_from(since.as_millis()).unwrap_or(u64::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn say(text: &str) -> Result<String, Unsaid> {
        said(&serde_json::json!({ "type": "say", "text": text }).to_string())
    }

    #[test]
    fn a_text_has_between_one_and_two_thousand_characters() {
        assert_eq!(say(" hello\n").as_deref(), Ok("hello"));
        assert_eq!(say(" \n"), Err(Unsaid::Empty));
        assert!(say(&"😀".repeat(TEXT_LIMIT)).is_ok());
        assert_eq!(say(&"a".repeat(TEXT_LIMIT + 1)), Err(Unsaid::TooLong));
    }

    #[test]
    fn anything_else_is_malformed() {
        for message in ["", "hello", "{}", r#"{"type":"shout","text":"a"}"#, r#"{"type":"say","text":1}"#] {
            assert_eq!(said(message), Err(Unsaid::Malformed), "{message}");
        }
    }

    #[test]
    fn the_longest_text_fits_into_a_message() {
        // `\u0001`, and for a character outside the basic plane two such escapes, are the longest forms.
        let longest = r#"{"type":"say","text":""}"#.len() + TEXT_LIMIT * r"\ud83d\ude00".len();
        assert!(longest <= MESSAGE_BYTES);
    }
}
