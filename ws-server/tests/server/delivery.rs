//! Refusals in a Close frame: who gets them, and what is on the wire.

use std::future::ready;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use tokio::io::AsyncReadExt as _;
use tokio::time::{Instant, sleep, timeout};
use ws_core::refusal::Disclosure;
use ws_server::authenticate::{AuthenticationError, Challenging, HandshakeContext, Identity};
use ws_server::gate::OriginPolicy;
use ws_server::{Delivery, Route, ServerBuilder, ServerLimits};

use crate::support::{Client, PATIENCE, Running, echo};

const OWN: &str = "Origin: http://localhost\r\n";
const FOREIGN: &str = "Origin: https://evil.example\r\n";

fn handshake(path: &str, fields: &str) -> String {
    crate::support::handshake(path).replace("\r\n\r\n", &format!("\r\n{fields}\r\n"))
}

/// Nobody has credentials here.
fn closed() -> Route {
    let missing =
        |_: &HandshakeContext<'_>| ready(Err::<Identity, _>(AuthenticationError::CredentialsMissing));
    Route::new(echo).authenticate(Challenging::new(ws_core::refusal::Challenge::bearer("chat"), missing))
}

async fn start(delivery: Delivery, build: impl FnOnce(ServerBuilder) -> ServerBuilder) -> Running {
    Running::start(|server| build(server.delivery(delivery).route("/closed", closed()))).await
}

/// How a handshake was refused.
#[derive(Debug, PartialEq)]
enum Told {
    Http(u16),
    Frame(u16, String),
}

/// Sends a request and reads what it is told, to the end of the connection where it was told in a frame.
async fn ask(running: &Running, request: &str) -> Told {
    let mut client = running.connect().await;
    let answer = client.ask(request).await;
    if answer.status() != 101 {
        return Told::Http(answer.status());
    }
    let (code, reason) = close_frame(&mut client).await;
    Told::Frame(code, reason)
}

/// The Close frame that is all that follows the 101.
async fn close_frame(client: &mut Client) -> (u16, String) {
    let reading = async { while client.stream.read_buf(&mut client.buffer).await.unwrap_or(0) > 0 {} };
    timeout(PATIENCE, reading).await.expect("the end of the connection");
    let frame = &client.buffer[..];
    // RFC 6455 5.2: FIN and opcode 8, no mask, a length of at most 125, and nothing behind it.
    assert_eq!((frame[0], usize::from(frame[1])), (0x88, frame.len() - 2), "{frame:?}");
    (u16::from_be_bytes([frame[2], frame[3]]), String::from_utf8(frame[4..].to_vec()).unwrap())
}

fn missing() -> Told {
    Told::Frame(3000, "credentials-missing: Credentials are required".to_owned())
}

#[tokio::test]
async fn who_is_told_how() {
    for (delivery, fields, expected) in [
        (Delivery::Http, "", Told::Http(401)),
        (Delivery::Http, OWN, Told::Http(401)),
        (Delivery::Http, FOREIGN, Told::Http(403)),
        (Delivery::CloseFrame, "", missing()),
        (Delivery::CloseFrame, OWN, missing()),
        (Delivery::CloseFrame, FOREIGN, Told::Http(403)),
        (Delivery::Auto, "", Told::Http(401)),
        (Delivery::Auto, OWN, missing()),
        (Delivery::Auto, FOREIGN, Told::Http(403)),
    ] {
        let running = start(delivery, |server| server).await;
        assert_eq!(ask(&running, &handshake("/closed", fields)).await, expected, "{delivery:?} {fields}");
    }
}

/// Neither is a foreign origin told anything where the cause comes before the check of the origin.
#[tokio::test]
async fn a_foreign_origin_is_never_told_in_a_frame() {
    let limits = ServerLimits { connections: 0, ..ServerLimits::default() };
    let running = start(Delivery::CloseFrame, |server| server.limits(limits)).await;
    let full = Told::Frame(1013, "server-full: retry after 5 s".to_owned());
    assert_eq!(ask(&running, &handshake("/closed", "")).await, full);
    assert_eq!(ask(&running, &handshake("/closed", OWN)).await, full);
    for fields in [
        FOREIGN,
        "Origin: null\r\n",
        "Origin: http://localhost\r\nOrigin: http://localhost\r\n",
        "Origin: x\r\n",
    ] {
        assert_eq!(ask(&running, &handshake("/closed", fields)).await, Told::Http(503), "{fields}");
    }
}

#[tokio::test]
async fn what_is_no_handshake_is_told_over_http() {
    let limits = ServerLimits { connections: 0, ..ServerLimits::default() };
    let running = start(Delivery::CloseFrame, |server| server.limits(limits).dry_run(true)).await;
    let good = handshake("/closed", OWN);
    for request in [
        good.replace("GET", "POST"),
        good.replace("Upgrade: websocket\r\n", ""),
        good.replace("Version: 13", "Version: 8"),
        good.replace("dGhlIHNhbXBsZSBub25jZQ==", "short"),
        good.replace("\r\n\r\n", "\r\nSec-WebSocket-Protocol: a, a\r\n\r\n"),
        good.replace("/closed", "/nowhere"),
        "GET /closed HTTP/1.1\r\nHost: localhost\r\nAccept: application/problem+json\r\n\r\n".to_owned(),
    ] {
        assert_eq!(ask(&running, &request).await, Told::Http(503), "{request}");
    }
}

#[tokio::test]
async fn a_cause_without_a_close_code_is_told_over_http() {
    let running = start(Delivery::CloseFrame, |server| {
        let strict = Route::new(echo).subprotocols(["chat"]).require_subprotocol();
        let hidden = closed().origins(OriginPolicy::any().required()).hide();
        server.route("/strict", strict).route("/hidden", hidden)
    })
    .await;
    assert_eq!(ask(&running, &handshake("/strict", OWN)).await, Told::Http(400));
    assert_eq!(ask(&running, &handshake("/nowhere", OWN)).await, Told::Http(404));
    let missing = Told::Frame(3003, "origin-missing: The origin is missing".to_owned());
    assert_eq!(ask(&running, &handshake("/hidden", "")).await, missing);
}

/// Browsers fail a connection to which they offered subprotocols and that selects none.
#[tokio::test]
async fn a_subprotocol_that_was_offered_is_selected() {
    let running = start(Delivery::CloseFrame, |server| {
        server.route("/speaks", closed().subprotocols(["chat.v2", "chat.v1"]))
    })
    .await;
    for (path, offered, selected) in [
        ("/closed", None, None),
        ("/closed", Some("mqtt, chat.v1"), Some("mqtt")),
        ("/closed", Some("bearer, a.secret.token"), Some("bearer")),
        ("/speaks", Some("mqtt, chat.v1"), Some("chat.v1")),
        ("/speaks", Some("bearer, a.secret.token"), Some("bearer")),
    ] {
        let fields =
            offered.map(|offered| format!("Sec-WebSocket-Protocol: {offered}\r\n")).unwrap_or_default();
        let mut client = running.connect().await;
        let answer = client.ask(&handshake(path, &fields)).await;
        assert_eq!((answer.status(), answer.field("Sec-WebSocket-Protocol")), (101, selected), "{offered:?}");
        assert!(answer.field("Sec-WebSocket-Extensions").is_none());
        let id = answer.field("X-Request-Id").unwrap();
        assert_eq!(answer.field("Refused-By"), Some(&*format!("ws-server; id={id}")));
        assert_eq!(close_frame(&mut client).await.0, 3000);
    }
}

#[tokio::test]
async fn the_level_decides_on_the_reason() {
    for (disclosure, reason) in [
        (Disclosure::Full, "credentials-missing: there are no credentials"),
        (Disclosure::Standard, "credentials-missing: Credentials are required"),
        (Disclosure::Minimal, ""),
    ] {
        let running = start(Delivery::CloseFrame, |server| server.disclosure(disclosure)).await;
        assert_eq!(ask(&running, &handshake("/closed", "")).await, Told::Frame(3000, reason.to_owned()));
    }
}

/// No application data is read: whatever is sent behind the handshake, or after it, is thrown away.
#[tokio::test]
async fn nothing_is_heard_in_between() {
    let running = start(Delivery::CloseFrame, |server| server).await;
    // A ping, and a frame that breaks the protocol: neither is answered.
    for more in [&b"\x89\x80\x00\x00\x00\x00"[..], b"\xff\xff\xff"] {
        let mut client = running.connect().await;
        client.send([handshake("/closed", "").as_bytes(), more].concat()).await;
        assert_eq!(client.answer(false).await.status(), 101);
        client.send(more).await;
        assert_eq!(close_frame(&mut client).await.0, 3000);
    }
}

/// A peer that does not end its side has the close timeout, and its place that long.
#[tokio::test]
async fn the_closing_handshake_has_a_deadline() {
    let patience = Duration::from_millis(300);
    let running = start(Delivery::CloseFrame, |server| server.close_timeout(patience)).await;
    let mut client = running.connect().await;
    assert_eq!(client.ask(&handshake("/closed", "")).await.status(), 101);
    assert_eq!(close_frame(&mut client).await.0, 3000);
    let began = Instant::now();
    assert_eq!(running.handle.connections(), 1);
    while running.handle.connections() > 0 {
        assert!(began.elapsed() < PATIENCE);
        sleep(Duration::from_millis(5)).await;
    }
    assert!(began.elapsed() >= patience / 2, "{:?}", began.elapsed());
}

#[tokio::test]
async fn the_report_says_how_it_was_told() {
    let told = Arc::new(Mutex::new(Vec::new()));
    let reports = Arc::clone(&told);
    let running = start(Delivery::Auto, |server| {
        server.on_refusal(move |report| {
            reports.lock().unwrap().push((report.status, report.close_code, report.to_string()));
        })
    })
    .await;
    for fields in [OWN, ""] {
        ask(&running, &handshake("/closed", fields)).await;
    }
    let told = told.lock().unwrap();
    assert_eq!((told[0].0, told[0].1), (None, Some(3000)));
    assert!(told[0].2.starts_with("3000 credentials-missing GET /closed from "), "{}", told[0].2);
    assert_eq!((told[1].0, told[1].1), (Some(401), None));
    assert_eq!(told.len(), 2);
}
