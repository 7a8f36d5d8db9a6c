//! Both sides beside `tungstenite`: where the two differ it is a decision, listed here with its section.

use std::io::{Cursor, Read, Write};

use proptest::prelude::*;
use tungstenite::handshake::machine::TryParse;
use tungstenite::handshake::server::{Request, create_response};
use tungstenite::http;

use super::super::{ClientHandshake, ResponseError, UpgradeRequest};
use super::{KEY, Lines, client, request_head, response_head};

/// Values that fields of the handshake may have, good and bad.
fn field() -> impl Strategy<Value = (&'static str, &'static str)> {
    prop::sample::select(vec![
        ("Host", "server.example.com"),
        ("Host", "a b"),
        ("Upgrade", "websocket"),
        ("Upgrade", "WebSocket"),
        ("Upgrade", "foo, websocket"),
        ("Upgrade", "h2c"),
        ("Connection", "Upgrade"),
        ("Connection", "keep-alive, upgrade"),
        ("Connection", "keep-alive upgrade"),
        ("Connection", "close"),
        ("Sec-WebSocket-Key", KEY),
        ("Sec-WebSocket-Key", "dGhlIHNhbXBsZSBub25jZR=="),
        ("Sec-WebSocket-Key", "dGhl"),
        ("Sec-WebSocket-Version", "13"),
        ("Sec-WebSocket-Version", "8"),
        ("Content-Length", "0"),
        ("Content-Length", "1"),
        ("Transfer-Encoding", "chunked"),
        ("HTTP2-Settings", ""),
        ("Sec-WebSocket-Protocol", "chat"),
        ("Sec-WebSocket-Protocol", "chat, chat"),
        ("Sec-WebSocket-Extensions", "permessage-deflate"),
        ("Sec-WebSocket-Extensions", ";"),
        ("Sec-WebSocket-Accept", super::ACCEPT),
        ("Sec-WebSocket-Accept", "AAAAAAAAAAAAAAAAAAAAAAAAAAA="),
    ])
}

/// A valid message with some fields removed, replaced or added.
fn changed(valid: Lines) -> impl Strategy<Value = Lines> {
    prop::collection::vec((field(), 0..3_u8), 0..4).prop_map(move |changes| {
        changes.into_iter().fold(valid.clone(), |lines, ((name, value), change)| match change {
            0 => lines.without(name),
            1 => lines.with(name, value),
            _ => lines.also(name, value),
        })
    })
}

fn count(lines: &Lines, name: &str) -> usize {
    lines.fields.iter().filter(|(own, _)| own == name).count()
}

fn has(lines: &Lines, name: &str, values: &[&str]) -> bool {
    lines.fields.iter().any(|(own, value)| own == name && values.iter().any(|one| one.as_bytes() == value))
}

/// What `tungstenite` accepts and we refuse.
fn only_theirs_accepts_request(lines: &Lines) -> bool {
    // RFC 9112 3.2: one valid Host; tungstenite does not look at it.
    count(lines, "Host") != 1 || has(lines, "Host", &["a b"])
        // RFC 9112 6: a body before the first frame; tungstenite would take it for frames.
        || has(lines, "Content-Length", &["1"]) || count(lines, "Content-Length") > 1
        || count(lines, "Transfer-Encoding") > 0
        // RFC 9113 3.1: no upgrade to h2c.
        || has(lines, "Upgrade", &["h2c"]) || count(lines, "HTTP2-Settings") > 0
        // RFC 9110 7.6.1: Connection is separated by commas, not by spaces, in all its lines.
        || has(lines, "Connection", &["keep-alive upgrade"])
        // RFC 6455 11.3.1, 11.3.5: not more than once; tungstenite takes the first.
        || count(lines, "Sec-WebSocket-Key") > 1 || count(lines, "Sec-WebSocket-Version") > 1
        // RFC 6455 4.1: unique subprotocols; 9.1: the grammar of extensions. It reads neither.
        || has(lines, "Sec-WebSocket-Protocol", &["chat, chat"]) || count(lines, "Sec-WebSocket-Protocol") > 1
        || has(lines, "Sec-WebSocket-Extensions", &[";"])
}

/// What we accept and `tungstenite` refuses.
fn only_ours_accepts_request(lines: &Lines) -> bool {
    // RFC 9110 7.8, 5.3: Upgrade is a list, and so is Connection; several lines are one list.
    has(lines, "Upgrade", &["foo, websocket"])
        || count(lines, "Upgrade") > 1
        || count(lines, "Connection") > 1
}

/// A stream that gives a fixed answer to whatever is written.
struct Scripted(Cursor<Vec<u8>>);

impl Read for Scripted {
    fn read(&mut self, buffer: &mut [u8]) -> std::io::Result<usize> {
        self.0.read(buffer)
    }
}

impl Write for Scripted {
    fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
        Ok(bytes.len())
    }

    fn flush(&mut self) -> std::io::Result<()> {
        Ok(())
    }
}

/// Whether a `tungstenite` client that has sent the example key takes this answer.
fn tungstenite_takes(answer: &[u8], subprotocol: Option<&str>) -> bool {
    let mut request = http::Request::get("ws://server.example.com/chat");
    for (name, value) in &Lines::request().fields {
        request = request.header(name, &value[..]);
    }
    if let Some(subprotocol) = subprotocol {
        request = request.header("Sec-WebSocket-Protocol", subprotocol);
    }
    tungstenite::client(request.body(()).unwrap(), Scripted(Cursor::new(answer.to_vec()))).is_ok()
}

/// What a `tungstenite` client takes and we do not.
fn only_theirs_accepts_response(error: ResponseError, lines: &Lines) -> bool {
    match error {
        // RFC 6455 4.1: an extension that was not offered MUST fail the connection; it does not look.
        // RFC 6455 11.3.3, 11.3.4: not more than once; it takes the first.
        ResponseError::ExtensionNotOffered
        | ResponseError::ExtensionsMalformed(_)
        | ResponseError::AcceptRepeated
        | ResponseError::SubprotocolRepeated => true,
        // RFC 6455 4.1: Upgrade is websocket and nothing besides; it takes the first line.
        ResponseError::UpgradeWrong => count(lines, "Upgrade") > 1,
        // RFC 9110 5.6.1: a list with an element that is no token says nothing.
        ResponseError::ConnectionWrong => count(lines, "Connection") > 1,
        _ => false,
    }
}

/// What we take and a `tungstenite` client does not.
fn only_ours_accepts_response(lines: &Lines, offered: bool) -> bool {
    // RFC 6455 4.1: Connection is a list of tokens; it wants the one value, in the first line.
    has(lines, "Connection", &["keep-alive, upgrade"]) || count(lines, "Connection") > 1
        // RFC 6455 4.2.2: a server may select no subprotocol.
        || offered && count(lines, "Sec-WebSocket-Protocol") == 0
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(1024))]

    #[test]
    fn servers_agree(lines in changed(Lines::request())) {
        let bytes = lines.bytes();
        let ours = UpgradeRequest::from_head(&request_head(&bytes).unwrap());
        let (_, request) = Request::try_parse(&bytes).unwrap().unwrap();
        match (ours, create_response(&request)) {
            (Ok(ours), Ok(theirs)) => {
                prop_assert_eq!(theirs.headers()["Sec-WebSocket-Accept"].as_bytes(), &ours.key.accept()[..]);
            }
            (Err(_), Err(_)) => {}
            (Ok(_), Err(error)) => prop_assert!(only_ours_accepts_request(&lines), "{}", error),
            (Err(error), Ok(_)) => prop_assert!(only_theirs_accepts_request(&lines), "{}", error),
        }
    }

    #[test]
    fn clients_agree(lines in changed(Lines::response()), offered in any::<bool>()) {
        let bytes = lines.bytes();
        let ours: ClientHandshake = if offered { client().subprotocols(["chat"]).unwrap() } else { client() };
        let verdict = ours.verify(&response_head(&bytes).unwrap());
        let theirs = tungstenite_takes(&bytes, offered.then_some("chat"));
        match (verdict, theirs) {
            (Ok(_), true) | (Err(_), false) => {}
            (Ok(_), false) => prop_assert!(only_ours_accepts_response(&lines, offered)),
            (Err(error), true) => prop_assert!(only_theirs_accepts_response(error, &lines), "{}", error),
        }
    }
}

/// Neither agrees because both refuse everything.
#[test]
fn both_accept_what_is_valid() {
    let bytes = Lines::request().bytes();
    assert!(create_response(&Request::try_parse(&bytes).unwrap().unwrap().1).is_ok());
    assert!(tungstenite_takes(&Lines::response().bytes(), None));
    assert!(!tungstenite_takes(&Lines::response().without("Upgrade").bytes(), None));
}
