//! Where a server behind is.

use std::time::Duration;

use tokio_rustls::rustls::pki_types::ServerName;
use ws_client::{Builder, Client, Host, UrlError, WsUrl};

/// A server behind the gateway.
#[derive(Clone, Debug)]
pub(crate) struct Target {
    url: WsUrl,
    client: Builder,
    secure: bool,
    /// What to ask for, whatever the client asks for.
    path: Option<String>,
}

/// What the stages of reaching it may take.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Timeouts {
    /// Until there is a connection, TLS included.
    pub(crate) connect: Duration,
    /// Until the handshake is answered.
    pub(crate) handshake: Duration,
}

impl Target {
    /// The server of `ws://AUTHORITY`, or with `secure` of `wss://AUTHORITY`.
    pub(crate) fn new(secure: bool, authority: &str, path: Option<String>) -> Result<Self, UrlError> {
        let url = format!("ws://{authority}/");
        Ok(Self { url: WsUrl::parse(&url)?, client: Client::builder(&url)?, secure, path })
    }

    /// A client that has not been told yet what to ask for.
    pub(super) fn client(&self) -> Builder {
        self.client.clone()
    }

    pub(super) const fn is_secure(&self) -> bool {
        self.secure
    }

    pub(super) fn path(&self) -> Option<&str> {
        self.path.as_deref()
    }

    /// The host in the form that a resolver takes.
    pub(super) fn host(&self) -> String {
        match self.url.host() {
            Host::Name(name) => name.clone(),
            Host::V4(address) => address.to_string(),
            Host::V6(address) => address.to_string(),
        }
    }

    /// The port: RFC 6455 3 has 80 and 443 where none is named.
    pub(super) fn port(&self) -> u16 {
        match self.url.port() {
            80 if self.secure => 443,
            port => port,
        }
    }

    /// The name that its certificate has to be for; `None` where no certificate can be for it.
    pub(super) fn server_name(&self) -> Option<ServerName<'static>> {
        ServerName::try_from(self.host()).ok()
    }
}

/// As in a log: `ws://HOST:PORT`.
impl std::fmt::Display for Target {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let scheme = if self.secure { "wss" } else { "ws" };
        write!(f, "{scheme}://{}:{}", self.url.host(), self.port())
    }
}
