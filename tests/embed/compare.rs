//! Every case against all three servers.

use tests::wire::{Answer, Peer, handshake};
use ws_core::refusal::{Disclosure, Problem};
use ws_server::gate::AddressPolicy;
use ws_server::{Rate, ServerBuilder, ServerLimits};

use crate::cases::{Case, all};
use crate::servers::{Servers, start};

/// What may differ, and does: who hyper names first, when it was, and which request it was.
fn comparable(answer: &Answer) -> (u16, Vec<(String, String)>, String) {
    let id = answer.field("X-Request-Id").unwrap_or("none").to_owned();
    let masked = |text: String| text.replace(&id, "ID");
    let mut fields: Vec<_> = answer
        .fields()
        .into_iter()
        .map(|(name, value)| (name.to_ascii_lowercase(), masked(value)))
        .filter(|(name, _)| name != "date")
        .collect();
    fields.sort();
    let body = masked(String::from_utf8_lossy(&answer.body).into_owned());
    let timeless = without_times(&body);
    if timeless != body {
        // A trace tells how long each check took, in more digits or in fewer.
        assert_eq!(answer.field("Content-Length"), Some(&*answer.body.len().to_string()));
        fields.retain(|(name, _)| name != "content-length");
    }
    (answer.head.status(), fields, without_ages(&timeless))
}

/// The trace without the time that each check took.
fn without_times(body: &str) -> String {
    let mut parts = body.split("\"nanoseconds\":");
    let first = parts.next().unwrap_or_default().to_owned();
    parts.fold(first, |text, part| {
        text + "\"nanoseconds\":N" + part.trim_start_matches(|c: char| c.is_ascii_digit())
    })
}

/// A detail may say how many seconds ago a token expired; the next second says one more.
fn without_ages(body: &str) -> String {
    let parts: Vec<_> = body.split(" s ").collect();
    let (last, aged) = parts.split_last().expect("at least one part");
    let masked =
        aged.iter().map(|part| part.trim_end_matches(|c: char| c.is_ascii_digit()).to_owned() + "N s ");
    masked.chain([(*last).to_owned()]).collect()
}

async fn compare(servers: &Servers, (request, status, code): &Case) {
    let mut first = None;
    for (name, address) in servers.all {
        let answer = Peer::to(address).await.ask(request).await;
        assert_eq!(answer.head.status(), *status, "{name}: {request}\n{answer:?}");
        assert!(answer.field("Date").is_some() || *status == 101, "{name}: {answer:?}");
        let found = comparable(&answer);
        if let Some(code) = code
            && let Ok(problem) = Problem::parse(&answer.body)
        {
            assert!(
                problem.code.is_none() || problem.code.as_deref() == Some(code),
                "{name}: {request}\n{answer:?}"
            );
        }
        match &first {
            None => first = Some(found),
            Some(first) => assert_eq!(&found, first, "{name}: {request}"),
        }
    }
}

fn settings(server: ServerBuilder) -> ServerBuilder {
    server.served_hosts(["chat.example", "b.example"])
}

#[tokio::test]
async fn every_refusal_is_the_same_whoever_reads_the_request() {
    for disclosure in [Disclosure::Full, Disclosure::Standard, Disclosure::Minimal] {
        let servers = start(settings, disclosure).await;
        for case in all() {
            compare(&servers, &case).await;
        }
    }
}

#[tokio::test]
async fn a_full_server_and_a_crowded_address() {
    for (limits, status, code) in [
        (ServerLimits { connections: 0, ..ServerLimits::default() }, 503, "server-full"),
        (
            ServerLimits { connections_per_address: 0, ..ServerLimits::default() },
            429,
            "address-quota-exceeded",
        ),
    ] {
        let servers = start(|server| settings(server).limits(limits), Disclosure::Standard).await;
        compare(&servers, &(handshake("/open", ""), status, Some(code))).await;
    }
}

#[tokio::test]
async fn an_address_that_is_denied_and_one_that_tries_too_often() {
    let denied = |server| settings(server).addresses(AddressPolicy::new().deny(["127.0.0.0/8"]).unwrap());
    let servers = start(denied, Disclosure::Standard).await;
    compare(&servers, &(handshake("/open", ""), 403, Some("address-denied"))).await;

    let rate: Rate = "1/1h".parse().unwrap();
    let servers = start(|server| settings(server).attempts_per_address(rate), Disclosure::Standard).await;
    compare(&servers, &(handshake("/open", ""), 101, None)).await;
    compare(&servers, &(handshake("/open", ""), 429, Some("rate-limited"))).await;
}

/// The quota of a principal counts sessions wherever they came from.
#[tokio::test]
async fn a_principal_with_too_many_connections() {
    let limits = ServerLimits { connections_per_principal: 1, ..ServerLimits::default() };
    let servers = start(|server| settings(server).limits(limits), Disclosure::Standard).await;
    let request = crate::cases::good("/guarded");
    let mut inside = Vec::new();
    for (_, address) in servers.all {
        let mut peer = Peer::to(address).await;
        assert_eq!(peer.ask(&request).await.head.status(), 101);
        inside.push(peer);
    }
    compare(&servers, &(request, 429, Some("principal-quota-exceeded"))).await;
}

#[tokio::test]
async fn a_server_that_drains() {
    let window = std::time::Duration::from_secs(1);
    let limits = ServerLimits { restart_window: window, ..ServerLimits::default() };
    let servers = start(|server| settings(server).limits(limits), Disclosure::Standard).await;
    // Whoever is in keeps the servers from ending, and is told to leave.
    let mut inside = Vec::new();
    for (_, address) in servers.all {
        let mut peer = Peer::to(address).await;
        assert_eq!(peer.ask(handshake("/open", "")).await.head.status(), 101);
        inside.push(peer);
    }
    for handle in &servers.handles {
        handle.shutdown();
    }
    compare(&servers, &(handshake("/open", ""), 503, Some("server-draining"))).await;
    for peer in &mut inside {
        while peer.buffer.len() < 4 {
            assert_ne!(peer.more().await.unwrap(), 0);
        }
        // RFC 6455 7.4.1: 1001, going away.
        assert_eq!((peer.buffer[0], &peer.buffer[2..4]), (0x88, &1001_u16.to_be_bytes()[..]));
    }
}

/// What follows a 101 reaches the session, and its answers come back, whoever wrote the 101.
#[tokio::test]
async fn sessions_echo_behind_all_of_them() {
    let servers = start(settings, Disclosure::Standard).await;
    for (name, address) in servers.all {
        let mut peer = Peer::to(address).await;
        let mut request = handshake("/open", "").into_bytes();
        // A masked text frame right behind the head (RFC 6455 5.7): "Hello".
        request.extend_from_slice(&[0x81, 0x85, 0x37, 0xfa, 0x21, 0x3d, 0x7f, 0x9f, 0x4d, 0x51, 0x58]);
        assert_eq!(peer.ask(&request).await.head.status(), 101, "{name}");
        while peer.buffer.len() < 7 {
            assert_ne!(peer.more().await.unwrap(), 0, "{name}");
        }
        assert_eq!(&peer.buffer[..], b"\x81\x05Hello", "{name}");
    }
}
