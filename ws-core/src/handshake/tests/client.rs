//! A client's handshake, and what it demands of the answer: RFC 6455 4.1.

use bytes::BytesMut;

use super::super::{Accepted, ClientHandshake, ExtensionError, RequestError, ResponseError, UpgradeRequest};
use super::{ACCEPT, KEY, Lines, client, request_head};
use crate::head::{AuthorityError, InvalidField, Version};

#[test]
fn request_byte_for_byte() {
    let client = client()
        .origin("https://example.com")
        .and_then(|client| client.subprotocols(["chat", "superchat"]))
        .and_then(|client| client.extensions("permessage-deflate; client_max_window_bits"))
        .and_then(|client| client.field("Authorization", "Bearer x"))
        .unwrap();
    let mut out = BytesMut::new();
    client.encode(&mut out);
    let expected = format!(
        "GET /chat HTTP/1.1\r\nHost: server.example.com\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n\
         Sec-WebSocket-Key: {KEY}\r\nSec-WebSocket-Version: 13\r\nSec-WebSocket-Protocol: chat, superchat\r\n\
         Sec-WebSocket-Extensions: permessage-deflate; client_max_window_bits\r\n\
         Origin: https://example.com\r\nAuthorization: Bearer x\r\n\r\n"
    );
    assert_eq!(out, expected.as_bytes());
    // Our own server takes it.
    let request = UpgradeRequest::from_head(&request_head(&out).unwrap()).unwrap();
    assert_eq!((request.subprotocols.len(), request.extensions.len()), (2, 1));
}

#[test]
fn requests_that_cannot_be_sent() {
    let new = |host: &str, target: &str| ClientHandshake::new(host, target).err();
    assert_eq!(new("a b", "/"), Some(RequestError::Host(AuthorityError::HostByte(b' '))));
    assert_eq!(new("a\r\nX: y", "/"), Some(RequestError::Host(AuthorityError::HostByte(b'\r'))));
    // RFC 6455 3: the resource name begins with "/", and has no fragment.
    for target in ["", "chat", "http://a/", "*", "/#a", "/ ", "/\r\nX: y", "/\u{e9}", "/\0", "/%"] {
        assert_eq!(new("a", target), Some(RequestError::Target), "{target:?}");
    }
    assert_eq!(new("[::1]:9001", "/a?b=c"), None);
    let subprotocols = |list: &[&str]| client().subprotocols(list.iter().copied()).err();
    assert_eq!(subprotocols(&["a b"]), Some(RequestError::SubprotocolNotToken));
    assert_eq!(subprotocols(&[""]), Some(RequestError::SubprotocolNotToken));
    assert_eq!(subprotocols(&["a", "b", "a"]), Some(RequestError::SubprotocolRepeated));
    assert_eq!(client().extensions("a;b=").err(), Some(RequestError::Extensions));
    assert_eq!(client().origin("a\r\nb").err(), Some(InvalidField::Value(b'\r').into()));
    for name in ["Host", "Upgrade", "connection", "Sec-WebSocket-Key", "Content-Length"] {
        assert_eq!(client().field(name, "x").err(), Some(InvalidField::Reserved.into()), "{name}");
    }
}

#[track_caller]
fn fails(lines: &Lines, error: ResponseError) {
    assert_eq!(lines.verified_by(&client()), Err(error), "{}", lines.bytes().escape_ascii());
}

#[test]
fn the_example_of_the_rfc() {
    assert_eq!(Lines::response().verified_by(&client()), Ok(Accepted::default()));
    let lines = Lines::response().with("Upgrade", "WebSocket").with("Connection", "keep-alive, upgrade");
    assert_eq!(lines.verified_by(&client()), Ok(Accepted::default()));
}

/// RFC 6455 4.1, step 1: any status but 101 is HTTP.
#[test]
fn status() {
    for status in [100, 103, 200, 201, 301, 401, 404, 426, 500] {
        let lines = Lines::response().start(&format!("HTTP/1.1 {status} X"));
        fails(&lines, ResponseError::Status(status));
    }
    let lines = Lines::response().start("HTTP/1.0 101 X");
    fails(&lines, ResponseError::HttpVersion(Version::HTTP_10));
}

/// RFC 6455 4.1, steps 2 and 3.
#[test]
fn upgrade_and_connection() {
    let response = Lines::response;
    fails(&response().without("Upgrade"), ResponseError::UpgradeMissing);
    fails(&response().with("Upgrade", ""), ResponseError::UpgradeMissing);
    for value in ["h2c", "websocket, h2c", "websocket/13", "web socket", "\u{e9}"] {
        fails(&response().with("Upgrade", value), ResponseError::UpgradeWrong);
    }
    fails(&response().also("Upgrade", "websocket"), ResponseError::UpgradeWrong);
    fails(&response().without("Connection"), ResponseError::ConnectionMissing);
    for value in ["", "close", "keep-alive Upgrade", "Upgrade, a b"] {
        fails(&response().with("Connection", value), ResponseError::ConnectionWrong);
    }
}

/// RFC 6455 4.1, step 4.
#[test]
fn accept() {
    let response = Lines::response;
    fails(&response().without("Sec-WebSocket-Accept"), ResponseError::AcceptMissing);
    fails(&response().also("Sec-WebSocket-Accept", ACCEPT), ResponseError::AcceptRepeated);
    for value in [
        "",
        KEY,
        "s3pPLMBiTxaQ9kYGzzhZRbK+xOo",
        "S3PPLMBITXAQ9KYGZZHZRBK+XOO=",
        "s3pPLMBiTxaQ9kYGzzhZRbK+xOp=",
    ] {
        fails(&response().with("Sec-WebSocket-Accept", value), ResponseError::AcceptWrong);
    }
    // "Ignoring any leading and trailing whitespace".
    assert!(response().with("Sec-WebSocket-Accept", format!(" {ACCEPT} ")).verified_by(&client()).is_ok());
}

/// RFC 6455 4.1, step 5, and 9.1.
#[test]
fn extensions() {
    let client = client().extensions("permessage-deflate, x-mux").unwrap();
    let verify = |value: &str| Lines::response().also("Sec-WebSocket-Extensions", value).verified_by(&client);
    let accepted = verify("permessage-deflate; server_no_context_takeover").unwrap();
    assert_eq!(accepted.extensions[0].to_string(), "permessage-deflate; server_no_context_takeover");
    assert_eq!(verify("x-mux, permessage-deflate").unwrap().extensions.len(), 2);
    assert_eq!(verify("x-other"), Err(ResponseError::ExtensionNotOffered));
    assert_eq!(verify("Permessage-Deflate"), Err(ResponseError::ExtensionNotOffered));
    assert_eq!(verify("x-mux, permessage-deflate, x-mux"), Err(ResponseError::ExtensionRepeated));
    assert_eq!(verify(""), Err(ResponseError::ExtensionsMalformed(ExtensionError::Empty)));
    assert_eq!(verify("x-mux;"), Err(ResponseError::ExtensionsMalformed(ExtensionError::ParameterName)));
    let lines = Lines::response().also("Sec-WebSocket-Extensions", "permessage-deflate");
    fails(&lines, ResponseError::ExtensionNotOffered);
    let twice = lines.also("Sec-WebSocket-Extensions", "permessage-deflate");
    assert_eq!(twice.verified_by(&client), Err(ResponseError::ExtensionRepeated));
}

/// RFC 6455 4.1, step 6, and 11.3.4.
#[test]
fn subprotocols() {
    let offering = client().subprotocols(["chat", "superchat"]).unwrap();
    let verify = |value: &str| Lines::response().also("Sec-WebSocket-Protocol", value).verified_by(&offering);
    assert_eq!(verify("superchat").unwrap().subprotocol.as_deref(), Some("superchat"));
    assert_eq!(verify("Chat"), Err(ResponseError::SubprotocolNotOffered));
    assert_eq!(verify("mqtt"), Err(ResponseError::SubprotocolNotOffered));
    for value in ["", "chat, superchat", "chat,", "a b"] {
        assert_eq!(verify(value), Err(ResponseError::SubprotocolMalformed), "{value:?}");
    }
    let selected = Lines::response().also("Sec-WebSocket-Protocol", "chat");
    fails(&selected, ResponseError::SubprotocolNotOffered);
    let twice = selected.also("Sec-WebSocket-Protocol", "chat");
    assert_eq!(twice.verified_by(&offering), Err(ResponseError::SubprotocolRepeated));
    // A server may select none, unless the client cannot do without.
    assert_eq!(Lines::response().verified_by(&offering), Ok(Accepted::default()));
    let needing = offering.require_subprotocol(true);
    assert_eq!(Lines::response().verified_by(&needing), Err(ResponseError::SubprotocolMissing));
    assert_eq!(Lines::response().verified_by(&client().require_subprotocol(true)), Ok(Accepted::default()));
}

/// What may be a credential is in no debug output: query, subprotocols, fields, key.
#[test]
fn debug_output_holds_no_credentials() {
    let client = ClientHandshake::new("a.example", "/?ticket=secret")
        .and_then(|client| client.subprotocols(["bearer", "secret"]))
        .and_then(|client| client.field("Authorization", "Bearer secret"))
        .unwrap();
    let mut out = BytesMut::new();
    client.encode(&mut out);
    let head = request_head(&out).unwrap();
    let request = UpgradeRequest::from_head(&head).unwrap();
    let debug = format!("{client:?} {head:?} {request:?}");
    assert!(debug.contains("a.example") && debug.contains("Authorization"));
    assert!(!debug.contains("secret"), "{debug}");
}
