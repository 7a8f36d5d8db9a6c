//! What a peer may answer to the handshake that is none, or a wrong one: mostly what no real server does at will.

use tests::certificates::Authority;
use tokio::io::AsyncWriteExt as _;
use tokio::net::{TcpListener, TcpStream};
use ws_client::{Client, ConnectError, NextStep};
use ws_core::deflate::DeflateConfig;

use crate::raw::{self, ACCEPTED, answering, client, refused, serve};
use crate::row::{AGAIN, NETWORK, PROXY, Peer, SERVER, Table};

pub(crate) async fn rows(table: &mut Table) {
    connections(table).await;
    heads(table).await;
    accepted(table).await;
    statuses(table).await;
}

async fn connections(table: &mut Table) {
    let mut add = |what, expected, error| table.add(Peer::Raw, what, expected, error);
    let lost = ("connection-reset", AGAIN);
    add("a reset before the request", lost, reset_before_the_request().await);
    let reset = serve(|stream, _| raw::reset(stream)).await;
    add("a reset after the request", lost, refused(&client(reset)).await);
    let silence = ("no-http-answer", AGAIN);
    let mute = serve(|stream, _| raw::ignore(stream)).await;
    add("silence", silence, refused(&client(mute)).await);
    let halting = serve(|mut stream, _| async move {
        let _ = stream.write_all(b"HTTP/1.1 101 Switching Protocols\r\n").await;
        raw::ignore(stream).await;
    })
    .await;
    add("an answer that does not go on", silence, refused(&client(halting)).await);
    add("the end without an answer", silence, refused(&client(answering("").await)).await);
    let half = answering("HTTP/1.1 101 Switching Proto").await;
    add("the end within the answer", silence, refused(&client(half)).await);
    let plain_to_tls = refused(&client(tls().await)).await;
    add(
        "`ws://` to a port that speaks TLS (rustls)",
        ("plain-http-on-tls-port", NextStep::Correct),
        plain_to_tls,
    );
    for (what, greeting) in [
        ("an SSH server", "SSH-2.0-OpenSSH_9.2p1 Debian-2\r\n"),
        ("a Redis server", "-ERR unknown command 'GET'\r\n"),
        ("a mail server", "220 mail.example ESMTP\r\n"),
    ] {
        let error = refused(&client(answering(greeting).await)).await;
        add(what, ("no-http-answer", NextStep::Correct), error);
    }
}

/// The peer accepts and resets, and the client writes only then.
async fn reset_before_the_request() -> ConnectError {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let stream = TcpStream::connect(listener.local_addr().unwrap()).await.unwrap();
    raw::reset(listener.accept().await.unwrap().0).await;
    Client::builder("ws://rooms.example/").unwrap().build().connect_over_tcp(stream).await.unwrap_err()
}

/// A TLS server that gets something else to hear.
async fn tls() -> std::net::SocketAddr {
    use rustls::pki_types::PrivateKeyDer;
    use rustls::pki_types::pem::PemObject as _;
    let pair = Authority::new("the suite's").issue("localhost");
    let key = PrivateKeyDer::from_pem_slice(pair.key.as_bytes()).unwrap();
    let provider = std::sync::Arc::new(rustls::crypto::ring::default_provider());
    let config = rustls::ServerConfig::builder_with_provider(provider).with_safe_default_protocol_versions();
    let config = config.unwrap().with_no_client_auth().with_single_cert(vec![pair.der()], key).unwrap();
    let acceptor = tokio_rustls::TlsAcceptor::from(std::sync::Arc::new(config));
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    tokio::spawn(async move {
        let (stream, _) = listener.accept().await.unwrap();
        // rustls writes its alert before this fails.
        let _ = acceptor
            .accept(stream)
            .into_fallible()
            .await
            .map_err(|(_, stream)| tokio::spawn(raw::linger(stream)));
    });
    address
}

async fn heads(table: &mut Table) {
    let mut add = |what: &'static str, expected, error| table.add(Peer::Raw, what, expected, error);
    let endless = "X-Filler: abcdefgh\r\n".repeat(100);
    let long = format!("X: {}\r\n", "a".repeat(9000));
    for (what, head) in [
        ("a status of four digits, as node's `ws` sends it for `4401`", "HTTP/1.1 4401 undefined\r\n\r\n"),
        ("a status line without a status", "HTTP/1.1 \r\n\r\n"),
        ("lines that end with LF alone", "HTTP/1.1 101 Switching Protocols\nUpgrade: websocket\n\n"),
        ("a folded header line", "HTTP/1.1 200 OK\r\nA: b\r\n c\r\n\r\n"),
        ("a header line without a colon", "HTTP/1.1 200 OK\r\nwarning\r\n\r\n"),
        ("a head without end", &format!("HTTP/1.1 200 OK\r\n{endless}")),
        ("a header line without end", &format!("HTTP/1.1 200 OK\r\n{long}\r\n")),
        ("HTTP/2, unasked", "HTTP/2 200\r\n\r\n"),
    ] {
        add(what, ("http-answer-invalid", SERVER), refused(&client(answering(head).await)).await);
    }
    let interim = "HTTP/1.1 103 Early Hints\r\nLink: </a>\r\n\r\n".repeat(20);
    add(
        "interim responses without end",
        ("http-answer-invalid", SERVER),
        refused(&client(answering(interim).await)).await,
    );
    let lengths = answering("HTTP/1.1 403 Forbidden\r\nContent-Length: 1, 2\r\n\r\nab").await;
    add("two lengths for one body", ("http-answer-invalid", SERVER), refused(&client(lengths)).await);
}

async fn accepted(table: &mut Table) {
    let mut add = |what: &'static str, expected, error| table.add(Peer::Raw, what, expected, error);
    let (invalid, accept) = ("handshake-answer-invalid", "accept-key-wrong");
    let without = |line: &str| ACCEPTED.replace(line, "");
    let with = |line: &str| format!("{ACCEPTED}{line}\r\n");
    for (what, code, head) in [
        ("101 in HTTP/1.0", invalid, ACCEPTED.replace("HTTP/1.1", "HTTP/1.0")),
        ("101 without `Upgrade`", invalid, without("Upgrade: websocket\r\n")),
        ("101 that upgrades to h2c", invalid, ACCEPTED.replace("Upgrade: websocket", "Upgrade: h2c")),
        ("101 without `Connection`", invalid, without("Connection: Upgrade\r\n")),
        (
            "101 with `Connection: close`",
            invalid,
            ACCEPTED.replace("Connection: Upgrade", "Connection: close"),
        ),
        ("101 without `Sec-WebSocket-Accept`", accept, without("Sec-WebSocket-Accept: {accept}\r\n")),
        ("101 with two `Sec-WebSocket-Accept`", accept, with("Sec-WebSocket-Accept: {accept}")),
        (
            "101 for another key, as from a cache",
            accept,
            ACCEPTED.replace("{accept}", "s3pPLMBiTxaQ9kYGzzhZRbK+xOo="),
        ),
        ("an extension that is no token", invalid, with("Sec-WebSocket-Extensions: =")),
        (
            "an extension that was not offered",
            "extension-not-offered",
            with("Sec-WebSocket-Extensions: x-bzip2"),
        ),
        ("two subprotocols", invalid, with("Sec-WebSocket-Protocol: chat\r\nSec-WebSocket-Protocol: chat")),
        ("a subprotocol that is no token", invalid, with("Sec-WebSocket-Protocol: chat, chat")),
        (
            "a subprotocol that was not offered",
            "subprotocol-not-offered",
            with("Sec-WebSocket-Protocol: other"),
        ),
    ] {
        let url = format!("ws://{}/", answering(format!("{head}\r\n")).await);
        let client = Client::builder(url).unwrap().subprotocols(["chat"]).unwrap().build();
        add(what, (code, SERVER), refused(&client).await);
    }
    let url = format!("ws://{}/", answering(format!("{ACCEPTED}\r\n")).await);
    let required =
        Client::builder(url).unwrap().subprotocols(["chat"]).unwrap().require_subprotocol().build();
    add(
        "no subprotocol, where one is required",
        ("subprotocol-not-selected", NextStep::Correct),
        refused(&required).await,
    );
    for (what, code, extensions) in [
        ("compression twice", invalid, "permessage-deflate, permessage-deflate"),
        (
            "compression with a window of 7 bits",
            "extension-answer-invalid",
            "permessage-deflate; server_max_window_bits=7",
        ),
    ] {
        let answer = format!("{ACCEPTED}Sec-WebSocket-Extensions: {extensions}\r\n\r\n");
        let url = format!("ws://{}/", answering(answer).await);
        let compressing = Client::builder(url).unwrap().compression(DeflateConfig::default()).build();
        add(what, (code, SERVER), refused(&compressing).await);
    }
}

/// Answers of what stands between, which is not to be had here.
#[rustfmt::skip]
async fn statuses(table: &mut Table) {
    let retry = ("rate-limited", crate::row::WHEN_TOLD);
    for (what, head, body, expected) in [
        ("a redirection without an address", "302 Found", "", ("refused-unexplained", NextStep::FindOut)),
        ("a proxy on the way that wants a password", "407 Proxy Authentication Required\r\nProxy-Authenticate: Basic realm=\"office\"", "", ("proxy-authentication-required", NextStep::Authenticate)),
        ("a hotel's network, by RFC 6585", "511 Network Authentication Required", "<title>Welcome to the Grand Hotel</title>", ("network-login-required", NETWORK)),
        ("a hotel's network, by a page of its own", "200 OK\r\nContent-Type: text/html", "<html><head><title>Welcome to the Grand Hotel</title>", ("not-a-websocket-endpoint", NextStep::Correct)),
        ("a CDN whose server is down, Cloudflare's 521", "521 <none>", "", ("upstream-down", AGAIN)),
        ("a CDN whose server does not answer, Cloudflare's 522", "522 <none>", "", ("upstream-timeout", AGAIN)),
        ("a CDN that cannot trust its server, Cloudflare's 526", "526 <none>", "", ("upstream-down", AGAIN)),
        ("an API gateway of AWS without a permission", "403 Forbidden\r\nContent-Type: application/json", r#"{"message":"Forbidden"}"#, ("forbidden-unexplained", NextStep::FindOut)),
        ("Apache httpd with TLS", "400 Bad Request\r\nContent-Type: text/html", "<title>400 Bad Request</title><h1>Bad Request</h1><p>Your browser sent a request that this server could not understand.<br />\nReason: You're speaking plain HTTP to an SSL-enabled server port.<br />", ("plain-http-on-tls-port", NextStep::Correct)),
        ("a Go server with TLS", "400 Bad Request\r\nContent-Type: text/plain", "Client sent an HTTP request to an HTTPS server.\n", ("plain-http-on-tls-port", NextStep::Correct)),
        ("axum behind a proxy that drops `Upgrade`", "400 Bad Request\r\nContent-Type: text/plain", "`Upgrade` header did not include 'websocket'", ("upgrade-headers-stripped", PROXY)),
        ("Tornado behind a proxy that drops `Upgrade`", "400 Bad Request", "Can \"Upgrade\" only to \"WebSocket\".", ("upgrade-headers-stripped", PROXY)),
        ("a server of an old draft", "426 Upgrade Required\r\nSec-WebSocket-Version: 8, 7", "", ("websocket-version-unsupported", SERVER)),
        ("a token without its scope, by RFC 6750", "403 Forbidden\r\nWWW-Authenticate: Bearer error=\"insufficient_scope\", scope=\"chat:write\"", "", ("scope-insufficient", NextStep::AskPermission)),
        ("an expired token, by RFC 6750", "401 Unauthorized\r\nWWW-Authenticate: Bearer error=\"invalid_token\", error_description=\"The token has expired\"", "", ("unauthorized-unexplained", NextStep::RenewCredentials)),
        ("401 without a challenge", "401 Unauthorized\r\nContent-Type: application/json", r#"{"error":"token_expired"}"#, ("unauthorized-unexplained", NextStep::Authenticate)),
        ("too many requests, by RFC 6585", "429 Too Many Requests\r\nRetry-After: 30", "", retry),
        ("an answer that moves the cursor", "403 Forbidden\r\nContent-Type: text/plain", "\u{1b}[2J\u{202e}no\rFORGED", ("forbidden-unexplained", NextStep::FindOut)),
    ] {
        let answer = format!("HTTP/1.1 {head}\r\nContent-Length: {}\r\n\r\n{body}", body.len());
        table.add(Peer::Raw, what, expected, refused(&client(answering(answer).await)).await);
    }
}
