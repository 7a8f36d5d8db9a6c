//! The forms of a request target: RFC 9112 3.2.

use super::super::{Authority, AuthorityError, HeadError, RequestHead, Version};
use super::{request, request_error};

fn head(method: &str, target: &str) -> Result<RequestHead, HeadError> {
    let bytes = format!("{method} {target} HTTP/1.1\r\nHost: own.example\r\n\r\n");
    request(bytes.as_bytes()).map(|read| read.unwrap().0)
}

/// RFC 9112 3.2.1: origin-form, as it was sent.
#[test]
fn origin_form() {
    for (target, path, query) in [
        ("/", "/", None),
        ("/chat?room=1", "/chat", Some("room=1")),
        ("/a?", "/a", Some("")),
        ("/a?b?c=/?", "/a", Some("b?c=/?")),
        ("//host/x", "//host/x", None),
        ("/%2e%2e/%00", "/%2e%2e/%00", None),
        ("/a;b=c,d@e:f!$&'()*+~_-", "/a;b=c,d@e:f!$&'()*+~_-", None),
        // Not in RFC 3986, but browsers send them (WHATWG URL).
        ("/a[b]^|c?d=[{`\\|}]^%", "/a[b]^|c", Some("d=[{`\\|}]^%")),
    ] {
        let head = head("GET", target).unwrap();
        assert_eq!((head.target(), head.path(), head.query()), (target, path, query));
        assert_eq!(head.target_authority(), None);
    }
}

/// RFC 9112 3.2.2: a server MUST accept the absolute form, and take the host from there.
/// RFC 6455 4.2.1: an absolute HTTP/HTTPS URI containing the resource name.
#[test]
fn absolute_form() {
    for (target, host, port, path, query) in [
        ("http://other.example/chat?a", "other.example", None, "/chat", Some("a")),
        ("HTTPS://other.example:8443/", "other.example", Some(8443), "/", None),
        ("http://[::1]:80?a", "[::1]", Some(80), "/", Some("a")),
        ("http://other.example", "other.example", None, "/", None),
    ] {
        let head = head("GET", target).unwrap();
        let authority = head.target_authority().unwrap();
        assert_eq!((authority.host(), authority.port()), (host, port));
        assert_eq!((head.path(), head.query(), head.target()), (path, query, target));
    }
    assert_eq!(head("GET", "ws://a/").unwrap_err(), HeadError::TargetScheme);
    assert_eq!(head("GET", "ftp://a/").unwrap_err(), HeadError::TargetScheme);
    let authority = |error| HeadError::TargetAuthority(error);
    assert_eq!(head("GET", "http:///x").unwrap_err(), authority(AuthorityError::HostEmpty));
    // RFC 9110 4.2.4: treat a user name as an error.
    assert_eq!(head("GET", "http://u:p@a/x").unwrap_err(), authority(AuthorityError::UserInfo));
    assert_eq!(head("GET", "http://a:99999/").unwrap_err(), authority(AuthorityError::Port));
}

/// RFC 9112 3.2.3: authority-form is for CONNECT; 3.2.4: asterisk-form is for OPTIONS.
#[test]
fn other_forms() {
    let connect = head("CONNECT", "a.example:443").unwrap();
    assert_eq!((connect.path(), connect.target_authority().unwrap().port()), ("", Some(443)));
    assert_eq!(head("CONNECT", "a.example").unwrap_err(), HeadError::TargetAuthority(AuthorityError::Port));
    assert_eq!(head("CONNECT", "/").unwrap_err(), HeadError::TargetAuthority(AuthorityError::HostByte(b'/')));
    assert_eq!(head("OPTIONS", "*").unwrap().path(), "*");
    for target in ["*", "a.example:443", "chat", "?a", "http:/a", "**"] {
        assert_eq!(head("GET", target).unwrap_err(), HeadError::TargetForm, "{target}");
    }
    // RFC 9113 3.4: HTTP/2 is told apart by its version.
    let (preface, rest) = request(b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n").unwrap().unwrap();
    assert_eq!((preface.version(), &rest[..]), (Version { major: 2, minor: 0 }, &b"SM\r\n\r\n"[..]));
}

/// RFC 9112 3.2, RFC 3986: what no target holds.
#[test]
fn bytes_of_a_target() {
    // RFC 6455 3: fragment identifiers MUST NOT be used.
    assert_eq!(head("GET", "/#a").unwrap_err(), HeadError::TargetFragment);
    assert_eq!(head("GET", "/?a#").unwrap_err(), HeadError::TargetFragment);
    assert_eq!(head("GET", "/\u{e9}").unwrap_err(), HeadError::TargetNotAscii);
    assert_eq!(request_error(b"GET /\xff"), Some(HeadError::TargetNotAscii));
    assert_eq!(request_error(b"GET  / HTTP/1.1\r\n"), Some(HeadError::TargetEmpty));
    assert_eq!(request_error(b"GET \r\n"), Some(HeadError::TargetEmpty));
    for byte in *b"\0\t\x0b\x7f\"<>" {
        assert_eq!(request_error(&[b"GET /", &[byte][..]].concat()), Some(HeadError::TargetByte(byte)));
    }
    for byte in *b"\\`{}" {
        let target = format!("/{}", char::from(byte));
        assert_eq!(head("GET", &target).unwrap_err(), HeadError::TargetByte(byte));
    }
    for path in ["/%", "/%4", "/%zz", "/%4g", "/a%", "/%%41"] {
        assert_eq!(head("GET", path).unwrap_err(), HeadError::TargetPercentEncoding, "{path}");
    }
}

/// RFC 9110 7.2, RFC 3986 3.2.2, 3.2.3.
#[test]
fn authorities() {
    for (text, host, port) in [
        ("example.com", "example.com", None),
        ("EXAMPLE.com:", "EXAMPLE.com", None),
        ("127.0.0.1:9001", "127.0.0.1", Some(9001)),
        ("a_b.example:0", "a_b.example", Some(0)),
        ("a:00080", "a", Some(80)),
        ("a:65535", "a", Some(65535)),
        ("[::1]", "[::1]", None),
        ("[2001:db8::192.0.2.1]:443", "[2001:db8::192.0.2.1]", Some(443)),
        ("xn--bcher-kva.example", "xn--bcher-kva.example", None),
        ("a%2db!$&'()*+;=~", "a%2db!$&'()*+;=~", None),
    ] {
        let authority = Authority::parse(text.as_bytes()).unwrap();
        assert_eq!((authority.host(), authority.port()), (host, port), "{text}");
    }
    for (text, error) in [
        (&b""[..], AuthorityError::HostEmpty),
        (b":80", AuthorityError::HostEmpty),
        (b"user@a", AuthorityError::UserInfo),
        (b"[::1]@a", AuthorityError::UserInfo),
        (b"a b", AuthorityError::HostByte(b' ')),
        (b"a/b", AuthorityError::HostByte(b'/')),
        (b"http://a", AuthorityError::Port),
        (b"a,b", AuthorityError::HostByte(b',')),
        (b"b\xc3\xbccher", AuthorityError::HostByte(0xc3)),
        (b"a?b", AuthorityError::HostByte(b'?')),
        (b"a#b", AuthorityError::HostByte(b'#')),
        (b"a\\b", AuthorityError::HostByte(b'\\')),
        (b"a]", AuthorityError::HostByte(b']')),
        (b"a%2", AuthorityError::PercentEncoding),
        (b"[::1", AuthorityError::IpLiteral),
        (b"[]", AuthorityError::IpLiteral),
        (b"[a]", AuthorityError::IpLiteral),
        (b"[127.0.0.1]", AuthorityError::IpLiteral),
        (b"[::1]a", AuthorityError::IpLiteral),
        (b"[::1]]", AuthorityError::IpLiteral),
        (b"[fe80::1%25eth0]", AuthorityError::IpLiteral),
        (b"[v1.a]", AuthorityError::IpLiteral),
        (b"::1", AuthorityError::HostEmpty),
        (b"a:b", AuthorityError::Port),
        (b"a:+80", AuthorityError::Port),
        (b"a:-1", AuthorityError::Port),
        (b"a: 80", AuthorityError::Port),
        (b"a:65536", AuthorityError::Port),
        (b"a:18446744073709551697", AuthorityError::Port),
        (b"a:80:80", AuthorityError::Port),
    ] {
        assert_eq!(Authority::parse(text), Err(error), "{}", text.escape_ascii());
    }
}
