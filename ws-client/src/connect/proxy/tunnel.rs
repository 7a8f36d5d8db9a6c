//! From a proxy's address to a stream that ends at the server.

use std::net::SocketAddr;
use std::time::Duration;

use tokio::net::TcpStream;

use super::socks::{self, Target};
use super::url::Kind;
use super::{ProxyError, ProxyUrl, http};
use crate::connect::dial::{Stream, listed, peer};
use crate::connect::resolver::Names;
use crate::connect::timeouts::Budget;
#[cfg(feature = "tls")]
use crate::connect::tls::Tls;
use crate::connect::{Host, Timeouts, WsUrl, dns, tcp};
use crate::error::ConnectError;
use crate::observe::{Stage, Watch};

/// How many of a server's addresses a SOCKS proxy is asked for, one after the other.
const ADDRESSES: usize = 4;

/// What a tunnel is dug with.
pub(crate) struct Tunnel<'a> {
    pub(crate) proxy: &'a ProxyUrl,
    pub(crate) names: &'a Names,
    #[cfg(feature = "tls")]
    pub(crate) tls: &'a Tls,
    pub(crate) timeouts: &'a Timeouts,
    pub(crate) budget: Budget,
    pub(crate) watch: &'a Watch<'a>,
}

impl Tunnel<'_> {
    /// A stream through the proxy to the server of `url`. Cancel safe: nothing is left behind.
    pub(crate) async fn open(&self, url: &WsUrl) -> Result<Stream, ConnectError> {
        // RFC 9110 9.3.6: there is no default port here.
        let target = format!("{}:{}", url.host(), url.port());
        match self.proxy.kind {
            Kind::Http => {
                let mut stream = self.tcp().await?;
                let talk = http::connect(&mut stream, self.proxy, &target, self.talk());
                self.watch.stage(Stage::Proxy, talk, |()| target.clone()).await?;
                Ok(Stream::Tcp(stream))
            }
            #[cfg(feature = "tls")]
            Kind::Https => self.https(&target).await,
            Kind::Socks5h => match url.host() {
                Host::Name(name) => self.socks(Target::Name(name, url.port()), &target).await,
                Host::V4(_) | Host::V6(_) => self.socks_by_address(url).await,
            },
            Kind::Socks5 => self.socks_by_address(url).await,
        }
    }

    /// A TCP connection to the proxy.
    async fn tcp(&self) -> Result<TcpStream, ConnectError> {
        let proxy = self.proxy;
        let resolved = async {
            dns::resolve(self.names, &proxy.host, proxy.port, self.budget.stage(self.timeouts.dns))
                .await
                .map_err(|source| ProxyError::Dns { proxy: proxy.to_string(), source })
        };
        let addresses = self.watch.stage(Stage::Dns, resolved, |addresses| listed(addresses)).await?;
        let connected = async {
            tcp::connect(&addresses, self.budget.stage(self.timeouts.tcp))
                .await
                .map_err(|source| ProxyError::Tcp { proxy: proxy.to_string(), source })
        };
        self.watch.stage(Stage::Tcp, connected, peer).await
    }

    /// The time for the conversation with the proxy.
    fn talk(&self) -> Duration {
        self.budget.stage(self.timeouts.proxy)
    }

    /// TLS to the proxy, and the conversation in it.
    #[cfg(feature = "tls")]
    async fn https(&self, target: &str) -> Result<Stream, ConnectError> {
        let proxy = self.proxy;
        let stream = Stream::Tcp(self.tcp().await?);
        let talk = async {
            let url = WsUrl::root(true, proxy.host.clone(), proxy.port);
            let within = self.budget.stage(self.timeouts.tls);
            let secured = self.tls.of_proxy().secure(stream, &url, within).await;
            let secured = secured.map_err(|source| ProxyError::Tls { proxy: proxy.to_string(), source })?;
            let mut stream = secured.into_inner();
            http::connect(&mut stream, proxy, target, self.talk()).await?;
            Ok::<_, ProxyError>(Stream::Other(Box::new(stream)))
        };
        self.watch.stage(Stage::Proxy, talk, |_| target.to_owned()).await
    }

    async fn socks(&self, target: Target<'_>, shown: &str) -> Result<Stream, ConnectError> {
        let stream = self.tcp().await?;
        let talk = socks::connect(stream, self.proxy, target, shown, self.talk());
        Ok(Stream::Tcp(self.watch.stage(Stage::Proxy, talk, |_| shown.to_owned()).await?))
    }

    /// Asks for one address after the other while the proxy does not get through, each on a connection of its own
    /// (RFC 1928 6).
    async fn socks_by_address(&self, url: &WsUrl) -> Result<Stream, ConnectError> {
        let resolved = dns::resolve(self.names, url.host(), url.port(), self.budget.stage(self.timeouts.dns));
        let mut addresses: Vec<SocketAddr> =
            self.watch.stage(Stage::Dns, resolved, |found| listed(found)).await?;
        addresses.truncate(ADDRESSES);
        // There is at least one.
        let last = addresses.pop().unwrap_or(SocketAddr::from(([0; 4], 0)));
        for address in addresses {
            match self.socks(Target::Address(address), &address.to_string()).await {
                Err(ConnectError::Proxy(ProxyError::TargetUnreachable { .. })) => {}
                result => return result,
            }
        }
        self.socks(Target::Address(last), &last.to_string()).await
    }
}
