//! What is said about a token in messages.
//!
//! ```text
//! {"type":"authenticate","token":"…"}    ──▶
//!                                        ◀──  {"type":"authenticated","expires":1764000000}
//!                                        ◀──  {"type":"unavailable","code":"…","retry_after":2}
//! ```

use std::time::Duration;

use serde_json::Value;
use ws_core::message::Message;
use zeroize::Zeroizing;

use super::Token;

/// An answer, as far as it matters here.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Answer {
    /// The token is good.
    Authenticated,
    /// Nobody can say now what it is worth: again after this time.
    Unavailable(Duration),
}

/// The message that presents a token.
pub(super) fn authenticate(token: &Token) -> Zeroizing<String> {
    // Room enough from the start leaves no copies behind.
    let mut message = Zeroizing::new(String::with_capacity(2 * token.text().len() + 64));
    message.push_str(r#"{"type":"authenticate","token":""#);
    for character in token.text().chars() {
        // RFC 8259 7; a token has no control characters.
        if matches!(character, '"' | '\\') {
            message.push('\\');
        }
        message.push(character);
    }
    message.push_str(r#""}"#);
    message
}

/// Reads a message. One that cannot be an answer is not parsed.
pub(super) fn answer(message: &Message) -> Option<Answer> {
    /// Bytes of an answer; ours have a hundred.
    const LONGEST: usize = 4 << 10;
    /// Whatever a server says, it is asked again one day.
    const WAITS: (u64, u64) = (1, 300);
    let text = message.as_text().filter(|text| text.len() <= LONGEST)?;
    let looks_like_it = text.contains("\"authenticated\"") || text.contains("\"unavailable\"");
    if !text.trim_start().starts_with('{') || !looks_like_it {
        return None;
    }
    let Value::Object(members) = serde_json::from_str(text).ok()? else { return None };
    match members.get("type")?.as_str()? {
        "authenticated" => Some(Answer::Authenticated),
        "unavailable" => {
            let wait = members.get("retry_after").and_then(Value::as_u64).unwrap_or(WAITS.0);
            Some(Answer::Unavailable(Duration::from_secs(wait.clamp(WAITS.0, WAITS.1))))
        }
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_token_in_a_message() {
        let said = |token: &str| authenticate(&Token::new(token)).to_string();
        assert_eq!(said("a.b.c"), r#"{"type":"authenticate","token":"a.b.c"}"#);
        let odd = "quote\" backslash\\ ü";
        let read: Value = serde_json::from_str(&said(odd)).expect("JSON");
        assert_eq!(read["token"], odd);
    }

    #[test]
    fn answers() {
        let answer = |text: &str| answer(&Message::text(text));
        for text in [
            r#"{"type":"authenticated"}"#,
            r#"{"type":"authenticated","expires":1764000000}"#,
            " { \"expires\" : 1, \"type\" : \"authenticated\" }",
        ] {
            assert_eq!(answer(text), Some(Answer::Authenticated), "{text}");
        }
        for (more, seconds) in [
            (r#","code":"authentication-unavailable","retry_after":2"#, 2),
            ("", 1),
            (r#","retry_after":0"#, 1),
            (r#","retry_after":99999999"#, 300),
            (r#","retry_after":"soon""#, 1),
        ] {
            let expected = Some(Answer::Unavailable(Duration::from_secs(seconds)));
            assert_eq!(answer(&format!(r#"{{"type":"unavailable"{more}}}"#)), expected, "{more}");
        }
    }

    #[test]
    fn what_is_the_applications() {
        for text in [
            "authenticated",
            r#""authenticated""#,
            r#"["authenticated"]"#,
            r#"{"type":"say","text":"\"authenticated\""}"#,
            r#"{"kind":"authenticated"}"#,
            r#"{"type":["authenticated"]}"#,
            r#"{"type":"authenticated""#,
        ] {
            assert_eq!(answer(&Message::text(text)), None, "{text}");
        }
        assert_eq!(answer(&Message::binary(&br#"{"type":"authenticated"}"#[..])), None);
        let long = format!(r#"{{"type":"authenticated","more":"{}"}}"#, "a".repeat(4 << 10));
        assert_eq!(answer(&Message::text(long)), None);
    }
}
