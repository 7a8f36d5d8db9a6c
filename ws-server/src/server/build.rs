//! What the builder was told, checked and put together.

use std::sync::Arc;

use ws_core::head::Authority;
use ws_core::net::SocketConfig;

use super::bound::BoundServer;
use super::builder::ServerBuilder;
use super::current::Current;
use super::error::BuildError;
use super::page::Page;
#[cfg(feature = "axum")]
use super::route::Route;
use super::route::{Compression, RateOf};
use super::routes::{RouteEntry, Routes};
use super::shared::{Shared, report_end};
use super::table::Table;
use crate::embed::Embedded;
use crate::gate::{Gate, GateConfig, Policy};
#[cfg(feature = "tls")]
use crate::listener::TlsPort;
use crate::listener::{BindError, Door, ListenAddress, Places, ProxyProtocol};
use crate::operate::Counters;
use crate::session::{Drain, Host, Sessions};
use crate::token::is_token;

impl ServerBuilder {
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
    /// As [`embed`](Self::embed), and [`BuildError::Guard`].
    #[cfg(feature = "axum")]
    pub fn guard(mut self, route: Route) -> Result<crate::embed::axum::Guard, BuildError> {
        self.routes = vec![(EVERYWHERE.to_owned(), route)];
        let shared = self.without_handlers()?.build(None)?;
        Ok(crate::embed::axum::Guard::new(Embedded::new(Current::new(shared))))
    }

    /// A guard's settings: its one route is everywhere, and what to do there is the embedding program's to say.
    #[cfg(feature = "axum")]
    fn without_handlers(mut self) -> Result<Self, BuildError> {
        match &mut *self.routes {
            [(path, Route { handler: None, prepare: None, .. })] => EVERYWHERE.clone_into(path),
            _ => return Err(BuildError::Guard),
        }
        self.pages.clear();
        Ok(self)
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
        let checked = match before.routes.have_handlers() {
            #[cfg(feature = "axum")]
            false => self.without_handlers()?,
            _ => self.with_handlers()?,
        };
        let mut shared = checked.build(Some(before))?;
        #[cfg(feature = "tls")]
        for (new, old) in doors.iter().zip(&before.doors) {
            if let (Some(new), Some(old)) = (&new.tls, &old.tls) {
                old.become_as(new);
            }
        }
        shared.doors.clone_from(&before.doors);
        Ok(shared)
    }

    pub(super) fn build(self, before: Option<&Shared>) -> Result<Shared, BuildError> {
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
            renewal: route.renewal,
            rate: match route.rate {
                RateOf::TheServer => self.message_rate,
                RateOf::TheRoute(rate) => rate,
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
        let gate = Arc::new(gate);
        let host = Arc::new(Host {
            gate: Arc::clone(&gate),
            first_message_timeout: limits.handshake_timeout,
            drain: Arc::clone(&drain),
            sessions,
            disclosure: self.disclosure,
            counters: Arc::clone(&counters),
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
