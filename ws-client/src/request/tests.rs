//! What is taken, what is sent, and what goes to nobody else.

use std::sync::Arc;

use bytes::BytesMut;

use super::RequestError;
use super::fields::Request;
use crate::connect::WsUrl;
use crate::credentials::{Placement, Token};
use crate::refused::SentCredential;

fn header(name: &str, value: &str) -> Result<(), RequestError> {
    Request::default().header(name, value)
}

fn encoded(request: &Request) -> String {
    let url = WsUrl::parse("ws://h:9001/rooms?a=b").expect("valid");
    let mut out = BytesMut::new();
    request.handshake(&url, Some("permessage-deflate")).expect("valid").encode(&mut out);
    String::from_utf8(out.to_vec()).expect("text")
}

#[test]
fn everything_that_was_asked_for_is_sent() {
    let mut request = Request::default();
    request.header("X-Trace", "1").expect("valid");
    request.bearer_token("abc.def-_~+/==").expect("valid");
    request.origin("https://app.example.com").expect("valid");
    request.subprotocol("chat.v2".into()).expect("valid");
    request.subprotocol("chat.v1".into()).expect("valid");
    let text = encoded(&request);
    assert!(text.starts_with("GET /rooms?a=b HTTP/1.1\r\nHost: h:9001\r\n"), "{text}");
    for line in [
        "X-Trace: 1",
        "Authorization: Bearer abc.def-_~+/==",
        "Origin: https://app.example.com",
        "Sec-WebSocket-Protocol: chat.v2, chat.v1",
        "Sec-WebSocket-Extensions: permessage-deflate",
    ] {
        assert!(text.contains(&format!("\r\n{line}\r\n")), "{line} in {text}");
    }
}

// RFC 6455 4.1: the key is chosen anew for each connection.
#[test]
fn each_handshake_has_its_own_key() {
    assert_ne!(encoded(&Request::default()), encoded(&Request::default()));
}

#[test]
fn headers_of_the_handshake_are_refused_with_the_way_to_set_them() {
    for name in ["Host", "upgrade", "CONNECTION", "Origin", "Content-Length", "transfer-encoding", "Trailer"]
        .into_iter()
        .chain(["Sec-WebSocket-Key", "sec-websocket-version", "Sec-WebSocket-Protocol", "HTTP2-Settings"])
    {
        assert!(matches!(header(name, "x"), Err(RequestError::HeaderReserved { .. })), "{name}");
    }
    for name in ["Sec-WebSocke", "Hosts", "Authorization", "Cookie", "User-Agent"] {
        assert_eq!(header(name, "x"), Ok(()), "{name}");
    }
}

#[test]
fn a_header_that_could_split_cannot_be_built() {
    for (value, byte) in [("a\r\nB: c", 13), ("a\nb", 10), ("a\0", 0), ("a\u{7f}", 127)] {
        assert_eq!(header("X", value), Err(RequestError::HeaderValue { name: "X".into(), byte }));
    }
    for name in ["", "A B", "A:", "A\r\n", "ä"] {
        assert!(matches!(header(name, "x"), Err(RequestError::HeaderName { .. })), "{name:?}");
    }
}

#[test]
fn credentials_are_set_once() {
    let mut request = Request::default();
    request.bearer_token("a").expect("valid");
    let repeated = RequestError::HeaderRepeated { name: "Authorization".into() };
    assert_eq!(request.bearer_token("b"), Err(repeated));
    request.header("Cookie", "a=1").expect("valid");
    request.header("Cookie", "b=2").expect("cookies may come in several fields");
}

// RFC 6750 2.1.
#[test]
fn a_token_is_a_token() {
    for (token, position) in
        [("", 0), ("=", 0), ("Bearer a", 6), ("a\n", 1), ("\"a\"", 0), ("a=b", 1), ("ab,c", 2)]
    {
        let error = Request::default().bearer_token(token).expect_err(token);
        assert_eq!(error, RequestError::BearerToken { position }, "{token:?}");
    }
}

// RFC 6454 7.
#[test]
fn an_origin_is_written_as_browsers_write_it() {
    for origin in
        ["null", "https://a.example", "http://a.example:8080", "http://[::1]:1", "moz-extension://0a-1b"]
    {
        assert_eq!(Request::default().origin(origin), Ok(()), "{origin}");
    }
    for origin in [
        "",
        "a.example",
        "https://",
        "https://a.example/",
        "https://a.example:443",
        "https://A.example",
        "https://u@a.example",
        "https://a.example\r\nX: y",
        "moz-extension://a/b",
        "data:x",
    ] {
        assert_eq!(Request::default().origin(origin), Err(RequestError::Origin), "{origin}");
    }
}

// RFC 6455 4.1: the elements are non-empty tokens, and all unique.
#[test]
fn subprotocols_are_unique_tokens() {
    let mut request = Request::default();
    request.subprotocol("a".into()).expect("valid");
    assert_eq!(request.subprotocol("a".into()), Err(RequestError::SubprotocolRepeated { number: 2 }));
    for name in ["", "a b", "a,b", "a\r\n"] {
        let expected = RequestError::SubprotocolName { number: 2 };
        assert_eq!(request.subprotocol(name.into()), Err(expected));
    }
}

#[test]
fn no_debug_text_has_a_secret() {
    let mut request = Request::default();
    request.bearer_token("hunter2").expect("valid");
    // Some servers take a credential in the company of a subprotocol.
    request.subprotocol("bearer".into()).expect("valid");
    request.subprotocol("hunter2".into()).expect("valid");
    let text = format!("{request:?}");
    assert!(text.contains("Authorization") && !text.contains("hunter2"), "{text}");
    for name in ["hunter2", "hunter2\n"] {
        let error = request.subprotocol(name.into()).expect_err(name);
        assert!(!format!("{error} {error:?}").contains("hunter2"), "{error:?}");
    }
}

// RFC 7617 2: user-id ":" password, in UTF-8 and base64.
#[test]
fn basic_credentials() {
    let mut request = Request::default();
    request.basic_auth("Aladdin", "open:sesame ü").expect("valid");
    assert!(encoded(&request).contains("\r\nAuthorization: Basic QWxhZGRpbjpvcGVuOnNlc2FtZSDDvA==\r\n"));
    let repeated = RequestError::HeaderRepeated { name: "Authorization".into() };
    assert_eq!(request.basic_auth("a", "b"), Err(repeated));
    assert_eq!(Request::default().basic_auth("a:b", "c"), Err(RequestError::BasicUser));
    for (user, password, byte) in [("a\n", "b", 10), ("a", "b\r", 13), ("a", "\u{7f}", 127)] {
        let error = Request::default().basic_auth(user, password);
        assert_eq!(error, Err(RequestError::BasicControl { byte }), "{user:?} {password:?}");
    }
    assert_eq!(Request::default().basic_auth("", ""), Ok(()));
}

// RFC 6265 4.1.1, 4.2.1: cookie-pair *( ";" SP cookie-pair ), and 5.4: in one field.
#[test]
fn cookies_go_out_in_one_field() {
    let mut request = Request::default();
    request.cookie("a", "1").expect("valid");
    request.header("X", "y").expect("valid");
    request.cookie("b", "\"q=/+\"").expect("valid");
    request.cookie("__Host-c", "").expect("valid");
    let text = encoded(&request);
    assert!(text.contains("\r\nCookie: a=1; b=\"q=/+\"; __Host-c=\r\n"), "{text}");
    assert_eq!(text.matches("Cookie").count(), 1, "{text}");
    for name in ["", "a b", "a=", "a;", "ä"] {
        let error = RequestError::CookieName { name: name.into() };
        assert_eq!(Request::default().cookie(name, "1"), Err(error), "{name:?}");
    }
    for (value, position) in
        [("a b", 1), ("a;b=c", 1), ("a\r\nX: y", 1), ("\"a", 0), ("\"a\"b\"", 2), ("ü", 0)]
    {
        let error = RequestError::CookieValue { name: "c".into(), position };
        assert_eq!(Request::default().cookie("c", value), Err(error), "{value:?}");
    }
}

type Ask = fn(&mut Request) -> Result<(), RequestError>;

const CREDENTIALS: [Ask; 12] = [
    |request| request.bearer_token("hunter2"),
    |request| request.basic_auth("ann", "hunter2"),
    |request| request.cookie("session", "hunter2"),
    |request| request.header("cookie", "session=hunter2"),
    |request| request.header("AUTHORIZATION", "Digest hunter2"),
    |request| request.header("Proxy-Authorization", "Basic hunter2"),
    |request| request.header("x-api-key", "hunter2"),
    |request| request.header("X-Session-Id", "hunter2"),
    |request| request.header("X-Auth", "hunter2"),
    |request| request.header("CF-Access-Client-Secret", "hunter2"),
    |request| request.secret_header("X-House", "hunter2"),
    |request| ["chat", "bearer", "hunter2"].into_iter().try_for_each(|name| request.subprotocol(name.into())),
];

#[test]
fn what_is_a_credential_is_known_and_taken_out() {
    for (number, credential) in CREDENTIALS.iter().enumerate() {
        let mut request = Request::default();
        request.header("X-Trace", "1").expect("valid");
        request.header("X-Author", "ann").expect("valid");
        request.origin("https://a.example").expect("valid");
        assert!(!request.has_credentials());
        credential(&mut request).expect("valid");
        assert!(request.has_credentials(), "{number}");
        let bare = request.without_credentials();
        assert!(!bare.has_credentials(), "{number}");
        let text = encoded(&bare);
        assert!(text.contains("X-Trace: 1") && text.contains("Origin: https://a.example"), "{text}");
        assert!(!text.contains("hunter2") && !text.contains("aHVudGVyMg"), "{number}: {text}");
        assert_eq!(text.contains("Protocol: chat\r\n"), number == 11, "{text}");
    }
}

/// Where they stand is told, and nothing of what they are.
#[test]
fn credentials_are_known_by_their_places() {
    let url = |text: &str| WsUrl::parse(text).expect("valid");
    let field = |name: &str| SentCredential::Field(name.to_owned());
    let mut request = Request::default();
    assert_eq!(request.credentials(&url("ws://h/rooms?room=hunter2&hunter2")), []);
    request.header("X-Trace", "hunter2").expect("valid");
    request.header("X-Api-Key", "hunter2").expect("valid");
    request.bearer_token("hunter2").expect("valid");
    request.cookie("sid", "hunter2").expect("valid");
    request.subprotocol("bearer".into()).expect("valid");
    request.subprotocol("hunter2".into()).expect("valid");
    let found = request.credentials(&url("ws://h/?a=b&access_token=hunter2&access_token=hunter2"));
    let expected = [
        SentCredential::Cookie("sid".into()),
        field("X-Api-Key"),
        SentCredential::Bearer,
        SentCredential::Query("access_token".into()),
        SentCredential::Subprotocol,
    ];
    assert_eq!(found, expected);
    assert!(!format!("{found:?}").contains("hunter2"));
    assert_eq!(request.without_credentials().credentials(&url("ws://h/")), []);

    for (name, value, expected) in [
        ("Cookie", "hunter2", field("Cookie")),
        ("authorization", "hunter2", field("authorization")),
        ("Authorization", "DPoP hunter2", field("Authorization")),
        ("Authorization", "basic hunter2", SentCredential::Basic),
    ] {
        let mut request = Request::default();
        request.header(name, value).expect("valid");
        assert_eq!(request.credentials(&url("ws://h/")), [expected]);
    }
    for (placement, expected) in [
        (Placement::Header, SentCredential::Bearer),
        (Placement::Query("t".into()), SentCredential::Query("t".into())),
        (Placement::Cookie("c".into()), SentCredential::Cookie("c".into())),
        (Placement::Subprotocol, SentCredential::Subprotocol),
        (Placement::FirstMessage, SentCredential::FirstMessage),
    ] {
        let mut request = Request::default();
        request.token(&Arc::new(Token::new("hunter2")), &placement).expect("valid");
        assert_eq!(request.credentials(&url("ws://h/")), [expected]);
    }
}
