//! The builder: everything that a server is told before it begins.

use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use ws_core::connection::{Limits, Role};
use ws_core::deflate::DeflateConfig;
use ws_core::head::Authority;
use ws_core::net::SocketConfig;
use ws_core::refusal::{Disclosure, Presentation};

use super::bound::BoundServer;
use super::current::Current;
use super::delivery::Delivery;
use super::error::BuildError;
use super::limits::ServerLimits;
use super::page::Page;
use super::report::{AcceptReport, RefusalReport};
use super::route::{Compression, Route};
use super::routes::{RouteEntry, Routes};
use super::shared::{OnAccept, OnRefusal, Shared, report_end};
use super::table::Table;
use crate::authenticate::Revocations;
use crate::embed::Embedded;
use crate::gate::{AddressPolicy, Gate, GateConfig, Policy};
use crate::listener::{BindError, Door, ListenAddress, Places, ProxyProtocol, TrustedProxies};
#[cfg(feature = "tls")]
use crate::listener::{Tls, TlsPort};
use crate::operate::Counters;
use crate::rate::Rate;
use crate::session::{Drain, Host, Sessions};

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
        }
    }
}

/// Where the causes are explained, relative to whoever serves the server's documentation.
const DOCUMENTATION: &str = "REFUSALS.md";

/// What [`Server::builder`] returns; see [`Server`].
pub struct ServerBuilder {
    listen: Vec<ListenAddress>,
    threads: Option<usize>,
    name: String,
    documentation: String,
    disclosure: Disclosure,
    limits: ServerLimits,
    socket: SocketConfig,
    compression: Option<DeflateConfig>,
    gate: GateConfig,
    proxies: TrustedProxies,
    proxy_protocol: ProxyProtocol,
    routes: Vec<(String, Route)>,
    pages: Vec<(String, String, Bytes)>,
    dry_run: bool,
    delivery: Delivery,
    on_accept: Option<OnAccept>,
    on_refusal: Option<OnRefusal>,
    revocations: Option<Revocations>,
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

    /// How long a peer may take nothing of what is sent to it; 20 s by default. Then the connection is ended.
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

    /// Checks what was said and begins to listen; connections are accepted from [`BoundServer::serve`] on.
    ///
    /// # Errors
    /// [`BuildError`] for a route, page, name, host or subprotocol that cannot be, and for an address that cannot be had.
    ///
    /// # Cancel safety
    /// Nothing remains of a call that was dropped.
    ///
    /// # Panics
    /// Outside a tokio runtime with I/O.
    pub async fn bind(self) -> Result<BoundServer, BuildError> {
        let (listen, threads) = (self.listen.clone(), self.threads);
        let mut shared = self.with_handlers()?.build(None)?;
        shared.doors = listen.iter().map(door).collect::<Result<_, _>>()?;
        let current = Current::new(shared);
        if listen.is_empty() {
            return Err(BindError::NoAddress.into());
        }
        BoundServer::bind(current, &listen, threads).await
    }

    /// Checks what was said and makes a server without listeners, for a program that has its own: see
    /// [`embed`](crate::embed). Addresses and threads that were given are not used.
    ///
    /// # Errors
    /// As [`bind`](Self::bind), but for addresses.
    pub fn embed(self) -> Result<Embedded, BuildError> {
        Ok(Embedded::new(Current::new(self.with_handlers()?.build(None)?)))
    }

    /// Checks what was said and makes a guard of one route for handlers of axum: see
    /// [`embed::axum`](crate::embed::axum). The route is one [without a handler](Route::embedded).
    ///
    /// # Errors
    /// As [`embed`](Self::embed).
    #[cfg(feature = "axum")]
    pub fn guard(mut self, route: Route) -> Result<crate::embed::axum::Guard, BuildError> {
        self.routes = vec![(EVERYWHERE.to_owned(), route)];
        self.pages.clear();
        Ok(crate::embed::axum::Guard::new(Embedded::new(Current::new(self.build(None)?))))
    }

    fn with_handlers(self) -> Result<Self, BuildError> {
        match self.routes.iter().find(|(_, route)| route.handler.is_none() && route.prepare.is_none()) {
            Some((path, _)) => Err(BuildError::HandlerMissing { path: path.clone() }),
            None => Ok(self),
        }
    }

    /// The settings that follow others in a server that runs.
    pub(super) fn succeed(self, before: &Shared) -> Result<Shared, BuildError> {
        #[cfg(feature = "tls")]
        let doors = self.listen.iter().map(door).collect::<Result<Vec<_>, _>>()?;
        let mut shared = self.with_handlers()?.build(Some(before))?;
        #[cfg(feature = "tls")]
        for (new, old) in doors.iter().zip(&before.doors) {
            if let (Some(new), Some(old)) = (&new.tls, &old.tls) {
                old.become_as(new);
            }
        }
        shared.doors.clone_from(&before.doors);
        Ok(shared)
    }

    fn build(self, before: Option<&Shared>) -> Result<Shared, BuildError> {
        if !is_token(&self.name) {
            return Err(BuildError::Name { name: self.name });
        }
        if self.documentation.is_empty() || !self.documentation.bytes().all(|byte| byte.is_ascii_graphic()) {
            return Err(BuildError::Documentation { address: self.documentation });
        }
        if self.proxy_protocol != ProxyProtocol::Off && self.proxies.is_empty() {
            return Err(BuildError::NoTrustedProxy);
        }
        if let Some(host) = self.gate.served_hosts.iter().find(|host| !is_host(host)) {
            return Err(BuildError::ServedHost { host: host.clone() });
        }
        for (path, route) in &self.routes {
            check_subprotocols(path, &route.policy)?;
            if route.policy.requires_of_nobody() {
                return Err(BuildError::Unauthenticated { path: path.clone() });
            }
        }
        let entries = self.routes.into_iter().map(|(path, route)| RouteEntry {
            path: path.into(),
            policy: Arc::new(route.policy),
            handler: route.handler,
            prepare: route.prepare,
            prepare_timeout: route.prepare_timeout,
            compression: match route.compression {
                Compression::AsTheServer => self.compression.clone(),
                Compression::Off => None,
                Compression::On(config) => Some(config),
            },
            socket: Arc::new(SocketConfig {
                limits: route.limits.unwrap_or(self.socket.limits),
                ..self.socket.clone()
            }),
        });
        let routes = Arc::new(Routes::new(entries.collect())?);
        let mut pages = Table::new();
        for (path, content_type, body) in self.pages {
            pages.insert(&path, Page::new(&path, &content_type, body)?)?;
        }
        let limits = self.limits;
        let revocations = self.revocations.or_else(|| before.map(|before| before.gate.revocations().clone()));
        let config = GateConfig {
            revocations: revocations.unwrap_or_default(),
            connections_per_principal: limits.connections_per_principal,
            ..self.gate
        };
        let mut gate = Gate::new(config, Arc::clone(&routes));
        let (places, drain, sessions, counters) = if let Some(before) = before {
            gate.remember(&before.gate);
            let Shared { places, drain, host, counters, .. } = before;
            host.sessions.follow(gate.revocations());
            (Arc::clone(places), Arc::clone(drain), host.sessions.clone(), Arc::clone(counters))
        } else {
            let places = Places::new(limits.connections, limits.connections_per_address);
            let drain = Drain::new(limits.drain_timeout, limits.restart_window);
            (places, drain, Sessions::new(gate.revocations()), Arc::new(Counters::new()))
        };
        let on_refusal = self.on_refusal.clone();
        let host = Arc::new(Host {
            drain: Arc::clone(&drain),
            sessions,
            disclosure: self.disclosure,
            report: Box::new(move |session, refusal| report_end(session, refusal, on_refusal.as_ref())),
        });
        Ok(Shared {
            gate,
            routes,
            pages,
            places,
            proxies: self.proxies,
            proxy_protocol: self.proxy_protocol,
            doors: Vec::new(),
            drain,
            host,
            limits,
            name: self.name,
            documentation: self.documentation,
            disclosure: self.disclosure,
            dry_run: self.dry_run,
            delivery: self.delivery,
            on_accept: self.on_accept,
            on_refusal: self.on_refusal,
            counters,
        })
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

/// What a guard's only route is called until axum's router has named it; nobody is routed by it.
#[cfg(feature = "axum")]
const EVERYWHERE: &str = "/{*path}";

/// What is spoken on an address.
#[cfg_attr(not(feature = "tls"), expect(clippy::unnecessary_wraps, reason = "TLS may fail"))]
fn door(listen: &ListenAddress) -> Result<Door, BuildError> {
    #[cfg(feature = "tls")]
    return Ok(Door { tls: listen.tls.as_ref().map(TlsPort::load).transpose()? });
    #[cfg(not(feature = "tls"))]
    {
        let _ = listen;
        Ok(Door::default())
    }
}

/// A host with or without a port, to be compared with `Host`.
fn is_host(text: &str) -> bool {
    !text.contains('*') && Authority::parse(text.as_bytes()).is_ok()
}

fn check_subprotocols(path: &str, policy: &Policy) -> Result<(), BuildError> {
    let path = || path.to_owned();
    if policy.requires_subprotocol() && policy.spoken().is_empty() {
        return Err(BuildError::SubprotocolMissing { path: path() });
    }
    match policy.spoken().iter().find(|name| !is_token(name)) {
        Some(name) => Err(BuildError::Subprotocol { path: path(), subprotocol: name.clone() }),
        None => Ok(()),
    }
}

/// RFC 9110 5.6.2: `tchar`, at least one.
fn is_token(text: &str) -> bool {
    !text.is_empty()
        && text.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"!#$%&'*+-.^_`|~".contains(&byte))
}
