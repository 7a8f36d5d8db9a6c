//! The client through scripted proxies: each answer a proxy can give, however it comes.

use std::net::SocketAddr;
use std::time::Duration;

use tokio::io::{AsyncReadExt, AsyncWriteExt, copy_bidirectional};
use tokio::net::{TcpListener, TcpStream};
use tokio::task::JoinHandle;
use ws_core::handshake::{UpgradeRequest, UpgradeResponse};
use ws_core::head::{HeadLimits, HeadReader};

use crate::observe::Stages;
use crate::{Builder, Client, ConnectError, DnsError, ProxyError, Responsible, TcpError, Timeouts};

async fn listener() -> (TcpListener, SocketAddr) {
    let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port");
    let address = listener.local_addr().expect("bound");
    (listener, address)
}

/// A proxy for one client, scripted in what it does with the connection.
async fn proxy<F, T>(script: impl FnOnce(TcpStream) -> F + Send + 'static) -> (SocketAddr, JoinHandle<T>)
where
    F: Future<Output = T> + Send,
    T: Send + 'static,
{
    let (listener, address) = listener().await;
    let task = tokio::spawn(async move { script(listener.accept().await.expect("a client").0).await });
    (address, task)
}

/// A server behind it, which accepts handshakes; gives back what it was asked.
async fn server() -> (SocketAddr, JoinHandle<String>) {
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
async fn read_head(stream: &mut TcpStream) -> String {
    let mut head = Vec::new();
    while !head.ends_with(b"\r\n\r\n") {
        head.push(stream.read_u8().await.expect("open"));
    }
    String::from_utf8(head).expect("text")
}

fn through(proxy: &str) -> Builder {
    let timeouts = Timeouts { proxy: Duration::from_millis(300), ..Timeouts::default() };
    let builder = Client::builder("ws://Server.example/room").expect("valid").timeouts(timeouts);
    builder.proxy(proxy).expect("valid")
}

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

async fn proxy_error(builder: Builder) -> ProxyError {
    let error = builder.connect().await.expect_err("no way through");
    let shown = format!("{error} {error:?}");
    assert!(!shown.contains("hunter2") && !shown.contains("aHVudGVy"), "{shown}");
    match error {
        ConnectError::Proxy(error) => error,
        other => panic!("{other:?}"),
    }
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
        ("HTTP/1.1 405 \r\nContent-Length: 0\r\n\r\n", "405"),
        ("HTTP/1.1 302 Found\r\nLocation: http://login/\r\nContent-Length: 0\r\n\r\n", "302 Found"),
        (
            "HTTP/1.1 400 Bad\r\nContent-Type: text/html\r\nContent-Length: 23\r\n\r\n<title>Not here</title>",
            "400 Bad: Not here",
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
