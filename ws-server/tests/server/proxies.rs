//! Who the client is, where trusted proxies stand in between.

use std::sync::{Arc, Mutex};
use std::time::Duration;

use tokio::io::AsyncReadExt as _;
use tokio::time::timeout;
use ws_core::refusal::Cause;
use ws_server::authenticate::{ClientCertificate, HandshakeContext, Identity};
use ws_server::authorize::AuthorizationError;
use ws_server::embed::InMemory;
use ws_server::{
    BuildError, ProxyProtocol, Route, Server, ServerBuilder, ServerLimits, Session, TrustedProxies,
};

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

/// Version 2 for a client at 192.0.2.1:4711, with these fields behind the addresses.
fn v2(fields: &[u8]) -> Vec<u8> {
    let mut header = b"\r\n\r\n\0\r\nQUIT\n\x21\x11".to_vec();
    header.extend(u16::try_from(12 + fields.len()).unwrap().to_be_bytes());
    header.extend([192, 0, 2, 1, 127, 0, 0, 1, 0x12, 0x67, 0, 80]);
    header.extend(fields);
    header
}

const V1: &[u8] = b"PROXY TCP4 192.0.2.1 127.0.0.1 4711 80\r\n";

#[tokio::test]
async fn the_proxy_protocol_says_whose_connection_it_is() {
    for (protocol, header, client) in [
        (ProxyProtocol::V1, V1.to_vec(), Some("192.0.2.1:4711")),
        (ProxyProtocol::Any, V1.to_vec(), Some("192.0.2.1:4711")),
        (ProxyProtocol::V1, b"PROXY TCP6 2001:db8::1 ::1 4711 80\r\n".to_vec(), Some("[2001:db8::1]:4711")),
        (ProxyProtocol::V2, v2(b""), Some("192.0.2.1:4711")),
        (ProxyProtocol::Any, v2(b"\x04\0\x01x"), Some("192.0.2.1:4711")),
        // The proxy speaks for itself.
        (ProxyProtocol::V1, b"PROXY UNKNOWN\r\n".to_vec(), None),
        (ProxyProtocol::V2, b"\r\n\r\n\0\r\nQUIT\n\x20\0\0\0".to_vec(), None),
    ] {
        let running = Running::start(|builder| behind_loopback(builder).proxy_protocol(protocol)).await;
        // At once with the request, and byte by byte.
        for slowly in [false, true] {
            let mut connection = running.connect().await;
            let own = connection.stream.local_addr().unwrap().to_string();
            if slowly {
                connection.stream.set_nodelay(true).unwrap();
                for byte in &header {
                    connection.send([*byte]).await;
                    tokio::task::yield_now().await;
                }
            } else {
                let together = [&header[..], get("/").as_bytes()].concat();
                connection.send(together).await;
                assert_eq!(connection.answer(false).await.status(), 200);
            }
            let expected = client.map_or(own, str::to_owned);
            assert_eq!(told(connection, &handshake("/who")).await, expected, "{protocol:?}");
        }
    }
}

/// A balancer that passes bytes on, and does not say for whom, has not written what stands in the request.
#[tokio::test]
async fn who_is_not_named_by_the_proxy_protocol_cannot_name_itself() {
    let running = Running::start(|builder| behind_loopback(builder).proxy_protocol(ProxyProtocol::Any)).await;
    let own_word = with("X-Forwarded-For: 192.0.2.66\r\nX-Forwarded-Proto: https\r\n");
    let unknown: [&[u8]; 3] =
        [b"PROXY UNKNOWN\r\n", b"\r\n\r\n\0\r\nQUIT\n\x20\0\0\0", b"\r\n\r\n\0\r\nQUIT\n\x21\0\0\0"];
    for header in unknown {
        let mut connection = running.connect().await;
        let own = connection.stream.local_addr().unwrap().to_string();
        connection.send(header).await;
        assert_eq!(told(connection, &own_word).await, own);
    }
    // One that is named as a trusted proxy may speak for others.
    let mut connection = running.connect().await;
    connection.send(b"PROXY TCP4 10.0.0.2 127.0.0.1 4711 80\r\n").await;
    assert_eq!(told(connection, &own_word).await, "192.0.2.66:0");
}

/// A proxy that shows a certificate to this server does not lend it to its clients.
#[tokio::test]
async fn the_certificate_of_a_proxy_is_not_its_clients() {
    let shown = |request: &HandshakeContext<'_>, _: &Identity| {
        let shown = request.client_certificate().is_some();
        std::future::ready(if shown {
            Ok(())
        } else {
            Err(AuthorizationError::PolicyDenied { rule: "shown".into() })
        })
    };
    let builder = behind_loopback(Server::builder()).route("/shown", Route::new(echo).authorize(shown));
    let gate = InMemory::new(builder.embed().unwrap());
    let status = async |peer: [u8; 4], fields: &[(&str, &str)]| {
        let certificate = ClientCertificate::new([b"certificate".to_vec()]);
        let mut handshake = gate.handshake("/shown").from((peer, 4711)).over_tls(certificate);
        for &(name, value) in fields {
            handshake = handshake.field(name, value);
        }
        handshake.send().await.status()
    };
    assert_eq!(status([127, 0, 0, 1], &[]).await, 101);
    for field in
        [("X-Forwarded-For", "192.0.2.1"), ("Forwarded", "for=192.0.2.1"), ("Forwarded", "for=_hidden")]
    {
        assert_eq!(status([127, 0, 0, 1], &[field]).await, 403, "{field:?}");
        assert_eq!(status([192, 0, 2, 9], &[field]).await, 101, "a stranger's word: {field:?}");
    }
}

/// Closed without a byte, and told to the operator.
#[tokio::test]
async fn without_a_valid_proxy_header_nobody_is_answered() {
    let reported = Arc::new(Mutex::new(Vec::new()));
    let limits = ServerLimits { handshake_timeout: Duration::from_millis(300), ..ServerLimits::default() };
    let running = Running::start(|builder| {
        let reported = Arc::clone(&reported);
        behind_loopback(builder).limits(limits).proxy_protocol(ProxyProtocol::V1).on_refusal(move |report| {
            reported.lock().unwrap().push((report.cause, report.status, report.detail.to_owned()));
        })
    })
    .await;
    for (source, header, words) in [
        ("127.0.0.1", get("/").into_bytes(), "does not begin with a PROXY header of version 1"),
        ("127.0.0.1", v2(b""), "does not begin with a PROXY header of version 1"),
        ("127.0.0.1", b"PROXY TCP4 192.0.2.1 127.0.0.1 4711\r\n".to_vec(), "other than four fields"),
        ("127.0.0.1", vec![b'P'; 200], "does not begin"),
        ("127.0.0.1", b"PROXY TCP4 192.0".to_vec(), "did not come whole"),
        ("127.0.0.1", Vec::new(), "did not come whole, or not in time"),
        // Whoever is no proxy is not believed, and not served by this listener either.
        ("127.0.0.2", [V1, get("/").as_bytes()].concat(), "127.0.0.2 is not a trusted proxy"),
    ] {
        let mut client = Client::from(source, running.address).await;
        client.send(&header).await;
        let mut rest = Vec::new();
        // A reset is an end as well: what was sent is not read.
        let read = timeout(PATIENCE, client.stream.read_to_end(&mut rest)).await.unwrap();
        assert!(rest.is_empty(), "{words}: {read:?} {rest:?}");
        let (cause, status, detail) = timeout(PATIENCE, async {
            loop {
                if let Some(report) = reported.lock().unwrap().pop() {
                    break report;
                }
                tokio::time::sleep(Duration::from_millis(5)).await;
            }
        })
        .await
        .unwrap();
        assert_eq!((cause, status), (Cause::ProxyHeaderInvalid, None), "{detail}");
        assert!(detail.contains(words), "{detail}");
    }
    // To look whether anybody listens is no fault.
    drop(running.connect().await);
    timeout(PATIENCE, async {
        while running.handle.connections() > 0 {
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
    })
    .await
    .unwrap();
    assert!(reported.lock().unwrap().is_empty());
}

#[tokio::test]
async fn the_proxy_protocol_without_a_trusted_proxy_is_told_at_bind() {
    let builder = || Server::builder().listen("127.0.0.1:0").proxy_protocol(ProxyProtocol::Any);
    assert!(matches!(builder().bind().await, Err(BuildError::NoTrustedProxy)));
    assert!(builder().trusted_proxies(TrustedProxies::new(["::/0"]).unwrap()).bind().await.is_ok());
}

/// Silent connections of one client, who never gets as far as the gate.
#[tokio::test]
async fn connections_count_from_the_proxy_header_on() {
    let limits = ServerLimits { connections_per_address: 1, ..ServerLimits::default() };
    let reported = Arc::new(Mutex::new(Vec::new()));
    let running = Running::start(|builder| {
        let reported = Arc::clone(&reported);
        behind_loopback(builder).limits(limits).proxy_protocol(ProxyProtocol::V1).on_refusal(move |report| {
            reported.lock().unwrap().push((report.cause, report.peer.to_string()));
        })
    })
    .await;
    let mut silent = Vec::new();
    for _ in 0..9 {
        let mut client = running.connect().await;
        client.send(V1).await;
        // One of them is shown the page; the others wait.
        let expected = if silent.is_empty() { 200 } else { 429 };
        assert_eq!(client.ask(&get("/")).await.status(), expected);
        silent.push(client);
    }
    reported.lock().unwrap().clear();
    let mut more = running.connect().await;
    more.send(V1).await;
    assert_eq!(more.answer(false).await.status(), 429);
    assert_eq!(*reported.lock().unwrap(), [(Cause::AddressQuotaExceeded, "192.0.2.1:4711".to_owned())]);
    let mut other = running.connect().await;
    other.send(b"PROXY TCP4 192.0.2.2 127.0.0.1 4711 80\r\n").await;
    assert_eq!(other.ask(&get("/")).await.status(), 200);
}

/// The proxy has ended TLS and says so; what HTTP says of it comes on top where the client is a proxy, too.
#[tokio::test]
async fn the_proxy_header_tells_of_tls_and_of_further_proxies() {
    let running = Running::start(|builder| behind_loopback(builder).proxy_protocol(ProxyProtocol::Any)).await;
    let with_origin = with("Origin: https://localhost\r\nX-Forwarded-For: 198.51.100.1\r\n");
    let status = async |header: &[u8]| {
        let mut client = running.connect().await;
        client.send(header).await;
        client.ask(&with_origin).await.status()
    };
    assert_eq!(status(&v2(&[0x20, 0, 5, 1, 0, 0, 0, 0])).await, 101);
    assert_eq!(status(&v2(&[0x20, 0, 5, 0, 0, 0, 0, 0])).await, 403);
    assert_eq!(status(&v2(b"")).await, 403);
    for (source, client) in [("192.0.2.1", "192.0.2.1:4711"), ("10.0.0.7", "198.51.100.1:0")] {
        let mut connection = running.connect().await;
        connection.send(format!("PROXY TCP4 {source} 127.0.0.1 4711 80\r\n")).await;
        assert_eq!(told(connection, &with("X-Forwarded-For: 198.51.100.1\r\n")).await, client);
    }
}

/// Programs with a listener of their own ask the same way.
#[tokio::test]
async fn a_server_that_is_embedded_trusts_the_same_proxies() {
    let gate = InMemory::new(behind_loopback(Server::builder()).embed().unwrap());
    let ask = async |peer: [u8; 4], address: &str| {
        let handshake = gate.handshake("/who").from((peer, 4711)).field("X-Forwarded-For", address);
        handshake.field("X-Forwarded-Proto", "https").field("Origin", "https://localhost").send().await
    };
    let mut socket = ask([10, 0, 0, 1], "192.0.2.1").await.into_socket().unwrap();
    assert_eq!(socket.recv().await.unwrap().unwrap().as_text(), Some("192.0.2.1:0"));
    assert_eq!(ask([10, 0, 0, 1], "elsewhere").await.cause(), Some(Cause::ForwardedInvalid));
    assert_eq!(ask([192, 0, 2, 7], "elsewhere").await.cause(), Some(Cause::OriginDenied));
}
