//! How a stream to the server comes about, and how long that may take.

use std::time::Duration;

use super::Builder;
use crate::connect::Timeouts;

impl Builder {
    /// How long connecting may take in all; 30 s by default.
    pub fn timeout(mut self, total: Duration) -> Self {
        self.0.timeouts.total = total;
        self
    }

    /// How long each stage of connecting may take, and all together.
    pub fn timeouts(mut self, timeouts: Timeouts) -> Self {
        self.0.timeouts = timeouts;
        self
    }
}
