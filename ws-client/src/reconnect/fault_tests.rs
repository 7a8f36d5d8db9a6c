//! Any sequence of faults: the client is never busy with nothing, and ends where it should.

use std::io;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use proptest::prelude::*;
use tokio::runtime::Builder as Runtime;
use tokio::time::{Instant, timeout};
use ws_core::message::{CloseCode, CloseFrame};
use ws_core::net::WebSocket;
use ws_core::refusal::{Cause, Refusal};

use super::history::LEAST_INTERVAL;
use super::{Backoff, ReconnectConfig, State};
use crate::memory::{Incoming, Network, network};
use crate::{Client, ConnectFuture, Connector, WsUrl};

const SECOND: Duration = Duration::from_secs(1);
const MESSAGES: u32 = 200;

/// What becomes of one attempt.
#[derive(Clone, Debug)]
enum Fault {
    NoRoute,
    /// 503, with so many seconds in `Retry-After`.
    Unavailable(Option<u32>),
    Garbage,
    HungUp,
    /// The handshake is never answered.
    Silent,
    /// Open for so many seconds, then closed with this code.
    Closed(u32, u16),
    /// Open for so many seconds, then cut.
    Cut(u32),
    /// Open, then nothing ever arrives any more.
    Mute,
}

fn faults() -> impl Strategy<Value = Fault> {
    prop_oneof![
        2 => Just(Fault::NoRoute),
        2 => proptest::option::of(0_u32..120).prop_map(Fault::Unavailable),
        1 => Just(Fault::Garbage),
        2 => Just(Fault::HungUp),
        1 => Just(Fault::Silent),
        4 => (0_u32..30, proptest::sample::select(vec![1001, 1011, 1012, 1013, 3008]))
            .prop_map(|(after, code)| Fault::Closed(after, code)),
        1 => (0_u32..30, proptest::sample::select(vec![1000, 1002, 1008, 3000, 3003, 4000]))
            .prop_map(|(after, code)| Fault::Closed(after, code)),
        3 => (0_u32..30).prop_map(Fault::Cut),
        1 => Just(Fault::Mute),
    ]
}

/// The moments at which attempts began.
#[derive(Clone, Default)]
struct Attempts(Arc<Mutex<Vec<Instant>>>);

/// A network that notes each attempt.
struct Noted(Attempts, Network);

impl Connector for Noted {
    fn connect<'a>(&'a self, url: &'a WsUrl) -> ConnectFuture<'a> {
        self.0.0.lock().expect("no panic").push(Instant::now());
        self.1.connect(url)
    }
}

/// The numbers that the server has heard, in this order.
type Heard = Arc<Mutex<Vec<u32>>>;

async fn listen(socket: &mut WebSocket, heard: &Heard) {
    while let Ok(Some(message)) = socket.recv().await {
        let number = message.as_text().and_then(|text| text.parse().ok()).expect("a number");
        heard.lock().expect("no panic").push(number);
    }
}

/// Does what the fault says to the next attempt.
async fn befall(fault: Fault, incoming: Incoming, heard: &Heard) {
    let open_for = async |incoming: Incoming, seconds: u32| -> Option<WebSocket> {
        let mut socket = incoming.accept().await.ok()?;
        timeout(seconds * SECOND, listen(&mut socket, heard)).await.err()?;
        Some(socket)
    };
    // The client may have gone away meanwhile: then it is as well.
    match fault {
        Fault::NoRoute => {}
        Fault::Unavailable(wait) => {
            let refusal = Refusal::new(Cause::ServerFull);
            let wait = wait.unwrap_or_default() * SECOND;
            drop(incoming.refuse(refusal.retry_after(wait)).await);
        }
        Fault::Garbage => drop(incoming.raw(b"SSH-2.0-x\r\n").await),
        Fault::HungUp => drop(incoming),
        Fault::Silent => {
            tokio::time::sleep(60 * SECOND).await;
            drop(incoming);
        }
        Fault::Closed(after, code) => {
            if let Some(mut socket) = open_for(incoming, after).await {
                let code = CloseCode::new(code).expect("it may be sent");
                drop(socket.close(CloseFrame::new(code, "")).await);
            }
        }
        Fault::Cut(after) => {
            let link = incoming.link();
            let socket = open_for(incoming, after).await;
            link.cut();
            drop(socket);
        }
        Fault::Mute => {
            let link = incoming.link();
            if let Ok(socket) = incoming.accept().await {
                link.silence();
                tokio::time::sleep(120 * SECOND).await;
                drop(socket);
            }
        }
    }
}

async fn story(faults: Vec<Fault>) -> Result<(), TestCaseError> {
    let (network, mut listener) = network();
    let attempts = Attempts::default();
    let connector = Noted(attempts.clone(), network.clone());
    let client = Client::builder("ws://rooms.test/").expect("valid").connector(connector).build();
    let client = client.reconnecting(ReconnectConfig::default());
    let (client, _receiver) = client.split();
    let talker = client.clone();
    let talking = tokio::spawn(async move {
        for number in 0_u32..MESSAGES {
            // It has stopped.
            if talker.send(number.to_string()).await.is_err() {
                return number;
            }
            tokio::time::sleep(SECOND / 2).await;
        }
        MESSAGES
    });
    let (steps, refusing, heard) = (faults.len(), network.clone(), Heard::default());
    let hearing = heard.clone();
    let server = tokio::spawn(async move {
        for fault in faults {
            if matches!(fault, Fault::NoRoute) {
                refusing.refuse(io::ErrorKind::ConnectionRefused);
                tokio::time::sleep(20 * SECOND).await;
                refusing.restore();
            } else if let Some(incoming) = listener.accept().await {
                befall(fault, incoming, &hearing).await;
            }
        }
        // Then all is well.
        while let Some(incoming) = listener.accept().await {
            let Ok(mut socket) = incoming.accept().await else { continue };
            listen(&mut socket, &hearing).await;
        }
    });
    let mut state = client.state();
    let done = async {
        let stable = Backoff::default().stable + 50 * SECOND;
        loop {
            let now =
                state.wait_for(|state| state.is_open() || state.is_final()).await.expect("told").clone();
            if now.is_final() || timeout(stable, state.changed()).await.is_err() {
                return now;
            }
        }
    };
    let last = timeout(24 * 3600 * SECOND, done).await;
    let last = last.map_err(|_| TestCaseError::fail("it neither opened nor stopped within a day"))?;
    let mut queued = talking.await.expect("no panic");
    // Whoever has a connection is heard.
    if last.is_open() {
        client.send(MESSAGES.to_string()).await.expect("open");
        queued += 1;
        tokio::time::sleep(SECOND).await;
        let last = heard.lock().expect("no panic").last().copied();
        prop_assert_eq!(last, Some(MESSAGES));
    }
    server.abort();
    prop_assert!(last.is_open() || matches!(last, State::Stopped(_)), "{last}");
    let attempts = attempts.0.lock().expect("no panic").clone();
    prop_assert_eq!(attempts.len() as u64, client.counters().attempts);
    let apart = attempts.windows(2).map(|pair| pair[1] - pair[0]).min();
    prop_assert!(apart.is_none_or(|apart| apart >= LEAST_INTERVAL), "{apart:?}");
    // Each fault costs one attempt, or as many as fit into its time by the backoff's rules.
    prop_assert!(attempts.len() <= 12 * (steps + 1), "{} attempts for {steps} faults", attempts.len());
    let counters = client.counters();
    // Sent, or still here: none is lost on this side.
    prop_assert_eq!(counters.sent + client.queued() as u64, u64::from(queued));
    // Some may be lost on the way. None comes twice, and none overtakes another.
    let heard = heard.lock().expect("no panic").clone();
    prop_assert!(heard.is_sorted_by(|one, next| one < next), "{heard:?}");
    Ok(())
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 128, ..ProptestConfig::default() })]

    #[test]
    fn whatever_happens_attempts_are_rare_and_the_end_is_known(
        faults in proptest::collection::vec(faults(), 0..20),
    ) {
        let runtime = Runtime::new_current_thread().enable_all().start_paused(true).build();
        runtime.expect("a runtime").block_on(story(faults))?;
    }
}
