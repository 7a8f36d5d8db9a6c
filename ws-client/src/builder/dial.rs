//! How a stream to the server comes about, and how long that may take.

use std::net::SocketAddr;
#[cfg(unix)]
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use super::Builder;
use crate::connect::dial::Route;
use crate::connect::{Connector, Resolver, Timeouts};

impl Builder {
    /// Takes the stream to the server from `connector`, in place of name resolution, TCP and proxies. TLS follows for
    /// `wss://`.
    pub fn connector(mut self, connector: impl Connector) -> Self {
        self.0.dial.route = Route::Connector(Arc::new(connector));
        self
    }

    /// Connects to the Unix socket at `path`, in place of name resolution, TCP and proxies; the URL's host is only
    /// named in the request. TLS follows for `wss://`.
    #[cfg(unix)]
    pub fn unix_socket(mut self, path: impl Into<PathBuf>) -> Self {
        self.0.dial.route = Route::Unix(path.into());
        self
    }

    /// Takes `addresses` for `host` in place of a lookup, the preferred one first; port 0 stands for the URL's port.
    /// What was given for the same host before is forgotten. Where an HTTP or `socks5h://` proxy resolves the server's name
    /// it does not hear of this; the proxy's own name can be given here.
    ///
    /// ```
    /// use ws_client::Client;
    ///
    /// # fn example() -> Result<(), Box<dyn std::error::Error>> {
    /// let client = Client::builder("ws://rooms.example/lobby")?
    ///     .resolve("rooms.example", ["192.0.2.7:0".parse()?])
    ///     .build();
    /// # let _ = client;
    /// # Ok(())
    /// # }
    /// ```
    pub fn resolve(mut self, host: &str, addresses: impl IntoIterator<Item = SocketAddr>) -> Self {
        self.0.dial.names.fix(host, addresses.into_iter().collect());
        self
    }

    /// Resolves names with `resolver` in place of the system.
    pub fn resolver(mut self, resolver: impl Resolver) -> Self {
        self.0.dial.names.resolver = Some(Arc::new(resolver));
        self
    }

    /// Sends credentials over plain `ws://` to other machines as well, where everyone on the way can read them. Without
    /// this it is an error: [`CredentialsError::InClear`](crate::credentials::CredentialsError::InClear).
    ///
    /// Credentials are `Authorization` and `Cookie`, the tokens of a provider, the headers in which API keys are
    /// usually sent, and those set by [`secret_header`](Self::secret_header). They need no allowance for this machine
    /// (127.0.0.0/8, `::1`, `localhost` and names below it), a Unix socket, a [`Connector`] and a stream of your own.
    pub fn allow_credentials_in_clear(mut self) -> Self {
        self.0.dial.in_clear = true;
        self
    }

    /// How long connecting may take in all; 30 s by default.
    pub fn timeout(mut self, total: Duration) -> Self {
        self.0.timeouts.total = total;
        self
    }

    /// How long each stage of connecting may take, and all together.
    pub fn timeouts(mut self, timeouts: Timeouts) -> Self {
        self.0.timeouts = timeouts;
        self
    }
}
