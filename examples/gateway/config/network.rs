//! Addresses: networks, where to listen, whom to ask, and the servers behind.

use std::net::IpAddr;

use ipnet::IpNet;
use url::Url;
use ws_client::WsUrl;
use ws_core::head::Authority;

use super::Fault;
use super::value::Word;

/// A network, or one address.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Network(pub(crate) IpNet);

impl Word for Network {
    const WHAT: &'static str = "a network";
    const EXAMPLE: &'static str = "one in quotes, \"10.0.0.0/8\"";

    fn parse(text: &str) -> Result<Self, Fault> {
        if let Ok(address) = text.parse::<IpAddr>() {
            return Ok(Self(address.into()));
        }
        let network: IpNet = text.parse().map_err(|_| Fault::Network(text.to_owned()))?;
        if network.trunc() == network {
            Ok(Self(network))
        } else {
            Err(Fault::NetworkBits { given: text.to_owned(), network: network.trunc() })
        }
    }
}

/// `HOST:PORT`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct ListenAddress(pub(crate) String);

impl Word for ListenAddress {
    const WHAT: &'static str = "an address to listen on";
    const EXAMPLE: &'static str = "one in quotes, \"127.0.0.1:9443\"";

    fn parse(text: &str) -> Result<Self, Fault> {
        let valid = text.rsplit_once(':').is_some_and(|(host, port)| {
            let bare = host.strip_prefix('[').and_then(|host| host.strip_suffix(']'));
            let host = match bare {
                Some(v6) => v6.parse::<std::net::Ipv6Addr>().is_ok(),
                None => {
                    !host.is_empty() && host.bytes().all(|b| b.is_ascii_alphanumeric() || b"-._".contains(&b))
                }
            };
            host && port.bytes().all(|byte| byte.is_ascii_digit()) && port.parse::<u16>().is_ok()
        });
        if valid { Ok(Self(text.to_owned())) } else { Err(Fault::Listen(text.to_owned())) }
    }
}

/// A name by which clients reach the gateway, with or without a port.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct ServedHost(pub(crate) String);

impl Word for ServedHost {
    const WHAT: &'static str = "a host";
    const EXAMPLE: &'static str = "one in quotes, \"chat.example.com\"";

    fn parse(text: &str) -> Result<Self, Fault> {
        let valid = !text.contains('*') && Authority::parse(text.as_bytes()).is_ok();
        if valid { Ok(Self(text.to_owned())) } else { Err(Fault::Host(text.to_owned())) }
    }
}

/// Somebody who is asked over HTTP: the address, and how it was written.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct HttpUrl(pub(crate) Url, pub(crate) String);

impl Word for HttpUrl {
    const WHAT: &'static str = "a URL";
    const EXAMPLE: &'static str = "one in quotes, \"http://127.0.0.1:8080/\"";

    fn parse(text: &str) -> Result<Self, Fault> {
        const SCHEMES: &[&str] = &["http", "https"];
        let url = Url::parse(text).map_err(|source| Fault::Url {
            given: text.to_owned(),
            source,
            example: "http://127.0.0.1:8080/path",
        })?;
        if !SCHEMES.contains(&url.scheme()) {
            return Err(Fault::Scheme { scheme: url.scheme().to_owned(), schemes: SCHEMES });
        }
        if !url.username().is_empty() || url.password().is_some() {
            return Err(Fault::UserInfo("remove it"));
        }
        if url.fragment().is_some() { Err(Fault::Fragment) } else { Ok(Self(url, text.to_owned())) }
    }
}

/// Who talks to a client that was let in.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum UpstreamTarget {
    /// The gateway itself: it sends every message back.
    Echo,
    /// A server behind it.
    Server {
        /// Over TLS.
        secure: bool,
        /// `HOST[:PORT]` as it stands in the URL.
        authority: String,
        /// The path to ask for; that of each request, where the URL has none.
        path: Option<String>,
    },
}

impl Word for UpstreamTarget {
    const WHAT: &'static str = "an upstream";
    const EXAMPLE: &'static str = "\"echo\", \"ws://127.0.0.1:8000\" or \"wss://chat.internal:8443\"";

    fn parse(text: &str) -> Result<Self, Fault> {
        if text == "echo" {
            return Ok(Self::Echo);
        }
        let (secure, rest) = match text.split_once("://") {
            Some(("ws", rest)) => (false, rest),
            Some(("wss", rest)) => (true, rest),
            Some((scheme, _)) => {
                return Err(Fault::Scheme { scheme: scheme.to_owned(), schemes: &["ws", "wss"] });
            }
            None => return Err(Fault::UpstreamForm(text.to_owned())),
        };
        // What is wrong with one scheme is wrong with the other.
        let url = WsUrl::parse(&format!("ws://{rest}")).map_err(Fault::Upstream)?;
        if rest.contains('?') {
            return Err(Fault::UpstreamQuery);
        }
        let authority = rest.split('/').next().unwrap_or(rest).to_owned();
        let path = Some(url.resource()).filter(|path| *path != "/").map(str::to_owned);
        Ok(Self::Server { secure, authority, path })
    }
}
