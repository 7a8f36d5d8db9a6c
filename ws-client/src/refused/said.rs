//! The words of a body: what a server says about its refusal, where it says it in a form that is widely used.

use serde_json::Value;
use ws_core::head::ResponseHead;

use super::Body;

/// The longest text that is passed on, in characters.
const LONGEST: usize = 160;

/// The longest word that is: a longer one may be a token that the server sends back.
const WORD: usize = 30;

/// The first line of a plain text, the title of a page, or the message in a JSON object; `None` where it says no more
/// than the status does.
pub(crate) fn said(head: &ResponseHead, body: &Body) -> Option<String> {
    let text = body.text()?.trim();
    let media_type = head.fields().get_str("Content-Type").unwrap_or_default().to_ascii_lowercase();
    let candidates = if media_type.contains("json") {
        vec![in_json(text)?]
    } else if text.starts_with('<') {
        in_page(text)
    } else if media_type.is_empty() || media_type.starts_with("text/") {
        vec![text.lines().next()?.to_owned()]
    } else {
        return None;
    };
    candidates.iter().find_map(|words| telling(words, head))
}

/// The words on one line and not too many, unless they only repeat the status.
fn telling(words: &str, head: &ResponseHead) -> Option<String> {
    let words = words.split_whitespace().map(shortened).collect::<Vec<_>>().join(" ");
    let words = without_status(&words, head);
    let reason = String::from_utf8_lossy(head.reason());
    if words.is_empty() || words.eq_ignore_ascii_case(reason.trim()) || words.eq_ignore_ascii_case("error") {
        return None;
    }
    Some(cut(words, LONGEST))
}

/// The beginning of a text, in characters.
pub(super) fn cut(words: &str, longest: usize) -> String {
    let mut cut: String = words.chars().take(longest).collect();
    if cut.len() < words.len() {
        cut.push('…');
    }
    cut
}

fn in_json(text: &str) -> Option<String> {
    let Value::Object(members) = serde_json::from_str(text).ok()? else { return None };
    ["detail", "message", "error_description", "error", "reason", "title"]
        .iter()
        .find_map(|name| members.get(*name)?.as_str())
        .map(str::to_owned)
}

/// The title of a page and its first paragraph, or all that a short one without them says.
fn in_page(text: &str) -> Vec<String> {
    let parts = [("<title>", "</title>"), ("<p>", "</p>")].map(|(begin, end)| between(text, begin, end));
    if parts == [None, None] {
        return (text.len() <= 1024).then(|| without_tags(text)).into_iter().collect();
    }
    parts.into_iter().flatten().map(without_tags).collect()
}

/// What stands between these two tags, or behind the first where the second is missing.
fn between<'a>(text: &'a str, begin: &str, end: &str) -> Option<&'a str> {
    let lower = text.to_ascii_lowercase();
    let from = lower.find(begin)? + begin.len();
    let to = lower.get(from..)?.find(end).map_or(text.len(), |length| from + length);
    text.get(from..to)
}

fn without_tags(text: &str) -> String {
    let mut words = String::new();
    let mut rest = text;
    while let Some((before, tag)) = rest.split_once('<') {
        words.push_str(before);
        words.push(' ');
        rest = tag.split_once('>').map_or("", |(_, after)| after);
    }
    words.push_str(rest);
    words
}

/// A word that may hold a credential is cut: what is long, and the query of an address.
fn shortened(word: &str) -> String {
    let shown = match word.find('?') {
        Some(at) if at + 1 < word.len() => word.get(..=at).unwrap_or_default(),
        _ if word.chars().count() > WORD => return word.chars().take(4).chain(['…']).collect(),
        _ => return word.to_owned(),
    };
    format!("{shown}…")
}

/// The words behind a repetition of the status line, as pages begin with it.
fn without_status<'a>(words: &'a str, head: &ResponseHead) -> &'a str {
    let begin = words.strip_prefix(&head.status().to_string()).unwrap_or(words);
    let begin = begin.trim_start_matches([' ', ':', '-']);
    let reason = String::from_utf8_lossy(head.reason()).trim().to_owned();
    match begin.split_at_checked(reason.len()) {
        Some((start, rest))
            if start.eq_ignore_ascii_case(&reason) && !rest.starts_with(char::is_alphanumeric) =>
        {
            rest.trim_start_matches([' ', ':', '-'])
        }
        _ => begin,
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use bytes::BytesMut;
    use ws_core::head::{HeadLimits, HeadReader};

    use super::*;
    use crate::refused::{Framing, read};

    async fn heard(head: &str, body: &str) -> Option<String> {
        let mut buffer = BytesMut::from(format!("HTTP/1.1 {head}\r\n\r\n").as_str());
        let head = HeadReader::new(HeadLimits::default()).read_response(&mut buffer).unwrap().unwrap();
        let body =
            read(&mut body.as_bytes(), BytesMut::new(), Framing::UntilClose, 4096, Duration::from_secs(1))
                .await;
        said(&head, &body)
    }

    #[tokio::test]
    async fn plain_text_pages_and_json() {
        let json = "401 Unauthorized\r\nContent-Type: application/json";
        for (head, body, expected) in [
            ("401 Unauthorized\r\nContent-Type: text/plain", "Missing token\n", Some("Missing token")),
            ("400 Bad Request", "Invalid host header", Some("Invalid host header")),
            (json, r#"{"detail":"Not authenticated"}"#, Some("Not authenticated")),
            (json, r#"{"error":"token_expired","exp":1}"#, Some("token_expired")),
            (json, r#"{"detail":[1],"message":"no"}"#, Some("no")),
            (json, r#"["a"]"#, None),
            (json, "{", None),
            // nginx.
            (
                "400 Bad Request\r\nContent-Type: text/html",
                "<html>\n<head><title>400 The plain HTTP request was sent to HTTPS port</title></head><body>…",
                Some("The plain HTTP request was sent to HTTPS port"),
            ),
            ("502 Bad Gateway\r\nContent-Type: text/html", "<title>502 Bad Gateway</title>", None),
            // HAProxy.
            (
                "503 Service Unavailable\r\nContent-Type: text/html",
                "<html><body><h1>503 Service Unavailable</h1>\nNo server is available.\n</body></html>\n",
                Some("No server is available."),
            ),
            // node's ws says that a bare word is HTML.
            ("403 Forbidden\r\nContent-Type: text/html", "Forbidden", None),
            ("404 Not Found\r\nContent-Type: image/png", "png", None),
            ("404 Not Found", "", None),
            ("404 Not Found", "<title>open", Some("open")),
            ("404 Not Found", "<p", None),
            // Apache httpd.
            (
                "400 Bad Request\r\nContent-Type: text/html",
                "<html><head>\n<title>400 Bad Request</title>\n</head><body>\n<h1>Bad Request</h1>\n<p>Your browser sent \
                 what<br />\nReason: You're speaking plain HTTP.<br />\n</p>\n</body></html>",
                Some("Your browser sent what Reason: You're speaking plain HTTP."),
            ),
        ] {
            assert_eq!(heard(head, body).await.as_deref(), expected, "{head} {body}");
        }
    }

    #[tokio::test]
    async fn what_may_be_a_credential_is_cut() {
        let long = "x".repeat(60);
        let text = heard("404 Not Found", &format!("Cannot GET /ws?token=hunter2 {long} what?")).await;
        assert_eq!(text.as_deref(), Some("Cannot GET /ws?… xxxx… what?"));
        let endless = heard("404 Not Found", &"word ".repeat(1000)).await.unwrap();
        assert!(endless.ends_with('…') && endless.chars().count() == LONGEST + 1);
    }
}
