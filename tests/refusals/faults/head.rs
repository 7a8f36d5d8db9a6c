//! What is no head, or not one that a server has to take (RFC 9112).

use std::time::Duration;

use ws_server::{ProxyProtocol, ServerLimits};

use crate::fault::{Fault, Stage};

/// Nothing else can be wrong with such a request.
const ALONE: &[&str] = &["everything"];

pub(crate) const FAULTS: &[Fault] = &[
    // RFC 9112 5.1: no whitespace before the colon.
    Fault::of_request("malformed-request", Stage::Head, &["size"], |ask| ask.add("X-Odd ", "a")),
    Fault::of_request("target-too-long", Stage::Head, &["size", "query"], |ask| {
        ask.query = format!("?{}", "a".repeat(4096));
    }),
    Fault::of_request("head-too-large", Stage::Head, &["size"], |ask| ask.add("X-Large", "a".repeat(8192))),
    Fault::of_request("too-many-headers", Stage::Head, &["size"], |ask| {
        for _ in 0..64 {
            ask.add("X-Many", "a");
        }
    }),
    Fault::of_request("handshake-timeout", Stage::Transport, ALONE, |ask| {
        ask.raw = Some(b"GET /chat HTTP/1.1\r\nHost: chat.example\r\n");
    })
    .with(|setup| {
        setup.limits = ServerLimits { handshake_timeout: Duration::from_millis(100), ..setup.limits };
    }),
    Fault::of_server("plain-http-on-tls-port", Stage::Transport, ALONE, |setup| setup.tls = true),
    // RFC 8446 5.1: how a record with a ClientHello begins.
    Fault::of_request("tls-on-plain-port", Stage::Transport, ALONE, |ask| {
        ask.raw = Some(b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03");
    }),
    Fault::of_server("proxy-header-invalid", Stage::Transport, ALONE, |setup| {
        setup.proxies = vec!["127.0.0.0/8"];
        setup.proxy_protocol = ProxyProtocol::Any;
    }),
    Fault::of_request("forwarded-invalid", Stage::Transport, ALONE, |ask| ask.add("Forwarded", "for=\""))
        .with(|setup| setup.proxies = vec!["127.0.0.0/8"]),
    // RFC 9110 2.5: another minor version of 1 would be fine, and 1.0 without Upgrade is a proxy's default.
    Fault::of_request("http-version-unsupported", Stage::HttpVersion, &["http-version", "upgrade"], |ask| {
        ask.version = "HTTP/1.0";
    }),
    Fault::of_request("missing-host", Stage::Host, &["host"], |ask| ask.remove("Host")),
    Fault::of_request("duplicate-host", Stage::Host, &["host"], |ask| ask.add("Host", "chat.example")),
    Fault::of_request("host-malformed", Stage::Host, &["host"], |ask| ask.set("Host", "chat example")),
    Fault::of_request("unexpected-body", Stage::Body, &["body"], |ask| ask.add("Content-Length", "5")),
    Fault::of_request("unexpected-body", Stage::Body, &["body"], |ask| {
        ask.add("Transfer-Encoding", "chunked");
    }),
];
