//! The server behind says no, or nothing.

use serde_json::Value;
use tests::wire::Answer;
use tokio::net::TcpListener;
use tokio::time::timeout;

use crate::gateway::{Gateway, PATIENCE, refusal};
use crate::upstream_server::{Script, Upstream};

const TEAPOT: &str = "HTTP/1.1 418 I'm a teapot\r\nContent-Type: text/plain\r\nContent-Length: 5\r\n\
    X-Why: tea\r\nConnection: close, X-Hop\r\nX-Hop: 1\r\n\r\nshort";

fn to(upstream: &Upstream, path: &str, rules: &str) -> String {
    let address = upstream.address;
    format!(
        "[[route]]\npath = \"{path}\"\nupstream = \"ws://{address}\"\nauthenticate = [\"none\"]\n{rules}\n"
    )
}

fn detail(answer: &Answer) -> String {
    let body: Value = serde_json::from_slice(&answer.body).unwrap();
    body["detail"].as_str().unwrap_or_default().to_owned()
}

#[tokio::test]
async fn its_refusal_is_told_or_passed_on() {
    let upstream = Upstream::start(Script::Say(TEAPOT.to_owned())).await;
    let config = format!(
        "{}{}",
        to(&upstream, "/told", ""),
        to(&upstream, "/passed", "pass_upstream_refusals = true")
    );
    let gateway = Gateway::start("refusal", &config);
    let answer = gateway.ask("/told", "").await;
    assert_eq!(refusal(&answer), (502, "upstream-refused".to_owned()));
    assert!(detail(&answer).contains("418"), "{}", detail(&answer));
    let answer = gateway.ask("/passed", "").await;
    assert_eq!((answer.head.status(), &answer.body[..]), (418, &b"short"[..]));
    assert_eq!((answer.field("X-Why"), answer.field("Content-Type")), (Some("tea"), Some("text/plain")));
    assert_eq!((answer.field("X-Hop"), answer.field("Refused-By")), (None, None));
    let id = answer.field("X-Request-Id").unwrap();
    gateway.logs(id).await;
    let line = gateway.log().lines().find(|line| line.contains(id)).unwrap().to_owned();
    assert!(line.contains("upstream-refused") && line.contains("418"), "{line}");
}

#[tokio::test]
async fn whoever_is_not_there_or_makes_no_sense_is_down() {
    let nobody = TcpListener::bind("127.0.0.1:0").await.unwrap().local_addr().unwrap();
    let gateway = Gateway::start(
        "down",
        &format!("[[route]]\npath = \"/\"\nupstream = \"ws://{nobody}\"\nauthenticate = [\"none\"]\n"),
    );
    assert_eq!(gateway.refusal("/", "").await, (502, "upstream-down".to_owned()));
    for said in [
        "",
        "SSH-2.0-OpenSSH\r\n",
        "HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Accept: wrong\r\n\r\n",
    ] {
        let upstream = Upstream::start(Script::Say(said.to_owned())).await;
        let gateway = Gateway::start("nonsense", &to(&upstream, "/", ""));
        assert_eq!(gateway.refusal("/", "").await, (502, "upstream-down".to_owned()), "{said:?}");
    }
}

#[tokio::test]
async fn whoever_does_not_answer_is_too_late() {
    let upstream = Upstream::start(Script::Nothing).await;
    let config = format!("[upstream]\nhandshake_timeout = \"200ms\"\n{}", to(&upstream, "/", ""));
    let gateway = Gateway::start("late", &config);
    assert_eq!(gateway.refusal("/", "").await, (504, "upstream-timeout".to_owned()));
}

/// In the middle of a connection the code is 1014.
#[tokio::test]
async fn a_server_that_goes_away() {
    let mut upstream = Upstream::start(Script::Accept).await;
    let gateway = Gateway::start("gone", &to(&upstream, "/", ""));
    let mut client = gateway.open("/", None).await;
    let server = upstream.socket().await;
    // Without a Close frame: the runtime that would send one has ended.
    std::thread::spawn(move || {
        let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
        let _guard = runtime.enter();
        drop(server);
    })
    .join()
    .unwrap();
    assert_eq!(timeout(PATIENCE, client.recv()).await.unwrap().unwrap(), None);
    let frame = client.close_frame().unwrap();
    assert_eq!(frame.code.get(), 1014);
    assert!(frame.reason.starts_with("upstream-down"), "{}", frame.reason);
}

/// A dry run connects, and asks nobody.
#[tokio::test]
async fn a_dry_run_finds_out_whether_it_is_there() {
    let mut upstream = Upstream::start(Script::Accept).await;
    let nobody = TcpListener::bind("127.0.0.1:0").await.unwrap().local_addr().unwrap();
    let config = format!(
        "dry_run = true\n{}[[route]]\npath = \"/down\"\nupstream = \"ws://{nobody}\"\nauthenticate = [\"none\"]\n",
        to(&upstream, "/up", "")
    );
    let gateway = Gateway::start("dry", &config);
    let dry =
        |path: &str| format!("GET {path} HTTP/1.1\r\nHost: h\r\nAccept: application/problem+json\r\n\r\n");
    assert_eq!(gateway.connect().await.ask(dry("/up")).await.head.status(), 200);
    assert!(upstream.is_alone());
    let answer = gateway.connect().await.ask(dry("/down")).await;
    assert_eq!(refusal(&answer), (502, "upstream-down".to_owned()));
}
