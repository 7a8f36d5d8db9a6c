//! Counts of what a client did, for dashboards.

mod counts;
mod histogram;
mod prometheus;

pub use counts::{Counts, Metrics, StageCounts};
pub use histogram::Histogram;
