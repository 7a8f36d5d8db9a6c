//! Moments, counted by the quarter of a second.

use std::fmt;
use std::time::{Duration, Instant};

const BIN: Duration = Duration::from_millis(250);
const WIDTH: usize = 60;

/// How many moments fell into each quarter of a second since the beginning.
pub(crate) struct Histogram(Vec<usize>);

impl Histogram {
    /// Leaves out what was before `begun`.
    pub(crate) fn new(moments: &[Instant], begun: Instant) -> Self {
        let mut bins = Vec::new();
        for since in moments.iter().filter_map(|moment| moment.checked_duration_since(begun)) {
            let bin = usize::try_from(since.as_millis() / BIN.as_millis()).expect("small");
            bins.resize(bins.len().max(bin + 1), 0);
            bins[bin] += 1;
        }
        Self(bins)
    }

    /// The most in one quarter of a second.
    pub(crate) fn peak(&self) -> usize {
        self.0.iter().copied().max().unwrap_or_default()
    }

    /// The end of the quarter of a second in which so many in a hundred have come.
    pub(crate) fn percentile(&self, percent: usize) -> Duration {
        let (wanted, mut sum) = ((self.total() * percent).div_ceil(100), 0);
        let before = self.0.iter().take_while(|count| {
            sum += **count;
            sum < wanted
        });
        BIN * u32::try_from(before.count() + 1).unwrap_or(u32::MAX)
    }

    pub(crate) fn total(&self) -> usize {
        self.0.iter().sum()
    }
}

impl fmt::Display for Histogram {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let peak = self.peak().max(1);
        for (bin, count) in self.0.iter().enumerate().filter(|(_, count)| **count > 0) {
            let from = BIN * u32::try_from(bin).unwrap_or(u32::MAX);
            writeln!(f, "{:6.2} s {count:5} {}", from.as_secs_f64(), "#".repeat(count * WIDTH / peak))?;
        }
        Ok(())
    }
}
