//! Who is told how attempts go.

use std::sync::Arc;

use super::Builder;
use crate::metrics::Metrics;
use crate::observe::Observer;

impl Builder {
    /// Tells `observer` how each attempt goes, stage by stage; there can be several.
    pub fn observer(mut self, observer: impl Observer) -> Self {
        self.0.observers.others.push(Arc::new(observer));
        self
    }

    /// Counts into `metrics`, which other clients may share; each client has its own by default.
    pub fn metrics(mut self, metrics: Metrics) -> Self {
        self.0.observers.metrics = metrics;
        self
    }
}
