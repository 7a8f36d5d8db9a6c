//! Proxies on the way: HTTP CONNECT and SOCKS5.

use std::net::SocketAddr;

use tests::certificates::Files;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;
use ws_client::{Client, NextStep, Timeouts};

use crate::network::closed_port;
use crate::programs::{self, Missing, repeating};
use crate::raw::{self, SOON, refused};
use crate::row::{AGAIN, PROXY, Peer, Table};

/// A client that has to go through this proxy.
pub(crate) fn through(proxy: &str) -> Client {
    let timeouts = Timeouts { proxy: SOON, tls: SOON * 10, ..Timeouts::default() };
    Client::builder("ws://rooms.example/").unwrap().timeouts(timeouts).proxy(proxy).unwrap().build()
}

fn http(address: SocketAddr) -> Client {
    through(&format!("http://{address}"))
}

pub(crate) async fn rows(table: &mut Table) {
    let environment = Client::builder("ws://rooms.example/")
        .unwrap()
        .proxies_from(|name| (name == "http_proxy").then(|| "ftp://proxy.example".to_owned()));
    let wrong = ("proxy-failed", NextStep::Correct);
    let what = "`http_proxy=ftp://proxy.example`";
    table.add(Peer::System, what, wrong, refused(&environment.build()).await);
    let down = refused(&http(closed_port().await)).await;
    table.add(Peer::System, "a proxy that is down", ("proxy-failed", AGAIN), down);
    answers(table).await;
    socks(table).await;
}

/// An HTTP proxy that answers this, and closes.
async fn answering(answer: &'static str) -> SocketAddr {
    repeating(move |mut stream| async move {
        let mut request = Vec::new();
        while !request.ends_with(b"\r\n\r\n") && matches!(stream.read_buf(&mut request).await, Ok(1..)) {}
        let _ = stream.write_all(answer.as_bytes()).await;
        let _ = stream.shutdown().await;
        raw::linger(stream).await;
    })
    .await
}

async fn answers(table: &mut Table) {
    let basic = "HTTP/1.1 407 Proxy Authentication Required\r\nProxy-Authenticate: Basic realm=\"office\"\r\nContent-Length: 0\r\n\r\n";
    let required = ("proxy-authentication-required", NextStep::Authenticate);
    let mut add = |what, expected, error| table.add(Peer::Raw, what, expected, error);
    for (what, expected, answer) in [
        ("a proxy that wants a password", required, basic),
        (
            "a proxy that wants Kerberos",
            ("proxy-authentication-required", NextStep::Correct),
            "HTTP/1.1 407 Proxy Authentication Required\r\nProxy-Authenticate: Negotiate\r\nContent-Length: 0\r\n\r\n",
        ),
        (
            "a proxy whose rules forbid it",
            ("proxy-refused", PROXY),
            "HTTP/1.1 403 Forbidden\r\nContent-Type: text/plain\r\n\r\nrooms.example is blocked",
        ),
        ("a proxy that cannot reach the server", ("proxy-failed", AGAIN), "HTTP/1.1 502 Bad Gateway\r\n\r\n"),
        (
            "a proxy that waits for the server in vain",
            ("proxy-failed", AGAIN),
            "HTTP/1.1 504 Gateway Timeout\r\n\r\n",
        ),
        ("a proxy that closes", ("proxy-failed", AGAIN), ""),
        (
            "an SSH server in place of a proxy",
            ("proxy-failed", NextStep::Correct),
            "SSH-2.0-OpenSSH_9.2p1 Debian-2\r\n",
        ),
    ] {
        add(what, expected, refused(&http(answering(answer).await)).await);
    }
    let sent = through(&format!("http://ann:wrong@{}", answering(basic).await));
    add("a proxy that does not accept the password", required, refused(&sent).await);
    let mute = http(repeating(raw::ignore).await);
    add("a proxy that does not answer", ("proxy-failed", AGAIN), refused(&mute).await);
    let resets = repeating(|mut stream: TcpStream| async move {
        let _ = stream.read(&mut [0; 10]).await;
        raw::reset(stream).await;
    });
    add("a proxy that resets", ("proxy-failed", AGAIN), refused(&http(resets.await)).await);
    let plain = repeating(|mut stream: TcpStream| async move {
        let _ = stream.read(&mut [0; 10]).await;
        let _ = stream.write_all(b"HTTP/1.1 400 Bad Request\r\n\r\n").await;
        raw::linger(stream).await;
    });
    let plain = through(&format!("https://{}", plain.await));
    let what = "`https://` to a proxy without TLS";
    add(what, ("proxy-failed", NextStep::Correct), refused(&plain).await);
}

/// RFC 1928: a proxy that takes no password, and replies this to each CONNECT.
async fn replying(reply: u8) -> SocketAddr {
    repeating(move |mut stream| async move {
        let _ = stream.read(&mut [0; 64]).await;
        let _ = stream.write_all(&[5, 0]).await;
        let _ = stream.read(&mut [0; 512]).await;
        let _ = stream.write_all(&[5, reply, 0, 1, 0, 0, 0, 0, 0, 0]).await;
        raw::linger(stream).await;
    })
    .await
}

async fn socks(table: &mut Table) {
    for (reply, what, expected) in [
        (1, "SOCKS: a general failure", ("proxy-failed", AGAIN)),
        (2, "SOCKS: not allowed by the rules", ("proxy-refused", PROXY)),
        (4, "SOCKS: the host cannot be reached", ("proxy-failed", AGAIN)),
        (5, "SOCKS: nothing listens at the server", ("proxy-failed", AGAIN)),
    ] {
        let client = through(&format!("socks5h://{}", replying(reply).await));
        table.add(Peer::Raw, what, expected, refused(&client).await);
    }
    // RFC 1928 3: 0xff, no acceptable methods.
    let wants = repeating(|mut stream: TcpStream| async move {
        let _ = stream.read(&mut [0; 64]).await;
        let _ = stream.write_all(&[5, 0xff]).await;
        raw::linger(stream).await;
    });
    let client = through(&format!("socks5h://{}", wants.await));
    let required = ("proxy-authentication-required", NextStep::Authenticate);
    table.add(Peer::Raw, "SOCKS: a password is wanted", required, refused(&client).await);
}

/// Servers that are no proxies, and what they say to those who take them for one.
pub(crate) async fn nginx_rows(table: &mut Table, nginx: SocketAddr) {
    let what = "it is taken for a proxy";
    table.add(Peer::Nginx, what, ("proxy-refused", PROXY), refused(&http(nginx)).await);
}

/// As a proxy with a password, and as one that forbids.
pub(crate) async fn haproxy_rows(table: &mut Table) -> Result<(), Missing> {
    let files = Files::new()?;
    let proxy = programs::address();
    files.write(
        "haproxy.cfg",
        format!(
            "global\n  log stderr local0 crit\ndefaults\n  mode http\n  timeout client 5s\n  timeout connect 1s\n  \
             timeout server 1s\nuserlist people\n  user ann insecure-password secret\nfrontend proxy\n  bind {proxy}\n  \
             option http-use-proxy-header\n  http-request deny if {{ method CONNECT }}\n"
        ),
    );
    let _haproxy = programs::start("haproxy", &["-db", "-f", "haproxy.cfg"], files.path(), &[proxy])?;
    let what = "a proxy whose rules forbid CONNECT";
    table.add(Peer::HaProxy, what, ("proxy-refused", PROXY), refused(&http(proxy)).await);
    Ok(())
}
