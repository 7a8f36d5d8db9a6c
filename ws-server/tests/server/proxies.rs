//! Who the client is, where trusted proxies stand in between.

use std::sync::{Arc, Mutex};
use std::time::Duration;

use tokio::time::timeout;
use ws_core::refusal::Cause;
use ws_server::{Route, ServerBuilder, ServerLimits, Session, TrustedProxies};

use crate::support::{Client, PATIENCE, Running, echo, get, handshake};

/// Tells its peer which address it was let in with.
async fn who(mut session: Session) -> Result<(), ws_core::net::Error> {
    let peer = session.info.peer().to_string();
    session.send(peer).await?;
    while session.recv().await?.is_some() {}
    Ok(())
}

fn behind_loopback(builder: ServerBuilder) -> ServerBuilder {
    builder
        .trusted_proxies(TrustedProxies::new(["127.0.0.1/32", "10.0.0.0/8"]).unwrap())
        .route("/who", Route::new(who))
        .page("/", "text/plain", "hello")
}

fn with(fields: &str) -> String {
    handshake("/who").replace("Host: localhost\r\n", &format!("Host: localhost\r\n{fields}"))
}

/// The text of the first frame.
async fn told(mut client: Client, request: &str) -> String {
    let answer = client.ask(request).await;
    assert_eq!(answer.status(), 101, "{}", answer.body);
    let frame =
        client.bytes_until(|bytes| bytes.len() >= 2 && bytes.len() >= 2 + usize::from(bytes[1])).await;
    String::from_utf8(frame[2..].to_vec()).unwrap()
}

#[tokio::test]
async fn the_session_knows_the_client_that_the_proxy_names() {
    let running = Running::start(behind_loopback).await;
    for (fields, client) in [
        ("X-Forwarded-For: 198.51.100.66, 192.0.2.1, 10.0.0.2\r\n", "192.0.2.1:0"),
        ("X-Forwarded-For: 192.0.2.1:4711\r\n", "192.0.2.1:4711"),
        ("Forwarded: for=198.51.100.66, for=\"[2001:db8::1]:4711\", for=10.0.0.2\r\n", "[2001:db8::1]:4711"),
        ("Forwarded: for=192.0.2.9\r\nForwarded: for=10.0.0.3\r\n", "192.0.2.9:0"),
    ] {
        assert_eq!(told(running.connect().await, &with(fields)).await, client, "{fields}");
    }
    let stranger = Client::from("127.0.0.2", running.address).await;
    let own = stranger.stream.local_addr().unwrap().to_string();
    assert_eq!(told(stranger, &with("X-Forwarded-For: 192.0.2.1\r\nForwarded: for=junk, \"\r\n")).await, own);
}

#[tokio::test]
async fn nonsense_from_a_trusted_proxy_is_refused_and_reported() {
    let reported = Arc::new(Mutex::new(Vec::new()));
    let running = Running::start(|builder| {
        let reported = Arc::clone(&reported);
        behind_loopback(builder)
            .on_refusal(move |report| reported.lock().unwrap().push((report.cause, report.to_string())))
    })
    .await;
    for (fields, words) in [
        ("Forwarded: for=\r\n", "is not a list of name=value pairs"),
        ("X-Forwarded-For: localhost\r\n", "an entry of X-Forwarded-For is not an address"),
        ("Forwarded: for=192.0.2.1\r\nX-Forwarded-For: 192.0.2.2\r\n", "name different clients"),
    ] {
        for request in [with(fields), get("/").replace("\r\n\r\n", &format!("\r\n{fields}\r\n"))] {
            let mut client = running.connect().await;
            let answer = client.ask(&request).await;
            assert_eq!((answer.status(), answer.field("Connection")), (400, Some("close")), "{request}");
            assert!(answer.body.contains("\"code\":\"forwarded-invalid\""), "{}", answer.body);
            assert!(client.is_closed().await);
            let (cause, line) = reported.lock().unwrap().pop().unwrap();
            assert_eq!(cause, Cause::ForwardedInvalid);
            assert!(line.contains(words) && line.contains(" from 127.0.0.1:"), "{line}");
        }
    }
}

/// RFC 6455 10.2: the origin is compared with what the browser has in its address bar, not with what the proxy dials.
#[tokio::test]
async fn same_origin_is_that_of_the_clients_own_address() {
    let running = Running::start(behind_loopback).await;
    let status = async |origin: &str, fields: &str| {
        let fields = format!("Origin: {origin}\r\n{fields}");
        running.connect().await.ask(&with(&fields)).await.status()
    };
    assert_eq!(status("http://localhost", "").await, 101);
    assert_eq!(status("https://localhost", "").await, 403);
    assert_eq!(status("https://localhost", "X-Forwarded-Proto: https\r\n").await, 101);
    assert_eq!(status("http://localhost", "X-Forwarded-Proto: https\r\n").await, 403);
    let forwarded = "Forwarded: for=192.0.2.1;proto=https;host=chat.example\r\n";
    assert_eq!(status("https://chat.example", forwarded).await, 101);
    assert_eq!(status("https://localhost", forwarded).await, 403);
    let mut stranger = Client::from("127.0.0.2", running.address).await;
    let origin = format!("Origin: https://chat.example\r\n{forwarded}");
    assert_eq!(stranger.ask(&with(&origin)).await.status(), 403);
}

#[tokio::test]
async fn a_served_host_is_what_the_client_asked_for() {
    let running = Running::start(|builder| behind_loopback(builder).served_hosts(["chat.example"])).await;
    let status = async |fields: &str| running.connect().await.ask(&with(fields)).await.status();
    assert_eq!(status("").await, 421);
    assert_eq!(status("X-Forwarded-Host: chat.example\r\n").await, 101);
    assert_eq!(status("X-Forwarded-Host: evil.example\r\n").await, 421);
}

/// All connections come from one address, and each counts for the client behind it.
#[tokio::test]
async fn connections_count_for_the_client_behind_the_proxy() {
    let limits = ServerLimits { connections_per_address: 1, ..ServerLimits::default() };
    let running =
        Running::start(|builder| behind_loopback(builder).limits(limits).route("/echo", Route::new(echo)))
            .await;
    let from = |client: &str| with(&format!("X-Forwarded-For: {client}\r\n"));
    {
        // More than anybody's waiting room: a proxy keeps connections open before it has a client for them.
        let mut idle = Vec::new();
        for _ in 0..20 {
            idle.push(running.connect().await);
        }
        let mut first = running.connect().await;
        assert_eq!(first.ask(&from("192.0.2.1")).await.status(), 101);
        let mut second = running.connect().await;
        let answer = second.ask(&from("192.0.2.1")).await;
        assert_eq!(answer.status(), 429);
        assert!(answer.body.contains("address-quota-exceeded"), "{}", answer.body);
        // The same connection of the proxy, for another client.
        assert_eq!(second.ask(&from("192.0.2.2")).await.status(), 101);
        drop(first);
        let mut third = running.connect().await;
        timeout(PATIENCE, async {
            while third.ask(&from("192.0.2.1")).await.status() != 101 {
                tokio::time::sleep(Duration::from_millis(5)).await;
            }
        })
        .await
        .unwrap();
        assert_eq!(running.handle.connections(), idle.len() + 2);
    }
    timeout(PATIENCE, async {
        while running.handle.connections() > 0 {
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
    })
    .await
    .unwrap();
}
