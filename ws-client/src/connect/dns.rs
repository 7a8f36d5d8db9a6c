//! Name resolution: from a host to the addresses to try.

use std::future::{Future, ready};
use std::io;
use std::net::{Ipv4Addr, Ipv6Addr, SocketAddr};
use std::time::Duration;

use thiserror::Error;

use super::private::is_localhost;
use super::resolver::Names;
use super::url::Host;

/// Why a host name did not lead to an address.
#[derive(Debug, Error)]
#[non_exhaustive]
pub enum DnsError {
    /// The name does not exist, or has no address.
    #[error("no address is known for {host}: check the spelling of the name")]
    NotFound {
        /// The name looked up.
        host: String,
        /// What the resolver said, if it said anything.
        source: Option<io::Error>,
    },
    /// The resolver itself could not answer: no network, or its server is down.
    #[error("the name {host} could not be looked up now: check the network and the name server, then retry")]
    Failed {
        /// The name looked up.
        host: String,
        /// What the resolver said.
        source: io::Error,
    },
    /// The resolver did not answer in time.
    #[error("the name {host} was not resolved within {after:?}: check the name server")]
    TimedOut {
        /// The name looked up.
        host: String,
        /// The time it was given.
        after: Duration,
    },
}

/// The addresses of a host, in the order in which the resolver prefers them; never empty.
///
/// `localhost` is never looked up (RFC 6761 6.3), so that what may only go to this machine goes nowhere else.
/// RFC 8305 3 asks for the two families one by one; the system's resolver gives both at once, sorted (RFC 6724).
///
/// The system's resolver runs on a thread of its own and cannot be interrupted: when the time is over, or
/// the future is dropped, its answer is ignored. Cancel safe otherwise.
pub(crate) async fn resolve(
    names: &Names,
    host: &Host,
    port: u16,
    within: Duration,
) -> Result<Vec<SocketAddr>, DnsError> {
    if let Some(addresses) = names.fixed(host, port) {
        return resolve_by(&host.to_string(), within, ready(Ok(addresses))).await;
    }
    match (host, &names.resolver) {
        (Host::V4(address), _) => Ok(vec![SocketAddr::from((*address, port))]),
        (Host::V6(address), _) => Ok(vec![SocketAddr::from((*address, port))]),
        (Host::Name(name), _) if is_localhost(name) => Ok(vec![
            SocketAddr::from((Ipv6Addr::LOCALHOST, port)),
            SocketAddr::from((Ipv4Addr::LOCALHOST, port)),
        ]),
        (Host::Name(name), Some(resolver)) => resolve_by(name, within, resolver.resolve(name, port)).await,
        (Host::Name(name), None) => {
            let lookup = async { Ok(tokio::net::lookup_host((name.as_str(), port)).await?.collect()) };
            resolve_by(name, within, lookup).await
        }
    }
}

async fn resolve_by(
    name: &str,
    within: Duration,
    lookup: impl Future<Output = io::Result<Vec<SocketAddr>>>,
) -> Result<Vec<SocketAddr>, DnsError> {
    let host = name.to_owned();
    match tokio::time::timeout(within, lookup).await {
        Err(_) => Err(DnsError::TimedOut { host, after: within }),
        Ok(Ok(addresses)) if addresses.is_empty() => Err(DnsError::NotFound { host, source: None }),
        Ok(Ok(addresses)) => Ok(addresses),
        Ok(Err(source)) if is_not_found(&source) => Err(DnsError::NotFound { host, source: Some(source) }),
        Ok(Err(source)) => Err(DnsError::Failed { host, source }),
    }
}

/// Whether the resolver says that there is no such name, or none with an address.
///
/// The standard library hands on the text of `getaddrinfo`'s error but not its number, so the text decides.
fn is_not_found(error: &io::Error) -> bool {
    const NOT_FOUND: [&str; 7] = [
        "Name or service not known",               // glibc, EAI_NONAME
        "No address associated with hostname",     // glibc, EAI_NODATA
        "Name does not resolve",                   // musl, EAI_NONAME
        "Name has no usable address",              // musl, EAI_NODATA
        "nodename nor servname provided",          // macOS and the BSDs
        "No such host is known",                   // Windows, WSAHOST_NOT_FOUND
        "no data of the requested type was found", // Windows, WSANO_DATA
    ];
    let text = error.to_string();
    error.kind() == io::ErrorKind::NotFound || NOT_FOUND.iter().any(|known| text.contains(known))
}

#[cfg(test)]
mod tests {
    use std::future::pending;
    use std::sync::Arc;

    use super::*;
    use crate::connect::{ResolveFuture, Resolver, WsUrl};

    const WITHIN: Duration = Duration::from_millis(20);

    async fn resolve(url: &WsUrl, within: Duration) -> Result<Vec<SocketAddr>, DnsError> {
        super::resolve(&Names::default(), url.host(), url.port(), within).await
    }

    #[tokio::test]
    async fn an_address_needs_no_lookup() {
        for (text, address) in [("ws://127.0.0.1:9/", "127.0.0.1:9"), ("ws://[::1]/", "[::1]:80")] {
            let url = WsUrl::parse(text).expect("valid");
            let found = resolve(&url, Duration::ZERO).await.expect("no lookup");
            assert_eq!(found, [address.parse().expect("an address")]);
        }
    }

    // RFC 6761 6.3: localhost is this machine, whatever a name server says.
    #[tokio::test]
    async fn localhost_needs_no_lookup() {
        for host in ["localhost", "app.localhost", "localhost."] {
            let url = WsUrl::parse(&format!("ws://{host}:9001/")).expect("valid");
            let found = resolve(&url, Duration::ZERO).await.expect("no lookup");
            assert_eq!(found, ["[::1]:9001", "127.0.0.1:9001"].map(|text| text.parse().expect("an address")));
        }
    }

    /// Knows one name.
    struct One;

    impl Resolver for One {
        fn resolve<'a>(&'a self, name: &'a str, port: u16) -> ResolveFuture<'a> {
            Box::pin(ready(match name {
                "known" => Ok(vec![SocketAddr::from(([1; 4], port))]),
                _ => Err(io::ErrorKind::NotFound.into()),
            }))
        }
    }

    #[tokio::test]
    async fn what_the_caller_says_comes_before_the_system() {
        let mut names = Names::default();
        names.resolver = Some(Arc::new(One));
        names.fix("known.too", vec![SocketAddr::from(([2; 4], 0))]);
        names.fix("empty", Vec::new());
        let found = async |name: &str| super::resolve(&names, &Host::Name(name.into()), 7, WITHIN).await;
        assert_eq!(found("known").await.expect("known"), [SocketAddr::from(([1; 4], 7))]);
        assert_eq!(found("known.too").await.expect("given"), [SocketAddr::from(([2; 4], 7))]);
        for name in ["unknown", "empty"] {
            let error = found(name).await.expect_err(name);
            assert!(matches!(&error, DnsError::NotFound { host, .. } if host == name), "{error:?}");
        }
    }

    // RFC 2606 2: names below .invalid never exist; without a network the resolver may fail instead.
    #[tokio::test]
    async fn an_invalid_name_is_an_error_that_names_it() {
        let url = WsUrl::parse("ws://no-such-host.invalid/").expect("valid");
        let error = resolve(&url, Duration::from_secs(30)).await.expect_err("cannot exist");
        assert!(error.to_string().contains("no-such-host.invalid"), "{error}");
    }

    #[tokio::test]
    async fn the_resolver_says_that_there_is_no_such_name() {
        for text in
            ["failed to lookup address information: Name or service not known", "Name does not resolve"]
        {
            let lookup = ready(Err(io::Error::other(text)));
            let error = resolve_by("h", WITHIN, lookup).await.expect_err(text);
            assert!(matches!(error, DnsError::NotFound { source: Some(_), .. }), "{error:?}");
        }
        let error = resolve_by("h", WITHIN, ready(Ok(Vec::new()))).await.expect_err("no address");
        assert!(matches!(error, DnsError::NotFound { source: None, .. }), "{error:?}");
    }

    #[tokio::test]
    async fn the_resolver_fails() {
        let lookup = ready(Err(io::Error::other("Temporary failure in name resolution")));
        let error = resolve_by("h", WITHIN, lookup).await.expect_err("a failure");
        assert!(matches!(error, DnsError::Failed { .. }), "{error:?}");
    }

    #[tokio::test]
    async fn the_resolver_is_silent() {
        let error = resolve_by("h", WITHIN, pending()).await.expect_err("never answers");
        assert!(matches!(error, DnsError::TimedOut { after: WITHIN, .. }), "{error:?}");
    }
}
