//! What comes to the wrong port.

use std::sync::{Arc, Mutex};
use std::time::Duration;

use tokio::io::AsyncReadExt as _;
use tokio::time::timeout;
use ws_core::refusal::Cause;
use ws_server::{Route, ServerLimits, TlsFiles};

use super::setup::{Authority, Files, client, connect, serve};
use crate::support::{PATIENCE, Running, echo, get, handshake};

/// RFC 9110 4.2.2: the answer to plain HTTP is plain, and the last one.
#[tokio::test]
async fn plain_http_on_a_tls_port_is_answered_in_plain_text() {
    let (files, authority) = (Files::new(), Authority::new());
    let (certificate, key) = files.pair("own", &authority.issue("localhost", |_| {}));
    let reported = Arc::new(Mutex::new(Vec::new()));
    let limits = ServerLimits { handshake_timeout: Duration::from_millis(300), ..ServerLimits::default() };
    let running = serve(TlsFiles::new(certificate, key), |builder| {
        let reported = Arc::clone(&reported);
        builder.limits(limits).route("/echo", Route::new(echo)).page("/", "text/plain", "hello").on_refusal(
            move |report| reported.lock().unwrap().push((report.cause, report.path.map(str::to_owned))),
        )
    })
    .await;
    for (request, path) in [(handshake("/echo"), "/echo"), (get("/"), "/"), (get("/nowhere"), "/nowhere")] {
        let mut plain = running.connect().await;
        let answer = plain.ask(&request).await;
        assert_eq!((answer.status(), answer.field("Connection")), (400, Some("close")));
        assert!(answer.field("Refused-By").unwrap().contains("code=plain-http-on-tls-port"));
        assert!(answer.body.contains("\"code\":\"plain-http-on-tls-port\""), "{}", answer.body);
        assert!(plain.is_closed().await);
        let report = reported.lock().unwrap().pop();
        assert_eq!(report, Some((Cause::PlainHttpOnTlsPort, Some(path.to_owned()))));
    }
    let mut head = running.connect().await;
    assert_eq!(head.ask(&get("/").replace("GET", "HEAD")).await.status(), 400);
    // What is neither TLS nor HTTP, and what never becomes either.
    let mut junk = running.connect().await;
    junk.send("\0\0\0\0").await;
    assert_eq!(junk.answer(false).await.status(), 400);
    assert_eq!(reported.lock().unwrap().pop().unwrap().0, Cause::MalformedRequest);
    let mut slow = running.connect().await;
    slow.send("GET / HTTP/1.1\r\n").await;
    assert_eq!(slow.answer(false).await.status(), 408);
    let mut silent = running.connect().await;
    let mut nothing = Vec::new();
    timeout(PATIENCE, silent.stream.read_to_end(&mut nothing)).await.unwrap().unwrap();
    assert!(nothing.is_empty(), "there is nobody to whom plain text would mean something");
}

/// TLS clients tell their users of plain text ("wrong version number", "HTTP response to HTTPS client"); an alert would
/// say that TLS is spoken here and something is wrong with theirs.
#[tokio::test]
async fn tls_on_a_plain_port_is_answered_in_plain_text() {
    let reported = Arc::new(Mutex::new(Vec::new()));
    let running = Running::start(|builder| {
        let reported = Arc::clone(&reported);
        builder.route("/echo", Route::new(echo)).on_refusal(move |report| {
            reported.lock().unwrap().push((report.cause, report.status));
        })
    })
    .await;
    let error = connect(&client(&Authority::new(), None), running.address, "localhost")
        .await
        .map(|_| ())
        .unwrap_err();
    assert!(error.to_string().contains("corrupt message"), "{error}");
    assert_eq!(*reported.lock().unwrap(), [(Cause::TlsOnPlainPort, Some(400))]);
    let mut raw = running.connect().await;
    raw.send(b"\x16\x03\x01\x02\x00\x01").await;
    let answer = raw.answer(false).await;
    assert_eq!((answer.status(), answer.field("Connection")), (400, Some("close")));
    assert!(answer.body.contains("\"code\":\"tls-on-plain-port\""), "{}", answer.body);
    assert!(raw.is_closed().await);
}
