//! What observers, metrics and `tracing` are told, over a network in memory.

use std::io;
use std::time::Duration;

use tokio::net::TcpListener;
use tokio::time::timeout;
use ws_core::net::WebSocket;
use ws_core::refusal::Cause;

use super::*;
use crate::credentials::{Credentials, TokenFuture, TokenProvider};
use crate::memory::{self, Incoming};
use crate::{Client, ConnectError};

fn client(network: &memory::Network, stages: &Stages) -> Client {
    let builder = Client::builder("ws://rooms.test/lobby?ticket=hunter2").expect("valid");
    builder.connector(network.clone()).observer(stages.clone()).build()
}

/// One attempt, answered like this.
async fn connect<F: Future>(
    client: &Client,
    listener: &mut memory::Listener,
    answer: impl FnOnce(Incoming) -> F,
) -> Result<WebSocket, ConnectError> {
    let serve = async { answer(listener.accept().await.expect("a client")).await };
    tokio::join!(client.connect(), serve).0
}

fn told(stages: &Stages) -> Vec<(u64, &'static str, &'static str, String)> {
    let line = |record: StageRecord| (record.attempt, record.stage.name(), record.code, record.detail);
    stages.take().into_iter().map(line).collect()
}

#[tokio::test]
async fn each_stage_is_told_with_its_end() {
    let (network, mut listener) = memory::network();
    let stages = Stages::default();
    let client = client(&network, &stages);
    drop(connect(&client, &mut listener, Incoming::accept).await.expect("accepted"));
    let refused = connect(&client, &mut listener, |incoming| incoming.refuse(Cause::ServerFull)).await;
    let refused = refused.expect_err("refused").to_string();
    let connector = || "connector".to_owned();
    assert_eq!(
        told(&stages),
        [
            (1, "stream", "ok", connector()),
            (1, "http", "ok", "101".to_owned()),
            (2, "stream", "ok", connector()),
            (2, "http", "server-full", refused),
        ]
    );
    network.refuse(io::ErrorKind::ConnectionRefused);
    let error = client.connect().await.expect_err("refused");
    assert_eq!(told(&stages), [(3, "stream", error.code(), error.to_string())]);
}

#[tokio::test]
async fn addresses_are_told() {
    let server = TcpListener::bind("127.0.0.1:0").await.expect("a port");
    let address = server.local_addr().expect("bound");
    drop(server);
    let stages = Stages::default();
    let client =
        Client::builder(format!("ws://{address}")).expect("valid").build().observed_by(stages.clone());
    let error = client.connect().await.expect_err("nobody listens").to_string();
    assert_eq!(told(&stages), [(1, "dns", "ok", "127.0.0.1".to_owned()), (1, "tcp", "port-closed", error)]);
}

struct Never;

impl TokenProvider for Never {
    fn token(&self) -> TokenFuture<'_> {
        Box::pin(std::future::pending())
    }
}

#[tokio::test(start_paused = true)]
async fn what_is_dropped_is_told_as_abandoned() {
    let (network, _listener) = memory::network();
    let stages = Stages::default();
    let observed = client(&network, &stages);
    assert!(timeout(Duration::from_secs(2), observed.connect()).await.is_err());
    let record = &stages.take()[1];
    assert_eq!((record.stage, record.code, record.took.as_secs()), (Stage::Http, "abandoned", 2));
    let counts = observed.metrics().counts();
    assert_eq!((counts.attempts, counts.abandoned, counts.connected), (1, 1, 0));
    assert_eq!(counts.stages[&Stage::Http].took.sum(), Duration::from_secs(2));

    let builder = Client::builder("ws://rooms.test/").expect("valid").connector(network);
    let waiting = builder.credentials(Credentials::new(Never)).observer(stages.clone()).build();
    assert!(timeout(Duration::from_secs(2), waiting.connect()).await.is_err());
    assert_eq!(stages.take()[0].stage, Stage::Credentials);
}

#[tokio::test]
async fn metrics_count_what_happens_to_a_client_and_its_clones() {
    let (network, mut listener) = memory::network();
    let client = client(&network, &Stages::default());
    let open = connect(&client, &mut listener, Incoming::accept).await.expect("accepted");
    let (mut server, clone) = (None, client.clone());
    let also_open = {
        let accept = async |incoming: Incoming| server = incoming.accept().await.ok();
        connect(&clone, &mut listener, accept).await.expect("accepted")
    };
    for _ in 0..3 {
        let refuse = |incoming: Incoming| incoming.refuse(Cause::TokenExpired);
        connect(&client, &mut listener, refuse).await.expect_err("refused");
    }
    let counts = client.metrics().counts();
    assert_eq!((counts.attempts, counts.connected, counts.open, counts.abandoned), (5, 2, 2, 0));
    assert_eq!(counts.failed.into_iter().collect::<Vec<_>>(), [("token-expired", 3)]);
    assert_eq!(counts.refused.into_iter().collect::<Vec<_>>(), [(Cause::TokenExpired, 3)]);
    assert_eq!(counts.stages[&Stage::Http].failed, 3);
    assert_eq!(counts.stages[&Stage::Http].took.count(), 5);
    assert_eq!(counts.stages[&Stage::Stream].failed, 0);
    assert!(client.metrics().prometheus().contains("\nws_client_open 2\n"));

    // A connection is open until it is over, not just until nobody holds it.
    drop(open);
    let closing = async {
        let (mut also_open, mut server) = (also_open, server.expect("accepted"));
        let _ = tokio::join!(also_open.close(None), async { while let Ok(Some(_)) = server.recv().await {} });
    };
    closing.await;
    while client.metrics().counts().open > 0 {
        tokio::task::yield_now().await;
    }
}
