//! How a client says who it is in a message, and what it is answered.
//!
//! ```text
//! {"type":"authenticate","token":"…"}    ──▶
//!                                        ◀──  {"type":"authenticated","expires":1764000000}
//! ```

use std::fmt::Write as _;
use std::time::{Duration, UNIX_EPOCH};

use serde::Deserialize;
use serde_json::Value;
use ws_core::connection::Limits;
use ws_core::message::Message;
use ws_core::refusal::{Cause, Refusal};
use zeroize::Zeroizing;

use crate::authenticate::Identity;

/// Bytes of a message that presents a token: more than any token has that comes in a head.
pub(super) const LONGEST: usize = 16 << 10;

/// What a client may send before it has said who it is.
pub(super) const STRANGER: Limits =
    Limits { frame: LONGEST, message: LONGEST, fragments: 16, output: LONGEST };

/// The type of the message, which stands in it as it is, without escapes.
const AUTHENTICATE: &str = "authenticate";

/// What a message says that may present a token.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Said {
    /// Here is a token.
    Token(Zeroizing<String>),
    /// It should, and has none.
    NoToken,
    /// Something else.
    Other,
}

#[derive(Deserialize)]
struct Form {
    r#type: String,
    #[serde(default)]
    token: Value,
}

/// Reads a message. One that cannot present a token is not parsed.
pub(super) fn read(message: &Message) -> Said {
    let Some(text) = message.as_text().filter(|text| text.len() <= LONGEST) else { return Said::Other };
    if !text.trim_start().starts_with('{') || !text.contains(AUTHENTICATE) {
        return Said::Other;
    }
    match serde_json::from_str(text) {
        Ok(Form { r#type, token: Value::String(token) }) if r#type == AUTHENTICATE => {
            let token = Zeroizing::new(token);
            if token.is_empty() { Said::NoToken } else { Said::Token(token) }
        }
        Ok(Form { r#type, .. }) if r#type == AUTHENTICATE => Said::NoToken,
        _ => Said::Other,
    }
}

/// Why a token is no token.
pub(super) fn no_token() -> Refusal {
    Refusal::new(Cause::CredentialsMalformed).detail("a message of the type authenticate without a token")
}

/// The answer to a token that is good, with the time until which it is, in seconds since 1970.
pub(super) fn authenticated(who: &Identity) -> String {
    let mut answer = String::from(r#"{"type":"authenticated""#);
    let since = who.expires().and_then(|expires| expires.duration_since(UNIX_EPOCH).ok());
    if let Some(since) = since {
        // Writing to a string cannot fail.
        let _ = write!(answer, r#","expires":{}"#, since.as_secs());
    }
    answer.push('}');
    answer
}

/// The answer to a token of which nobody can say now what it is worth. The session goes on as it was.
pub(super) fn unavailable(refusal: &Refusal) -> String {
    let wait = refusal.retry_after.unwrap_or(Duration::from_secs(1));
    let seconds = wait.as_secs() + u64::from(wait.subsec_nanos() > 0);
    format!(r#"{{"type":"unavailable","code":"{}","retry_after":{}}}"#, refusal.cause, seconds.max(1))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::authenticate::Scheme;

    fn said(text: &str) -> Said {
        read(&Message::text(text))
    }

    #[test]
    fn a_token_in_any_json() {
        let token = Said::Token(Zeroizing::new("a.b.c".to_owned()));
        for text in [
            r#"{"type":"authenticate","token":"a.b.c"}"#,
            " \n{ \"token\" : \"a.b.c\", \"type\" : \"authenticate\" } ",
            r#"{"type":"authenticate","token":"a\u002eb.c","more":{"x":[1]}}"#,
        ] {
            assert_eq!(said(text), token, "{text}");
        }
    }

    #[test]
    fn without_a_token() {
        for text in [
            r#"{"type":"authenticate"}"#,
            r#"{"type":"authenticate","token":null}"#,
            r#"{"type":"authenticate","token":1}"#,
            r#"{"type":"authenticate","token":""}"#,
            r#"{"type":"authenticate","token":["a"]}"#,
        ] {
            assert_eq!(said(text), Said::NoToken, "{text}");
        }
    }

    #[test]
    fn what_is_the_applications() {
        for text in [
            "",
            "authenticate",
            r#""authenticate""#,
            r#"["authenticate"]"#,
            r#"{"type":"say","text":"authenticate"}"#,
            r#"{"type":"Authenticate","token":"a"}"#,
            r#"{"type":["authenticate"],"token":"a"}"#,
            r#"{"kind":"authenticate","token":"a"}"#,
            r#"{"type":"authenticate","type":"say","token":"a"}"#,
            r#"{"type":"authenticate","token":"a"} trailing"#,
            r#"{"type":"authenticate","token":"a""#,
        ] {
            assert_eq!(said(text), Said::Other, "{text}");
        }
        assert_eq!(read(&Message::binary(&br#"{"type":"authenticate","token":"a"}"#[..])), Said::Other);
        let long = format!(r#"{{"type":"authenticate","token":"{}"}}"#, "a".repeat(LONGEST));
        assert_eq!(said(&long), Said::Other);
    }

    #[test]
    fn answers() {
        let ann = Identity::new(Scheme::Bearer);
        assert_eq!(authenticated(&ann), r#"{"type":"authenticated"}"#);
        let expiring = ann.with_expiry(UNIX_EPOCH + Duration::from_millis(1_764_000_000_900));
        assert_eq!(authenticated(&expiring), r#"{"type":"authenticated","expires":1764000000}"#);
        let refusal =
            Refusal::new(Cause::AuthenticationUnavailable).retry_after(Duration::from_millis(1_500));
        let expected = r#"{"type":"unavailable","code":"authentication-unavailable","retry_after":2}"#;
        assert_eq!(unavailable(&refusal), expected);
    }
}
