//! A network that changes: what was connected is gone without a word, new connections find their way.

use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use tests::wire::{PATIENCE, Running, echo};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::tcp::{OwnedReadHalf, OwnedWriteHalf};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::watch;
use tokio::time::{Instant, timeout};
use ws_client::Client;
use ws_client::reconnect::{ReconnectConfig, State};
use ws_server::Route;

/// A router between client and server, which forgets the connections that it has.
struct Router {
    address: SocketAddr,
    /// Connections with a lower number are not forwarded any more, and not closed either.
    forgotten: Arc<watch::Sender<usize>>,
}

impl Router {
    async fn to(server: SocketAddr) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port");
        let address = listener.local_addr().expect("bound");
        let forgotten = Arc::new(watch::channel(0).0);
        let forgets = forgotten.clone();
        tokio::spawn(async move {
            for number in 0.. {
                let (client, _) = listener.accept().await.expect("a client");
                let server = TcpStream::connect(server).await.expect("the server listens");
                let ((from_client, to_client), (from_server, to_server)) =
                    (client.into_split(), server.into_split());
                tokio::spawn(forward(from_client, to_server, number, forgets.subscribe()));
                tokio::spawn(forward(from_server, to_client, number, forgets.subscribe()));
            }
        });
        Self { address, forgotten }
    }

    fn forget(&self, connections: usize) {
        self.forgotten.send_replace(connections);
    }
}

async fn forward(
    mut from: OwnedReadHalf,
    mut to: OwnedWriteHalf,
    number: usize,
    mut forgotten: watch::Receiver<usize>,
) {
    let mut buffer = [0; 4096];
    loop {
        let read = tokio::select! {
            _ = forgotten.wait_for(|forgotten| *forgotten > number) => None,
            read = from.read(&mut buffer) => Some(read),
        };
        match read {
            Some(Ok(count @ 1..)) if to.write_all(&buffer[..count]).await.is_ok() => {}
            Some(_) => return,
            // Held open: neither side is told.
            None => std::future::pending().await,
        }
    }
}

#[tokio::test]
async fn missing_pongs_tell_that_the_network_has_changed() {
    let server = Running::start(|builder| builder.route("/", Route::new(echo))).await;
    let router = Router::to(server.address).await;
    let (interval, within) = (Duration::from_millis(200), Duration::from_millis(300));
    let client = Client::builder(format!("ws://{}", router.address)).expect("valid");
    let mut client = client.keepalive(interval, within).build().reconnecting(ReconnectConfig::default());
    client.send("before").await.expect("room");
    let answer = timeout(PATIENCE, client.recv()).await.expect("in time").expect("open");
    assert_eq!(answer, Some("before".into()));
    // Silence alone is no reason to leave.
    tokio::time::sleep(interval * 5).await;
    assert_eq!(client.counters().lost, 0);

    let changed = Instant::now();
    router.forget(1);
    let mut state = client.state();
    let gone = state.wait_for(|state| matches!(state, State::Waiting { .. }));
    let why = timeout(PATIENCE, gone).await.expect("in time").expect("told").error().expect("why").clone();
    assert_eq!(why.code(), "no-pong");
    // RFC 6455 5.5.2: a ping after one to one and a half intervals of silence, then the time for the pong.
    assert!(changed.elapsed() >= within, "{:?}", changed.elapsed());
    client.send("after").await.expect("room");
    let answer = timeout(PATIENCE, client.recv()).await.expect("in time").expect("open");
    assert_eq!(answer, Some("after".into()));
    assert_eq!(client.counters().reconnects(), 1);
    client.close(None).await.expect("closed");
}
