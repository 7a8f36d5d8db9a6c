//! Our client among hostile servers: each misdeed ends by its name, in bounded time and memory, and whoever returns
//! backs off.

use std::sync::atomic::Ordering;
use std::time::Duration;

use futures_util::future::join_all;
use tokio::time::{Instant, timeout};
use ws_client::reconnect::{ReconnectConfig, State};
use ws_client::{Builder, Client, Error, Timeouts};
use ws_core::deflate::DeflateConfig;

use crate::servers::{self, ANSWERING, Hostile, OPEN, Serving};
use crate::support::{alone, memory};

/// What the client gives to each stage, and to silence.
const PATIENCE: Duration = Duration::from_millis(400);

/// What nothing may take: three stages, one after the other, on a machine that is busy.
const LONG: Duration = Duration::from_secs(10);

/// What the client may need for a connection, and the server's own share.
const MEMORY: usize = 12 << 20;

/// A client that connects straight to it.
fn plain(serving: &Serving) -> Client {
    impatient(&format!("ws://{}/", serving.address)).build()
}

/// A client that speaks TLS.
fn over_tls(serving: &Serving) -> Client {
    let builder = impatient(&format!("wss://{}/", serving.address));
    builder.dangerously_skip_certificate_verification().unwrap().build()
}

fn by_proxy(serving: &Serving) -> Client {
    impatient("ws://rooms.example/").proxy(format!("http://{}", serving.address)).unwrap().build()
}

fn by_socks(serving: &Serving) -> Client {
    impatient("ws://rooms.example/").proxy(format!("socks5h://{}", serving.address)).unwrap().build()
}

fn impatient(url: &str) -> Builder {
    let timeouts = Timeouts {
        proxy: PATIENCE,
        tls: PATIENCE,
        handshake: PATIENCE,
        body: PATIENCE,
        total: PATIENCE * 4,
        ..Timeouts::default()
    };
    Client::builder(url)
        .unwrap()
        .timeouts(timeouts)
        .compression(DeflateConfig::default())
        .follow_redirects(5)
        .keepalive(PATIENCE, PATIENCE)
        .write_timeout(PATIENCE)
        .close_timeout(PATIENCE)
}

/// How it ends, whatever it is; what comes before is taken.
async fn end(client: &Client) -> Error {
    let mut socket = match client.connect().await {
        Ok(socket) => socket,
        Err(error) => return error.into(),
    };
    loop {
        match socket.recv().await {
            Ok(Some(_)) => {}
            Ok(None) => return Error::closed(socket.close_frame().expect("the server has closed")),
            Err(error) => return error.into(),
        }
    }
}

/// One after the other, so that the memory is that of one.
async fn each_ends(servers: &[Hostile], client: fn(&Serving) -> Client) {
    let _alone = alone().await;
    let mut wrong = Vec::new();
    for hostile in servers {
        let serving = hostile.serve().await;
        let client = client(&serving);
        let (before, began) = (memory(), Instant::now());
        let Ok(error) = timeout(LONG, end(&client)).await else {
            wrong.push(format!("{} has no end", hostile.name));
            continue;
        };
        let (grown, took) = (memory().saturating_sub(before), began.elapsed());
        if error.code() != hostile.code {
            wrong.push(format!("{}: {} is right, not {}: {error}", hostile.name, hostile.code, error.code()));
        }
        if grown > MEMORY {
            wrong.push(format!("{} takes {} MiB", hostile.name, grown >> 20));
        }
        if took > PATIENCE * 10 {
            wrong.push(format!("{} takes {took:?}", hostile.name));
        }
        let text = error.to_string();
        if text.len() > 1000 || text.chars().any(char::is_control) {
            wrong.push(format!("{}: the text is no line: {text:?}", hostile.name));
        }
    }
    assert!(wrong.is_empty(), "{wrong:#?}");
}

#[tokio::test]
async fn an_answer_of_a_hostile_server_is_an_error_with_a_name() {
    each_ends(&ANSWERING, plain).await;
}

#[tokio::test]
async fn a_connection_to_a_hostile_server_ends_with_a_name() {
    each_ends(&OPEN, plain).await;
}

#[tokio::test]
async fn what_stands_between_may_be_hostile_too() {
    each_ends(&servers::at_once(&servers::TLS), over_tls).await;
    each_ends(&servers::PROXY, by_proxy).await;
    each_ends(&servers::at_once(&servers::SOCKS), by_socks).await;
}

/// Whoever returns stops where it cannot help, and otherwise waits longer each time: no misdeed makes it spin.
#[tokio::test]
async fn who_returns_to_a_hostile_server_backs_off() {
    let _alone = alone().await;
    let before = memory();
    let watched = Duration::from_secs(4);
    let with = |servers: &[Hostile], client: fn(&Serving) -> Client| {
        servers.iter().map(|hostile| (*hostile, client)).collect::<Vec<_>>()
    };
    let servers = [
        with(&ANSWERING, plain),
        with(&OPEN, plain),
        with(&servers::at_once(&servers::TLS), over_tls),
        with(&servers::PROXY, by_proxy),
        with(&servers::at_once(&servers::SOCKS), by_socks),
    ]
    .concat();
    let outcomes = join_all(servers.into_iter().map(|(hostile, client)| async move {
        let serving = hostile.serve().await;
        let mut returning = client(&serving).reconnecting(ReconnectConfig::default());
        let state = returning.state();
        // Messages are taken as they come; the end of all is an error.
        let ended = timeout(watched, async { while matches!(returning.recv().await, Ok(Some(_))) {} }).await;
        let stopped = matches!(*state.borrow(), State::Stopped(_));
        (hostile, serving.connections.load(Ordering::SeqCst), ended.is_ok(), stopped)
    }))
    .await;
    let grown = memory().saturating_sub(before);
    for (hostile, connections, ended, stopped) in outcomes {
        assert_eq!(ended, stopped, "{}", hostile.name);
        // Full jitter: windows of 1, 2, 4 and 8 seconds.
        assert!((1..=10).contains(&connections), "{}: {connections} connections", hostile.name);
    }
    // All of them at once, with their servers.
    assert!(grown < 64 << 20, "{} MiB", grown >> 20);
}
