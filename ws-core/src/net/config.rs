//! What a socket is told when it opens.

use std::{any::Any, sync::Arc, time::Duration};

use crate::{
    connection::{Config, Limits, Role},
    deflate::{DeflateConfig, DeflateParams},
};

/// What the handshake agreed, what the peer may ask of us, and how long we wait.
#[derive(Clone, Debug)]
pub struct SocketConfig {
    /// Which end this is.
    pub role: Role,
    /// What the peer may ask of us.
    pub limits: Limits,
    /// permessage-deflate, where it was agreed.
    pub deflate: Option<(DeflateParams, DeflateConfig)>,
    /// A silent peer is pinged after this long; 20 s by default. `None`: never.
    pub ping_interval: Option<Duration>,
    /// How long after a ping the peer may stay silent; 20 s by default.
    pub pong_timeout: Duration,
    /// How long the closing handshake may take; 5 s by default.
    pub close_timeout: Duration,
    /// How long the peer may take nothing of what is queued, and how long it may take all in all for what
    /// is left when the connection ends; 20 s by default.
    pub write_timeout: Duration,
    /// Whatever is to be dropped when the connection is over, its end in the background included.
    pub guard: Option<Arc<dyn Any + Send + Sync>>,
}

impl SocketConfig {
    /// The defaults for one end of a connection without extensions.
    pub fn new(role: Role) -> Self {
        Self {
            role,
            limits: Limits::default(),
            deflate: None,
            ping_interval: Some(Duration::from_secs(20)),
            pong_timeout: Duration::from_secs(20),
            close_timeout: Duration::from_secs(5),
            write_timeout: Duration::from_secs(20),
            guard: None,
        }
    }

    pub(super) fn connection(&self) -> Config {
        Config { role: self.role, limits: self.limits, deflate: self.deflate.clone() }
    }
}
