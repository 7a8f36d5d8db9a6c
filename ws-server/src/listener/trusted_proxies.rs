//! Who the client is, where others stand in between.

use std::net::{IpAddr, SocketAddr};

use ws_core::head::RequestHead;

use super::forwarded::{ForwardedError, Hop, forwarded, x_forwarded};
use crate::networks::{NetworkError, Networks};

/// The proxies whose word is taken for who the client is: nobody's, unless they are named.
///
/// A proxy is believed if its address is in one of the networks, and then what it says of whoever spoke to it: in
/// `Forwarded` (RFC 7239), or in `X-Forwarded-For`, `X-Forwarded-Proto` and `X-Forwarded-Host`. Where that one is a
/// trusted proxy too, its own word is next, and so on until somebody who is not: the client. What the client wrote in front
/// of that is never read. A proxy has to overwrite `X-Forwarded-Proto` and `X-Forwarded-Host`, or to remove them, for they
/// do not tell who wrote them; a certificate that it shows itself is not that of the client that it names.
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
        if !self.trusts(peer.ip()) {
            return Ok(ForwardedClient { address: peer, secure, host: None });
        }
        let fields = head.fields();
        let told = match (fields.contains("Forwarded"), fields.contains("X-Forwarded-For")) {
            (true, true) => {
                let (standard, older) =
                    (self.walk(peer, forwarded(head))?, self.walk(peer, x_forwarded(head))?);
                standard.agree(older).ok_or(ForwardedError::Contradiction)?
            }
            (true, false) => self.walk(peer, forwarded(head))?,
            (false, _) => self.walk(peer, x_forwarded(head))?,
        };
        let Told { address, secure: by_proxy, host } = told;
        Ok(ForwardedClient { address, secure: by_proxy.unwrap_or(secure), host })
    }

    /// Whether a proxy says in this head that it speaks for somebody else, even for somebody that it hides.
    pub(crate) fn names_client(head: &RequestHead) -> bool {
        ["Forwarded", "X-Forwarded-For"].iter().any(|name| head.fields().contains(name))
    }

    /// Goes from proxy to proxy, away from here.
    fn walk(
        &self,
        peer: SocketAddr,
        hops: impl Iterator<Item = Result<Hop, ForwardedError>>,
    ) -> Result<Told, ForwardedError> {
        let mut told = Told { address: peer, secure: None, host: None };
        for hop in hops {
            let Hop { client, secure, host } = hop?;
            told.secure = secure.or(told.secure);
            told.host = host.or(told.host);
            let Some(client) = client else { break };
            told.address = SocketAddr::new(client.ip().to_canonical(), client.port());
            if !self.trusts(client.ip()) {
                break;
            }
        }
        Ok(told)
    }
}

/// What the proxies say of the client, as far as they do.
struct Told {
    address: SocketAddr,
    secure: Option<bool>,
    host: Option<Box<str>>,
}

impl Told {
    /// Both together, unless they contradict each other.
    fn agree(self, other: Self) -> Option<Self> {
        let same_address = self.address.ip().to_canonical() == other.address.ip().to_canonical();
        let same_security = self.secure.is_none_or(|secure| other.secure.is_none_or(|other| secure == other));
        let same_host = match (&self.host, &other.host) {
            (Some(host), Some(other)) => host.eq_ignore_ascii_case(other),
            _ => true,
        };
        let (secure, host) = (self.secure.or(other.secure), self.host.or(other.host));
        (same_address && same_security && same_host).then_some(Self { address: self.address, secure, host })
    }
}

#[cfg(test)]
#[path = "trusted_proxies_tests.rs"]
mod tests;
