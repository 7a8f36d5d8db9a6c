//! The client as a whole, against a scripted server on a TCP port or a pipe.

use std::net::SocketAddr;
use std::time::{Duration, Instant};

use bytes::BytesMut;
use tokio::io::{AsyncReadExt, AsyncWriteExt, DuplexStream, duplex};
use tokio::net::TcpListener;
use ws_core::connection::Role;
use ws_core::deflate::{DeflateAnswer, DeflateConfig};
use ws_core::handshake::{UpgradeRequest, UpgradeResponse};
use ws_core::head::{HeadLimits, HeadReader, RequestHead};
use ws_core::net::{SocketConfig, Transport, WebSocket};
use ws_core::refusal::Cause;

use crate::credentials::CredentialsError;
use crate::{
    Client, ConnectError, ConnectFuture, Connector, DnsError, HandshakeError, Responsible, TcpError,
    Timeouts, UrlError, WsUrl, connect,
};

async fn read_head(stream: &mut impl Transport) -> (RequestHead, BytesMut) {
    let mut buffer = BytesMut::new();
    let mut reader = HeadReader::new(HeadLimits::default());
    loop {
        if let Some(head) = reader.read_request(&mut buffer).expect("a valid request") {
            return (head, buffer);
        }
        stream.read_buf(&mut buffer).await.expect("open");
    }
}

/// Accepts a handshake, with the first subprotocol offered and compression where it is offered.
async fn accept(mut stream: impl Transport) -> (WebSocket, RequestHead) {
    let (head, leftover) = read_head(&mut stream).await;
    let request = UpgradeRequest::from_head(&head).expect("a valid handshake");
    let mut config = SocketConfig::new(Role::Server);
    let mut response = UpgradeResponse::new(&request);
    if let Some(first) = request.subprotocols.first() {
        response.subprotocol(first).expect("offered");
    }
    let ours = DeflateConfig::default();
    if let Some(DeflateAnswer { params, header }) = ours.negotiate(&request.extensions) {
        config.deflate = Some((params, ours));
        response.extensions(&header).expect("offered");
    }
    let mut out = BytesMut::new();
    response.encode(&mut out);
    stream.write_all(&out).await.expect("open");
    (WebSocket::from_stream(stream, config, leftover), head)
}

/// Serves one connection: echoes until it is closed; gives back the request that opened it.
async fn echo(stream: impl Transport) -> RequestHead {
    let (mut socket, head) = accept(stream).await;
    while let Ok(Some(message)) = socket.recv().await {
        socket.send(message).await.expect("open");
    }
    head
}

async fn listener() -> (TcpListener, SocketAddr) {
    let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port");
    let address = listener.local_addr().expect("bound");
    (listener, address)
}

#[tokio::test]
async fn connects_and_talks() {
    let (listener, address) = listener().await;
    let server = tokio::spawn(async move { echo(listener.accept().await.expect("a client").0).await });
    let mut socket = connect(format!("ws://localhost:{}/a?b=c", address.port())).await.expect("it listens");
    socket.send("hello").await.expect("open");
    let answer = socket.recv().await.expect("open").expect("a message");
    assert_eq!(answer.as_text(), Some("hello"));
    socket.close(None).await.expect("closed on both sides");
    let head = server.await.expect("no panic");
    assert_eq!(head.target(), "/a?b=c");
    assert_eq!(head.fields().get_str("Host"), Some(format!("localhost:{}", address.port()).as_str()));
}

#[tokio::test]
async fn what_was_asked_for_is_sent_and_what_was_agreed_is_told() {
    let (ours, theirs) = duplex(1 << 16);
    let server = tokio::spawn(echo(theirs));
    let builder = Client::builder("ws://h/").expect("valid").bearer_token("t0ken").expect("valid");
    let builder = builder.origin("http://h").expect("valid").subprotocols(["b", "a"]).expect("valid");
    let client = builder.compression(DeflateConfig::default()).build();
    let (mut socket, answer) = client.connect_over(ours).await.expect("accepted");
    assert_eq!(answer.subprotocol.as_deref(), Some("b"));
    assert!(answer.compression.is_some_and(|params| params.server_no_context_takeover));
    assert_eq!(answer.head.status(), 101);
    let text = "compressible ".repeat(1000);
    socket.send(text.as_str()).await.expect("open");
    let echoed = socket.recv().await.expect("open").expect("a message");
    assert_eq!(echoed.as_text(), Some(text.as_str()));
    socket.close(None).await.expect("closed");
    let head = server.await.expect("no panic");
    assert_eq!(head.fields().get_str("Authorization"), Some("Bearer t0ken"));
    assert_eq!(head.fields().get_str("Origin"), Some("http://h"));
}

/// What a client that offers compression makes of an answer.
async fn answered<A: AsRef<[u8]>>(answer: impl FnOnce(&UpgradeRequest) -> A) -> Result<(), ConnectError> {
    let (ours, mut theirs) = duplex(4096);
    let client = Client::builder("ws://h/").expect("valid").compression(DeflateConfig::default()).build();
    let server = async move {
        let (head, _) = read_head(&mut theirs).await;
        let request = UpgradeRequest::from_head(&head).expect("a valid handshake");
        theirs.write_all(answer(&request).as_ref()).await.expect("open");
    };
    let (outcome, ()) = tokio::join!(client.connect_over(ours), server);
    outcome.map(|_| ())
}

// RFC 7692 7.1: a client fails the connection on an answer that its offer does not allow.
#[tokio::test]
async fn an_answer_about_compression_that_was_not_offered() {
    let with = |extension: &'static str| {
        move |request: &UpgradeRequest| {
            let mut out = BytesMut::new();
            UpgradeResponse::new(request).extensions("permessage-deflate").expect("offered").encode(&mut out);
            String::from_utf8(out.to_vec()).expect("text").replace("permessage-deflate", extension)
        }
    };
    answered(with("permessage-deflate")).await.expect("valid");
    for extension in
        ["permessage-deflate; server_max_window_bits=7", "permessage-deflate; client_max_window_bits"]
    {
        let error = answered(with(extension)).await.expect_err(extension);
        assert!(matches!(error, ConnectError::Handshake(HandshakeError::Compression(_))), "{error:?}");
    }
}

#[tokio::test]
async fn a_refusal_over_tcp() {
    let (listener, address) = listener().await;
    tokio::spawn(async move {
        let mut stream = listener.accept().await.expect("a client").0;
        read_head(&mut stream).await;
        let answer = "HTTP/1.1 503 Service Unavailable\r\nRefused-By: rooms; code=server-full; id=1\r\n\
                      Retry-After: 9\r\nContent-Length: 0\r\n\r\n";
        stream.write_all(answer.as_bytes()).await.expect("open");
        std::future::pending::<()>().await;
    });
    let error = connect(format!("ws://{address}")).await.expect_err("full");
    assert_eq!(error.cause(), Some(Cause::ServerFull));
    assert_eq!(error.retry_after(), Some(Duration::from_secs(9)));
    assert_eq!((error.responsible(), error.is_worth_retrying()), (Responsible::Server, true));
}

/// A server that refuses in a Close frame, for browsers: whoever reads the 101 learns it before anything is sent.
#[tokio::test]
async fn a_refusal_in_a_close_frame() {
    let refuse = |frame: &'static [u8]| {
        answered(move |request: &UpgradeRequest| {
            let mut response = UpgradeResponse::new(request);
            let mut out = BytesMut::new();
            response.field("Refused-By", "rooms; id=42").expect("a field").encode(&mut out);
            out.extend_from_slice(frame);
            out
        })
    };
    let error = refuse(b"\x88\x1e\x03\xf5server-full: retry after 5 s").await.expect_err("refused");
    assert_eq!((error.cause(), error.retry_after()), (Some(Cause::ServerFull), Some(Duration::from_secs(5))));
    assert_eq!((error.responsible(), error.is_worth_retrying()), (Responsible::Server, true));
    let ConnectError::Closed(closed) = error else { panic!("{error:?}") };
    assert!(closed.by_application());
    assert_eq!(closed.refused_by.and_then(|by| by.id).as_deref(), Some("42"));
    // What lets nobody in, and says no more or another thing, has refused all the same.
    for frame in [&b""[..], b"\x81\x02hi", b"\xff"] {
        let error = refuse(frame).await.expect_err("refused");
        let ConnectError::Closed(closed) = error else { panic!("{error:?}") };
        assert!(closed.by_application() && closed.cause().is_none());
    }
}

#[tokio::test]
async fn the_total_time_bounds_every_stage() {
    let (listener, address) = listener().await;
    let started = Instant::now();
    let total = Duration::from_millis(50);
    let silent = Client::builder(format!("ws://{address}")).expect("valid").timeout(total).build();
    let error = silent.connect().await.expect_err("nobody answers");
    assert!(matches!(error, ConnectError::Handshake(HandshakeError::TimedOut { .. })), "{error:?}");
    // The body of a refusal, too, has only what is left.
    tokio::spawn(async move {
        // The first connection is that of the attempt above.
        let _first = listener.accept().await.expect("a client");
        let mut stream = listener.accept().await.expect("a client").0;
        read_head(&mut stream).await;
        stream.write_all(b"HTTP/1.1 403 No\r\nContent-Length: 9\r\n\r\n").await.expect("open");
        std::future::pending::<()>().await;
    });
    let timeouts = Timeouts { body: Duration::from_secs(60), total, ..Timeouts::default() };
    let slow = Client::builder(format!("ws://{address}")).expect("valid").timeouts(timeouts).build();
    let error = slow.connect().await.expect_err("refused");
    assert!(matches!(error, ConnectError::Refused(_)), "{error:?}");
    assert!(started.elapsed() < Duration::from_secs(10));
}

#[tokio::test]
async fn each_stage_has_its_own_error() {
    assert!(matches!(connect("http://h/").await, Err(ConnectError::Url(UrlError::SchemeHttp { .. }))));
    let header = Client::builder("ws://h/").expect("valid").header("Host", "x");
    assert!(matches!(header.map_err(ConnectError::from), Err(ConnectError::Request(_))));
    let (listener, address) = listener().await;
    drop(listener);
    let closed = connect(format!("ws://{address}")).await;
    assert!(matches!(closed, Err(ConnectError::Tcp(TcpError::PortClosed { .. }))), "{closed:?}");
}

#[tokio::test]
async fn a_dropped_attempt_closes_its_connection() {
    let (ours, mut theirs) = duplex(4096);
    let client = Client::builder("ws://h/").expect("valid").build();
    let attempt = tokio::time::timeout(Duration::from_millis(20), client.connect_over(ours));
    assert!(attempt.await.is_err());
    let mut rest = Vec::new();
    theirs.read_to_end(&mut rest).await.expect("the request, then the end");
    assert!(rest.starts_with(b"GET / "));
}

/// Gives the other end of each pipe to an echo server.
struct InProcess;

impl Connector for InProcess {
    fn connect<'a>(&'a self, url: &'a WsUrl) -> ConnectFuture<'a> {
        Box::pin(async move {
            if url.host_field() == "gone" {
                return Err(std::io::ErrorKind::BrokenPipe.into());
            }
            let (ours, theirs) = duplex(4096);
            tokio::spawn(echo(theirs));
            Ok(Box::new(ours) as Box<dyn Transport>)
        })
    }
}

#[tokio::test]
async fn a_connector_takes_the_place_of_the_network() {
    let client = Client::builder("ws://no-such-host.invalid/").expect("valid").connector(InProcess).build();
    for _ in 0..2 {
        let mut socket = client.connect().await.expect("a stream");
        socket.send("hello").await.expect("open");
        assert_eq!(socket.recv().await.expect("open").expect("a message").as_text(), Some("hello"));
    }
    let client = Client::builder("ws://gone/").expect("valid").connector(InProcess);
    let error = client.connect().await.expect_err("no stream");
    assert_eq!((error.code(), error.is_worth_retrying()), ("connect-failed", true), "{error:?}");
}

/// What is secret goes out in clear to this machine alone, unless told so.
#[tokio::test]
async fn credentials_are_not_sent_in_clear() {
    let ask = |url: &str| Client::builder(url).expect("valid").bearer_token("hunter2").expect("valid");
    // Nothing may be resolved or connected: the address would be an error of its own.
    for url in ["ws://192.0.2.1:1/", "ws://no-such-host.invalid/"] {
        let error = ask(url).connect().await.expect_err("in clear");
        assert!(matches!(error, ConnectError::Credentials(CredentialsError::InClear { .. })), "{error:?}");
        assert_eq!((error.code(), error.is_worth_retrying()), ("credentials-in-clear", false));
    }
    let (listener, address) = listener().await;
    let server = tokio::spawn(async move {
        for _ in 0..3 {
            let (stream, _) = listener.accept().await.expect("a client");
            let head = echo(stream).await;
            assert_eq!(head.fields().get_str("Authorization"), Some("Bearer hunter2"));
        }
    });
    let url = format!("ws://server.example:{}/", address.port());
    let local = ask(&url).resolve("server.example", ["127.0.0.1:0".parse().expect("an address")]);
    local.clone().connect().await.expect("this machine by its address");
    ask(&format!("ws://localhost:{}/", address.port())).connect().await.expect("this machine by its name");
    // An address of another machine beside is enough to stop it.
    let mixed = ["127.0.0.1:0", "192.0.2.1:0"].map(|text| text.parse().expect("an address"));
    let mixed = local.resolve("server.example", mixed);
    let error = mixed.clone().connect().await.expect_err("in clear");
    assert_eq!(error.code(), "credentials-in-clear");
    mixed.allow_credentials_in_clear().connect().await.expect("allowed");
    server.await.expect("no panic");
    let (ours, theirs) = duplex(4096);
    let server = tokio::spawn(echo(theirs));
    ask("ws://192.0.2.1/").build().connect_over(ours).await.expect("the caller's own stream");
    server.await.expect("no panic");
}

#[cfg(unix)]
#[tokio::test]
async fn over_a_unix_socket() {
    let path = std::env::temp_dir().join(format!("ws-client-over-unix-{}", std::process::id()));
    let client = Client::builder("ws://server.example/a").expect("valid").unix_socket(&path);
    let client = client.bearer_token("t0ken").expect("valid").build();
    let error = client.connect().await.expect_err("no server");
    assert_eq!((error.code(), error.is_worth_retrying()), ("socket-not-found", true), "{error:?}");
    let listener = tokio::net::UnixListener::bind(&path).expect("a socket");
    let server = tokio::spawn(async move { echo(listener.accept().await.expect("a client").0).await });
    let mut socket = client.connect().await.expect("it listens");
    socket.send("hello").await.expect("open");
    assert_eq!(socket.recv().await.expect("open").expect("a message").as_text(), Some("hello"));
    drop(socket);
    let head = server.await.expect("no panic");
    assert_eq!(head.fields().get_str("Host"), Some("server.example"));
    assert_eq!(head.fields().get_str("Authorization"), Some("Bearer t0ken"));
    std::fs::remove_file(&path).expect("still there");
}

#[tokio::test]
async fn the_peer_hangs_up() {
    let hang_up = async |stream: DuplexStream| drop(stream);
    let (ours, theirs) = duplex(4096);
    hang_up(theirs).await;
    let client = Client::builder("ws://h/").expect("valid").build();
    let error = client.connect_over(ours).await.map(|_| ()).expect_err("gone");
    assert!(matches!(error, ConnectError::Handshake(HandshakeError::Write(_))), "{error:?}");
    assert!(error.is_worth_retrying());
}

#[test]
fn whose_turn_it_is_and_whether_to_retry() {
    let not_found = || DnsError::NotFound { host: "h".into(), source: None };
    for (error, responsible, retry) in [
        (ConnectError::Url(UrlError::Empty), Responsible::Client, false),
        (ConnectError::Dns(not_found()), Responsible::Client, false),
        (
            ConnectError::Dns(DnsError::TimedOut { host: "h".into(), after: Duration::ZERO }),
            Responsible::Network,
            true,
        ),
        (ConnectError::Handshake(HandshakeError::NoAnswer), Responsible::Server, true),
        (ConnectError::Handshake(HandshakeError::NotHttp), Responsible::Client, false),
        (ConnectError::Handshake(HandshakeError::ContentLength), Responsible::Server, false),
    ] {
        assert_eq!((error.responsible(), error.is_worth_retrying()), (responsible, retry), "{error:?}");
        assert_eq!((error.cause(), error.retry_after()), (None, None), "{error:?}");
    }
}

/// A gateway passes on what it got: nothing is resolved, decoded or encoded on the way.
#[tokio::test]
async fn a_resource_goes_out_as_it_is() {
    for resource in ["/a/../b/./%2e%2E/c?x=%zz'", "//x", "/caf%C3%A9?"] {
        let (ours, mut theirs) = tokio::io::duplex(4096);
        let client = Client::builder("ws://h/of/the/url?q=1").expect("valid").resource(resource).build();
        let connecting = tokio::spawn(async move { client.connect_over(ours).await.map(drop) });
        let mut request = vec![0; 4096];
        let read = tokio::io::AsyncReadExt::read(&mut theirs, &mut request).await.expect("a request");
        let line = format!("GET {resource} HTTP/1.1\r\nHost: h\r\n");
        assert!(String::from_utf8_lossy(&request[..read]).starts_with(&line), "{resource}");
        drop(theirs);
        assert!(connecting.await.expect("no panic").is_err());
    }
    for resource in ["", "x", "/a b", "/a\r\nX: y", "/a#b"] {
        let client = Client::builder("ws://h/").expect("valid").resource(resource).build();
        let error = client.connect_over(tokio::io::empty()).await.expect_err("no target");
        assert!(matches!(error, ConnectError::Request(_)), "{resource:?}: {error:?}");
    }
}
