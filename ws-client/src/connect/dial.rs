//! From an address to a stream of bytes: name resolution and TCP, or whatever the caller has put in their place.

use std::fmt;
use std::net::SocketAddr;
#[cfg(unix)]
use std::path::PathBuf;
use std::sync::Arc;

use tokio::net::TcpStream;
use ws_core::net::Transport;

#[cfg(feature = "proxy")]
use super::ProxyError;
use super::connector::{self, Connector};
use super::private::{is_loopback, is_loopback_address};
#[cfg(feature = "proxy")]
use super::proxy::{Proxies, ProxyUrl, Tunnel};
use super::resolver::Names;
use super::timeouts::Budget;
#[cfg(feature = "tls")]
use super::tls::Secured;
use super::{Host, WsUrl, dns, tcp};
use crate::client::Client;
use crate::credentials::CredentialsError;
use crate::error::ConnectError;
use crate::observe::{Stage, Watch};

/// How a stream to the server comes about.
#[derive(Clone, Debug, Default)]
pub(crate) struct Dial {
    pub(crate) route: Route,
    pub(crate) names: Names,
    #[cfg(feature = "proxy")]
    pub(crate) proxies: Proxies,
    /// Whether credentials may go where everyone on the way can read them.
    pub(crate) in_clear: bool,
}

/// Where streams come from; of several settings the last one holds.
#[derive(Clone, Default)]
pub(crate) enum Route {
    /// Name resolution, TCP, and a proxy where there is one.
    #[default]
    Network,
    /// A socket of this machine's file system.
    #[cfg(unix)]
    Unix(PathBuf),
    /// What the caller has written.
    Connector(Arc<dyn Connector>),
}

/// A stream to the server, on which nothing has been said.
pub(crate) enum Stream {
    /// A TCP connection, which the socket uses without a box.
    Tcp(TcpStream),
    /// Any other.
    Other(Box<dyn Transport>),
    /// One that TLS secures.
    #[cfg(feature = "tls")]
    Tls(Box<Secured>),
}

impl Client {
    /// A stream to the server of `url`, before TLS. Cancel safe.
    pub(crate) async fn stream_to(
        &self,
        url: &WsUrl,
        budget: Budget,
        watch: &Watch<'_>,
    ) -> Result<Stream, ConnectError> {
        let Self { dial, timeouts, .. } = self;
        match &dial.route {
            Route::Network => {
                #[cfg(feature = "proxy")]
                if let Some(proxy) = dial.proxy_for(url)? {
                    let tunnel = Tunnel {
                        proxy,
                        names: &dial.names,
                        #[cfg(feature = "tls")]
                        tls: &self.tls,
                        timeouts,
                        budget,
                        watch,
                    };
                    // Few connections go through a proxy: the futures of all others need not have room for that.
                    return Box::pin(tunnel.open(url)).await;
                }
                let within = budget.stage(timeouts.dns);
                let resolved = dns::resolve(&dial.names, url.host(), url.port(), within);
                let addresses = watch.stage(Stage::Dns, resolved, |addresses| listed(addresses)).await?;
                let connected = tcp::connect(&addresses, budget.stage(timeouts.tcp));
                Ok(Stream::Tcp(watch.stage(Stage::Tcp, connected, peer).await?))
            }
            #[cfg(unix)]
            Route::Unix(path) => {
                let connected = super::unix::connect(path, budget.stage(timeouts.tcp));
                let stream = watch.stage(Stage::Stream, connected, |_| "Unix socket".to_owned()).await?;
                Ok(Stream::Other(Box::new(stream)))
            }
            Route::Connector(connector) => {
                let within = budget.stage(timeouts.tcp);
                let connected = connector::connect(connector.as_ref(), url, within);
                Ok(Stream::Other(watch.stage(Stage::Stream, connected, |_| "connector".to_owned()).await?))
            }
        }
    }
}

impl Dial {
    /// Whether credentials may be sent to `url`: nobody on the way can read them, or the caller has allowed it.
    pub(crate) fn check_credentials(&self, url: &WsUrl) -> Result<(), CredentialsError> {
        let private = match &self.route {
            Route::Network => url.is_secure() || self.stays_here(url),
            // What lies between is the caller's own matter.
            _ => true,
        };
        if private || self.in_clear {
            return Ok(());
        }
        Err(CredentialsError::InClear { host: url.host_field() })
    }

    /// Whether what is sent to `url` stays on this machine.
    fn stays_here(&self, url: &WsUrl) -> bool {
        #[cfg(feature = "proxy")]
        if let Ok(Some(proxy)) = self.proxy_for(url) {
            // The proxy resolves the name, or may do so.
            return is_loopback(url.host()) && (proxy.is_encrypted() || self.is_here(&proxy.host));
        }
        self.is_here(url.host())
    }

    /// Whether `host` is this machine.
    fn is_here(&self, host: &Host) -> bool {
        match self.names.fixed(host, 0) {
            Some(addresses) => addresses.iter().all(|address| is_loopback_address(address.ip())),
            None => is_loopback(host),
        }
    }

    /// The proxy that leads to `url`, if one does.
    #[cfg(feature = "proxy")]
    fn proxy_for(&self, url: &WsUrl) -> Result<Option<&ProxyUrl>, ProxyError> {
        self.proxies.proxy_for(url, self.is_here(url.host()))
    }
}

pub(super) fn listed(addresses: &[SocketAddr]) -> String {
    addresses.iter().map(|address| address.ip().to_string()).collect::<Vec<_>>().join(", ")
}

pub(super) fn peer(stream: &TcpStream) -> String {
    stream.peer_addr().map_or_else(|_| String::new(), |address| address.to_string())
}

impl fmt::Debug for Route {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Network => "Network",
            #[cfg(unix)]
            Self::Unix(_) => "Unix",
            Self::Connector(_) => "Connector",
        })
    }
}
