//! What an operator sees of a server: counts, and metrics made of them.

mod counters;
mod metrics;

pub use counters::Counters;
pub(crate) use metrics::render;
