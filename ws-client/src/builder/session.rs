//! What holds once the connection is open.

use std::time::Duration;

use ws_core::connection::Limits;
use ws_core::deflate::DeflateConfig;
use ws_core::head::HeadLimits;

use super::Builder;

impl Builder {
    /// Offers compression (permessage-deflate, RFC 7692); the server may decline. Off by default: it costs
    /// CPU and memory, and compressing secrets beside text from outside can leak them.
    pub fn compression(mut self, config: DeflateConfig) -> Self {
        self.0.compression = Some(config);
        self
    }

    /// What the server may ask of us once the connection is open: a frame and a message of 1 MiB each by default, in bytes,
    /// a compressed message after it was inflated. A larger one is never read: the server is told 1009 (RFC 6455 7.4.1),
    /// and receiving ends with [`net::Error::Protocol`](ws_core::net::Error).
    ///
    /// What we send may be as large as we like. [`Limits::output`], 256 KiB by default, is how much may wait for a server
    /// that does not take it: sending waits while there is more.
    pub fn limits(mut self, limits: Limits) -> Self {
        self.0.limits = limits;
        self
    }

    /// How large the head of the server's answer may be.
    pub fn head_limits(mut self, limits: HeadLimits) -> Self {
        self.0.head_limits = limits;
        self
    }

    /// When a silent server is pinged, and how long it may then stay silent; 20 s each by default.
    pub fn keepalive(mut self, interval: Duration, timeout: Duration) -> Self {
        self.0.keepalive = Some((interval, timeout));
        self
    }

    /// How long the server may take no data while there is some to send; 20 s by default.
    pub fn write_timeout(mut self, timeout: Duration) -> Self {
        self.0.write_timeout = Some(timeout);
        self
    }

    /// How long the server may take to answer a Close frame; 5 s by default.
    pub fn close_timeout(mut self, timeout: Duration) -> Self {
        self.0.close_timeout = Some(timeout);
        self
    }

    /// Never pings: a server that is gone is noticed only when something is sent.
    pub fn no_keepalive(mut self) -> Self {
        self.0.keepalive = None;
        self
    }
}
