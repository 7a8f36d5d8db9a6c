//! Which proxy is used, and what is not said on the way to it.

use super::scripted::{listener, proxy_error, server, through};
use crate::{Builder, Client, ConnectError, DnsError, ProxyError, Responsible, TcpError};

#[tokio::test]
async fn no_way_to_the_proxy() {
    let error = proxy_error(through("http://ann:hunter2@no-such-proxy.invalid:1")).await;
    assert!(
        matches!(&error, ProxyError::Dns { proxy, .. } if proxy == "http://no-such-proxy.invalid:1"),
        "{error:?}"
    );
    let (closed, address) = listener().await;
    drop(closed);
    for scheme in ["http", "socks5h"] {
        let error = proxy_error(through(&format!("{scheme}://{address}"))).await;
        assert!(matches!(&error, ProxyError::Tcp { source: TcpError::PortClosed { .. }, .. }), "{error:?}");
        assert!(ConnectError::from(error).is_worth_retrying());
    }
    let nowhere = through("http://empty.example").resolve("empty.example", []);
    let error = proxy_error(nowhere).await;
    assert!(matches!(error, ProxyError::Dns { source: DnsError::NotFound { .. }, .. }), "{error:?}");
}

/// Which proxy is used is told by the one that cannot be found.
#[tokio::test]
async fn the_environment_is_for_others_than_this_machine() {
    let variables = |name: &str| (name == "all_proxy").then(|| "no-such-proxy.invalid:1".to_owned());
    let with = |url: &str| Client::builder(url).expect("valid").proxies_from(variables);
    let proxied = async |builder: Builder| {
        matches!(builder.connect().await, Err(ConnectError::Proxy(ProxyError::Dns { .. })))
    };
    let (server, asked) = server().await;
    let fixed = |builder: Builder| builder.resolve("server.example", [server]);
    assert!(proxied(with("ws://server.example/")).await);
    for url in ["ws://127.0.0.1:1/", "ws://localhost:1/", "ws://[::1]:1/"] {
        assert!(!proxied(with(url)).await, "{url}");
    }
    assert!(!proxied(fixed(with("ws://server.example/"))).await, "an address of this machine");
    asked.await.expect("no panic");
    assert!(!proxied(with("ws://no-such-host.invalid/").no_proxy()).await);
    assert!(proxied(through("no-such-proxy.invalid:1")).await);
    let all =
        Client::builder("ws://127.0.0.1:1/").expect("valid").proxy("no-such-proxy.invalid:1").expect("valid");
    assert!(proxied(all).await, "a proxy of the caller's is for all servers");
    let broken =
        with("ws://server.example/").proxies_from(|name| (name == "http_proxy").then(|| "a b".to_owned()));
    let error = broken.connect().await.expect_err("broken");
    assert!(
        matches!(&error, ConnectError::Proxy(ProxyError::Environment { variable: "http_proxy", .. })),
        "{error:?}"
    );
    assert_eq!((error.responsible(), error.is_worth_retrying()), (Responsible::Client, false));
}

/// On the way to a proxy everyone can read, whatever is behind it.
#[tokio::test]
async fn credentials_in_clear_through_a_proxy() {
    let in_clear = async |url: &str, proxy: &str| {
        let builder = Client::builder(url).expect("valid").bearer_token("hunter2").expect("valid");
        let error = builder.proxy(proxy).expect("valid").connect().await.expect_err("no way");
        error.code() == "credentials-in-clear"
    };
    let (closed, here) = listener().await;
    drop(closed);
    let here = here.to_string();
    assert!(in_clear("ws://server.example/", &here).await);
    assert!(in_clear("ws://server.example/", &format!("socks5h://{here}")).await);
    assert!(in_clear("ws://127.0.0.1:1/", "no-such-proxy.invalid:1").await);
    assert!(!in_clear("ws://127.0.0.1:1/", &here).await);
    #[cfg(feature = "tls")]
    assert!(!in_clear("wss://server.example/", &here).await);
    #[cfg(feature = "tls")]
    assert!(!in_clear("ws://127.0.0.1:1/", "https://no-such-proxy.invalid:1").await);
}
