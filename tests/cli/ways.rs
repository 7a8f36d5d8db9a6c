//! Ways to a server: proxies, Unix sockets, redirections.

use std::net::SocketAddr;

use tests::certificates::Files;
use tokio::io::{AsyncRead, AsyncReadExt as _, AsyncWrite, AsyncWriteExt as _, copy_bidirectional};
use tokio::net::{TcpListener, TcpStream, UnixListener};

use crate::program::{connect, feed, ws};
use crate::servers::{ours, raw, token, url};

/// Passes everything on to this address, both ways.
async fn relay(mut stream: impl AsyncRead + AsyncWrite + Unpin, to: SocketAddr) {
    let mut onward = TcpStream::connect(to).await.unwrap();
    let _ = copy_bidirectional(&mut stream, &mut onward).await;
}

/// A proxy that lets in whoever says who he is, and leads to this address wherever one wants to go.
async fn proxy(to: SocketAddr) -> SocketAddr {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    tokio::spawn(async move {
        while let Ok((mut stream, _)) = listener.accept().await {
            tokio::spawn(async move {
                let mut head = Vec::new();
                while !head.ends_with(b"\r\n\r\n")
                    && stream.read_buf(&mut head).await.is_ok_and(|count| count > 0)
                {}
                // ann:secret
                if String::from_utf8_lossy(&head).contains("Basic YW5uOnNlY3JldA==") {
                    stream.write_all(b"HTTP/1.1 200 OK\r\n\r\n").await.unwrap();
                    relay(stream, to).await;
                } else {
                    let answer = "HTTP/1.1 407 No\r\nProxy-Authenticate: Basic realm=\"a\"\r\nContent-Length: 0\r\n\r\n";
                    let _ = stream.write_all(answer.as_bytes()).await;
                }
            });
        }
    });
    address
}

#[tokio::test]
async fn through_a_proxy() {
    let server = ours().await;
    let proxy = proxy(server.address).await;
    let with = format!("http://ann:secret@{proxy}");
    ws(["--proxy", &with, "ws://rooms.example/"], "hi\n").await.is(0, "hi\n");
    let ran = ws(["-v", "--proxy", &format!("http://ann:hunter2@{proxy}"), "ws://rooms.example/"], "").await;
    ran.is(1, "");
    assert!(ran.stderr.contains("not connected: proxy-authentication-required"), "{}", ran.stderr);
    assert_eq!(ran.row("with this program").as_deref(), Some("--proxy http://USER:PASSWORD@HOST:PORT"));
    assert!(!ran.stderr.contains("hunter2"), "{}", ran.stderr);
    // The environment's, unless it is not wanted.
    for (flags, code) in [(&[][..], 0), (&["--no-proxy", "--resolve", "rooms.example:127.0.0.1:1"], 1)] {
        let mut command = connect(flags.iter().copied().chain(["ws://rooms.example/"]));
        command.env("http_proxy", &with);
        let ran = feed(command.spawn().unwrap(), b"hi\n").await;
        assert_eq!(ran.code, Some(code), "{}", ran.stderr);
    }
}

#[tokio::test]
async fn over_a_unix_socket() {
    let server = ours().await;
    let files = Files::new().unwrap();
    let path = files.path().join("socket");
    let (listener, to) = (UnixListener::bind(&path).unwrap(), server.address);
    tokio::spawn(async move {
        while let Ok((stream, _)) = listener.accept().await {
            tokio::spawn(relay(stream, to));
        }
    });
    ws(["--unix-socket", path.to_str().unwrap(), "ws://localhost/"], "hi\n").await.is(0, "hi\n");
    let ran = ws(["--unix-socket", "/nowhere/socket", "ws://localhost/"], "").await;
    assert_eq!(ran.code, Some(1));
    assert!(ran.row("why").unwrap().contains("/nowhere/socket"), "{}", ran.stderr);
}

#[tokio::test]
async fn redirections_are_followed_where_that_is_wanted() {
    let server = ours().await;
    let (address, _) =
        raw(format!("HTTP/1.1 307 Elsewhere\r\nLocation: http://{}/guarded\r\n\r\n", server.address)).await;
    let first = format!("ws://{address}/");
    let ran = ws([first.as_str()], "").await;
    ran.is(1, "");
    assert!(ran.row("with this program").unwrap().contains("--follow-redirects"), "{}", ran.stderr);
    // Another port is another origin, which gets no credentials; what it decided is told.
    let ran = ws(["--follow-redirects", "--token", &token(3600), &first], "").await;
    ran.is(1, "");
    assert_eq!(
        ran.stderr.lines().next(),
        Some("refused: 401 Unauthorized, credentials-missing"),
        "{}",
        ran.stderr
    );
    let redirected = ran.row("redirected").unwrap();
    assert!(
        redirected.contains(&url(&server, "/guarded")) && redirected.contains("no credentials"),
        "{redirected}"
    );
}
