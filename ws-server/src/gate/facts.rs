use std::{net::SocketAddr, time::SystemTime};

/// What the gate has to know of a request beside its head.
#[derive(Clone, Copy, Debug)]
pub struct Facts {
    /// Where the connection comes from.
    pub peer: SocketAddr,
    /// Whether it is encrypted.
    pub secure: bool,
    /// The time, by which credentials are judged.
    pub now: SystemTime,
    /// Whether the server is shutting down.
    pub draining: bool,
    /// Whether there are too many connections for this one to be accepted.
    pub crowded: Option<Crowded>,
}

/// Where there are too many connections.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Crowded {
    /// From the same address.
    Address,
    /// On the whole server.
    Server,
}

impl Facts {
    /// An unencrypted request at the time `now`, to a server with room.
    pub const fn new(peer: SocketAddr, now: SystemTime) -> Self {
        Self { peer, secure: false, now, draining: false, crowded: None }
    }
}
