//! What stands before the system's resolver: addresses given by the caller, and a resolver of one's own.

use std::fmt;
use std::io;
use std::net::SocketAddr;
use std::pin::Pin;
use std::sync::Arc;

use super::Host;

/// Addresses that are on their way.
pub type ResolveFuture<'a> = Pin<Box<dyn Future<Output = io::Result<Vec<SocketAddr>>> + Send + 'a>>;

/// Resolves names in place of the system: over DNS of one's own choice, or from a service registry.
///
/// It is asked anew for each connection, and has [`Timeouts::dns`](crate::Timeouts::dns) for it. IP addresses,
/// `localhost`, and names given to [`Builder::resolve`](crate::Builder::resolve) never get here.
///
/// ```
/// use std::net::SocketAddr;
/// use ws_client::{Client, ResolveFuture, Resolver};
///
/// struct OneRack;
///
/// impl Resolver for OneRack {
///     fn resolve<'a>(&'a self, name: &'a str, port: u16) -> ResolveFuture<'a> {
///         Box::pin(async move {
///             match name {
///                 "rooms.internal" => Ok(vec![SocketAddr::from(([10, 0, 0, 7], port))]),
///                 _ => Err(std::io::ErrorKind::NotFound.into()),
///             }
///         })
///     }
/// }
///
/// # fn example() -> Result<(), ws_client::UrlError> {
/// let client = Client::builder("ws://rooms.internal/lobby")?.resolver(OneRack).build();
/// # let _ = client;
/// # Ok(())
/// # }
/// ```
pub trait Resolver: Send + Sync + 'static {
    /// The addresses of `name`, the preferred one first, each with `port`.
    ///
    /// # Errors
    ///
    /// `NotFound`, or no address at all, becomes [`DnsError::NotFound`](crate::DnsError::NotFound); any other error
    /// [`DnsError::Failed`](crate::DnsError::Failed), which is worth a later attempt.
    fn resolve<'a>(&'a self, name: &'a str, port: u16) -> ResolveFuture<'a>;
}

/// Where the addresses of names come from.
#[derive(Clone, Default)]
pub(crate) struct Names {
    /// Names, in lower case and without the dot at the end, and their addresses; port 0 is the URL's.
    fixed: Vec<(String, Vec<SocketAddr>)>,
    pub(crate) resolver: Option<Arc<dyn Resolver>>,
}

impl Names {
    /// The addresses of `host`, in place of all that were known.
    pub(crate) fn fix(&mut self, host: &str, addresses: Vec<SocketAddr>) {
        let host = normal(host);
        self.fixed.retain(|(known, _)| *known != host);
        self.fixed.push((host, addresses));
    }

    /// The addresses that the caller has given for `host`, if any.
    pub(crate) fn fixed(&self, host: &Host, port: u16) -> Option<Vec<SocketAddr>> {
        let host = normal(&host.to_string());
        let (_, addresses) = self.fixed.iter().find(|(known, _)| *known == host)?;
        let with_port = |address: &SocketAddr| match address.port() {
            0 => SocketAddr::new(address.ip(), port),
            _ => *address,
        };
        Some(addresses.iter().map(with_port).collect())
    }
}

impl fmt::Debug for Names {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Names")
            .field("fixed", &self.fixed)
            .field("resolver", &self.resolver.is_some())
            .finish()
    }
}

fn normal(host: &str) -> String {
    host.strip_suffix('.').unwrap_or(host).to_ascii_lowercase()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_has_the_addresses_given_last() {
        let mut names = Names::default();
        names.fix("H", vec![SocketAddr::from(([1; 4], 1))]);
        names.fix("h.", vec![SocketAddr::from(([2; 4], 0)), SocketAddr::from(([3; 4], 3))]);
        let found = names.fixed(&Host::Name("h".into()), 80).expect("given");
        assert_eq!(found, [SocketAddr::from(([2; 4], 80)), SocketAddr::from(([3; 4], 3))]);
        assert!(names.fixed(&Host::Name("hh".into()), 80).is_none());
    }
}
