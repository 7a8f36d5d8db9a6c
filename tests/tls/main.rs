//! TLS at the size of a busy server.

#![expect(clippy::unwrap_used, clippy::expect_used, reason = "a test that cannot go on has failed")]

use std::fs;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::time::{Duration, Instant};

use bytes::BytesMut;
use rustls::ClientConfig;
use rustls::pki_types::CertificateDer;
use tests::certificates::{Authority, Files, connect, shown};
use tests::suites;
use tests::wire::{PATIENCE, echo};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::task::JoinSet;
use tokio::time::{sleep, timeout};
use ws_core::connection::Role;
use ws_core::handshake::ClientHandshake;
use ws_core::head::{HeadLimits, HeadReader};
use ws_core::net::{SocketConfig, WebSocket};
use ws_server::{Route, Server, ServerLimits, TlsFiles};

/// Connections that are open while certificates change.
const CONNECTIONS: usize = 1000;

/// What the connections do while it goes on.
#[derive(Default)]
struct Traffic {
    ends: AtomicBool,
    echoes: AtomicUsize,
}

/// Certificates are replaced twice, with a broken one in between, under 1,000 connections that talk all the while: none of
/// them drops, and each new connection sees the newest certificate that is any good.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn certificates_change_under_a_thousand_connections() {
    let descriptors = descriptors();
    if descriptors < 3 * CONNECTIONS {
        return suites::skip(
            "TLS",
            format_args!("{descriptors} file descriptors are too few: `ulimit -n 4096`"),
        );
    }
    let files = Files::new().unwrap();
    let authority = Authority::new("an authority");
    let [first, second, third] = [(); 3].map(|()| authority.issue("localhost"));
    let (certificate, key) = files.write_pair("own", &first);
    let limits = ServerLimits { connections_per_address: 2 * CONNECTIONS, ..ServerLimits::default() };
    let server = Server::builder()
        .listen_tls("127.0.0.1:0", TlsFiles::new(&certificate, &key))
        .limits(limits)
        .route("/echo", Route::new(echo))
        .bind()
        .await
        .unwrap();
    let (address, handle) = (server.local_addr(), server.handle());
    let serving = tokio::spawn(server.serve());

    let config = Arc::new(authority.client(None));
    let traffic = Arc::new(Traffic::default());
    let mut talking = JoinSet::new();
    let began = Instant::now();
    let mut opening = JoinSet::new();
    for nth in 0..CONNECTIONS {
        let config = Arc::clone(&config);
        opening.spawn(async move { (nth, open(&config, address).await) });
        if opening.len() == 32 {
            begin(opening.join_next().await.unwrap().unwrap(), &first.der(), &mut talking, &traffic);
        }
    }
    while let Some(opened) = opening.join_next().await {
        begin(opened.unwrap(), &first.der(), &mut talking, &traffic);
    }
    assert_eq!(handle.connections(), CONNECTIONS);
    println!("{CONNECTIONS} connections over TLS after {:?}", began.elapsed());

    // These resume their sessions where they can (RFC 8446 2.2), but none of an older certificate.
    for (round, pair) in [("second", &second), ("third", &third)] {
        // In the order in which it hurts: for a while the files do not belong together.
        let changed = Instant::now();
        fs::write(&certificate, &pair.certificate).unwrap();
        assert_ne!(shown(&connect(&config, address, "localhost").await.unwrap()), pair.der());
        fs::write(&key, &pair.key).unwrap();
        let seen = async {
            while shown(&connect(&config, address, "localhost").await.unwrap()) != pair.der() {
                sleep(Duration::from_millis(20)).await;
            }
        };
        timeout(PATIENCE, seen).await.expect("the new certificate is shown in time");
        println!("the {round} certificate is shown after {:?}", changed.elapsed());
        if round == "second" {
            fs::write(&certificate, "broken").unwrap();
            assert!(handle.reload_tls().await.is_err());
            assert_eq!(shown(&connect(&config, address, "localhost").await.unwrap()), pair.der());
        }
        // Everybody has talked since.
        let (before, each) = (traffic.echoes.load(Ordering::Relaxed), 2 * CONNECTIONS);
        let talked = async {
            while traffic.echoes.load(Ordering::Relaxed) < before + each {
                sleep(Duration::from_millis(20)).await;
            }
        };
        timeout(PATIENCE, talked).await.expect("the connections talk on");
    }

    traffic.ends.store(true, Ordering::Relaxed);
    let mut closed = 0;
    while let Some(ended) = timeout(PATIENCE, talking.join_next()).await.expect("an end in time") {
        ended.expect("no connection drops");
        closed += 1;
    }
    assert_eq!(closed, CONNECTIONS);
    println!("{} echoes, no connection dropped", traffic.echoes.load(Ordering::Relaxed));
    handle.shutdown();
    timeout(PATIENCE, serving).await.unwrap().unwrap().unwrap();
}

/// How many files this process may have open; both ends of a connection are among them.
fn descriptors() -> usize {
    let limits = fs::read_to_string("/proc/self/limits").unwrap_or_default();
    let line = limits.lines().find_map(|line| line.strip_prefix("Max open files"));
    line.and_then(|line| line.split_whitespace().next()?.parse().ok()).unwrap_or(usize::MAX)
}

/// A connection, and the certificate that it was shown.
async fn open(
    config: &Arc<ClientConfig>,
    address: std::net::SocketAddr,
) -> (WebSocket, CertificateDer<'static>) {
    let mut stream = connect(config, address, "localhost").await.expect("TLS");
    let certificate = shown(&stream);
    let handshake = ClientHandshake::new("localhost", "/echo").unwrap();
    let mut buffer = BytesMut::new();
    handshake.encode(&mut buffer);
    stream.write_all(&buffer).await.unwrap();
    buffer.clear();
    let mut reader = HeadReader::new(HeadLimits::default());
    let head = loop {
        assert_ne!(stream.read_buf(&mut buffer).await.unwrap(), 0, "closed before the answer");
        if let Some(head) = reader.read_response(&mut buffer).unwrap() {
            break head;
        }
    };
    handshake.verify(&head).expect("the handshake is accepted");
    (WebSocket::from_stream(stream, SocketConfig::new(Role::Client), buffer), certificate)
}

/// Lets a connection talk, several times a second.
fn begin(
    (nth, (mut socket, certificate)): (usize, (WebSocket, CertificateDer<'static>)),
    expected: &CertificateDer<'static>,
    talking: &mut JoinSet<()>,
    traffic: &Arc<Traffic>,
) {
    assert_eq!(certificate, *expected);
    let traffic = Arc::clone(traffic);
    talking.spawn(async move {
        while !traffic.ends.load(Ordering::Relaxed) {
            let said = format!("{nth} {}", traffic.echoes.fetch_add(1, Ordering::Relaxed));
            socket.send(&*said).await.expect("the connection is there");
            let heard = socket.recv().await.expect("the connection is there").expect("no end");
            assert_eq!(heard.as_text(), Some(&*said));
            sleep(Duration::from_millis(250)).await;
        }
        socket.close(None).await.expect("an orderly end");
    });
}
