//! What a server demands of a client's handshake: RFC 6455 4.2.1, and what it answers: 4.2.2.

use bytes::BytesMut;

use super::super::{
    AnswerError, ExtensionError, HandshakeError, KeyError, UpgradeRequest, UpgradeResponse, check_head,
    check_method, host,
};
use super::{ACCEPT, KEY, Lines, client, response_head};
use crate::head::{AuthorityError, InvalidField, RequestHead, Version};
use crate::refusal::Cause;

/// Each change to a valid handshake, the error it gives, the cause behind it, and the status.
#[track_caller]
fn refused(lines: &Lines, error: HandshakeError, cause: Cause, status: u16) {
    assert_eq!(lines.checked().err(), Some(error), "{}", lines.bytes().escape_ascii());
    assert_eq!((error.cause(), error.cause().status()), (cause, Some(status)));
}

#[test]
fn the_example_of_the_rfc() {
    let lines = Lines::request()
        .also("Sec-WebSocket-Protocol", "chat, superchat")
        .also("Origin", "http://example.com");
    let request = lines.checked().unwrap();
    assert_eq!(request.key.encode(), KEY.as_bytes());
    assert_eq!(request.subprotocols, ["chat", "superchat"]);
    assert!(request.extensions.is_empty());
}

/// RFC 6455 4.2.1: an HTTP/1.1 or higher GET request.
#[test]
fn http_version() {
    let request = |start: &str| Lines::request().start(start);
    assert!(request("GET / HTTP/1.2").checked().is_ok());
    for version in ["HTTP/1.0", "HTTP/0.9", "HTTP/2.0", "HTTP/3.0"] {
        let (major, minor) = (version.as_bytes()[5] - b'0', version.as_bytes()[7] - b'0');
        let error = HandshakeError::HttpVersion(Version { major, minor });
        refused(&request(&format!("GET / {version}")), error, Cause::HttpVersionUnsupported, 505);
    }
    let preface = Lines::new("PRI * HTTP/2.0");
    let error = HandshakeError::HttpVersion(Version { major: 2, minor: 0 });
    refused(&preface, error, Cause::HttpVersionUnsupported, 505);
}

/// A proxy that speaks HTTP/1.0 to us removes `Upgrade`, and perhaps `Host`: the cause is the proxy.
#[test]
fn http_10_by_a_proxy() {
    let stripped = Lines::request().start("GET / HTTP/1.0").without("Upgrade").with("Connection", "close");
    refused(&stripped, HandshakeError::UpgradeStripped, Cause::UpgradeHeadersStripped, 426);
    refused(
        &stripped.clone().without("Host"),
        HandshakeError::UpgradeStripped,
        Cause::UpgradeHeadersStripped,
        426,
    );
    // RFC 9112 3.2: a Host that is there has to be one.
    let twice = stripped.clone().also("Host", "a");
    refused(&twice, HandshakeError::HostRepeated, Cause::DuplicateHost, 400);
    let keyless = stripped.without("Sec-WebSocket-Key");
    refused(&keyless, HandshakeError::HttpVersion(Version::HTTP_10), Cause::HttpVersionUnsupported, 505);
}

/// RFC 9112 3.2: one valid Host.
#[test]
fn hosts() {
    let request = Lines::request;
    refused(&request().without("Host"), HandshakeError::HostMissing, Cause::MissingHost, 400);
    refused(
        &request().also("host", "server.example.com"),
        HandshakeError::HostRepeated,
        Cause::DuplicateHost,
        400,
    );
    for (value, error) in [
        ("", AuthorityError::HostEmpty),
        ("a b", AuthorityError::HostByte(b' ')),
        ("a, b", AuthorityError::HostByte(b',')),
        ("http://a", AuthorityError::Port),
        ("a@b", AuthorityError::UserInfo),
        ("a:b", AuthorityError::Port),
        ("[::1", AuthorityError::IpLiteral),
    ] {
        refused(
            &request().with("Host", value),
            HandshakeError::HostMalformed(error),
            Cause::HostMalformed,
            400,
        );
    }
    let head = request().with("Host", "[::1]:9001").request_head();
    let authority = host(&head).unwrap();
    assert_eq!((authority.host(), authority.port()), ("[::1]", Some(9001)));
}

/// RFC 9112 3.2.2: the authority of an absolute target replaces Host, which has to be there all the same.
#[test]
fn host_of_an_absolute_target() {
    let request = Lines::request().start("GET http://other.example:81/chat HTTP/1.1");
    let head = request.request_head();
    assert_eq!(host(&head).map(|host| (host.host(), host.port())), Ok(("other.example", Some(81))));
    assert!(request.checked().is_ok());
    refused(&request.clone().without("Host"), HandshakeError::HostMissing, Cause::MissingHost, 400);
    let malformed = request.with("Host", "a b");
    refused(
        &malformed,
        HandshakeError::HostMalformed(AuthorityError::HostByte(b' ')),
        Cause::HostMalformed,
        400,
    );
}

/// What announces a body: RFC 9110 8.6, RFC 9112 6.
#[test]
fn bodies() {
    let with = |name: &str, value: &str| Lines::request().also(name, value);
    for value in ["0", "00"] {
        assert!(with("Content-Length", value).checked().is_ok());
    }
    for value in ["1", "010", "99999999999999999999999"] {
        refused(&with("Content-Length", value), HandshakeError::ContentLength, Cause::UnexpectedBody, 400);
    }
    for value in ["", "+0", "-0", "0x0", "0, 0", "0 0", "a", "\u{0661}"] {
        let lines = with("Content-Length", value);
        refused(&lines, HandshakeError::ContentLengthMalformed, Cause::MalformedRequest, 400);
    }
    let twice = with("Content-Length", "0").also("content-length", "0");
    refused(&twice, HandshakeError::ContentLengthRepeated, Cause::MalformedRequest, 400);
    for value in ["chunked", "identity", "", "gzip, chunked"] {
        refused(
            &with("Transfer-Encoding", value),
            HandshakeError::TransferEncoding,
            Cause::UnexpectedBody,
            400,
        );
    }
    for cause in [Cause::UnexpectedBody, Cause::MalformedRequest] {
        assert!(cause.closes());
    }
}

#[test]
fn method() {
    for method in ["POST", "HEAD", "get", "OPTIONS", "GETS"] {
        let lines = Lines::request().start(&format!("{method} / HTTP/1.1"));
        refused(&lines, HandshakeError::Method, Cause::MethodNotAllowed, 405);
        assert!(check_head(&lines.request_head()).is_ok());
        assert!(check_method(&lines.request_head()).is_err());
    }
}

/// RFC 6455 4.2.1: `Upgrade` contains websocket and `Connection` contains upgrade, case-insensitively.
#[test]
fn upgrade_and_connection() {
    let request = Lines::request;
    for (upgrade, connection) in [
        ("WebSocket", "upgrade"),
        ("foo/1.0, websocket", "keep-alive, Upgrade"),
        ("websocket, foo/1.0", "Upgrade, keep-alive"),
        ("websocket,", "Upgrade,,TE"),
        ("websocket, websocket", "UPGRADE, UPGRADE"),
    ] {
        assert!(request().with("Upgrade", upgrade).with("Connection", connection).checked().is_ok());
    }
    // RFC 9110 5.3: repeated lines are one list.
    assert!(request().with("Connection", "keep-alive").also("connection", "upgrade").checked().is_ok());
    assert!(request().with("Upgrade", "foo").also("upgrade", "websocket").checked().is_ok());

    let plain = request().without("Upgrade").without("Connection").without("Sec-WebSocket-Key");
    refused(&plain, HandshakeError::NotAnUpgrade, Cause::UpgradeRequired, 426);
    refused(&plain.clone().also("Upgrade", ""), HandshakeError::NotAnUpgrade, Cause::UpgradeRequired, 426);
    refused(
        &plain.also("Upgrade", "websocket"),
        HandshakeError::UpgradeIncomplete,
        Cause::UpgradeRequired,
        426,
    );

    let stripped = |lines: &Lines, error| refused(lines, error, Cause::UpgradeHeadersStripped, 426);
    stripped(&request().without("Upgrade"), HandshakeError::UpgradeStripped);
    stripped(&request().without("Upgrade").without("Connection"), HandshakeError::UpgradeStripped);
    stripped(&request().with("Upgrade", ","), HandshakeError::UpgradeStripped);
    stripped(&request().without("Connection"), HandshakeError::ConnectionStripped);
    stripped(&request().with("Connection", "close"), HandshakeError::ConnectionStripped);
    stripped(&request().with("Connection", ""), HandshakeError::ConnectionStripped);

    for upgrade in ["web-socket", "websocket/13", "TLS/1.0", "websockets"] {
        refused(
            &request().with("Upgrade", upgrade),
            HandshakeError::UpgradeToOther,
            Cause::UpgradeRequired,
            426,
        );
    }
    for upgrade in ["websocket;v=13", "web socket", "websocket, \"a\"", "/1", "a/", "a/b/c", "w\u{e9}bsocket"]
    {
        refused(
            &request().with("Upgrade", upgrade),
            HandshakeError::UpgradeMalformed,
            Cause::MalformedRequest,
            400,
        );
    }
    for connection in ["keep-alive Upgrade", "Upgrade; a", "\"Upgrade\"", "Upgrade, \u{e9}"] {
        let lines = request().with("Connection", connection);
        refused(&lines, HandshakeError::ConnectionMalformed, Cause::MalformedRequest, 400);
    }
}

/// RFC 6455 4.2.1, 4.4, 11.3.5.
#[test]
fn websocket_version() {
    let request = Lines::request;
    let missing = request().without("Sec-WebSocket-Version");
    refused(&missing, HandshakeError::VersionMissing, Cause::WebsocketVersionMissing, 400);
    for value in ["8", "14", "013", "+13", "13, 8", "13.0", "", "0", "25"] {
        let lines = request().with("Sec-WebSocket-Version", value);
        refused(&lines, HandshakeError::VersionUnsupported, Cause::WebsocketVersionUnsupported, 426);
    }
    let twice = request().also("Sec-WebSocket-Version", "13");
    refused(&twice, HandshakeError::VersionRepeated, Cause::WebsocketVersionUnsupported, 426);
}

/// RFC 6455 4.2.1, 11.3.1.
#[test]
fn websocket_key() {
    let request = Lines::request;
    let invalid = |lines: &Lines, error| refused(lines, error, Cause::WebsocketKeyInvalid, 400);
    invalid(&request().without("Sec-WebSocket-Key"), HandshakeError::KeyMissing);
    invalid(&request().also("sec-websocket-key", KEY), HandshakeError::KeyRepeated);
    let keys = [("", KeyError::Length(0)), ("dGhlIHNhbXBsZSBub25jZR==", KeyError::NotCanonical)];
    for (value, error) in keys {
        invalid(&request().with("Sec-WebSocket-Key", value), HandshakeError::KeyInvalid(error));
    }
}

#[test]
fn extensions() {
    let lines = Lines::request().also("Sec-WebSocket-Extensions", "a;b=");
    let error = HandshakeError::Extensions(ExtensionError::ParameterValue);
    refused(&lines, error, Cause::ExtensionOfferMalformed, 400);
    let lines =
        Lines::request().also("Sec-WebSocket-Extensions", "a").also("Sec-WebSocket-Extensions", "b;c=\"1\"");
    assert_eq!(lines.checked().unwrap().extensions.len(), 2);
}

/// The order of the checks, by taking away one fault after the other.
#[test]
fn order() {
    let mut lines = Lines::new("POST / HTTP/1.0")
        .also("Host", "a b")
        .also("Content-Length", "5")
        .also("Upgrade", "h2c")
        .also("Sec-WebSocket-Key", "x")
        .also("Sec-WebSocket-Extensions", ";")
        .also("Sec-WebSocket-Protocol", "");
    let mut causes = Vec::new();
    for fix in 0_u8.. {
        match lines.checked() {
            Ok(_) => break,
            Err(error) => causes.push(error.cause()),
        }
        lines = match fix {
            0 => lines.start("POST / HTTP/1.1"),
            1 => lines.with("Host", "a"),
            2 => lines.without("Content-Length"),
            3 => lines.start("GET / HTTP/1.1"),
            4 => lines.with("Upgrade", "websocket"),
            5 => lines.with("Connection", "Upgrade"),
            6 => lines.with("Sec-WebSocket-Version", "13"),
            7 => lines.with("Sec-WebSocket-Key", KEY),
            8 => lines.with("Sec-WebSocket-Extensions", "a"),
            _ => lines.with("Sec-WebSocket-Protocol", "a"),
        };
    }
    assert_eq!(
        causes,
        [
            Cause::HttpVersionUnsupported,
            Cause::HostMalformed,
            Cause::UnexpectedBody,
            Cause::MethodNotAllowed,
            Cause::UpgradeConflicting,
            Cause::UpgradeHeadersStripped,
            Cause::WebsocketVersionMissing,
            Cause::WebsocketKeyInvalid,
            Cause::ExtensionOfferMalformed,
            Cause::SubprotocolOfferMalformed,
        ]
    );
}

/// A head made of parts is held to the same.
#[test]
fn from_parts() {
    let fields: Vec<_> =
        Lines::request().fields.iter().map(|(name, value)| (name.clone(), value.clone())).collect();
    let head = RequestHead::from_parts("GET", "/", Version::HTTP_11, fields).unwrap();
    assert!(UpgradeRequest::from_head(&head).is_ok());
}

/// RFC 6455 4.2.2: the answer, byte for byte.
#[test]
fn answer() {
    let request = Lines::request()
        .also("Sec-WebSocket-Protocol", "chat, superchat")
        .also("Sec-WebSocket-Extensions", "permessage-deflate")
        .checked()
        .unwrap();
    let mut response = UpgradeResponse::new(&request);
    response.subprotocol("superchat").unwrap();
    response.extensions("permessage-deflate; server_no_context_takeover").unwrap();
    response.field("Set-Cookie", "a=b").unwrap();
    let mut out = BytesMut::new();
    response.encode(&mut out);
    let expected = format!(
        "HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Accept: {ACCEPT}\r\n\
         Sec-WebSocket-Protocol: superchat\r\n\
         Sec-WebSocket-Extensions: permessage-deflate; server_no_context_takeover\r\nSet-Cookie: a=b\r\n\r\n"
    );
    assert_eq!(out, expected.as_bytes());
    let client = client().subprotocols(["superchat"]).unwrap().extensions("permessage-deflate").unwrap();
    assert!(client.verify(&response_head(&out).unwrap()).is_ok());
}

/// RFC 6455 4.2.2, 9.1: nothing that was not offered; and nothing that the handshake itself says.
#[test]
fn answers_that_cannot_be_given() {
    let request = Lines::request().also("Sec-WebSocket-Protocol", "chat").checked().unwrap();
    let mut response = UpgradeResponse::new(&request);
    assert_eq!(response.subprotocol("Chat").err(), Some(AnswerError::SubprotocolNotOffered));
    assert_eq!(response.subprotocol("chat\r\nX: y").err(), Some(AnswerError::SubprotocolNotOffered));
    assert_eq!(response.extensions("permessage-deflate").err(), Some(AnswerError::ExtensionNotOffered));
    assert_eq!(response.extensions("a\r\nX: y").err(), Some(AnswerError::ExtensionsMalformed));
    for name in [
        "upgrade",
        "Connection",
        "Sec-WebSocket-Accept",
        "sec-websocket-protocol",
        "Content-Length",
        "Transfer-Encoding",
    ] {
        assert_eq!(response.field(name, "x").err(), Some(InvalidField::Reserved.into()), "{name}");
    }
    assert_eq!(response.field("X", "a\nb").err(), Some(InvalidField::Value(b'\n').into()));
}
