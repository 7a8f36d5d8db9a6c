//! What comes of each proxy: a connection, or an error by its name.

use std::net::SocketAddr;

use tests::certificates::{Authority, Files};
use ws_client::{Builder, Client, ConnectError, ProxyError};

use crate::running::{Proxy, closed, echo};

/// A user name and a password that have to be decoded.
const ANN: &str = "ann:pass%20word%2F%25@";

fn through(scheme: &str, userinfo: &str, proxy: SocketAddr, target: &str) -> Builder {
    let builder = Client::builder(format!("ws://{target}/")).expect("valid");
    builder.proxy(format!("{scheme}://{userinfo}{proxy}")).expect("valid")
}

async fn talks(builder: Builder) {
    let mut socket = builder.connect().await.expect("through");
    socket.send("hello").await.expect("open");
    let answer = socket.recv().await.expect("open").expect("a message");
    assert_eq!(answer.as_text(), Some("hello"));
    socket.close(None).await.expect("closed");
}

async fn error(builder: Builder) -> ProxyError {
    match builder.connect().await.expect_err("no way through") {
        ConnectError::Proxy(error) => error,
        other => panic!("{other:?}"),
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn proxy_py() {
    let Some(proxy) = Proxy::http("proxies: proxy.py", &[]) else { return };
    let (server, nobody) = (echo().await.to_string(), closed().await.to_string());
    let through = |userinfo, target| through("http", userinfo, proxy.address, target);
    talks(through(ANN, &server)).await;
    let wanted = error(through("", &server)).await;
    assert!(matches!(&wanted, ProxyError::Authentication { sent: false, .. }), "{wanted:?}");
    let others = error(through("ann:wrong@", &server)).await;
    assert!(matches!(&others, ProxyError::Authentication { sent: true, .. }), "{others:?}");
    let blocked = error(through(ANN, "blocked.example")).await;
    assert!(matches!(&blocked, ProxyError::Refused { status: Some(418), .. }), "{blocked:?}");
    let unreachable = error(through(ANN, &nobody)).await;
    assert!(
        matches!(&unreachable, ProxyError::TargetUnreachable { status: Some(502), .. }),
        "{unreachable:?}"
    );
    let unknown = error(through(ANN, "no-such-host.invalid")).await;
    assert!(matches!(&unknown, ProxyError::TargetUnreachable { status: Some(502), .. }), "{unknown:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn proxy_py_over_tls() {
    let (authority, files) = (Authority::new("proxies"), Files::new().expect("a directory"));
    let pair = authority.issue("proxy.example");
    let certificate = files.write("certificate.pem", &pair.certificate);
    let key = files.write("key.pem", &pair.key);
    let Some(proxy) = Proxy::http("proxies: proxy.py over TLS", &[&certificate, &key]) else { return };
    let server = echo().await;
    let builder = Client::builder(format!("ws://{server}/")).expect("valid");
    let builder = builder.resolve("proxy.example", [proxy.address]);
    let builder = builder.proxy(format!("https://{ANN}proxy.example")).expect("valid");
    let stranger = error(builder.clone()).await;
    assert!(matches!(&stranger, ProxyError::Tls { .. }), "{stranger:?}");
    talks(builder.tls_root_certificates(authority.pem()).expect("valid")).await;
    let plain = error(through("http", ANN, proxy.address, &server.to_string())).await;
    assert!(
        matches!(&plain, ProxyError::Closed { .. } | ProxyError::NotAProxy { .. } | ProxyError::Io { .. }),
        "{plain:?}"
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn socks5_server() {
    let Some(proxy) = Proxy::socks("proxies: socks5-server") else { return };
    let (server, nobody) = (echo().await, closed().await);
    for scheme in ["socks5", "socks5h"] {
        let through = |userinfo, target: &str| through(scheme, userinfo, proxy.address, target);
        talks(through(ANN, &server.to_string())).await;
        let wanted = error(through("", &server.to_string())).await;
        assert!(matches!(&wanted, ProxyError::Authentication { sent: false, .. }), "{wanted:?}");
        let others = error(through("ann:wrong@", &server.to_string())).await;
        assert!(matches!(&others, ProxyError::Authentication { sent: true, .. }), "{others:?}");
        let unreachable = error(through(ANN, &nobody.to_string())).await;
        let ProxyError::TargetUnreachable { reason, .. } = &unreachable else { panic!("{unreachable:?}") };
        assert_eq!(reason, "connection refused");
    }
    let through = |scheme, target: &str| through(scheme, ANN, proxy.address, target);
    // The name is resolved there, and here.
    let localhost = format!("localhost:{}", server.port());
    talks(through("socks5h", &localhost)).await;
    talks(through("socks5", &localhost)).await;
    let blocked = error(through("socks5h", "blocked.example")).await;
    assert!(matches!(&blocked, ProxyError::Refused { status: None, .. }), "{blocked:?}");
    let unknown = error(through("socks5h", "no-such-host.invalid")).await;
    assert!(matches!(&unknown, ProxyError::TargetUnreachable { .. }), "{unknown:?}");
    // A proxy of another kind than its URL says.
    let other = error(through("http", &localhost)).await;
    assert!(matches!(&other, ProxyError::Closed { .. } | ProxyError::Io { .. }), "{other:?}");
}
