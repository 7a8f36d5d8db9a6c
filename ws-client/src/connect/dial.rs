//! From an address to a stream of bytes: name resolution and TCP, or whatever the caller has put in their place.

use tokio::net::TcpStream;
use ws_core::net::Transport;

use super::timeouts::Budget;
use super::{Timeouts, WsUrl, dns, tcp};
use crate::error::ConnectError;

/// How a stream to the server comes about.
#[derive(Clone, Debug, Default)]
pub(crate) struct Dial {}

/// A stream to the server, on which nothing has been said.
pub(crate) enum Stream {
    /// A TCP connection, which the socket uses without a box.
    Tcp(TcpStream),
    /// Any other.
    Other(Box<dyn Transport>),
}

impl Dial {
    /// A stream to the server of `url`, before TLS. Cancel safe.
    pub(crate) async fn dial(
        &self,
        url: &WsUrl,
        timeouts: &Timeouts,
        budget: Budget,
    ) -> Result<Stream, ConnectError> {
        let addresses = dns::resolve(url, budget.stage(timeouts.dns)).await?;
        Ok(Stream::Tcp(tcp::connect(&addresses, budget.stage(timeouts.tcp)).await?))
    }
}
