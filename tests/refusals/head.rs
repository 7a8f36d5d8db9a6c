//! What is no head, or not one that a server has to take.

use std::time::Duration;

use tests::wire::handshake;
use ws_core::refusal::Cause;
use ws_server::ServerLimits;

use crate::case::{Case, start};

#[tokio::test]
async fn heads() {
    check().await;
}

pub(crate) async fn check() -> Vec<Cause> {
    let mut seen = malformed().await;
    seen.extend(limits().await);
    seen.extend(late().await);
    seen.extend(about_every_request().await);
    seen
}

/// RFC 9112 2.2, 5.1, 5.2, 3: where two parsers could read two things, one answer.
async fn malformed() -> Vec<Cause> {
    let running = start(|server| server).await;
    let mut seen = Vec::new();
    for (request, detail) in [
        (&b"GET /open HTTP/1.1\nHost: a\n\n"[..], "a line ends with a bare LF."),
        (b"GET /open HTTP/1.1\r\nHost : a\r\n\r\n", "whitespace before the colon of a field."),
        (b"GET /open HTTP/1.1\r\nHost: a\r\n folded\r\n\r\n", "a folded field line."),
        (b"GET /open HTTP/1.1\r\n Host: a\r\n\r\n", "whitespace before the first field."),
        (b"GET /open HTTP/1.1\r\nHost: a\0\r\n\r\n", "a field value holds the byte 0x00."),
        (b"GET /open HTTP/1.1\r\nHost: a\rb\r\n\r\n", "a bare CR."),
        (b"GET /open HTTP/1.1\r\nHost\r\n\r\n", "a field line has no colon."),
        (b"GET /open HTTP/1.1\r\n: a\r\n\r\n", "a field name is empty."),
        (b"GET /open HTTP/x.1\r\nHost: a\r\n\r\n", "the HTTP version is malformed."),
        (b"GET /open\r\nHost: a\r\n\r\n", "the request line has no HTTP version."),
        (
            b"GET /%zz HTTP/1.1\r\nHost: a\r\n\r\n",
            "the path of the request target has a broken percent-encoding.",
        ),
    ] {
        let case =
            Case { request, code: "malformed-request", status: 400, detail, closes: true, ..Case::default() };
        seen.push(case.check(&running).await);
    }
    seen
}

async fn limits() -> Vec<Cause> {
    let running = start(|server| server).await;
    let long = |length: usize| "a".repeat(length);
    let mut seen = Vec::new();
    for (request, code, status, detail) in [
        (
            handshake(&format!("/{}", long(4096)), ""),
            "target-too-long",
            414,
            "the request target is over 4096 bytes.",
        ),
        (
            handshake("/open", &format!("Cookie: {}\r\n", long(8192))),
            "head-too-large",
            431,
            "a line of the head is over 8192 bytes.",
        ),
        (
            handshake("/open", &format!("A: {0}\r\nB: {0}\r\nC: {0}\r\n", long(6000))),
            "head-too-large",
            431,
            "the head is over 16384 bytes.",
        ),
        (
            handshake("/open", &"A: b\r\n".repeat(60)),
            "too-many-headers",
            431,
            "the head has more than 64 fields.",
        ),
    ] {
        let request = request.as_bytes();
        seen.push(
            Case { request, code, status, detail, closes: true, ..Case::default() }.check(&running).await,
        );
    }
    seen
}

async fn late() -> Vec<Cause> {
    let limits = ServerLimits { handshake_timeout: Duration::from_millis(200), ..ServerLimits::default() };
    let running = start(|server| server.limits(limits)).await;
    let mut seen = Vec::new();
    for request in [&b""[..], b"G", b"GET /open HTTP/1.1\r\nHost: a\r\n"] {
        let case = Case { request, code: "handshake-timeout", status: 408, closes: true, ..Case::default() };
        seen.push(case.check(&running).await);
    }
    seen
}

/// RFC 9112 2.3, 3.2, 6.3; RFC 9110 2.5.
async fn about_every_request() -> Vec<Cause> {
    let running = start(|server| server.served_hosts(["chat.example"])).await;
    let mut seen = Vec::new();
    let host = |host: &str| handshake("/open", "").replace("Host: chat.example\r\n", host);
    for (request, code, status) in [
        (handshake("/open", "Content-Length: 5\r\n"), "unexpected-body", 400),
        (handshake("/open", "Transfer-Encoding: chunked\r\n"), "unexpected-body", 400),
        (host(""), "missing-host", 400),
        (host("Host: chat.example\r\nHost: chat.example\r\n"), "duplicate-host", 400),
        (host("Host: chat example\r\n"), "host-malformed", 400),
        (host("Host: user@chat.example\r\n"), "host-malformed", 400),
        (host("Host: other.example\r\n"), "host-not-served", 421),
        (
            "GET /open HTTP/1.0\r\nHost: a\r\nUpgrade: websocket\r\n\r\n".to_owned(),
            "http-version-unsupported",
            505,
        ),
        // RFC 9113 3.4: how an HTTP/2 client begins.
        ("PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n".to_owned(), "http-version-unsupported", 505),
    ] {
        let request = request.as_bytes();
        seen.push(Case { request, code, status, closes: true, ..Case::default() }.check(&running).await);
    }
    seen
}
