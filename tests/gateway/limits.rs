//! How much is taken, of whom, and from where.

use std::time::Duration;

use tests::wire::{Peer, handshake};
use tokio::time::timeout;
use ws_core::message::Message;

use crate::gateway::{Gateway, PATIENCE, refusal, route};

const OPEN: &str = "authenticate = [\"none\"]";

fn cause(status: u16, code: &str) -> (u16, String) {
    (status, code.to_owned())
}

fn limited(name: &str, limits: &str) -> Gateway {
    Gateway::start(name, &format!("[limits]\n{limits}\n{}", route("/{*path}", OPEN)))
}

#[tokio::test]
async fn heads() {
    let gateway =
        limited("heads", "head_bytes = 1024\nheaders = 8\ntarget_bytes = 64\nhandshake_timeout = \"300ms\"");
    let long = format!("/{}", "x".repeat(63));
    assert_eq!(gateway.ask(&long, "").await.head.status(), 101);
    assert_eq!(gateway.refusal(&format!("{long}x"), "").await, cause(414, "target-too-long"));
    assert_eq!(gateway.ask("/", &"A: b\r\n".repeat(3)).await.head.status(), 404);
    assert_eq!(gateway.refusal("/a", &"A: b\r\n".repeat(4)).await, cause(431, "too-many-headers"));
    let large = format!("A: {}\r\n", "x".repeat(900));
    assert_eq!(gateway.refusal("/a", &large).await, cause(431, "head-too-large"));
    let mut slow = gateway.connect().await;
    slow.send("GET / HT").await;
    assert_eq!(refusal(&slow.answer(false).await.unwrap()), cause(408, "handshake-timeout"));
    // A target may be longer than a line by default is.
    let wide = limited("wide", "target_bytes = 12000");
    assert_eq!(wide.ask(&format!("/{}", "x".repeat(11_999)), "").await.head.status(), 101);
}

#[tokio::test]
async fn connections_and_attempts() {
    let gateway = limited("full", "connections = 1");
    let socket = gateway.open("/a", None).await;
    let answer = gateway.ask("/a", "").await;
    assert_eq!(refusal(&answer), cause(503, "server-full"));
    assert!(answer.field("Retry-After").is_some());
    drop(socket);
    let gateway = limited("per-address", "connections_per_address = 1");
    let _socket = gateway.open("/a", None).await;
    assert_eq!(gateway.refusal("/a", "").await, cause(429, "address-quota-exceeded"));
    let gateway = limited("attempts", "attempts_per_address = \"2/1h\"");
    let _first = gateway.open("/a", None).await;
    let _second = gateway.open("/a", None).await;
    let answer = gateway.ask("/a", "").await;
    assert_eq!(refusal(&answer), cause(429, "rate-limited"));
    assert!(answer.field("Retry-After").is_some());
}

#[tokio::test]
async fn messages() {
    let gateway = limited("messages", "message_bytes = 10");
    let mut socket = gateway.open("/a", None).await;
    socket.send("0123456789").await.unwrap();
    assert_eq!(socket.recv().await.unwrap(), Some(Message::text("0123456789")));
    socket.send("0123456789a").await.unwrap();
    assert_eq!(socket.recv().await.unwrap(), None);
    assert_eq!(socket.close_frame().unwrap().code.get(), 1009);
}

#[tokio::test]
async fn who_says_nothing_is_let_go() {
    let gateway = limited("idle", "ping_interval = \"100ms\"\nidle_timeout = \"300ms\"");
    let mut peer = gateway.connect().await;
    assert_eq!(peer.ask(handshake("/a", "")).await.head.status(), 101);
    // A ping of ours, and at last a Close frame with 3008.
    let mut bytes = Vec::new();
    let silent = async {
        while peer.more().await.unwrap_or(0) > 0 {
            bytes.extend_from_slice(&peer.buffer.split());
        }
    };
    timeout(PATIENCE, silent).await.unwrap();
    assert!(bytes.starts_with(&[0x89, 0x00]), "{bytes:?}");
    assert!(bytes.windows(4).any(|part| part[0] == 0x88 && part[2..] == 3008_u16.to_be_bytes()), "{bytes:?}");
    // Where nobody is pinged before, silence is the end of whoever would have answered, too.
    let strict = limited("strict", "idle_timeout = \"300ms\"");
    let mut socket = strict.open("/a", None).await;
    assert_eq!(timeout(PATIENCE, socket.recv()).await.unwrap().unwrap(), None);
    assert_eq!(socket.close_frame().unwrap().code.get(), 3008);
    // Whoever answers stays.
    let mut socket = gateway.open("/a", None).await;
    assert!(timeout(Duration::from_millis(900), socket.recv()).await.is_err());
}

#[tokio::test]
async fn addresses_hosts_and_proxies() {
    let gateway = Gateway::start(
        "addresses",
        &format!(
            "served_hosts = [\"chat.example\"]\n[address]\ndeny = [\"127.0.0.66/32\"]\n{}",
            route("/", OPEN)
        ),
    );
    assert_eq!(gateway.ask("/", "").await.head.status(), 101);
    let other = handshake("/", "").replace("chat.example", "evil.example");
    assert_eq!(refusal(&gateway.connect().await.ask(other).await), cause(421, "host-not-served"));
    // Nobody but a trusted proxy says who a client is.
    let forged = "X-Forwarded-For: 127.0.0.66\r\n";
    assert_eq!(gateway.ask("/", forged).await.head.status(), 101);
    let gateway = Gateway::start(
        "proxies",
        &format!(
            "trusted_proxies = [\"127.0.0.1\"]\n[address]\nallow = [\"192.0.2.0/24\"]\n{}",
            route("/", OPEN)
        ),
    );
    assert_eq!(gateway.ask("/", "Forwarded: for=192.0.2.7\r\n").await.head.status(), 101);
    assert_eq!(gateway.refusal("/", "Forwarded: for=198.51.100.7\r\n").await, cause(403, "address-denied"));
    assert_eq!(gateway.refusal("/", "").await, cause(403, "address-denied"));
}

#[tokio::test]
async fn the_proxy_protocol() {
    for (kind, header) in [
        ("v1", b"PROXY TCP4 192.0.2.7 127.0.0.1 4711 80\r\n".to_vec()),
        (
            "v2",
            [&b"\r\n\r\n\0\r\nQUIT\n\x21\x11\0\x0c"[..], &[192, 0, 2, 7, 127, 0, 0, 1, 18, 103, 0, 80]]
                .concat(),
        ),
    ] {
        let config = format!(
            "trusted_proxies = [\"127.0.0.0/8\"]\nproxy_protocol = \"{kind}\"\n[address]\nallow = [\"192.0.2.7\"]\n{}",
            route("/", OPEN)
        );
        let gateway = Gateway::start("proxy-protocol", &config);
        let mut peer = gateway.connect().await;
        peer.send(&header).await;
        assert_eq!(peer.ask(handshake("/", "")).await.head.status(), 101, "{kind}");
        let mut without: Peer = gateway.connect().await;
        without.send(handshake("/", "")).await;
        assert!(without.answer(false).await.is_none(), "closed unanswered");
        gateway.logs("proxy-header-invalid").await;
    }
}

/// The dry run and the ways of delivery and disclosure.
#[tokio::test]
async fn how_a_refusal_is_told() {
    let config = |keys: &str| {
        format!(
            "{keys}{}",
            route(
                "/",
                "authenticate = [\"none\"]\norigin_required = true\norigins = [\"https://a.example\"]"
            )
        )
    };
    let dry =
        "GET / HTTP/1.1\r\nHost: h\r\nOrigin: https://a.example\r\nAccept: application/problem+json\r\n\r\n";
    let gateway = Gateway::start("dry", &config("dry_run = true\ndisclosure = \"minimal\"\n"));
    let answer = gateway.connect().await.ask(dry).await;
    assert_eq!(answer.head.status(), 200);
    assert_eq!(answer.field("Access-Control-Allow-Origin"), Some("https://a.example"));
    let answer = gateway.ask("/", "").await;
    assert_eq!(refusal(&answer), cause(403, ""), "minimal: no cause");
    assert!(answer.field("Refused-By").unwrap().starts_with("gateway; id="));
    let gateway = Gateway::start("full", &config("disclosure = \"full\"\n"));
    let answer = gateway.ask("/", "").await;
    assert!(String::from_utf8_lossy(&answer.body).contains("\"trace\""));
    assert_eq!(gateway.connect().await.ask(dry).await.head.status(), 426, "the dry run is off");
    let gateway = Gateway::start("frames", &config("delivery = \"close-frame\"\n"));
    let mut peer = gateway.connect().await;
    assert_eq!(peer.ask(handshake("/", "")).await.head.status(), 101);
    while peer.buffer.len() < 4 {
        assert_ne!(peer.more().await.unwrap(), 0);
    }
    assert_eq!((peer.buffer[0], &peer.buffer[2..4]), (0x88, &3003_u16.to_be_bytes()[..]));
}
