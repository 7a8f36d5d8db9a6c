//! Each fault of a head, at the first byte that shows it.

use super::super::HeadError;
use super::{request, request_error, response, response_error, with_line};
use crate::refusal::Cause;

#[test]
fn first_bytes_that_are_no_http() {
    // RFC 8446 5.1: a ClientHello and an alert, of which one byte is enough.
    assert_eq!(request_error(b"\x16\x03\x01\x02\x00\x01\x00"), Some(HeadError::TlsRecord));
    assert_eq!(request_error(b"\x16"), Some(HeadError::TlsRecord));
    assert_eq!(response_error(b"\x15\x03\x01\x00\x02\x02\x46"), Some(HeadError::TlsRecord));
    assert_eq!(request_error(b"\x00"), Some(HeadError::NotHttp));
    assert_eq!(request_error(b"\xef\xbb\xbfGET / HTTP/1.1"), Some(HeadError::NotHttp));
    assert_eq!(request_error(b"{\"id\":1}"), Some(HeadError::NotHttp));
    assert_eq!(response_error(b"SSH-2.0-OpenSSH_9.6"), Some(HeadError::NotHttp));
    assert_eq!(response_error(b"HTTX"), Some(HeadError::NotHttp));
    assert_eq!(response_error(b"\r\nHTTP/1.1 101"), Some(HeadError::NotHttp));
}

/// RFC 9112 2.2: a server ignores one empty line before the request line; it need not ignore more.
#[test]
fn empty_lines_before_the_request() {
    assert!(matches!(request(b"\r\nGET / HTTP/1.1\r\n\r\n"), Ok(Some(_))));
    assert_eq!(request_error(b"\r\n\r\n"), Some(HeadError::EmptyLines));
    // PROXY protocol version 2 begins this way.
    assert_eq!(request_error(b"\r\n\r\n\0\r\nQUIT\n"), Some(HeadError::EmptyLines));
    assert_eq!(request_error(b"\n"), Some(HeadError::BareLineFeed));
    assert_eq!(request_error(b"\rG"), Some(HeadError::BareCarriageReturn));
}

/// RFC 9110 9.1: method = token.
#[test]
fn methods() {
    assert_eq!(request_error(b" GET / HTTP/1.1\r\n"), Some(HeadError::LeadingWhitespace));
    assert_eq!(request_error(b"G\0"), Some(HeadError::Method(0)));
    assert_eq!(request_error(b"GET\r\n"), Some(HeadError::Method(b'\r')));
    assert_eq!(request_error(b"GET\t/ HTTP/1.1\r\n"), Some(HeadError::Method(b'\t')));
    assert_eq!(request_error("GÉT / HTTP/1.1\r\n".as_bytes()), Some(HeadError::Method(0xc3)));
    assert!(matches!(request(&[b'M'; 32]), Ok(None)));
    assert_eq!(request_error(&[b'M'; 33]), Some(HeadError::MethodTooLong));
}

/// RFC 9112 2.3: HTTP-version = "HTTP/" DIGIT "." DIGIT.
#[test]
fn versions() {
    for version in ["HTTP/1.0", "HTTP/1.1", "HTTP/1.9", "HTTP/2.0", "HTTP/0.9"] {
        let (head, _) = request(format!("GET / {version}\r\n\r\n").as_bytes()).unwrap().unwrap();
        assert_eq!(head.version().to_string(), version);
    }
    for version in [
        "HTTP/1",
        "HTTP/1.",
        "HTTP/11",
        "HTTP/1.10",
        "HTTP/1.1 ",
        "http/1.1",
        "HTTP /1.1",
        " HTTP/1.1",
        "HTTP/+1.1",
        "HTTP/1,1",
        "HTTP/1.x",
        "HTTP/ 1.1",
        "WS/1.1",
        "HTTP/1.1\t",
        "x",
    ] {
        let head = format!("GET / {version}\r\n\r\n");
        assert_eq!(request_error(head.as_bytes()), Some(HeadError::VersionSyntax), "{version:?}");
    }
    // RFC 9112 3: what HTTP/0.9 sent.
    assert_eq!(request_error(b"GET /\r\n"), Some(HeadError::VersionMissing));
    assert_eq!(request_error(b"GET / \r\n"), Some(HeadError::VersionMissing));
    assert_eq!(request_error(b"GET /\n"), Some(HeadError::VersionMissing));
}

/// RFC 9112 2.2: a bare CR or LF ends nothing, anywhere.
#[test]
fn line_ends() {
    for head in [
        &b"GET / HTTP/1.1\n"[..],
        b"GET / HTTP/1.1\r\nHost: a\n",
        b"GET / HTTP/1.1\r\n\n",
        b"GET / HTTP/1.1\r\nHost: a\r\n\n",
        b"GET / HTTP/1.1\r\nA\n",
    ] {
        assert_eq!(request_error(head), Some(HeadError::BareLineFeed), "{}", head.escape_ascii());
    }
    for head in [
        &b"GET / HTTP/1.1\rHost"[..],
        b"GET / HTTP/1.1\r\nHost: a\rb",
        b"GET / HTTP/1.1\r\nHost: a\r\r\n",
        b"GET / HTTP/1.1\r\nHost: a\r\n\rX",
        b"GET / HTTP/1.1\r\nHo\rst: a\r\n",
    ] {
        assert_eq!(request_error(head), Some(HeadError::BareCarriageReturn), "{}", head.escape_ascii());
    }
}

/// RFC 9112 5.2, 2.2: no folded lines, no whitespace before the first field.
#[test]
fn folding() {
    assert_eq!(request_error(b"GET / HTTP/1.1\r\nA: b\r\n "), Some(HeadError::ObsoleteFolding));
    assert_eq!(request_error(b"GET / HTTP/1.1\r\nA: b\r\n\tc: d\r\n\r\n"), Some(HeadError::ObsoleteFolding));
    assert_eq!(request_error(b"GET / HTTP/1.1\r\n A: b\r\n\r\n"), Some(HeadError::LeadingWhitespace));
}

/// RFC 9112 5, 5.1, RFC 9110 5.1, 5.5: field lines.
#[test]
fn field_lines() {
    for (line, error) in [
        (&b"Host : b"[..], HeadError::SpaceBeforeColon),
        (b"Host\t: b", HeadError::SpaceBeforeColon),
        (b"Host", HeadError::ColonMissing),
        (b"Host b", HeadError::ColonMissing),
        (b": b", HeadError::FieldNameEmpty),
        (b":", HeadError::FieldNameEmpty),
        (b"H(st: b", HeadError::FieldName(b'(')),
        (b"H\0st: b", HeadError::FieldName(0)),
        (b"H\xc3\xb6st: b", HeadError::FieldName(0xc3)),
        (b"A: b\0", HeadError::FieldValue(0)),
        (b"A: \0b", HeadError::FieldValue(0)),
        (b"A: b\x0bc", HeadError::FieldValue(0x0b)),
        (b"A: b\x7f", HeadError::FieldValue(0x7f)),
        (b"A: \x1b[31m", HeadError::FieldValue(0x1b)),
    ] {
        assert_eq!(request_error(&with_line(line)), Some(error), "{}", line.escape_ascii());
        assert_eq!(error.cause(), Cause::MalformedRequest);
    }
    // RFC 9110 5.5: obs-text and tabs are allowed, and whitespace around the value does not count.
    for (line, value) in [
        (&b"A:\t b\xff \t"[..], &b"b\xff"[..]),
        (b"A:", b""),
        (b"A: \t ", b""),
        (b"A: b\tc", b"b\tc"),
        (b"A: :b:", b":b:"),
    ] {
        let (head, _) = request(&with_line(line)).unwrap().unwrap();
        assert_eq!(head.fields().first("a"), Some(value), "{}", line.escape_ascii());
    }
}

/// The head is not whole, but a line that is whole shows its fault already.
#[test]
fn faults_do_not_wait_for_the_end_of_the_head() {
    assert_eq!(request_error(b"GET / HTTP/1.1\r\nBad Name: x\r\n"), Some(HeadError::SpaceBeforeColon));
    assert_eq!(request_error(b"GET / HTTP/1.1\r\nA: \x01\r\nB"), Some(HeadError::FieldValue(1)));
    assert!(matches!(request(b"GET / HTTP/1.1\r\nA: \x01"), Ok(None)));
}

/// RFC 9112 4: status-line = HTTP-version SP status-code SP [ reason-phrase ].
#[test]
fn status_lines() {
    for (line, status, reason) in [
        ("HTTP/1.1 101 Switching Protocols", 101, "Switching Protocols"),
        ("HTTP/1.1 200 ", 200, ""),
        // Decision: without the space too, RFC 9112 4 notwithstanding.
        ("HTTP/1.1 200", 200, ""),
        ("HTTP/1.0 999 \u{e9}", 999, "\u{e9}"),
    ] {
        let (head, _) = response(format!("{line}\r\n\r\n").as_bytes()).unwrap().unwrap();
        assert_eq!((head.status(), head.reason()), (status, reason.as_bytes()), "{line}");
    }
    for (line, error) in [
        ("HTTP/1.1 99 x", HeadError::StatusCode),
        ("HTTP/1.1 099 x", HeadError::StatusCode),
        ("HTTP/1.1 1010", HeadError::StatusCode),
        ("HTTP/1.1 10", HeadError::StatusCode),
        ("HTTP/1.1 +10", HeadError::StatusCode),
        ("HTTP/1.1  101 x", HeadError::StatusCode),
        ("HTTP/1.1 101\tx", HeadError::StatusCode),
        ("HTTP/1.1\t101 x", HeadError::VersionSyntax),
        ("HTTP/2 200", HeadError::VersionSyntax),
        ("HTTP/1.1", HeadError::VersionSyntax),
        ("HTTP/1.1 101 a\0", HeadError::ReasonByte(0)),
        ("HTTP/1.1 101 a\n", HeadError::BareLineFeed),
        ("HTTP/1.1 101\n", HeadError::BareLineFeed),
        ("HTTP/1.1 101 a\rb", HeadError::BareCarriageReturn),
    ] {
        let head = format!("{line}\r\n\r\n");
        assert_eq!(response_error(head.as_bytes()), Some(error), "{line:?}");
    }
}

#[test]
fn interim_responses() {
    for (status, interim) in [(100, true), (103, true), (101, false), (200, false)] {
        let (head, _) = response(format!("HTTP/1.1 {status} x\r\n\r\n").as_bytes()).unwrap().unwrap();
        assert_eq!(head.is_interim(), interim);
    }
}
