//! Who the client is, where others stand in between.

use std::net::{IpAddr, SocketAddr};

use ws_core::head::RequestHead;

use super::forwarded::{ForwardedError, Hop, forwarded, x_forwarded};
use crate::networks::{NetworkError, Networks};

/// The proxies whose word is taken for who the client is: nobody's, unless they are named.
///
/// A proxy is believed if its address is in one of the networks, and then what it says of whoever spoke to it: in
/// `Forwarded` (RFC 7239), or in `X-Forwarded-For`, `X-Forwarded-Proto` and `X-Forwarded-Host`. Where that one is a
/// trusted proxy too, its own word is next, and so on until somebody who is not: the client. Whatever the client wrote
/// into these fields itself is never read.
///
/// ```
/// use ws_core::head::{RequestHead, Version};
/// use ws_server::TrustedProxies;
///
/// let proxies = TrustedProxies::new(["10.0.0.0/8"])?;
/// let fields = [("Forwarded", r#"for=198.51.100.66, for="[2001:db8::1]:4711";proto=https, for=10.0.0.2;proto=http"#)];
/// let head = RequestHead::from_parts("GET", "/", Version::HTTP_11, fields)?;
/// let client = proxies.client(([10, 0, 0, 1], 80).into(), false, &head)?;
/// assert_eq!(client.address, "[2001:db8::1]:4711".parse()?);
/// assert!(client.secure);
///
/// // A stranger's word for it is not taken.
/// let stranger = proxies.client(([192, 0, 2, 1], 80).into(), false, &head)?;
/// assert_eq!(stranger.address, "192.0.2.1:80".parse()?);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct TrustedProxies {
    networks: Networks,
}

/// Who sent a request.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct ForwardedClient {
    /// Its address, as the last trusted proxy saw it; the port is 0 where that was not told.
    ///
    /// A proxy that hides its client (`unknown`, an obfuscated identifier) stands for it with its own address.
    pub address: SocketAddr,
    /// Whether its own connection is encrypted.
    pub secure: bool,
    /// The host that it asked for, where a proxy says so; `Host` otherwise.
    pub host: Option<Box<str>>,
}

impl TrustedProxies {
    /// Trusts proxies of these networks, each an address with a prefix or an address alone.
    ///
    /// # Errors
    /// One of the texts is not a network.
    pub fn new<S: AsRef<str>>(networks: impl IntoIterator<Item = S>) -> Result<Self, NetworkError> {
        Ok(Self { networks: Networks::parse(networks)? })
    }

    /// Whether nobody is trusted.
    pub(crate) fn is_empty(&self) -> bool {
        self.networks.is_empty()
    }

    /// Whether the word of this address is taken.
    pub fn trusts(&self, address: IpAddr) -> bool {
        self.networks.contains(address)
    }

    /// Who sent the request with this head, which came from `peer` over a connection that is encrypted or not.
    ///
    /// # Errors
    /// A trusted proxy says what makes no sense. Only elements that trusted proxies wrote are looked at.
    pub fn client(
        &self,
        peer: SocketAddr,
        secure: bool,
        head: &RequestHead,
    ) -> Result<ForwardedClient, ForwardedError> {
        let direct = ForwardedClient { address: peer, secure, host: None };
        if !self.trusts(peer.ip()) {
            return Ok(direct);
        }
        let standard = self.walk(direct.clone(), forwarded(head))?;
        if !head.fields().contains("Forwarded") {
            return self.walk(direct, x_forwarded(head));
        }
        if head.fields().contains("X-Forwarded-For") {
            let older = self.walk(direct, x_forwarded(head))?;
            if older.address.ip().to_canonical() != standard.address.ip().to_canonical() {
                return Err(ForwardedError::Contradiction);
            }
        }
        Ok(standard)
    }

    /// Goes from proxy to proxy, away from here.
    fn walk(
        &self,
        mut client: ForwardedClient,
        hops: impl Iterator<Item = Result<Hop, ForwardedError>>,
    ) -> Result<ForwardedClient, ForwardedError> {
        for hop in hops {
            let Hop { client: address, secure, host } = hop?;
            client.secure = secure.unwrap_or(client.secure);
            client.host = host.or(client.host);
            let Some(address) = address else { break };
            client.address = SocketAddr::new(address.ip().to_canonical(), address.port());
            if !self.trusts(address.ip()) {
                break;
            }
        }
        Ok(client)
    }
}

#[cfg(test)]
#[path = "trusted_proxies_tests.rs"]
mod tests;
