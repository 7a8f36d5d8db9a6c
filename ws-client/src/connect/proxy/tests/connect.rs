//! HTTP proxies: each answer to a CONNECT, however it comes.

use tokio::io::{AsyncReadExt, AsyncWriteExt, copy_bidirectional};
use tokio::net::TcpStream;

use super::scripted::{proxy, proxy_error, read_head, server, through};
use crate::observe::Stages;
use crate::{ConnectError, ProxyError, Responsible};

/// What the client makes of an HTTP proxy's answer.
async fn answered(answer: impl Into<Vec<u8>>) -> ProxyError {
    let answer = answer.into();
    let (address, _task) = proxy(|mut stream| async move {
        read_head(&mut stream).await;
        let _ = stream.write_all(&answer).await;
        let _ = stream.read_u8().await;
    })
    .await;
    proxy_error(through(&format!("http://ann:hunter2@{address}"))).await
}

// RFC 9110 9.3.6: CONNECT HOST:PORT, and after a 2xx the tunnel.
#[tokio::test]
async fn a_connection_through_connect() {
    for (userinfo, authorization) in [
        ("", None),
        // RFC 7617 2: the user name and password of the URL, decoded.
        ("Aladdin:open%20sesame@", Some("Basic QWxhZGRpbjpvcGVuIHNlc2FtZQ==")),
    ] {
        let (server, asked) = server().await;
        let (address, task) = proxy(move |mut stream| async move {
            let head = read_head(&mut stream).await;
            let mut behind = TcpStream::connect(server).await.expect("it listens");
            // Interim responses, another 2xx than 200, and a length that means nothing here.
            let answer = "HTTP/1.1 103 Early Hints\r\nA: b\r\n\r\nHTTP/1.0 299 Connection established\r\nContent-Length: 7\r\n\r\n";
            stream.write_all(answer.as_bytes()).await.expect("open");
            let _ = copy_bidirectional(&mut stream, &mut behind).await;
            head
        })
        .await;
        let stages = Stages::default();
        let client = through(&format!("http://{userinfo}{address}")).observer(stages.clone());
        drop(client.connect().await.expect("through"));
        assert_eq!(asked.await.expect("no panic"), "/room None", "the proxy's credentials are its own");
        let head = task.await.expect("no panic");
        assert!(
            head.starts_with("CONNECT server.example:80 HTTP/1.1\r\nHost: server.example:80\r\n"),
            "{head}"
        );
        let sent = head.lines().find_map(|line| line.strip_prefix("Proxy-Authorization: "));
        assert_eq!(sent, authorization);
        let names: Vec<&str> = stages.take().iter().map(|stage| stage.stage.name()).collect();
        assert_eq!(names, ["dns", "tcp", "proxy", "http"]);
    }
}

// RFC 9110 15.5.8, 11.7.1.
#[tokio::test]
async fn a_proxy_that_wants_credentials() {
    let required =
        "HTTP/1.1 407 No\r\nProxy-Authenticate: Basic realm=\"a, b\"\r\nProxy-Authenticate: NTLM\r\n\r\n";
    let error = answered(required).await;
    let ProxyError::Authentication { sent: true, schemes, .. } = &error else { panic!("{error:?}") };
    assert_eq!(schemes, &["Basic", "NTLM"]);
    assert!(error.to_string().contains("does not accept"), "{error}");
    let error = answered("HTTP/1.1 407 No\r\nProxy-Authenticate: Negotiate\r\n\r\n").await;
    assert!(error.to_string().contains("by Negotiate alone"), "{error}");
    let (address, _task) = proxy(|mut stream| async move {
        read_head(&mut stream).await;
        stream.write_all(b"HTTP/1.1 407 No\r\n\r\n").await.expect("open");
    })
    .await;
    let error = through(&address.to_string()).connect().await.expect_err("no credentials");
    assert!(
        matches!(&error, ConnectError::Proxy(ProxyError::Authentication { sent: false, .. })),
        "{error:?}"
    );
    assert_eq!((error.code(), error.is_worth_retrying()), ("proxy-authentication-required", false));
    assert!(error.to_string().contains("USER:PASSWORD"), "{error}");
}

#[tokio::test]
async fn a_proxy_that_says_no() {
    for (answer, expected) in [
        (
            "HTTP/1.1 403 Forbidden\r\nContent-Length: 19\r\n\r\nBlocked by policy 7",
            "403 Forbidden: Blocked by policy 7",
        ),
        ("HTTP/1.1 405 \r\nContent-Length: 0\r\n\r\n", "405; is that a proxy?"),
        ("HTTP/1.1 302 Found\r\nLocation: http://login/\r\nContent-Length: 0\r\n\r\n", "302 Found"),
        (
            "HTTP/1.1 400 Bad\r\nContent-Type: text/html\r\nContent-Length: 23\r\n\r\n<title>Not here</title>",
            "400 Bad: Not here; is that a proxy?",
        ),
        (
            "HTTP/1.1 403 F\u{9b}1m\u{202e}\r\nContent-Length: 4\r\n\r\na\u{7}\u{1b}c",
            "403 F\\u{9b}1m\\u{202e}: a\\u{7}\\u{1b}c",
        ),
    ] {
        let error = answered(answer).await;
        let ProxyError::Refused { target, status, reason, .. } = &error else { panic!("{error:?}") };
        assert_eq!((target.as_str(), reason.as_str()), ("server.example:80", expected));
        assert_eq!(*status, answer.get(9..12).and_then(|digits| digits.parse().ok()));
    }
}

// RFC 9110 15.6.3 to 15.6.5.
#[tokio::test]
async fn a_proxy_that_does_not_get_through() {
    for status in [502, 503, 504] {
        let error = answered(format!("HTTP/1.1 {status} X\r\nContent-Length: 0\r\n\r\n")).await;
        assert!(
            matches!(&error, ProxyError::TargetUnreachable { status: Some(found), .. } if *found == status)
        );
        let error = ConnectError::from(error);
        assert_eq!((error.responsible(), error.is_worth_retrying()), (Responsible::Server, true));
    }
}

#[tokio::test]
async fn what_is_no_proxy() {
    let endless =
        b"HTTP/1.1 200 OK\r\n".iter().copied().chain(b"A: b\r\n".iter().copied().cycle().take(100_000));
    let interim = "HTTP/1.1 100 Continue\r\n\r\n".repeat(9);
    for answer in [
        b"SSH-2.0-OpenSSH_9.2\r\n".to_vec(),
        b"\x15\x03\x03\x00\x02\x02\x46".to_vec(),
        b"HTTP/1.1 2x0 OK\r\n\r\n".to_vec(),
        b"HTTP/1.1 101 Switching Protocols\r\n\r\n".to_vec(),
        // A web server's page, in place of a tunnel in which nobody has spoken yet.
        b"HTTP/1.1 200 OK\r\nContent-Length: 6\r\n\r\n<html>".to_vec(),
        endless.collect(),
        interim.into_bytes(),
    ] {
        let start = String::from_utf8_lossy(&answer[..answer.len().min(40)]).into_owned();
        let error = answered(answer).await;
        assert!(matches!(error, ProxyError::NotAProxy { .. }), "{start}: {error:?}");
        assert_eq!(ConnectError::from(error).code(), "proxy-failed");
    }
}

#[tokio::test]
async fn silence_and_hanging_up() {
    for answer in ["", "HTTP/1.1 200 OK\r\nA: b\r\n"] {
        let error = answered(answer).await;
        assert!(
            matches!(&error, ProxyError::TimedOut { after, .. } if after.as_millis() == 300),
            "{error:?}"
        );
        let (address, _task) = proxy(move |mut stream| async move {
            read_head(&mut stream).await;
            stream.write_all(answer.as_bytes()).await.expect("open");
        })
        .await;
        let error = proxy_error(through(&address.to_string())).await;
        assert!(matches!(error, ProxyError::Closed { .. }), "{error:?}");
    }
    // A refusal without an end is told by what of it is there.
    let error = answered("HTTP/1.1 403 No\r\n\r\nNot you").await;
    assert!(matches!(&error, ProxyError::Refused { reason, .. } if reason == "403 No: Not you"), "{error:?}");
}

/// One byte a read is as good as all at once.
#[tokio::test]
async fn byte_by_byte() {
    let (address, task) = proxy(|mut stream| async move {
        stream.set_nodelay(true).expect("open");
        read_head(&mut stream).await;
        for byte in b"HTTP/1.1 403 No\r\nContent-Length: 3\r\n\r\nbut" {
            stream.write_all(&[*byte]).await.expect("open");
            tokio::task::yield_now().await;
        }
        let _ = stream.read_u8().await;
    })
    .await;
    let error = proxy_error(through(&address.to_string())).await;
    assert!(matches!(&error, ProxyError::Refused { reason, .. } if reason == "403 No: but"), "{error:?}");
    task.await.expect("no panic");
}
