//! The heads of the handshake as they are shown, with secrets masked.

use bytes::BytesMut;
use ws_core::deflate::DeflateConfig;
use ws_core::head::ResponseHead;

use super::show::printable;
use crate::credentials::Placement;
use crate::{Client, WsUrl};

/// In the place of a secret.
const MASK: &str = "***";

/// The request that the client sends, each line begun with `> `; its key is another one at each attempt.
pub(super) fn request(client: &Client) -> String {
    let offer = client.compression.as_ref().map(DeflateConfig::offer);
    let Ok(handshake) = client.request.handshake(&client.url, offer.as_deref()) else { return String::new() };
    let mut head = BytesMut::new();
    handshake.encode(&mut head);
    let text = String::from_utf8_lossy(&head).into_owned();
    let mut shown = Vec::new();
    for (number, line) in text.trim_end().lines().enumerate() {
        let line = match line.split_once(": ") {
            Some((name, _)) if name.eq_ignore_ascii_case("Sec-WebSocket-Key") => format!("{name}: (random)"),
            Some((name, value)) if number > 0 => format!("{name}: {}", masked(name, value)),
            _ => resource(line),
        };
        shown.push(format!("> {}", printable(&line)));
    }
    if client.identity.credentials.is_some() {
        shown.push(match &client.identity.placement {
            Placement::Header => format!("> Authorization: Bearer {MASK}"),
            Placement::Query(name) => format!("> (and {name}={MASK} in the query)"),
            Placement::Cookie(name) => format!("> Cookie: {name}={MASK}"),
            Placement::Subprotocol => format!("> Sec-WebSocket-Protocol: bearer, {MASK}"),
            Placement::FirstMessage => "> (and a token in the first message)".to_owned(),
        });
    }
    shown.join("\n")
}

/// The head of an answer, each line begun with `< `.
pub(super) fn answer(head: &ResponseHead) -> String {
    let reason = String::from_utf8_lossy(head.reason());
    let mut shown = vec![format!("< {}", printable(&format!("HTTP/1.1 {} {reason}", head.status())))];
    for (name, value) in head.fields().iter() {
        let value = masked(name, &String::from_utf8_lossy(value));
        shown.push(format!("< {name}: {}", printable(&value)));
    }
    shown.join("\n")
}

/// An address, with a query as [`resource`] shows it.
pub(super) fn address(url: &WsUrl) -> String {
    format!("{}://{}{}", url.scheme(), url.host_field(), printable(&resource(url.resource())))
}

/// A resource or an address without the values of its query, any of which may be a ticket or a token.
pub(super) fn resource(text: &str) -> String {
    // What stands behind # may be a token as well.
    if let Some((before, _)) = text.split_once('#') {
        return format!("{}#{MASK}", resource(before));
    }
    let Some((path, query)) = text.split_once('?') else { return text.to_owned() };
    let (query, rest) =
        query.split_once(' ').map_or((query, String::new()), |(query, rest)| (query, format!(" {rest}")));
    let parameters: Vec<String> = query
        .split('&')
        .map(|parameter| match parameter.split_once('=') {
            Some((name, value)) if !value.is_empty() => format!("{name}={MASK}"),
            Some(_) => parameter.to_owned(),
            // A word alone may be the token itself.
            None => MASK.to_owned(),
        })
        .collect();
    format!("{path}?{}{rest}", parameters.join("&"))
}

/// A field's value, without what may be a secret.
fn masked(name: &str, value: &str) -> String {
    const SECRET: [&str; 10] = [
        "authorization",
        "cookie",
        "token",
        "secret",
        "password",
        "api-key",
        "apikey",
        "session",
        "ticket",
        "credential",
    ];
    // Fields of the handshake and the usual ones, of which none is a secret.
    const KNOWN: [&str; 2] = ["sec-websocket-accept", "sec-websocket-version"];
    let lower = name.to_ascii_lowercase();
    if KNOWN.contains(&lower.as_str()) {
        return value.to_owned();
    }
    if lower == "sec-websocket-protocol" {
        return subprotocols(value);
    }
    if lower == "location" {
        return resource(value);
    }
    if SECRET.iter().any(|secret| lower.contains(secret))
        || lower.ends_with("key")
        || lower.contains("auth") && lower != "www-authenticate" && lower != "proxy-authenticate"
    {
        let scheme =
            value.split_once(' ').filter(|_| lower.contains("authorization")).map(|(scheme, _)| scheme);
        return scheme.map_or_else(|| MASK.to_owned(), |scheme| format!("{scheme} {MASK}"));
    }
    value.to_owned()
}

/// Some servers take a token as a subprotocol: it is the one that is long, or stands behind `bearer`.
fn subprotocols(value: &str) -> String {
    const LONG: usize = 40;
    let mut after_bearer = false;
    let names = value.split(',').map(str::trim).map(|name| {
        let secret = after_bearer || name.len() > LONG;
        after_bearer = name.eq_ignore_ascii_case("bearer");
        if secret { MASK } else { name }
    });
    names.collect::<Vec<_>>().join(", ")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_head_shows_a_secret() {
        let client = Client::builder("ws://a.example/x?ticket=hunter2&empty=&hunter2")
            .expect("valid")
            .bearer_token("hunter2")
            .and_then(|builder| builder.header("Cookie", "a=hunter2"))
            .and_then(|builder| builder.header("X-Api-Key", "hunter2"))
            .and_then(|builder| builder.header("Ticket", "hunter2"))
            .and_then(|builder| builder.header("User-Agent", "me"))
            .and_then(|builder| builder.subprotocols(["chat.v1", "bearer", "hunter2"]))
            .expect("valid")
            .build();
        let shown = request(&client);
        assert!(!shown.contains("hunter2"), "{shown}");
        for line in [
            "> GET /x?ticket=***&empty=&*** HTTP/1.1",
            "> Host: a.example",
            "> Authorization: Bearer ***",
            "> User-Agent: me",
            "> Sec-WebSocket-Protocol: chat.v1, bearer, ***",
            "> Sec-WebSocket-Key: (random)",
        ] {
            assert!(shown.lines().any(|shown| shown == line), "{line} in {shown}");
        }
    }

    #[test]
    fn challenges_are_no_secrets() {
        assert_eq!(masked("WWW-Authenticate", "Bearer realm=\"a\""), "Bearer realm=\"a\"");
        assert_eq!(masked("Set-Cookie", "a=b; Path=/"), "***");
        assert_eq!(masked("Location", "/login?state=1"), "/login?state=***");
        assert_eq!(masked("Location", "/a?b=1#access_token=hunter2"), "/a?b=***#***");
    }
}
