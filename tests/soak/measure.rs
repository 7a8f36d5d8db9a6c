//! What the kernel says about this process.

use std::fs;
use std::time::{Duration, Instant};

/// The memory that the process occupies, in KiB.
pub(crate) fn resident() -> u64 {
    let status = fs::read_to_string("/proc/self/status").expect("Linux");
    let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:")).expect("a size");
    line.trim().split(' ').next().and_then(|kib| kib.parse().ok()).expect("a number")
}

/// The processor time that all threads have taken so far.
fn processor() -> Duration {
    let stat = fs::read_to_string("/proc/self/stat").expect("Linux");
    // The second field is the name in parentheses, which may contain anything; 14 and 15 are user and system time, in
    // hundredths of a second.
    let (_, rest) = stat.rsplit_once(')').expect("a name");
    let ticks: u64 =
        rest.split_whitespace().skip(11).take(2).filter_map(|ticks| ticks.parse::<u64>().ok()).sum();
    Duration::from_millis(ticks * 10)
}

/// How busy the process is.
pub(crate) struct Load {
    since: Instant,
    processor: Duration,
}

impl Load {
    pub(crate) fn start() -> Self {
        Self { since: Instant::now(), processor: processor() }
    }

    /// The share of one core, in per cent, since it was asked for last.
    pub(crate) fn share(&mut self) -> f64 {
        let now = Self::start();
        let share = now.processor.saturating_sub(self.processor).as_secs_f64()
            / now.since.duration_since(self.since).as_secs_f64();
        *self = now;
        share * 100.0
    }
}
