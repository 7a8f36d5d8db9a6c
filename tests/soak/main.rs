//! Clients that come back, over a long time: servers are restarted under them again and again, gracefully and not, and
//! whatever is sent either arrives, once and in order, or was on its way when a connection was lost; and memory stays flat.
//!
//! ```text
//! cargo test --release -p tests --test soak                       # a minute
//! WS_SOAK_MINUTES=60 cargo test --release -p tests --test soak    # with a figure at each ten minutes
//! ```

#![expect(clippy::expect_used, reason = "a test that cannot go on has failed")]

mod measure;
mod servers;
mod talker;

use std::cell::Cell;
use std::sync::Arc;
use std::sync::atomic::Ordering::Relaxed;
use std::time::Duration;

use tests::suites::{asked_for, say};
use tokio::sync::watch;
use tokio::task::JoinSet;
use tokio::time::{Instant, MissedTickBehavior, interval_at};
use ws_client::reconnect::Sender;

use crate::measure::{Load, resident};
use crate::servers::Servers;
use crate::talker::{RATE, Tally, connect, talk};

const CLIENTS: usize = 50;
const SERVERS: usize = 4;
/// Each server is restarted once in this time.
const RESTARTED: Duration = Duration::from_secs(20);
/// Memory may still grow until then: buffers come to their size, the allocator to its reserves.
const WARM: Duration = Duration::from_secs(25);
/// What the process may grow by after that, in KiB.
const GROWTH: u64 = 2 * 1024;
/// What may be on its way when one connection is lost: what a client sends in half a second.
const ON_THE_WAY: u64 = RATE / 2;

#[tokio::test]
async fn clients_come_back_and_memory_stays_flat() {
    if !asked_for("soak", "soak") {
        return;
    }
    let minutes = std::env::var("WS_SOAK_MINUTES").ok().and_then(|minutes| minutes.parse().ok()).unwrap_or(1);
    let mut servers = Servers::start(SERVERS, RESTARTED).await;
    let tally = Arc::new(Tally::default());
    let (over, told) = watch::channel(false);
    let (mut senders, mut talking) = (Vec::new(), JoinSet::new());
    for (number, url) in servers.urls().iter().cycle().take(CLIENTS).enumerate() {
        let (sender, receiver) = connect(url);
        senders.push(sender.clone());
        talking.spawn(talk(number, sender, receiver, Arc::clone(&tally), told.clone()));
    }

    let length = Duration::from_secs(minutes * 60);
    let (mut report, restarts) = (Report::new(length / 6), Cell::new(0));
    let end = Instant::now() + length;
    tokio::join!(report.run(&tally, &senders, &restarts), servers.restart_until(end, &restarts));
    let restarts = restarts.get();
    over.send_replace(true);
    talking.join_all().await;

    let counters: Vec<_> = senders.iter().map(Sender::counters).collect();
    let lost: u64 = counters.iter().map(|counters| counters.lost).sum();
    let (sent, arrived, missing) =
        (tally.sent.load(Relaxed), tally.acknowledged.load(Relaxed), tally.missing.load(Relaxed));
    say(format_args!(
        "in the end: {sent} sent, {arrived} acknowledged, {missing} on their way when one of {lost} connections was lost \
         ({restarts} restarts)"
    ));
    assert_eq!(tally.faults(), Vec::<String>::new());
    assert_eq!(sent, arrived + missing, "every message is accounted for");
    assert!(missing <= lost * ON_THE_WAY, "{missing} missing where {lost} connections were lost");
    let cut = u64::try_from(CLIENTS / SERVERS).expect("a few") * restarts;
    assert!(lost >= cut * 9 / 10, "{restarts} restarts cut {lost} connections only");
    let expected = RATE * minutes * 60 * u64::try_from(CLIENTS).expect("a few");
    assert!(sent >= expected * 8 / 10, "{sent} of {expected} messages were sent");
    report.check_memory();
}

/// Figures at intervals.
struct Report {
    interval: Duration,
    /// The most memory in each second since it was warm, and the figure then.
    warm: Option<u64>,
    most: u64,
    last: u64,
}

impl Report {
    fn new(interval: Duration) -> Self {
        say(
            "| minute | RSS KiB | most | CPU % | open | sent | acknowledged | connections lost | restarts |\n\
             |---:|---:|---:|---:|---:|---:|---:|---:|---:|",
        );
        Self { interval, warm: None, most: 0, last: 0 }
    }

    /// Looks each second, and tells at the end of each of six intervals.
    async fn run(&mut self, tally: &Tally, senders: &[Sender], restarts: &Cell<u64>) {
        let (begun, mut load) = (Instant::now(), Load::start());
        let mut seconds = interval_at(begun + Duration::from_secs(1), Duration::from_secs(1));
        seconds.set_missed_tick_behavior(MissedTickBehavior::Delay);
        let mut most = 0;
        for row in 1..=6 {
            while begun.elapsed() < self.interval * row {
                seconds.tick().await;
                self.last = resident();
                most = most.max(self.last);
                if self.warm.is_none() && begun.elapsed() >= WARM {
                    self.warm = Some(self.last);
                }
            }
            self.most = self.most.max(most);
            let open = senders.iter().filter(|sender| sender.state().borrow().is_open()).count();
            let lost: u64 = senders.iter().map(|sender| sender.counters().lost).sum();
            say(format_args!(
                "| {:.1} | {} | {most} | {:.1} | {open} | {} | {} | {lost} | {} |",
                begun.elapsed().as_secs_f64() / 60.0,
                self.last,
                load.share(),
                tally.sent.load(Relaxed),
                tally.acknowledged.load(Relaxed),
                restarts.get(),
            ));
            most = 0;
        }
    }

    fn check_memory(&self) {
        let warm = self.warm.expect("it lasted long enough");
        let (last, most) = (self.last, self.most);
        say(format_args!("memory: {warm} KiB when warm, {last} KiB in the end, {most} KiB at most"));
        assert!(last <= warm + GROWTH, "memory grew from {warm} to {last} KiB");
    }
}
