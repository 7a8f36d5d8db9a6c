//! `[limits]`.

use std::time::Duration;

use ws_server::Rate;

use super::units::Time;
use super::{At, Section};

/// How much is taken, of whom, and how long.
#[derive(Clone, Debug)]
pub(crate) struct Limits {
    pub(crate) connections: usize,
    pub(crate) connections_per_address: usize,
    pub(crate) connections_per_principal: usize,
    pub(crate) attempts_per_address: Option<Rate>,
    pub(crate) handshake_timeout: Duration,
    pub(crate) drain_timeout: Duration,
    pub(crate) idle_timeout: Duration,
    pub(crate) ping_interval: Duration,
    pub(crate) message_bytes: usize,
    pub(crate) messages_per_connection: Option<Rate>,
    pub(crate) head_bytes: usize,
    pub(crate) headers: usize,
    pub(crate) target_bytes: usize,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            connections: 10_000,
            connections_per_address: 100,
            connections_per_principal: 20,
            attempts_per_address: Rate::new(20, Duration::from_secs(1)),
            handshake_timeout: Duration::from_secs(10),
            drain_timeout: Duration::from_secs(10),
            idle_timeout: Duration::from_secs(60),
            ping_interval: Duration::from_secs(20),
            message_bytes: 1 << 20,
            messages_per_connection: None,
            head_bytes: 16 << 10,
            headers: 64,
            target_bytes: 4 << 10,
        }
    }
}

impl Limits {
    pub(super) fn read(section: &Section<'_>) -> Self {
        let or = Self::default();
        let time = |key, or: Duration| section.get_or(key, Time(or)).0;
        Self {
            connections: section.get_or("connections", or.connections),
            connections_per_address: section.get_or("connections_per_address", or.connections_per_address),
            connections_per_principal: section
                .get_or("connections_per_principal", or.connections_per_principal),
            attempts_per_address: section
                .get("attempts_per_address")
                .map_or(or.attempts_per_address, |At { value, .. }| Some(value)),
            handshake_timeout: time("handshake_timeout", or.handshake_timeout),
            drain_timeout: section.get_or("drain_timeout", or.drain_timeout),
            idle_timeout: time("idle_timeout", or.idle_timeout),
            ping_interval: time("ping_interval", or.ping_interval),
            message_bytes: section.get_or("message_bytes", or.message_bytes),
            messages_per_connection: section.get("messages_per_connection").map(|At { value, .. }| value),
            head_bytes: section.get_or("head_bytes", or.head_bytes),
            headers: section.get_or("headers", or.headers),
            target_bytes: section.get_or("target_bytes", or.target_bytes),
        }
    }
}
