//! Clients in great number, each of which comes back by itself, and the moments at which they try.

use std::net::{Ipv4Addr, SocketAddr, SocketAddrV4};
use std::sync::{Arc, Mutex, MutexGuard};
use std::time::{Duration, Instant};

use tokio::net::TcpSocket;
use tokio::task::JoinSet;
use tokio::time::timeout;
use ws_client::reconnect::{Backoff, Decision, Failure, ReconnectConfig, Reconnecting, State};
use ws_client::{Client, ConnectFuture, Connector, WsUrl};
use ws_core::net::Transport;

/// Clients that begin at once, in the beginning.
const AT_ONCE: usize = 100;
/// Addresses that the clients come from. None is the server's, so that none of their ports can be.
const ADDRESSES: usize = 100;

/// How the clients choose their time.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Choice {
    /// As they do by themselves.
    FullJitter,
    /// All alike, as a loop does that waits for one, two, four seconds.
    Alike,
}

/// What one client has done.
#[derive(Debug, Default)]
pub(crate) struct Log {
    /// When attempts began.
    pub(crate) attempts: Vec<Instant>,
    /// When connections were open.
    pub(crate) opened: Vec<Instant>,
    /// Until when the server has asked it to stay away, and how often it was told so.
    not_before: Option<Instant>,
    pub(crate) told: usize,
    /// Attempts before that.
    pub(crate) too_early: usize,
}

/// A client's way to the server, and its diary.
#[derive(Clone)]
struct Member {
    nth: usize,
    server: SocketAddr,
    log: Arc<Mutex<Log>>,
}

impl Member {
    fn log(&self) -> MutexGuard<'_, Log> {
        self.log.lock().expect("no panic")
    }

    fn failed(&self, failure: &Failure<'_>, choice: Choice) -> Decision {
        if let Some(wait) = failure.error.retry_after() {
            let mut log = self.log();
            log.told += 1;
            log.not_before = Some(Instant::now() + wait);
        }
        match (choice, failure.decision) {
            (Choice::Alike, Decision::Retry { .. }) => {
                Decision::Retry { delay: Backoff::default().window(failure.attempts) }
            }
            (_, decision) => decision,
        }
    }
}

impl Connector for Member {
    fn connect<'a>(&'a self, _: &'a WsUrl) -> ConnectFuture<'a> {
        let now = Instant::now();
        let mut log = self.log();
        log.attempts.push(now);
        log.too_early += usize::from(log.not_before.take().is_some_and(|earliest| now < earliest));
        drop(log);
        Box::pin(async move {
            let host = u8::try_from(2 + self.nth % ADDRESSES).map_err(std::io::Error::other)?;
            let socket = TcpSocket::new_v4()?;
            socket.bind(SocketAddrV4::new(Ipv4Addr::new(127, 0, 0, host), 0).into())?;
            let stream = socket.connect(self.server).await?;
            stream.set_nodelay(true)?;
            Ok(Box::new(stream) as Box<dyn Transport>)
        })
    }
}

/// All of them.
pub(crate) struct Crowd {
    pub(crate) clients: Vec<Reconnecting>,
    logs: Vec<Arc<Mutex<Log>>>,
}

impl Crowd {
    /// So many clients of the server at `url`, all open.
    pub(crate) async fn open(url: &str, count: usize, choice: Choice) -> Self {
        let server: SocketAddr = url.strip_prefix("ws://").expect("a URL").parse().expect("an address");
        let mut crowd = Self { clients: Vec::new(), logs: Vec::new() };
        for nth in 0..count {
            let member = Member { nth, server, log: Arc::default() };
            crowd.logs.push(member.log.clone());
            let (judge, diary) = (member.clone(), member.clone());
            let config = ReconnectConfig::default()
                .on_open(move |_, _| {
                    diary.log().opened.push(Instant::now());
                    Box::pin(std::future::ready(Ok(())))
                })
                .on_failure(move |failure| judge.failed(failure, choice));
            let client = Client::builder(url).expect("valid").connector(member).build();
            crowd.clients.push(client.reconnecting(config));
            if nth % AT_ONCE == AT_ONCE - 1 {
                crowd.all_open(Duration::from_secs(60)).await;
            }
        }
        crowd.all_open(Duration::from_secs(60)).await;
        crowd
    }

    /// Waits until all are open.
    pub(crate) async fn all_open(&self, limit: Duration) {
        let mut waiting = JoinSet::new();
        for client in &self.clients {
            let mut state = client.state();
            waiting.spawn(async move {
                let state = state.wait_for(|state| state.is_open() || state.is_final()).await;
                state.expect("the task lives").clone()
            });
        }
        let states = timeout(limit, waiting.join_all()).await.expect("all are back in time");
        let lost: Vec<_> = states.iter().filter(|state| !state.is_open()).map(State::to_string).collect();
        assert!(lost.is_empty(), "{} do not come back, the first: {}", lost.len(), lost[0]);
    }

    /// Waits until the last has noticed that its connection is gone.
    pub(crate) async fn all_lost(&self, limit: Duration) {
        let each = async {
            for client in &self.clients {
                let lost = client.counters().lost;
                if lost == 0 {
                    client.state().wait_for(|state| !state.is_open()).await.expect("the task lives");
                }
            }
        };
        timeout(limit, each).await.expect("all have noticed in time");
    }

    /// Sums over the clients.
    pub(crate) fn sum(&self, of: impl Fn(&Log) -> usize) -> usize {
        self.logs.iter().map(|log| of(&log.lock().expect("no panic"))).sum()
    }

    /// Of each client the moments that `of` names, all together.
    pub(crate) fn moments(&self, of: impl Fn(&Log) -> &[Instant]) -> Vec<Instant> {
        self.logs.iter().flat_map(|log| of(&log.lock().expect("no panic")).to_vec()).collect()
    }
}
