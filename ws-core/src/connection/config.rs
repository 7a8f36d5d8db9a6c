//! What a connection is told when it opens.

use crate::deflate::{DeflateConfig, DeflateParams};

/// Which end of the connection this is: it decides who masks (RFC 6455 section 5.1).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Role {
    /// Receives masked frames and sends unmasked ones.
    Server,
    /// Receives unmasked frames and sends masked ones.
    Client,
}

/// How much a peer may ask of us. Each limit holds before memory is spent.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Limits {
    /// Bytes of payload in one frame; 1 MiB by default. Beyond it: 1009.
    pub frame: usize,
    /// Bytes in one message, after inflating; 1 MiB by default. Beyond it: 1009.
    pub message: usize,
    /// Fragments in one message, to which one is added for every 64 bytes of payload received; 1,024 by
    /// default, so that fragments cost no more than their payload. Beyond it: 1008.
    pub fragments: usize,
    /// Bytes waiting to be sent; 256 KiB by default. A sender waits while more than this is queued.
    pub output: usize,
}

impl Default for Limits {
    fn default() -> Self {
        Self { frame: 1 << 20, message: 1 << 20, fragments: 1024, output: 256 << 10 }
    }
}

/// What the handshake agreed, and what we allow.
#[derive(Clone, Debug)]
pub struct Config {
    /// Which end this is.
    pub role: Role,
    /// What the peer may ask of us.
    pub limits: Limits,
    /// permessage-deflate, where it was agreed: the parameters, and how we use it.
    pub deflate: Option<(DeflateParams, DeflateConfig)>,
}

impl Config {
    /// No extension and the default limits.
    pub fn new(role: Role) -> Self {
        Self { role, limits: Limits::default(), deflate: None }
    }
}

#[cfg(test)]
#[path = "limit_tests.rs"]
mod tests;
