//! A FastAPI application alone, and behind the gateway: what is answered to whom, cause by cause.
//!
//! The table of `FASTAPI.md` is this run's. It needs Python 3 and a package registry, so that it runs only when asked for:
//!
//! ```text
//! cargo test --release -p tests --test fastapi
//! ```
//!
//! With `WS_TESTS_WRITE=1` it writes the table instead of comparing it.

#![expect(clippy::unwrap_used, reason = "a test that cannot go on has failed")]

mod cases;
mod servers;
mod table;

use std::net::SocketAddr;

use tests::suites;
use tests::wire::Peer;
use tokio::net::TcpSocket;
use tokio::time::timeout;

use crate::cases::{CASES, Case, Tokens};
use crate::servers::{FastApi, Gateway};
use crate::table::{Got, Row, Table};

const SUITE: &str = "FastAPI alone and behind the gateway";

#[tokio::test]
async fn each_cause_has_an_answer_of_its_own_through_the_gateway() {
    if !suites::asked_for(SUITE, "fastapi") {
        return;
    }
    let python = match tests::runtimes::python_fastapi() {
        Ok(python) => python,
        Err(why) => return suites::skip(SUITE, why),
    };
    let application = FastApi::start(&python);
    let gateway = Gateway::start(application.address);
    let tokens = Tokens::new(servers::SECRET);
    let mut table = Table::default();
    for (number, case) in CASES.iter().enumerate() {
        let source = case.from.map_or_else(|| format!("127.1.0.{}", number + 100), str::to_owned);
        let alone = ask(application.address, case, &source, &tokens).await;
        let guarded = ask(gateway.address, case, &source, &tokens).await;
        assert_eq!(guarded.code(), case.cause, "{}: {guarded:?}; {}", case.what, gateway.tail());
        if case.is_the_applications() {
            assert_eq!(alone.status_and_body(), Some((403, "")), "{}: {alone:?}", case.what);
        }
        table.push(Row::new(case, &alone, &guarded));
    }
    table.push(expiry(&application, &gateway, &tokens).await);
    let refused = raised_as_http(&application).await;
    assert_eq!(refused.status_and_body(), Some((401, r#"{"detail":"there is no token"}"#)));
    let (gone, gateway) = (application.stop(), gateway);
    table.push(without_application(gone, &gateway, &tokens).await);
    table.compare();
}

/// What this case gets, on a connection from `source`.
async fn ask(server: SocketAddr, case: &Case, source: &str, tokens: &Tokens) -> Got {
    let mut held = Vec::new();
    for _ in 0..case.before {
        let mut peer = connect(server, source).await.expect("the server listens");
        peer.send((case.request)(tokens)).await;
        let answer = peer.answer(false).await;
        // What is let in stays, and so counts.
        held.push((peer, answer));
    }
    send(server, source, (case.request)(tokens)).await
}

async fn send(server: SocketAddr, source: &str, request: String) -> Got {
    let Some(mut peer) = connect(server, source).await else { return Got::Nobody };
    peer.send(request).await;
    match timeout(servers::PATIENCE, peer.answer(false)).await {
        Ok(answer) => answer.map_or(Got::Closed, Got::Answer),
        Err(_) => Got::Silence,
    }
}

async fn connect(server: SocketAddr, source: &str) -> Option<Peer> {
    let socket = TcpSocket::new_v4().unwrap();
    socket.bind(SocketAddr::new(source.parse().unwrap(), 0)).unwrap();
    let stream = socket.connect(server).await.ok()?;
    Some(Peer { stream, buffer: bytes::BytesMut::new() })
}

/// A token that expires in a connection that it has opened.
async fn expiry(application: &FastApi, gateway: &Gateway, tokens: &Tokens) -> Row {
    let request =
        |token: &str| cases::handshake("/rooms/lobby", &format!("Authorization: Bearer {token}\r\n"));
    let mut ends = Vec::new();
    for server in [application.address, gateway.address] {
        let (token, expires) = tokens.short_lived();
        let mut peer = connect(server, "127.1.0.90").await.expect("the server listens");
        peer.send(request(&token)).await;
        assert_eq!(peer.answer(false).await.unwrap().head.status(), 101);
        ends.push(table::ending(peer, expires).await);
    }
    let [alone, guarded] = ends.try_into().unwrap();
    assert!(guarded.starts_with("closed with 3000"), "{guarded}");
    Row { cause: "token-expired".into(), what: "a token that expires while connected".into(), alone, guarded }
}

/// The other way in which a FastAPI application may refuse.
async fn raised_as_http(application: &FastApi) -> Got {
    send(application.address, "127.1.0.91", cases::handshake("/http-exception", "")).await
}

/// The application has ended.
async fn without_application(gone: SocketAddr, gateway: &Gateway, tokens: &Tokens) -> Row {
    let request = cases::good(tokens);
    let alone = send(gone, "127.1.0.92", request.clone()).await;
    let guarded = send(gateway.address, "127.1.0.92", request).await;
    assert_eq!(guarded.code(), "upstream-down", "{guarded:?}");
    let case = Case { cause: "upstream-down", what: "the application is down", ..Case::NONE };
    Row::new(&case, &alone, &guarded)
}
