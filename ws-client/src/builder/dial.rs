//! How a stream to the server comes about, and how long that may take.

use std::sync::Arc;
use std::time::Duration;

use super::Builder;
use crate::connect::dial::Route;
use crate::connect::{Connector, Timeouts};

impl Builder {
    /// Takes the stream to the server from `connector`, in place of name resolution, TCP and proxies. TLS follows for
    /// `wss://`.
    pub fn connector(mut self, connector: impl Connector) -> Self {
        self.0.dial.route = Route::Connector(Arc::new(connector));
        self
    }

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
