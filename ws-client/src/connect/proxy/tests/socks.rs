//! SOCKS5 proxies: each reply, however it comes.

use tokio::io::{AsyncReadExt, AsyncWriteExt, copy_bidirectional};
use tokio::net::TcpStream;

use super::scripted::{listener, proxy, proxy_error, server, through};
use crate::{ConnectError, DnsError, ProxyError};

/// A SOCKS proxy: what it hears, and what it says to that.
async fn socks(mut stream: TcpStream, talk: &[(&[u8], &[u8])]) -> TcpStream {
    for (heard, said) in talk {
        let mut buffer = vec![0; heard.len()];
        stream.read_exact(&mut buffer).await.expect("open");
        assert_eq!(&buffer, heard);
        for byte in *said {
            stream.write_all(&[*byte]).await.expect("open");
        }
    }
    stream
}

/// RFC 1928 3: one method, none; and the answer that takes it.
const GREETING: (&[u8], &[u8]) = (b"\x05\x01\x00", b"\x05\x00");
/// RFC 1928 4: CONNECT to server.example:80.
const BY_NAME: &[u8] = b"\x05\x01\x00\x03\x0eserver.example\x00\x50";
/// RFC 1928 6: succeeded, bound to an address that says nothing.
const SUCCEEDED: &[u8] = b"\x05\x00\x00\x01\x00\x00\x00\x00\x00\x00";

#[tokio::test]
async fn a_connection_through_socks() {
    let (server, asked) = server().await;
    let (address, task) = proxy(move |stream| async move {
        let mut stream = socks(stream, &[GREETING, (BY_NAME, SUCCEEDED)]).await;
        let mut behind = TcpStream::connect(server).await.expect("it listens");
        let _ = copy_bidirectional(&mut stream, &mut behind).await;
    })
    .await;
    drop(through(&format!("socks5h://{address}")).connect().await.expect("through"));
    assert_eq!(asked.await.expect("no panic"), "/room None");
    task.await.expect("no panic");
}

// RFC 1929 2: version 1, the user name, the password; 0 is success.
#[tokio::test]
async fn a_user_name_and_a_password_for_socks() {
    for (status, passes) in [(b"\x01\x00", true), (b"\x01\x01", false)] {
        let (address, task) = proxy(move |stream| async move {
            let credentials: (&[u8], &[u8]) = (b"\x01\x03ann\x07hunter2", status);
            let start = [(&b"\x05\x02\x00\x02"[..], &b"\x05\x02"[..]), credentials];
            let mut stream = socks(stream, &start).await;
            if passes {
                stream = socks(stream, &[(BY_NAME, b"\x05\x05\x00\x01\x00\x00\x00\x00\x00\x00")]).await;
            }
            drop(stream);
        })
        .await;
        let error = proxy_error(through(&format!("socks5h://ann:hunter2@{address}"))).await;
        task.await.expect("no panic");
        match error {
            ProxyError::Authentication { sent: true, .. } => assert!(!passes),
            ProxyError::TargetUnreachable { reason, .. } => assert!(passes && reason == "connection refused"),
            other => panic!("{other:?}"),
        }
    }
    for (answer, name) in [(b"\x05\xff", "none acceptable"), (b"\x05\x02", "one that was not offered")] {
        let (address, _task) =
            proxy(move |stream| async move { socks(stream, &[(GREETING.0, answer)]).await }).await;
        let error = proxy_error(through(&format!("socks5h://{address}"))).await;
        assert!(matches!(error, ProxyError::Authentication { sent: false, .. }), "{name}: {error:?}");
    }
}

// RFC 1928 6: each reply.
#[tokio::test]
async fn what_socks_replies() {
    for (reply, expected) in [
        (1, "unreachable"),
        (2, "refused"),
        (3, "unreachable"),
        (4, "unreachable"),
        (5, "unreachable"),
        (6, "unreachable"),
        (7, "refused"),
        (8, "refused"),
        (9, "no proxy"),
    ] {
        let (address, _task) = proxy(move |stream| async move {
            let said = [5, reply, 0, 1, 0, 0, 0, 0, 0, 0];
            socks(stream, &[GREETING, (BY_NAME, &said)]).await
        })
        .await;
        let found = match proxy_error(through(&format!("socks5h://{address}"))).await {
            ProxyError::TargetUnreachable { status: None, .. } => "unreachable",
            ProxyError::Refused { status: None, target, .. } if target == "server.example:80" => "refused",
            ProxyError::NotAProxy { .. } => "no proxy",
            other => panic!("{other:?}"),
        };
        assert_eq!(found, expected, "{reply}");
    }
}

#[tokio::test]
async fn what_is_no_socks_proxy() {
    for said in [&b"HTTP/1.1 400 Bad Request\r\n\r\n"[..], b"\x04\x00", b"\x05\x01"] {
        let (address, _task) =
            proxy(move |stream| async move { socks(stream, &[(GREETING.0, said)]).await }).await;
        let error = proxy_error(through(&format!("socks5h://{address}"))).await;
        assert!(matches!(error, ProxyError::NotAProxy { .. }), "{error:?}");
    }
    let (address, _task) =
        proxy(|stream| async move { drop(socks(stream, &[(GREETING.0, b"\x05")]).await) }).await;
    let error = proxy_error(through(&format!("socks5h://{address}"))).await;
    assert!(matches!(error, ProxyError::Closed { .. }), "{error:?}");
    let (address, _task) = proxy(|stream| async move {
        let mut stream = socks(stream, &[GREETING]).await;
        let _ = stream.read_to_end(&mut Vec::new()).await;
    })
    .await;
    let error = proxy_error(through(&format!("socks5h://{address}"))).await;
    assert!(matches!(error, ProxyError::TimedOut { .. }), "{error:?}");
}

/// With `socks5://` the name is resolved here, and one address after the other is tried.
#[tokio::test]
async fn socks_by_address() {
    let (listener, address) = listener().await;
    let task = tokio::spawn(async move {
        let requests: [&[u8]; 2] =
            [b"\x05\x01\x00\x01\xc0\x00\x02\x01\x00\x50", b"\x05\x01\x00\x01\xc0\x00\x02\x02\x00\x51"];
        for (request, reply) in requests.into_iter().zip([4, 2]) {
            let (stream, _) = listener.accept().await.expect("a client");
            socks(stream, &[GREETING, (request, &[5, reply, 0, 1, 0, 0, 0, 0, 0, 0])]).await;
        }
    });
    let addresses =
        ["192.0.2.1:0", "192.0.2.2:81", "192.0.2.3:0"].map(|text| text.parse().expect("an address"));
    let builder = through(&format!("socks5://{address}")).resolve("server.example", addresses);
    let error = proxy_error(builder).await;
    // The second is refused by rule: there is no use in asking for the third.
    assert!(matches!(&error, ProxyError::Refused { target, .. } if target == "192.0.2.2:81"), "{error:?}");
    task.await.expect("no panic");
    let error = through(&format!("socks5://{address}")).resolve("server.example", []).connect().await;
    assert!(matches!(error, Err(ConnectError::Dns(DnsError::NotFound { .. }))), "{error:?}");
}
