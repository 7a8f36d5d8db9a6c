use std::{net::SocketAddr, time::SystemTime};

use ws_core::{
    handshake::host,
    head::{Authority, RequestHead},
};

use crate::authenticate::ClientCertificate;
use crate::listener;

/// What the gate has to know of a request beside its head.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct Facts {
    /// Where the client is: the other end of the connection, or whom a trusted proxy names. Addresses are allowed,
    /// denied and counted by this one.
    pub peer: SocketAddr,
    /// Whether the client's own connection is encrypted, to here or to a trusted proxy.
    pub secure: bool,
    /// The host that the client asked for, where a trusted proxy says so; what `Host` says otherwise.
    pub host: Option<Box<str>>,
    /// The certificate that the client showed, if the listener's verifier trusts it.
    pub certificate: Option<ClientCertificate>,
    /// The time, by which credentials are judged.
    pub now: SystemTime,
    /// Whether the server is shutting down.
    pub draining: bool,
    /// Whether there are too many connections for this one to be accepted.
    pub crowded: Option<Crowded>,
    /// The limit that is reached, to be told to the operator.
    pub crowd_limit: Option<usize>,
}

/// Where there are too many connections.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Crowded {
    /// From the same address.
    Address,
    /// On the whole server.
    Server,
}

impl From<listener::Crowded> for Crowded {
    fn from(crowded: listener::Crowded) -> Self {
        match crowded {
            listener::Crowded::Address => Self::Address,
            listener::Crowded::Server => Self::Server,
        }
    }
}

impl Facts {
    /// The host that was asked for.
    pub(super) fn host<'a>(&'a self, head: &'a RequestHead) -> Option<Authority<'a>> {
        match &self.host {
            Some(host) => Authority::parse(host.as_bytes()).ok(),
            None => host(head).ok(),
        }
    }

    /// An unencrypted request at the time `now`, to a server with room.
    pub const fn new(peer: SocketAddr, now: SystemTime) -> Self {
        Self {
            peer,
            secure: false,
            host: None,
            certificate: None,
            now,
            draining: false,
            crowded: None,
            crowd_limit: None,
        }
    }
}
