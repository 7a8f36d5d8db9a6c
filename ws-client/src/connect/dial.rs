//! From an address to a stream of bytes: name resolution and TCP, or whatever the caller has put in their place.

use std::fmt;
use std::sync::Arc;

use tokio::net::TcpStream;
use ws_core::net::Transport;

use super::connector::{self, Connector};
use super::timeouts::Budget;
use super::{Timeouts, WsUrl, dns, tcp};
use crate::error::ConnectError;

/// How a stream to the server comes about.
#[derive(Clone, Debug, Default)]
pub(crate) struct Dial {
    pub(crate) route: Route,
}

/// Where streams come from; of several settings the last one holds.
#[derive(Clone, Default)]
pub(crate) enum Route {
    /// Name resolution, TCP, and a proxy where there is one.
    #[default]
    Network,
    /// What the caller has written.
    Connector(Arc<dyn Connector>),
}

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
        match &self.route {
            Route::Network => {
                let addresses = dns::resolve(url, budget.stage(timeouts.dns)).await?;
                Ok(Stream::Tcp(tcp::connect(&addresses, budget.stage(timeouts.tcp)).await?))
            }
            Route::Connector(connector) => {
                let within = budget.stage(timeouts.tcp);
                Ok(Stream::Other(connector::connect(connector.as_ref(), url, within).await?))
            }
        }
    }
}

impl fmt::Debug for Route {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Network => "Network",
            Self::Connector(_) => "Connector",
        })
    }
}
