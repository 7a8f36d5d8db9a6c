//! The builder: everything that a server is told before it begins.

use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use ws_core::connection::{Limits, Role};
use ws_core::deflate::DeflateConfig;
use ws_core::net::SocketConfig;
use ws_core::refusal::{Disclosure, Presentation};

use super::delivery::Delivery;
use super::limits::ServerLimits;
use super::report::{AcceptReport, RefusalReport};
use super::route::Route;
use super::shared::{OnAccept, OnRefusal};
use crate::authenticate::Revocations;
use crate::gate::{AddressPolicy, GateConfig};
#[cfg(feature = "tls")]
use crate::listener::Tls;
use crate::listener::{ListenAddress, ProxyProtocol, TrustedProxies};
use crate::rate::Rate;
use crate::session::MessageRate;

/// A WebSocket server.
///
/// ```no_run
/// use ws_server::{Route, Server, Session};
///
/// async fn echo(mut session: Session) -> Result<(), ws_core::net::Error> {
///     while let Some(message) = session.recv().await? {
///         session.send(message).await?;
///     }
///     Ok(())
/// }
///
/// #[tokio::main]
/// async fn main() -> Result<(), Box<dyn std::error::Error>> {
///     let server = Server::builder()
///         .listen("127.0.0.1:9001")
///         .route("/echo", Route::new(echo))
///         .on_refusal(|refusal| eprintln!("{refusal}"))
///         .bind()
///         .await?;
///     println!("listening on ws://{}", server.local_addr());
///     server.serve().await?;
///     Ok(())
/// }
/// ```
#[derive(Debug)]
pub struct Server;

impl Server {
    /// A server without routes and addresses.
    pub fn builder() -> ServerBuilder {
        ServerBuilder {
            listen: Vec::new(),
            threads: None,
            name: Presentation::DEFAULT_NAME.to_owned(),
            documentation: DOCUMENTATION.to_owned(),
            disclosure: Disclosure::default(),
            limits: ServerLimits::default(),
            socket: SocketConfig::new(Role::Server),
            compression: None,
            gate: GateConfig::default(),
            proxies: TrustedProxies::default(),
            proxy_protocol: ProxyProtocol::Off,
            routes: Vec::new(),
            pages: Vec::new(),
            dry_run: false,
            delivery: Delivery::default(),
            on_accept: None,
            on_refusal: None,
            revocations: None,
            message_rate: None,
        }
    }
}

/// Where the causes are explained, relative to whoever serves the server's documentation.
const DOCUMENTATION: &str = "REFUSALS.md";

/// What [`Server::builder`] returns; see [`Server`].
pub struct ServerBuilder {
    pub(super) listen: Vec<ListenAddress>,
    pub(super) threads: Option<usize>,
    pub(super) name: String,
    pub(super) documentation: String,
    pub(super) disclosure: Disclosure,
    pub(super) limits: ServerLimits,
    pub(super) socket: SocketConfig,
    pub(super) compression: Option<DeflateConfig>,
    pub(super) gate: GateConfig,
    pub(super) proxies: TrustedProxies,
    pub(super) proxy_protocol: ProxyProtocol,
    pub(super) routes: Vec<(String, Route)>,
    pub(super) pages: Vec<(String, String, Bytes)>,
    pub(super) dry_run: bool,
    pub(super) delivery: Delivery,
    pub(super) on_accept: Option<OnAccept>,
    pub(super) on_refusal: Option<OnRefusal>,
    pub(super) revocations: Option<Revocations>,
    pub(super) message_rate: Option<MessageRate>,
}

impl ServerBuilder {
    /// Listens on `HOST:PORT`; port 0 takes a free one. It can be called several times.
    #[must_use]
    pub fn listen(mut self, address: impl fmt::Display) -> Self {
        self.listen.push(ListenAddress::plain(address.to_string()));
        self
    }

    /// Listens on `HOST:PORT` and speaks TLS there. It can be called several times, and beside [`listen`](Self::listen).
    ///
    /// Who speaks plain HTTP to it is answered so (`plain-http-on-tls-port`). See [`Tls`] for an example.
    #[cfg(feature = "tls")]
    #[must_use]
    pub fn listen_tls(mut self, address: impl fmt::Display, tls: impl Into<Tls>) -> Self {
        self.listen.push(ListenAddress { address: address.to_string(), tls: Some(tls.into()) });
        self
    }

    /// Runs `threads` threads of its own, each with a runtime for itself and a share of the connections, instead of
    /// running on the caller's runtime. Zero stands for one for each core.
    ///
    /// A connection stays on its thread. That is fast where connections are many and alike; where a few of them compute
    /// for long, the caller's multi-threaded runtime shares the work better.
    #[must_use]
    pub fn threads(mut self, threads: usize) -> Self {
        self.threads = Some(threads);
        self
    }

    /// The server's name in `Refused-By`, a token (RFC 9110 5.6.2); `ws-server` by default.
    #[must_use]
    pub fn name(mut self, name: impl Into<String>) -> Self {
        self.name = name.into();
        self
    }

    /// The address of the page that explains the causes; with `#` and the code it is the `type` of a problem
    /// (RFC 9457 3.1.1).
    #[must_use]
    pub fn documentation(mut self, address: impl Into<String>) -> Self {
        self.documentation = address.into();
        self
    }

    /// How much a refusal tells a stranger.
    #[must_use]
    pub fn disclosure(mut self, disclosure: Disclosure) -> Self {
        self.disclosure = disclosure;
        self
    }

    /// The limits for those who are not let in yet.
    #[must_use]
    pub fn limits(mut self, limits: ServerLimits) -> Self {
        self.limits = limits;
        self
    }

    /// What a connection may send once it is let in, where its route has no limits of its own.
    #[must_use]
    pub fn message_limits(mut self, limits: Limits) -> Self {
        self.socket.limits = limits;
        self
    }

    /// How much a connection may send in a time (`message-rate-exceeded`), on routes that say nothing else. Off by
    /// default.
    #[must_use]
    pub fn message_rate(mut self, rate: impl Into<Option<MessageRate>>) -> Self {
        self.message_rate = rate.into();
        self
    }

    /// Pings a silent peer after `interval` and gives it up when it stays silent for `timeout` more; 20 s and 20 s by
    /// default. `None`: never.
    #[must_use]
    pub fn keepalive(mut self, interval: impl Into<Option<Duration>>, timeout: Duration) -> Self {
        self.socket.ping_interval = interval.into();
        self.socket.pong_timeout = timeout;
        self
    }

    /// How long a closing handshake may take; 5 s by default.
    #[must_use]
    pub fn close_timeout(mut self, timeout: Duration) -> Self {
        self.socket.close_timeout = timeout;
        self
    }

    /// How long a peer may take nothing of what is sent to it; 20 s by default. Then the connection is ended
    /// (`slow-consumer`, 1008, which the peer learns if it reads again within the close timeout).
    #[must_use]
    pub fn write_timeout(mut self, timeout: Duration) -> Self {
        self.socket.write_timeout = timeout;
        self
    }

    /// Compresses messages where the client can (RFC 7692), on routes that say nothing else. Off by default.
    #[must_use]
    pub fn compression(mut self, compression: impl Into<Option<DeflateConfig>>) -> Self {
        self.compression = compression.into();
        self
    }

    /// Serves only these hosts, each with a port or for all ports (`host-not-served`); all by default.
    #[must_use]
    pub fn served_hosts<S: Into<String>>(mut self, hosts: impl IntoIterator<Item = S>) -> Self {
        self.gate.served_hosts = hosts.into_iter().map(Into::into).collect();
        self
    }

    /// The proxies whose word is taken for who the client is: in `Forwarded` and `X-Forwarded-For`, and in a header of the
    /// PROXY protocol. Addresses are allowed, denied and counted, and the same origin is found, by what they say.
    /// Nobody's word is taken by default.
    ///
    /// ```
    /// use ws_server::{Server, TrustedProxies};
    ///
    /// let builder = Server::builder().trusted_proxies(TrustedProxies::new(["10.0.0.0/8"])?);
    /// # Ok::<(), ws_server::NetworkError>(())
    /// ```
    #[must_use]
    pub fn trusted_proxies(mut self, proxies: TrustedProxies) -> Self {
        self.proxies = proxies;
        self
    }

    /// Which header of the PROXY protocol every connection has to begin with, on all addresses to listen on; none by
    /// default. One that does not, or that does not come from a [trusted proxy](Self::trusted_proxies), is closed without
    /// an answer (`proxy-header-invalid`). With TLS the header comes before it, unencrypted.
    #[must_use]
    pub fn proxy_protocol(mut self, protocol: ProxyProtocol) -> Self {
        self.proxy_protocol = protocol;
        self
    }

    /// Which addresses may connect (`address-denied`); all by default.
    ///
    /// ```
    /// use ws_server::Server;
    /// use ws_server::gate::AddressPolicy;
    ///
    /// let builder = Server::builder().addresses(AddressPolicy::new().allow(["10.0.0.0/8"])?.deny(["10.66.0.0/16"])?);
    /// # Ok::<(), ws_server::NetworkError>(())
    /// ```
    #[must_use]
    pub fn addresses(mut self, addresses: AddressPolicy) -> Self {
        self.gate.addresses = addresses;
        self
    }

    /// How often an address may try to connect, whatever comes of it (`rate-limited`); as often as it likes by default.
    /// See [`GateConfig::attempts_per_address`].
    ///
    /// ```
    /// let builder = ws_server::Server::builder().attempts_per_address("20/1s".parse::<ws_server::Rate>()?);
    /// # Ok::<(), ws_server::RateError>(())
    /// ```
    #[must_use]
    pub fn attempts_per_address(mut self, rate: impl Into<Option<Rate>>) -> Self {
        self.gate.attempts_per_address = rate.into();
        self
    }

    /// What the authenticators of a route may take together (`authentication-unavailable`); 5 s by default.
    #[must_use]
    pub fn authentication_timeout(mut self, timeout: Duration) -> Self {
        self.gate.authentication_timeout = timeout;
        self
    }

    /// What the authorizers of a route may take together (`authorization-unavailable`); 5 s by default.
    #[must_use]
    pub fn authorization_timeout(mut self, timeout: Duration) -> Self {
        self.gate.authorization_timeout = timeout;
        self
    }

    /// Refuses credentials and subjects that are revoked, and ends their sessions (`token-revoked`). Without this the
    /// server has a list of its own, to which [`ServerHandle::revoke`](super::ServerHandle::revoke) adds.
    #[must_use]
    pub fn revocations(mut self, revocations: Revocations) -> Self {
        self.revocations = Some(revocations);
        self
    }

    /// Adds a route. Its path may hold parameters, one in a segment: `/rooms/{room}`, and as its end `/files/{*path}`.
    /// A plain brace is written twice. Paths are compared segment by segment after decoding.
    #[must_use]
    pub fn route(mut self, path: impl Into<String>, route: Route) -> Self {
        self.routes.push((path.into(), route));
        self
    }

    /// Answers a GET or HEAD of `path` that asks for no upgrade with a page. A route may have the same path.
    #[must_use]
    pub fn page(
        mut self,
        path: impl Into<String>,
        content_type: impl Into<String>,
        body: impl Into<Bytes>,
    ) -> Self {
        self.pages.push((path.into(), content_type.into(), body.into()));
        self
    }

    /// Answers a GET of a route with `Accept: application/problem+json` that asks for no upgrade with what the handshake
    /// would get, for browsers hide a refused handshake from the page. Off by default.
    #[must_use]
    pub fn dry_run(mut self, dry_run: bool) -> Self {
        self.dry_run = dry_run;
        self
    }

    /// How a refused handshake is told: over HTTP, which is the default, or in a Close frame, which pages in a browser can
    /// read.
    #[must_use]
    pub fn delivery(mut self, delivery: Delivery) -> Self {
        self.delivery = delivery;
        self
    }

    /// Is called once for each handshake that is let in, before it is answered, in the task of the connection: it must
    /// not block. The same goes to `tracing`, in the target `ws_server::handshake`.
    #[must_use]
    pub fn on_accept(mut self, report: impl Fn(&AcceptReport<'_>) + Send + Sync + 'static) -> Self {
        self.on_accept = Some(Box::new(report));
        self
    }

    /// Is called once for each refusal, in the task of the connection: it must not block. Whatever the caller is told,
    /// the report has everything. The same goes to `tracing`, in the target `ws_server::refusal`.
    #[must_use]
    pub fn on_refusal(mut self, report: impl Fn(&RefusalReport<'_>) + Send + Sync + 'static) -> Self {
        self.on_refusal = Some(Arc::new(report));
        self
    }
}

impl fmt::Debug for ServerBuilder {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ServerBuilder")
            .field("listen", &self.listen)
            .field("limits", &self.limits)
            .field("routes", &self.routes)
            .finish_non_exhaustive()
    }
}
