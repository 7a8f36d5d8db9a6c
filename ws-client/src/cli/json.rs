//! JSON laid out for reading, or on one line, without a change to any value: numbers keep their digits, members their
//! order.

use serde::de::IgnoredAny;

use super::style::{Style, Tone};
use crate::refused::Printable;

/// Beyond this depth the layout would be mostly spaces.
const DEEPEST: usize = 64;

/// Whether a text is one JSON value.
pub(super) fn check(text: &str) -> Result<(), serde_json::Error> {
    serde_json::from_str::<IgnoredAny>(text).map(drop)
}

/// One line without spaces. The text has passed [`check`].
pub(super) fn compact(text: &str) -> String {
    Tokens(text).collect()
}

/// One member or element per line, coloured, with nothing in it that steers a terminal. The text has passed [`check`].
pub(super) fn pretty(text: &str, style: Style) -> String {
    let tokens: Vec<&str> = Tokens(text).collect();
    if depth(&tokens) > DEEPEST {
        return printable(&tokens.concat());
    }
    let mut laid_out = String::new();
    let mut depth = 0;
    for (index, &token) in tokens.iter().enumerate() {
        let previous = index.checked_sub(1).and_then(|index| tokens.get(index)).copied();
        match token {
            "}" | "]" => {
                depth -= 1;
                if !matches!(previous, Some("{" | "[")) {
                    begin_line(&mut laid_out, depth);
                }
                laid_out.push_str(token);
            }
            ":" => laid_out.push_str(": "),
            "," => laid_out.push(','),
            token => {
                if matches!(previous, Some("{" | "[" | ",")) {
                    begin_line(&mut laid_out, depth);
                }
                let is_key = tokens.get(index + 1) == Some(&":");
                laid_out.push_str(&style.paint(tone(token, is_key), &printable(token)));
                depth += usize::from(matches!(token, "{" | "["));
            }
        }
    }
    laid_out
}

fn begin_line(laid_out: &mut String, depth: usize) {
    laid_out.push('\n');
    laid_out.push_str(&"  ".repeat(depth));
}

fn tone(token: &str, is_key: bool) -> Tone {
    match token.as_bytes().first() {
        Some(b'"') if is_key => Tone::Key,
        Some(b'"') => Tone::Text,
        Some(b'{' | b'[') | None => Tone::Plain,
        Some(_) => Tone::Number,
    }
}

fn depth(tokens: &[&str]) -> usize {
    let (mut depth, mut deepest) = (0_usize, 0);
    for token in tokens {
        match *token {
            "{" | "[" => depth += 1,
            "}" | "]" => depth = depth.saturating_sub(1),
            _ => {}
        }
        deepest = deepest.max(depth);
    }
    deepest
}

/// What would steer a terminal as JSON's own escapes (RFC 8259 7), so that it stays the same JSON.
fn printable(token: &str) -> String {
    let mut text = String::with_capacity(token.len());
    for c in token.chars() {
        if Printable(c.encode_utf8(&mut [0; 4])).to_string().starts_with('\\') && c != '\\' {
            text.extend(c.encode_utf16(&mut [0; 2]).iter().map(|unit| format!("\\u{unit:04x}")));
        } else {
            text.push(c);
        }
    }
    text
}

/// The tokens of a valid text, without the space between them.
struct Tokens<'a>(&'a str);

impl<'a> Iterator for Tokens<'a> {
    type Item = &'a str;

    fn next(&mut self) -> Option<&'a str> {
        let text = self.0.trim_start();
        let length = match text.as_bytes().first()? {
            b'{' | b'}' | b'[' | b']' | b':' | b',' => 1,
            b'"' => string(text),
            _ => text.find(|c: char| "{}[]:,\"".contains(c) || c.is_whitespace()).unwrap_or(text.len()),
        };
        let (token, rest) = text.split_at_checked(length.max(1)).unwrap_or((text, ""));
        self.0 = rest;
        Some(token)
    }
}

/// The length of the string that a text begins with, quotes included.
fn string(text: &str) -> usize {
    let mut escaped = false;
    for (index, byte) in text.bytes().enumerate().skip(1) {
        match byte {
            _ if escaped => escaped = false,
            b'\\' => escaped = true,
            b'"' => return index + 1,
            _ => {}
        }
    }
    text.len()
}

#[cfg(test)]
mod tests {
    use serde_json::Value;

    use super::*;

    const COLOURED: Style = Style { terminal: true, colours: true };

    #[test]
    fn members_and_elements_get_lines_of_their_own() {
        let text = r#"{"b" :[1, {"x":null}],"a":"x: [\"y\", ]","e":{ },"f":[]}"#;
        let expected = "{\n  \"b\": [\n    1,\n    {\n      \"x\": null\n    }\n  ],\n  \
                        \"a\": \"x: [\\\"y\\\", ]\",\n  \"e\": {},\n  \"f\": []\n}";
        assert_eq!(pretty(text, Style::PLAIN), expected);
        assert_eq!(compact(text), r#"{"b":[1,{"x":null}],"a":"x: [\"y\", ]","e":{},"f":[]}"#);
        assert_eq!(pretty(" 12 ", Style::PLAIN), "12");
    }

    #[test]
    fn no_value_changes() {
        for text in [
            "12345678901234567890123456789.10",
            r#"{"z":1e400,"a":-0.0,"z":2}"#,
            r#"["\u00e9\n","é","\\","\\\"",true,false,null]"#,
            "\"\u{1f600}\u{202e}\u{9b}\"",
        ] {
            check(text).expect("valid");
            assert_eq!(compact(text), text);
            if let Ok(value) = serde_json::from_str::<Value>(text) {
                assert_eq!(serde_json::from_str::<Value>(&pretty(text, Style::PLAIN)).ok(), Some(value));
            }
        }
    }

    #[test]
    fn a_string_cannot_steer_the_terminal() {
        assert_eq!(pretty("\"\u{202e}\u{9b}a\"", Style::PLAIN), "\"\\u202e\\u009ba\"");
    }

    #[test]
    fn colours_tell_keys_from_values() {
        assert_eq!(pretty(r#"{"a":"b"}"#, COLOURED), "{\n  \x1b[34m\"a\"\x1b[0m: \x1b[32m\"b\"\x1b[0m\n}");
    }

    #[test]
    fn depth_is_no_bomb() {
        let deep = format!("{}{}", "[".repeat(50_000), "]".repeat(50_000));
        check(&deep).expect("valid");
        assert_eq!(pretty(&deep, Style::PLAIN).len(), deep.len());
    }

    #[test]
    fn what_is_no_json_is_told_where() {
        let error = check("{\"a\":}").expect_err("not JSON").to_string();
        assert!(error.contains("column 6"), "{error}");
        assert!(check("{} {}").is_err() && check("").is_err());
    }
}
