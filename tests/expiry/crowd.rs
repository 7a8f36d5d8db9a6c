//! Clients in great number: those who wait for their end, and those who talk meanwhile.

use std::fmt;
use std::net::{Ipv4Addr, SocketAddr, SocketAddrV4};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex};
use std::thread::{self, JoinHandle};
use std::time::{Duration, Instant, SystemTime};

use bytes::BytesMut;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpSocket;
use tokio::runtime;
use tokio::sync::{Semaphore, oneshot};
use tokio::task::JoinSet;
use tokio::time::timeout;
use ws_core::connection::Role;
use ws_core::handshake::ClientHandshake;
use ws_core::head::{HeadLimits, HeadReader};
use ws_core::net::{SocketConfig, WebSocket};

/// Handshakes that are under way at once.
const AT_ONCE: usize = 64;
/// Addresses that the clients come from, which is also what keeps the ports from running out.
const ADDRESSES: usize = 100;
/// Between two messages of the same client.
const PAUSE: Duration = Duration::from_millis(10);
/// Nobody waits longer than this for an answer while others are being closed, on a machine that others want too.
const PATIENCE: Duration = Duration::from_secs(1);

/// A connection of the `nth` client.
async fn connect(url: &str, token: &str, nth: usize) -> WebSocket {
    let server: SocketAddr = url.strip_prefix("ws://").unwrap().parse().unwrap();
    let host = u8::try_from(2 + nth % ADDRESSES).unwrap();
    let socket = TcpSocket::new_v4().unwrap();
    socket.bind(SocketAddrV4::new(Ipv4Addr::new(127, 0, 0, host), 0).into()).unwrap();
    let mut stream = socket.connect(server).await.unwrap();
    let handshake = ClientHandshake::new(&server.to_string(), &format!("/?token={token}")).unwrap();
    let mut buffer = BytesMut::new();
    handshake.encode(&mut buffer);
    stream.write_all(&buffer).await.unwrap();
    buffer.clear();
    let mut reader = HeadReader::new(HeadLimits::default());
    let head = loop {
        if let Some(head) = reader.read_response(&mut buffer).unwrap() {
            break head;
        }
        assert_ne!(stream.read_buf(&mut buffer).await.unwrap(), 0, "closed before an answer");
    };
    handshake.verify(&head).expect("the handshake is accepted");
    WebSocket::from_tcp(
        stream,
        SocketConfig { ping_interval: None, ..SocketConfig::new(Role::Client) },
        buffer,
    )
}

async fn connect_all(url: &str, token: &str, count: usize) -> Vec<WebSocket> {
    let turns = Arc::new(Semaphore::new(AT_ONCE));
    let mut opening = JoinSet::new();
    for nth in 0..count {
        let (url, token, turns) = (url.to_owned(), token.to_owned(), Arc::clone(&turns));
        opening.spawn(async move {
            let _turn = turns.acquire().await.unwrap();
            connect(&url, &token, nth).await
        });
    }
    opening.join_all().await
}

/// Clients who say nothing and wait for their end.
pub(crate) struct Crowd(JoinSet<(SystemTime, Option<(u16, String)>)>);

impl Crowd {
    pub(crate) async fn open(url: &str, token: &str, count: usize) -> Self {
        let sockets = connect_all(url, token, count).await;
        let wait = |mut socket: WebSocket| async move {
            let _ = socket.recv().await;
            let frame = socket.close_frame();
            (SystemTime::now(), frame.map(|frame| (frame.code.get(), frame.reason.to_string())))
        };
        Self(sockets.into_iter().map(wait).collect())
    }

    /// How all of them ended.
    pub(crate) async fn ended(self, limit: Duration) -> Ends {
        let mut ends = timeout(limit, self.0.join_all()).await.expect("all of them end");
        ends.sort_unstable_by_key(|(at, _)| *at);
        Ends(ends)
    }
}

/// When and how connections ended, in the order of time.
pub(crate) struct Ends(Vec<(SystemTime, Option<(u16, String)>)>);

impl Ends {
    /// All ended with 3000 and this cause, not before the moment, and soon after it.
    pub(crate) fn check(&self, count: usize, cause: &str, moment: SystemTime, soon: Duration) {
        assert_eq!(self.0.len(), count);
        for (at, frame) in &self.0 {
            let (code, reason) = frame.as_ref().expect("a Close frame");
            assert_eq!((*code, reason.split(':').next()), (3000, Some(cause)), "{reason}");
            let after = at.duration_since(moment).expect("not before the moment");
            assert!(after <= soon, "one was closed after {after:?}");
        }
    }

    /// How long after the moment the first, the one in the middle and the last ended.
    pub(crate) fn since(&self, moment: SystemTime) -> String {
        let after = |nth: usize| self.0[nth].0.duration_since(moment).unwrap_or_default();
        let last = self.0.len() - 1;
        format!(
            "closed after {:.0?}, {:.0?} and {:.0?} (first, half, last)",
            after(0),
            after(last / 2),
            after(last)
        )
    }
}

/// Clients whose messages come back one after the other. They have a thread for themselves, so that what they wait for is
/// the server, not the crowd beside them.
pub(crate) struct Talkers {
    thread: JoinHandle<()>,
    over: Arc<AtomicBool>,
    /// How long each answer took.
    waits: Arc<Mutex<Vec<Duration>>>,
}

impl Talkers {
    pub(crate) async fn start(url: &str, token: &str, count: usize) -> Self {
        let (over, waits) = (Arc::new(AtomicBool::new(false)), Arc::<Mutex<Vec<_>>>::default());
        let (ready, begun) = oneshot::channel();
        let thread = thread::spawn({
            let (url, token) = (url.to_owned(), token.to_owned());
            let (over, waits) = (Arc::clone(&over), Arc::clone(&waits));
            move || {
                let runtime = runtime::Builder::new_current_thread().enable_all().build().unwrap();
                runtime.block_on(async {
                    let mut talking = JoinSet::new();
                    for socket in connect_all(&url, &token, count).await {
                        talking.spawn(talk(socket, Arc::clone(&over), Arc::clone(&waits)));
                    }
                    ready.send(()).unwrap();
                    talking.join_all().await;
                });
            }
        });
        begun.await.unwrap();
        Self { thread, over, waits }
    }

    /// What was before does not count.
    pub(crate) fn forget(&self) {
        self.waits.lock().unwrap().clear();
    }

    pub(crate) fn stop(self) -> Talk {
        self.over.store(true, Ordering::Relaxed);
        self.thread.join().unwrap();
        let mut waits = std::mem::take(&mut *self.waits.lock().unwrap());
        waits.sort_unstable();
        Talk(waits)
    }
}

async fn talk(mut socket: WebSocket, over: Arc<AtomicBool>, waits: Arc<Mutex<Vec<Duration>>>) {
    while !over.load(Ordering::Relaxed) {
        let begun = Instant::now();
        socket.send("are you there?").await.unwrap();
        assert!(socket.recv().await.unwrap().is_some(), "who talks is not closed");
        waits.lock().unwrap().push(begun.elapsed());
        tokio::time::sleep(PAUSE).await;
    }
}

/// How long answers took, in the order of length.
pub(crate) struct Talk(Vec<Duration>);

impl Talk {
    /// The conversation went on.
    pub(crate) fn check(&self) {
        assert!(self.0.len() > 1_000, "only {} answers came", self.0.len());
        let longest = self.0.last().copied().unwrap_or_default();
        assert!(longest < PATIENCE, "an answer took {longest:?}");
    }
}

impl fmt::Display for Talk {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let at = |share: f64| {
            #[expect(
                clippy::cast_possible_truncation,
                clippy::cast_sign_loss,
                clippy::cast_precision_loss,
                reason = "a share of a small count"
            )]
            let nth = (self.0.len() as f64 * share) as usize;
            self.0.get(nth.min(self.0.len().saturating_sub(1))).copied().unwrap_or_default()
        };
        write!(
            f,
            "{} echoes took {:.1?} (half), {:.1?} (99 %), {:.1?} (longest)",
            self.0.len(),
            at(0.5),
            at(0.99),
            at(1.0)
        )
    }
}
