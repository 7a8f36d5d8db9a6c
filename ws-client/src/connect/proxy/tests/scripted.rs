//! Proxies that do as they are told, and a server behind them.

use std::net::SocketAddr;
use std::time::Duration;

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use tokio::task::JoinHandle;
use ws_core::handshake::{UpgradeRequest, UpgradeResponse};
use ws_core::head::{HeadLimits, HeadReader};
use ws_core::net::Transport;

use crate::{Builder, Client, ConnectError, ProxyError, Timeouts};

pub(super) async fn listener() -> (TcpListener, SocketAddr) {
    let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port");
    let address = listener.local_addr().expect("bound");
    (listener, address)
}

/// A proxy for one client, scripted in what it does with the connection.
pub(super) async fn proxy<F, T>(
    script: impl FnOnce(TcpStream) -> F + Send + 'static,
) -> (SocketAddr, JoinHandle<T>)
where
    F: Future<Output = T> + Send,
    T: Send + 'static,
{
    let (listener, address) = listener().await;
    let task = tokio::spawn(async move { script(listener.accept().await.expect("a client").0).await });
    (address, task)
}

/// A server behind it, which accepts handshakes; gives back what it was asked.
pub(super) async fn server() -> (SocketAddr, JoinHandle<String>) {
    proxy(|mut stream| async move {
        let mut buffer = bytes::BytesMut::new();
        let mut reader = HeadReader::new(HeadLimits::default());
        let head = loop {
            if let Some(head) = reader.read_request(&mut buffer).expect("a valid request") {
                break head;
            }
            stream.read_buf(&mut buffer).await.expect("open");
        };
        let mut out = bytes::BytesMut::new();
        UpgradeResponse::new(&UpgradeRequest::from_head(&head).expect("valid")).encode(&mut out);
        stream.write_all(&out).await.expect("open");
        let _ = stream.read_buf(&mut buffer).await;
        format!("{} {:?}", head.target(), head.fields().get_str("Proxy-Authorization"))
    })
    .await
}

/// All up to the end of a request's head.
pub(super) async fn read_head(stream: &mut impl Transport) -> String {
    let mut head = Vec::new();
    while !head.ends_with(b"\r\n\r\n") {
        head.push(stream.read_u8().await.expect("open"));
    }
    String::from_utf8(head).expect("text")
}

pub(super) fn through(proxy: &str) -> Builder {
    let timeouts = Timeouts { proxy: Duration::from_millis(300), ..Timeouts::default() };
    let builder = Client::builder("ws://Server.example/room").expect("valid").timeouts(timeouts);
    builder.proxy(proxy).expect("valid")
}

pub(super) async fn proxy_error(builder: Builder) -> ProxyError {
    let error = builder.connect().await.expect_err("no way through");
    let shown = format!("{error} {error:?}");
    assert!(!shown.contains("hunter2") && !shown.contains("aHVudGVy"), "{shown}");
    match error {
        ConnectError::Proxy(error) => error,
        other => panic!("{other:?}"),
    }
}
