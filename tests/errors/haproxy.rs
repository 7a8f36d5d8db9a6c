//! `HAProxy`: in front of servers that are there, or are not.

use std::net::SocketAddr;

use tests::certificates::Files;
use tests::process::{Running, workspace};
use tests::wire::{self, echo};
use ws_client::{Client, ConnectError, HandshakeError, NextStep};
use ws_server::Route;

use crate::programs::{self, Missing};
use crate::raw::{self, SOON, ended, hurried, refused};
use crate::row::{AGAIN, PROXY, Peer, Table, WHEN_TOLD};
use crate::{proxies, tls};

/// `HAProxy`, and its ways in.
struct HaProxy {
    http: SocketAddr,
    rejects: SocketAddr,
    inspects: SocketAddr,
    through: SocketAddr,
    process: Running,
    _files: Files,
}

pub(crate) async fn rows(table: &mut Table) -> Result<(), Missing> {
    let behind = wire::Running::start(|server| server.route("/open", Route::new(echo))).await;
    let mut haproxy = start(behind.address).await?;
    let mut add = |what, expected, error| table.add(Peer::HaProxy, what, expected, error);
    let at = |path: &str| Client::builder(format!("ws://{}{path}", haproxy.http)).unwrap().build();
    for (path, what, expected) in [
        ("/deny", "a rule that denies", ("forbidden-unexplained", NextStep::FindOut)),
        ("/slower", "a rule that denies with 429", ("rate-limited", AGAIN)),
        ("/nowhere", "a rule that denies with 404", ("not-a-websocket-endpoint", NextStep::Correct)),
        ("/maintenance", "503 with `Retry-After`", ("unavailable-unexplained", WHEN_TOLD)),
        ("/page", "a page of its own", ("not-a-websocket-endpoint", NextStep::Correct)),
        ("/reject", "a rule that rejects", ("no-http-answer", AGAIN)),
        ("/tarpit", "a rule that lets wait, and then fails", ("internal-error", AGAIN)),
        ("/moved", "a redirection", ("redirected", NextStep::Correct)),
        ("/people", "a password is wanted", ("unauthorized-unexplained", NextStep::Authenticate)),
        ("/nobody", "no server behind it", ("unavailable-unexplained", AGAIN)),
        ("/down", "the server behind it is down", ("unavailable-unexplained", AGAIN)),
        ("/mute", "the server behind it does not answer", ("upstream-timeout", AGAIN)),
        ("/closes", "the server behind it closes at once", ("upstream-down", AGAIN)),
        (
            "/stripped",
            "without `Upgrade`, with our own server behind it",
            ("upgrade-headers-stripped", PROXY),
        ),
    ] {
        add(what, expected, refused(&at(path)).await);
    }
    let dropped = hurried(&format!("ws://{}/drop", haproxy.http));
    add("a rule that drops without a word", ("no-http-answer", AGAIN), refused(&dropped).await);
    let held = at("/busy").connect().await.unwrap();
    add("a queue that is full", ("unavailable-unexplained", AGAIN), refused(&at("/busy")).await);
    let to = |address: SocketAddr| hurried(&format!("ws://{address}/"));
    let reset = ("connection-reset", AGAIN);
    add("TCP: connections that are rejected", reset, rejected(&to(haproxy.rejects)).await);
    add("TCP: contents that are rejected", ("no-http-answer", AGAIN), refused(&to(haproxy.inspects)).await);
    add("TCP: the server behind it is down", ("no-http-answer", AGAIN), refused(&to(haproxy.through)).await);
    let lost = ("connection-lost", AGAIN);
    table.add(
        Peer::HaProxy,
        "it gives up a connection on which nothing is said",
        lost,
        ended(&at("/open")).await,
    );
    let _ = haproxy.process.terminate(SOON * 10);
    table.add(Peer::HaProxy, "it is stopped", lost, raw::end(held).await);
    proxies::haproxy_rows(table).await?;
    tls::haproxy_rows(table).await
}

async fn start(behind: SocketAddr) -> Result<HaProxy, Missing> {
    let files = Files::new()?;
    let [http, rejects, inspects, through, down] = [(); 5].map(|()| programs::address());
    let config = std::fs::read_to_string(workspace().join("tests/errors/haproxy.cfg"))?;
    let replaced = [
        ("bind HTTP", http),
        ("bind REJECTS", rejects),
        ("bind INSPECTS", inspects),
        ("bind THROUGH", through),
        ("one DOWN", down),
        ("one MUTE", programs::repeating(raw::ignore).await),
        ("one CLOSES", programs::repeating(raw::leave).await),
        ("one OPEN", behind),
    ];
    let config = replaced.iter().fold(config, |config, (words, address)| {
        let (before, _) = words.split_once(' ').unwrap();
        config.replace(words, &format!("{before} {address}"))
    });
    files.write("haproxy.cfg", config);
    let process = programs::start("haproxy", &["-db", "-f", "haproxy.cfg"], files.path(), &[http, through])?;
    Ok(HaProxy { http, rejects, inspects, through, process, _files: files })
}

/// It may be over before the request is sent, or after; what is told is the latter.
async fn rejected(client: &Client) -> ConnectError {
    for _ in 0..1000 {
        let error = refused(client).await;
        if matches!(error, ConnectError::Handshake(HandshakeError::Read(_))) {
            return error;
        }
    }
    panic!("it is always over before")
}
