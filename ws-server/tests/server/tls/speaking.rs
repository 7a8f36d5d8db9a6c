//! TLS in front of everything: versions, names, and what comes before it.

use std::sync::Arc;

use rustls::{ClientConfig, RootCertStore};
use tokio::time::timeout;
use ws_core::message::Message;
use ws_server::{ProxyProtocol, Route, ServerHandle, Session, TlsFiles, TrustedProxies};

use super::setup::{Authority, Files, client, connect, der, over, serve, until_shown};
use crate::support::{PATIENCE, echo, get, handshake};

#[tokio::test]
async fn messages_go_through_tls_in_both_versions() {
    let (files, authority) = (Files::new(), Authority::new());
    let (certificate, key) = files.pair("own", &authority.issue("localhost", |_| {}));
    let running = serve(TlsFiles::new(certificate, key), |builder| {
        builder.route("/echo", Route::new(echo)).page("/", "text/plain", "hello")
    })
    .await;
    for version in [&rustls::version::TLS12, &rustls::version::TLS13] {
        let mut config = client(&authority, None);
        let provider = Arc::clone(config.crypto_provider());
        let mut roots = RootCertStore::empty();
        roots.add(authority.0.as_ref().der().clone()).unwrap();
        let builder =
            ClientConfig::builder_with_provider(provider).with_protocol_versions(&[version]).unwrap();
        config = builder.with_root_certificates(roots).with_no_client_auth();
        config.alpn_protocols = vec![b"h2".to_vec(), b"http/1.1".to_vec()];
        let mut connection = connect(&config, running.address, "localhost").await.unwrap();
        // RFC 7301: of what the client offers, what is spoken here.
        assert_eq!(connection.stream.get_ref().1.alpn_protocol(), Some(&b"http/1.1"[..]));
        let page = connection.ask(&get("/")).await;
        assert_eq!((page.status(), &*page.body), (200, "hello"));
        let mut socket = connection.open("/echo").await;
        for message in [Message::text("hello"), Message::binary(vec![7; 300_000])] {
            socket.send(message.clone()).await.unwrap();
            assert_eq!(socket.recv().await.unwrap(), Some(message));
        }
        socket.close(None).await.unwrap();
    }
}

/// RFC 6455 10.2: the scheme of the same origin comes from TLS.
#[tokio::test]
async fn the_same_origin_is_an_encrypted_one() {
    let (files, authority) = (Files::new(), Authority::new());
    let (certificate, key) = files.pair("own", &authority.issue("localhost", |_| {}));
    let running =
        serve(TlsFiles::new(certificate, key), |builder| builder.route("/echo", Route::new(echo))).await;
    let config = client(&authority, None);
    for (origin, status) in [("https://localhost", 101), ("http://localhost", 403)] {
        let mut connection = connect(&config, running.address, "localhost").await.unwrap();
        let request = handshake("/echo").replace("Host:", &format!("Origin: {origin}\r\nHost:"));
        assert_eq!(connection.ask(&request).await.status(), status, "{origin}");
    }
}

#[tokio::test]
async fn a_client_gets_the_certificate_of_the_name_that_it_asks_for() {
    let (files, authority) = (Files::new(), Authority::new());
    let pairs = ["localhost", "a.example", "*.wild.example"].map(|name| authority.issue(name, |_| {}));
    let [own, a, wild] = &pairs;
    let tls = {
        let [(c, k), (ca, ka), (cw, kw)] =
            [files.pair("own", own), files.pair("a", a), files.pair("w", wild)];
        TlsFiles::new(c, k).server_name("A.example", ca, ka).server_name("*.wild.example", cw, kw)
    };
    let running = serve(tls, |builder| builder.page("/", "text/plain", "hello")).await;
    let config = client(&authority, None);
    for (name, pair) in [("localhost", own), ("a.example", a), ("A.EXAMPLE", a), ("b.wild.example", wild)] {
        assert_eq!(connect(&config, running.address, name).await.unwrap().shown(), der(pair), "{name}");
    }
    // For these nobody has a certificate; the client sees that of the server and objects.
    for name in ["b.example", "wild.example", "b.c.wild.example", "127.0.0.1"] {
        let error = connect(&config, running.address, name).await.map(|_| ()).unwrap_err();
        assert!(error.to_string().contains("not valid for name"), "{name}: {error}");
    }
}

/// The PROXY header comes before TLS, in one piece with it or not.
#[tokio::test]
async fn a_proxy_header_before_tls() {
    let (files, authority) = (Files::new(), Authority::new());
    let (certificate, key) = files.pair("own", &authority.issue("localhost", |_| {}));
    let running = serve(TlsFiles::new(certificate, key), |builder| {
        builder
            .trusted_proxies(TrustedProxies::new(["127.0.0.1"]).unwrap())
            .proxy_protocol(ProxyProtocol::V1)
            .route(
                "/peer",
                Route::new(async |mut session: Session| {
                    let peer = session.info.peer().to_string();
                    session.send(peer).await
                }),
            )
    })
    .await;
    let mut stream = running.connect().await;
    stream.send("PROXY TCP4 192.0.2.1 127.0.0.1 4711 443\r\n").await;
    let connection = over(&client(&authority, None), stream.stream, "localhost").await.unwrap();
    let mut socket = connection.open("/peer").await;
    assert_eq!(socket.recv().await.unwrap().unwrap().as_text().unwrap(), "192.0.2.1:4711");
}

#[tokio::test]
async fn tls_on_threads_of_the_servers_own_and_until_the_shutdown() {
    let (files, authority) = (Files::new(), Authority::new());
    let (old, new) = (authority.issue("localhost", |_| {}), authority.issue("localhost", |_| {}));
    let (certificate, key) = files.pair("own", &old);
    let running = serve(TlsFiles::new(&certificate, &key), |builder| {
        builder.threads(2).route("/echo", Route::new(echo))
    })
    .await;
    let config = client(&authority, None);
    let mut socket = connect(&config, running.address, "localhost").await.unwrap().open("/echo").await;
    files.pair("own", &new);
    until_shown(&config, running.address, &der(&new)).await;
    let handle: ServerHandle = running.handle.clone();
    handle.shutdown();
    assert_eq!(socket.recv().await.unwrap(), None);
    assert_eq!(socket.close_frame().unwrap().code.get(), 1001);
    timeout(PATIENCE, running.serving).await.unwrap().unwrap().unwrap();
}
