//! How a stream to the server comes about, and how long that may take.

use std::net::SocketAddr;
#[cfg(unix)]
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use super::Builder;
#[cfg(feature = "proxy")]
use crate::connect::ProxyUrlError;
use crate::connect::dial::Route;
#[cfg(feature = "proxy")]
use crate::connect::proxy::{Environment, Proxies, ProxyUrl};
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

    /// Connects through this proxy to all servers, also to those on this machine and those that `NO_PROXY` names:
    /// `http://` and `https://` (CONNECT, RFC 9110 9.3.6), `socks5://` and `socks5h://` (RFC 1928; with the `h` the proxy
    /// resolves the server's name), as in `http://USER:PASSWORD@HOST:PORT`. User name and password are percent-encoded
    /// there. Without a scheme it is `http://`; without a port 80, 443 or 1080. An `https://` proxy must have a certificate
    /// from the platform's roots or your own; pins and client certificates are for servers alone.
    ///
    /// By default proxies are those of the environment, as curl has it: `ws_proxy`, else `http_proxy`, else `all_proxy` for
    /// `ws://`, and `wss_proxy`, else `https_proxy`, else `all_proxy` for `wss://`; each in small letters before the same
    /// in capitals, and `HTTP_PROXY` never in a CGI program. None is used for this machine (127.0.0.0/8, `::1`, `localhost`)
    /// and what `no_proxy` lists: names with all below them, addresses, networks (`10.0.0.0/8`), or `*`. They are read
    /// when the builder is made.
    ///
    /// ```
    /// use ws_client::Client;
    ///
    /// # fn example() -> Result<(), Box<dyn std::error::Error>> {
    /// let client = Client::builder("ws://rooms.example/lobby")?.proxy("socks5h://127.0.0.1:9050")?.build();
    /// # let _ = client;
    /// # Ok(())
    /// # }
    /// ```
    ///
    /// # Errors
    ///
    /// The URL is not that of a proxy; the error never repeats a password.
    #[cfg(feature = "proxy")]
    pub fn proxy(mut self, url: impl AsRef<str>) -> Result<Self, ProxyUrlError> {
        self.0.dial.proxies = Proxies::Fixed(Arc::new(ProxyUrl::parse(url.as_ref())?));
        Ok(self)
    }

    /// Uses no proxy, whatever the environment says.
    #[cfg(feature = "proxy")]
    pub fn no_proxy(mut self) -> Self {
        self.0.dial.proxies = Proxies::None;
        self
    }

    /// Uses the proxies of these variables in place of the environment's (see [`proxy`](Self::proxy)). A variable whose
    /// value is not the URL of a proxy is an error of [`Client::connect`](crate::Client::connect), where it would be used.
    #[cfg(feature = "proxy")]
    pub fn proxies_from(mut self, lookup: impl Fn(&str) -> Option<String>) -> Self {
        self.0.dial.proxies = Proxies::Environment(Arc::new(Environment::read(lookup)));
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
