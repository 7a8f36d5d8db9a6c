//! A client that talks, comes back, and looks whether what was said has arrived.

use std::sync::atomic::{AtomicU64, Ordering::Relaxed};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use tokio::sync::watch;
use tokio::time::{Instant, MissedTickBehavior, interval_at, timeout};
use ws_client::Client;
use ws_client::reconnect::{Backoff, Receiver, ReconnectConfig, Sender};

/// Groups of messages in a second.
const GROUPS: u64 = 10;
/// Between two groups.
const PAUSE: Duration = Duration::from_millis(1000 / GROUPS);
/// Messages in a group.
const GROUP: u64 = 4;
/// Characters of a message.
const LENGTH: usize = 200;
/// So long the last messages may take to arrive when nobody cuts connections any more.
const TO_SETTLE: Duration = Duration::from_secs(30);

/// How many messages a client sends in a second.
pub(crate) const RATE: u64 = GROUPS * GROUP;

/// What all clients together have done.
#[derive(Default)]
pub(crate) struct Tally {
    pub(crate) sent: AtomicU64,
    pub(crate) acknowledged: AtomicU64,
    /// Messages that others have overtaken: they were on their way when a connection was lost.
    pub(crate) missing: AtomicU64,
    /// What should not have happened, the first of it.
    faults: Mutex<Vec<String>>,
}

impl Tally {
    pub(crate) fn faults(&self) -> Vec<String> {
        self.faults.lock().expect("no panic").clone()
    }

    fn fault(&self, fault: String) {
        let mut faults = self.faults.lock().expect("no panic");
        if faults.len() < 20 {
            faults.push(fault);
        }
    }
}

/// How to come back; a server is away for a moment only.
pub(crate) fn config() -> ReconnectConfig {
    ReconnectConfig::default().backoff(Backoff {
        first: Duration::from_millis(500),
        longest: Duration::from_secs(5),
        stable: Duration::from_secs(5),
    })
}

/// Talks until it is told that it is over, then until the last message has arrived.
pub(crate) async fn talk(
    number: usize,
    sender: Sender,
    receiver: Receiver,
    tally: Arc<Tally>,
    over: watch::Receiver<bool>,
) {
    let (acknowledged, seen) = watch::channel(0);
    let listening = listen(number, receiver, &tally, acknowledged);
    let speaking = speak(number, &sender, &tally, over, seen);
    tokio::select! {
        () = listening => tally.fault(format!("client {number}: it came to an end too early")),
        () = speaking => {}
    }
    if let Err(error) = sender.close(None).await {
        tally.fault(format!("client {number}: not closed well: {error}"));
    }
}

/// Begins a client's connection.
pub(crate) fn connect(url: &str) -> (Sender, Receiver) {
    Client::builder(url).expect("an address").build().reconnecting(config()).split()
}

async fn speak(
    number: usize,
    sender: &Sender,
    tally: &Tally,
    over: watch::Receiver<bool>,
    mut acknowledged: watch::Receiver<u64>,
) {
    // The clients take turns within the pause.
    let first = Instant::now() + PAUSE.mul_f64(f64::from(u8::try_from(number % 50).unwrap_or(0)) / 50.0);
    let mut ticks = interval_at(first, PAUSE);
    ticks.set_missed_tick_behavior(MissedTickBehavior::Delay);
    let mut last = 0;
    while !*over.borrow() {
        ticks.tick().await;
        for _ in 0..GROUP {
            last += 1;
            say(number, last, sender, tally).await;
        }
    }
    let settled = timeout(TO_SETTLE, async {
        // The last one may have been on its way into a connection that was lost: then it takes another one to know.
        while timeout(Duration::from_secs(1), acknowledged.wait_for(|seen| *seen == last)).await.is_err() {
            last += 1;
            say(number, last, sender, tally).await;
        }
    });
    if settled.await.is_err() {
        let state = sender.state().borrow().to_string();
        tally.fault(format!("client {number} is not back within {TO_SETTLE:?}: {state}"));
    }
}

async fn say(number: usize, sequence: u64, sender: &Sender, tally: &Tally) {
    let text = format!("{number} {sequence} {:.<LENGTH$}", "");
    match sender.send(text).await {
        Ok(()) => drop(tally.sent.fetch_add(1, Relaxed)),
        Err(error) => tally.fault(format!("client {number}: {error}")),
    }
}

/// Each message comes back at most once, and in order.
async fn listen(number: usize, mut receiver: Receiver, tally: &Tally, acknowledged: watch::Sender<u64>) {
    let mut last = 0;
    loop {
        let message = match receiver.recv().await {
            Ok(Some(message)) => message,
            Ok(None) => return,
            Err(error) => return tally.fault(format!("client {number} has stopped: {error}")),
        };
        let mut words = message.as_text().unwrap_or_default().split(' ').map(str::parse::<u64>);
        let (Some(Ok(by)), Some(Ok(sequence))) = (words.next(), words.next()) else {
            return tally.fault(format!("client {number}: what came was never sent: {message:?}"));
        };
        if by != number as u64 || sequence <= last {
            return tally.fault(format!("client {number}: after {last} came {sequence} of client {by}"));
        }
        tally.missing.fetch_add(sequence - last - 1, Relaxed);
        tally.acknowledged.fetch_add(1, Relaxed);
        last = sequence;
        acknowledged.send_replace(last);
    }
}
