//! Proxies that are spoken to over TLS.

use std::net::SocketAddr;
use std::sync::Arc;

use rcgen::{CertificateParams, DnType, KeyPair};
use rustls::ServerConfig;
use rustls::pki_types::{PrivateKeyDer, PrivatePkcs8KeyDer};
use tokio::io::{AsyncReadExt, AsyncWriteExt, copy_bidirectional};
use tokio::net::TcpStream;
use tokio::task::JoinHandle;
use tokio_rustls::TlsAcceptor;

use super::scripted::{proxy, proxy_error, read_head, server};
use crate::{Builder, Client, ProxyError, TlsError, TlsVersion};

/// What proves a name, and the certificate as a root.
fn certified(name: &str) -> (TlsAcceptor, String) {
    let key = KeyPair::generate().expect("a key");
    let mut params = CertificateParams::new([name.to_owned()]).expect("a name");
    params.distinguished_name.push(DnType::CommonName, name);
    let certificate = params.self_signed(&key).expect("a certificate");
    let pem = certificate.pem();
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let config = ServerConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .expect("versions");
    let key = PrivateKeyDer::from(PrivatePkcs8KeyDer::from(key.serialize_der()));
    let config =
        config.with_no_client_auth().with_single_cert(vec![certificate.der().clone()], key).expect("a pair");
    (TlsAcceptor::from(Arc::new(config)), pem)
}

/// A proxy over TLS that leads to `server`; gives back what it was asked.
async fn secure_proxy(acceptor: TlsAcceptor, server: SocketAddr) -> (SocketAddr, JoinHandle<Option<String>>) {
    proxy(move |stream| async move {
        let mut stream = acceptor.accept(stream).await.ok()?;
        let head = read_head(&mut stream).await;
        let mut behind = TcpStream::connect(server).await.expect("it listens");
        stream.write_all(b"HTTP/1.1 200 OK\r\n\r\n").await.expect("open");
        let _ = copy_bidirectional(&mut stream, &mut behind).await;
        Some(head)
    })
    .await
}

fn through(url: &str, proxy: SocketAddr, roots: &[&str]) -> Builder {
    let builder = Client::builder(url).expect("valid").tls_no_platform_roots().expect("valid");
    let builder =
        builder.resolve("proxy.example", [proxy]).proxy("https://ann:hunter2@proxy.example").expect("valid");
    roots.iter().fold(builder, |builder, root| builder.tls_root_certificates(root).expect("valid"))
}

#[tokio::test]
async fn a_connection_through_a_secure_proxy() {
    let (acceptor, root) = certified("proxy.example");
    let (server, asked) = server().await;
    let (address, task) = secure_proxy(acceptor, server).await;
    drop(through("ws://server.example/room", address, &[&root]).connect().await.expect("through"));
    assert_eq!(asked.await.expect("no panic"), "/room None");
    let head = task.await.expect("no panic").expect("a handshake");
    assert!(head.contains("\r\nProxy-Authorization: Basic YW5uOmh1bnRlcjI=\r\n"), "{head}");
}

/// TLS with the server within TLS with the proxy; what is said of servers' certificates is not said of the proxy's.
#[tokio::test]
async fn a_secure_server_behind_a_secure_proxy() {
    let (to_proxy, proxy_root) = certified("proxy.example");
    let (to_server, server_root) = certified("server.example");
    let (plain, asked) = server().await;
    let (secure, _task) = proxy(move |stream| async move {
        let mut stream = to_server.accept(stream).await.expect("a handshake");
        let mut behind = TcpStream::connect(plain).await.expect("it listens");
        let _ = copy_bidirectional(&mut stream, &mut behind).await;
    })
    .await;
    let (address, task) = secure_proxy(to_proxy, secure).await;
    let builder = through("wss://192.0.2.1:7/room", address, &[&proxy_root, &server_root]);
    let builder =
        builder.tls_server_name("server.example").expect("valid").tls_min_version(TlsVersion::Tls13);
    drop(builder.expect("valid").connect().await.expect("through"));
    assert_eq!(asked.await.expect("no panic"), "/room None");
    let head = task.await.expect("no panic").expect("a handshake");
    assert!(head.starts_with("CONNECT 192.0.2.1:7 HTTP/1.1\r\n"), "{head}");
}

#[tokio::test]
async fn a_proxy_that_is_not_trusted_hears_nothing() {
    let (_, root) = certified("other.example");
    let (server, _asked) = server().await;
    for lenient in [false, true] {
        let (acceptor, _) = certified("proxy.example");
        let (address, task) = secure_proxy(acceptor, server).await;
        let mut builder = through("ws://server.example/", address, &[&root]);
        if lenient {
            // That is said of servers.
            builder = builder.dangerously_skip_certificate_verification().expect("valid");
        }
        let error = proxy_error(builder).await;
        let ProxyError::Tls { proxy, source } = &error else { panic!("{error:?}") };
        assert_eq!(proxy, "https://proxy.example:443");
        assert!(matches!(source, TlsError::SelfSigned | TlsError::UnknownIssuer { .. }), "{source:?}");
        assert!(task.await.expect("no panic").is_none());
    }
    let (address, _task) = proxy(|mut stream| async move {
        let _ = stream.write_all(b"HTTP/1.1 400 Bad Request\r\n\r\n").await;
        let _ = stream.read_u8().await;
    })
    .await;
    let error = proxy_error(through("ws://server.example/", address, &[&root])).await;
    assert!(matches!(&error, ProxyError::Tls { source: TlsError::NotTls, .. }), "{error:?}");
}
