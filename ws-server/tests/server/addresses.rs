//! Who may connect, and how often, by address.

use std::sync::{Arc, Mutex};

use ws_core::refusal::Cause;
use ws_server::gate::AddressPolicy;
use ws_server::{Rate, Route, TrustedProxies};

use crate::support::{Client, Running, echo, get, handshake};

#[tokio::test]
async fn a_denied_address_is_refused_and_others_are_not() {
    let addresses = || AddressPolicy::new().allow(["127.0.0.0/30"]).unwrap().deny(["127.0.0.2"]).unwrap();
    let reported = Arc::new(Mutex::new(Vec::new()));
    let running = Running::start(|builder| {
        let reported = Arc::clone(&reported);
        builder
            .addresses(addresses())
            .route("/echo", Route::new(echo))
            .page("/", "text/plain", "hello")
            .on_refusal(move |report| reported.lock().unwrap().push((report.cause, report.detail.to_owned())))
    })
    .await;
    assert_eq!(Client::from("127.0.0.1", running.address).await.ask(&handshake("/echo")).await.status(), 101);
    for (source, detail) in [
        ("127.0.0.2", "127.0.0.2 is of the denied network 127.0.0.2/32"),
        ("127.0.0.4", "127.0.0.4 is of none of the allowed networks"),
    ] {
        let mut client = Client::from(source, running.address).await;
        for request in [handshake("/echo"), get("/")] {
            let answer = client.ask(&request).await;
            assert_eq!(answer.status(), 403);
            assert_eq!(answer.field("Connection"), None, "the connection is kept");
            assert!(answer.body.contains("\"code\":\"address-denied\""), "{}", answer.body);
            assert!(!answer.body.contains("127.0.0."), "a stranger is not told the rule: {}", answer.body);
            assert_eq!(reported.lock().unwrap().pop(), Some((Cause::AddressDenied, detail.to_owned())));
        }
    }
}

#[tokio::test]
async fn attempts_are_counted_by_address_and_pages_are_none() {
    let running = Running::start(|builder| {
        builder
            .attempts_per_address("2/1h".parse::<Rate>().unwrap())
            .dry_run(true)
            .route("/echo", Route::new(echo))
            .page("/", "text/plain", "hello")
    })
    .await;
    let mut client = running.connect().await;
    for _ in 0..5 {
        assert_eq!(client.ask(&get("/")).await.status(), 200);
    }
    let dry_run = "GET /echo HTTP/1.1\r\nHost: localhost\r\nAccept: application/problem+json\r\n\r\n";
    assert_eq!(client.ask(dry_run).await.status(), 200);
    // Whatever comes of it.
    assert_eq!(client.ask(&handshake("/nowhere")).await.status(), 404);
    for request in [&handshake("/echo"), dry_run] {
        let answer = client.ask(request).await;
        assert_eq!(answer.status(), 429);
        let wait: u64 = answer.field("Retry-After").unwrap().parse().unwrap();
        assert!((1795..=1800).contains(&wait), "half of the time for one of two: {wait}");
        assert!(answer.body.contains("\"code\":\"rate-limited\""), "{}", answer.body);
        assert!(answer.body.contains(&format!("\"retry_after\":{wait}")), "{}", answer.body);
    }
    assert_eq!(client.ask(&get("/")).await.status(), 200);
    let mut other = Client::from("127.0.0.9", running.address).await;
    assert_eq!(other.ask(&handshake("/echo")).await.status(), 101);
}

/// Rules for addresses are rules for clients, not for what stands in between.
#[tokio::test]
async fn behind_a_trusted_proxy_the_rules_are_for_its_clients() {
    let running = Running::start(|builder| {
        builder
            .trusted_proxies(TrustedProxies::new(["127.0.0.1"]).unwrap())
            .addresses(AddressPolicy::new().deny(["198.51.100.0/24"]).unwrap())
            .attempts_per_address("1/1h".parse::<Rate>().unwrap())
            .route("/echo", Route::new(echo))
    })
    .await;
    let from =
        |client: &str| handshake("/echo").replace("Host:", &format!("X-Forwarded-For: {client}\r\nHost:"));
    let mut proxy = running.connect().await;
    assert_eq!(proxy.ask(&from("198.51.100.7")).await.status(), 403);
    assert_eq!(proxy.ask(&from("192.0.2.1").replace("/echo", "/nowhere")).await.status(), 404);
    assert_eq!(proxy.ask(&from("192.0.2.1")).await.status(), 429);
    assert_eq!(proxy.ask(&from("192.0.2.2")).await.status(), 101);
    // A stranger's word is not taken.
    let mut stranger = Client::from("127.0.0.2", running.address).await;
    assert_eq!(stranger.ask(&from("198.51.100.7")).await.status(), 101);
}
