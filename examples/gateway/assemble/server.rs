//! The server as a whole.

use std::collections::BTreeSet;
use std::path::PathBuf;
use std::time::Duration;

use ws_core::connection::Limits;
use ws_core::head::HeadLimits;
use ws_core::refusal;
use ws_server::gate::AddressPolicy;
use ws_server::{MessageRate, ProxyProtocol, Server, ServerBuilder, ServerLimits, TrustedProxies};

use super::authenticators::{Authenticators, credentials};
use super::authorizers::Authorizers;
use super::files::Files;
use super::parts::Parts;
use super::routes::{Common, check_paths, route};
use super::tls;
use crate::config::{self, At, Config, Delivery, Disclosure, Fault, Network, Problem, Problems};
use crate::upstream::Trust;

/// The realm of every challenge (RFC 9110 11.5).
pub(crate) const REALM: &str = "gateway";

/// A server that is ready to listen, or to follow another one.
pub(crate) struct Assembled {
    pub(crate) builder: ServerBuilder,
    /// The configuration and all files that it names.
    pub(crate) files: BTreeSet<PathBuf>,
    /// For the next one.
    pub(crate) parts: Parts,
    /// What is done when it takes over.
    pub(crate) take_over: Vec<Box<dyn FnOnce() + Send>>,
}

/// A server that is being put together.
pub(super) struct Assembly<'a> {
    pub(super) files: &'a Files,
    pub(super) problems: &'a Problems,
    pub(super) before: &'a Parts,
    pub(super) parts: Parts,
    take_over: Vec<Box<dyn FnOnce() + Send>>,
}

impl Assembly<'_> {
    /// Changes what a running server uses, but not before it is certain that the new configuration takes over.
    pub(super) fn when_all_is_right(&mut self, change: impl FnOnce() + Send + 'static) {
        self.take_over.push(Box::new(change));
    }
}

/// Puts together the server that a configuration describes, which goes on with the parts of the one before it.
///
/// # Errors
/// Everything that is wrong with the files that it names, and what does not fit together.
pub(crate) fn assemble(config: &Config, before: &Parts) -> Result<Assembled, Vec<Problem>> {
    let (files, problems) = (Files::default(), Problems::default());
    let mut assembly = Assembly {
        files: &files,
        problems: &problems,
        before,
        parts: Parts { revocations: before.revocations.clone(), ..Parts::default() },
        take_over: Vec::new(),
    };
    let builder = build(config, &mut assembly);
    let Assembly { parts, take_over, .. } = assembly;
    let builder = problems.settle(builder)?;
    let mut files = files.into_paths();
    files.insert(config.file.clone());
    Ok(Assembled { builder, files, parts, take_over })
}

fn build(config: &Config, assembly: &mut Assembly<'_>) -> Option<ServerBuilder> {
    revoked(config, assembly);
    let authenticators = Authenticators::new(config, assembly);
    let authorizers = Authorizers::new(config, assembly);
    let trust = trust(config, assembly);
    let tls = match &config.tls {
        None => Some(None),
        Some(section) => tls::files(section, assembly).map(Some),
    };
    check_paths(&config.routes, assembly);
    let credentials = credentials(config);
    let common = Common {
        config,
        authenticators: &authenticators,
        authorizers: &authorizers,
        credentials: &credentials,
        trust: trust.as_ref(),
    };
    let routes: Vec<_> = config
        .routes
        .iter()
        .map(|section| Some((section.path.value.clone(), route(section, &common, assembly)?)))
        .collect();
    let networks =
        |list: &[At<Network>]| list.iter().map(|network| network.0.to_string()).collect::<Vec<_>>();
    // What is no network was found when the file was read.
    let addresses = AddressPolicy::new().allow(networks(&config.address.allow)).ok()?;
    let addresses = addresses.deny(networks(&config.address.deny)).ok()?;
    let proxies = TrustedProxies::new(networks(&config.trusted_proxies)).ok()?;
    let limits = &config.limits;
    // Whoever may be silent for a shorter time than that between pings is let go without one.
    let ping = limits.ping_interval.min(limits.idle_timeout);
    let mut builder = Server::builder()
        .name(REALM)
        .disclosure(disclosure(config.disclosure))
        .delivery(delivery(config.delivery))
        .dry_run(config.dry_run)
        .served_hosts(config.served_hosts.iter().map(|host| host.0.clone()))
        .trusted_proxies(proxies)
        .proxy_protocol(
            config.proxy_protocol.as_ref().map_or(ProxyProtocol::Off, |kind| proxy_protocol(kind.value)),
        )
        .addresses(addresses)
        .attempts_per_address(limits.attempts_per_address)
        .authentication_timeout(bound(config.introspection.as_ref().map(|section| section.timeout)))
        .authorization_timeout(bound(config.remote.as_ref().map(|section| section.timeout)))
        .message_rate(limits.messages_per_connection.map(MessageRate::new))
        .revocations(assembly.parts.revocations.clone())
        .documentation(config.documentation.as_ref().map_or("REFUSALS.md", |at| &at.value))
        .limits(server_limits(limits))
        .message_limits(Limits {
            message: limits.message_bytes,
            frame: limits.message_bytes,
            ..Limits::default()
        })
        .keepalive(ping, limits.idle_timeout.saturating_sub(ping));
    builder = match tls? {
        Some(files) => builder.listen_tls(&config.listen.0, files),
        None => builder.listen(&config.listen.0),
    };
    for (path, route) in routes.into_iter().collect::<Option<Vec<_>>>()? {
        builder = builder.route(path, route);
    }
    Some(builder)
}

/// What whoever is asked has in all: more than the file gives to the one who is asked over HTTP, so that it is that time
/// that counts.
fn bound(asked: Option<Duration>) -> Duration {
    Duration::from_secs(5).max(asked.unwrap_or_default().saturating_add(Duration::from_secs(1)))
}

/// The file of revoked tokens, which is looked at by the list itself.
fn revoked(config: &Config, assembly: &mut Assembly<'_>) {
    let file = config.bearer.as_ref().and_then(|bearer| bearer.revoked.as_ref());
    let now = file.and_then(|file| Some((assembly.files.peek(file, assembly.problems)?, file.place.clone())));
    assembly.parts.revoked_file = now.as_ref().map(|(path, _)| path.clone());
    let before = assembly.before.revoked_file.clone();
    let revocations = assembly.parts.revocations.clone();
    assembly.when_all_is_right(move || {
        if let Some((path, place)) = &now
            && let Err(error) = revocations.watch_file(path)
        {
            tracing::error!(%place, %error, "the file of revoked tokens does not count");
        }
        if let Some(before) = before.filter(|before| now.as_ref().is_none_or(|(now, _)| now != before)) {
            revocations.unwatch_file(before);
        }
    });
}

fn trust(config: &Config, assembly: &Assembly<'_>) -> Option<Trust> {
    match &config.upstream.ca {
        None => assembly.problems.take(&config.place(), Trust::new(None).map_err(Fault::Authorities)),
        Some(file) => {
            let pem = assembly.files.read(file, assembly.problems)?;
            assembly.files.take(file, Trust::new(Some(&pem)), assembly.problems)
        }
    }
}

fn server_limits(limits: &config::Limits) -> ServerLimits {
    let usual = HeadLimits::default();
    // A line has room for the longest target that is allowed, with its method and version.
    let line = usual.line.max(limits.target_bytes.saturating_add(64)).min(limits.head_bytes);
    let head = HeadLimits {
        bytes: limits.head_bytes,
        line,
        fields: limits.headers,
        target: limits.target_bytes.min(line),
    };
    ServerLimits {
        connections: limits.connections,
        connections_per_address: limits.connections_per_address,
        connections_per_principal: limits.connections_per_principal,
        head,
        handshake_timeout: limits.handshake_timeout,
        drain_timeout: limits.drain_timeout,
        ..ServerLimits::default()
    }
}

/// In the words of the framework.
pub(super) const fn disclosure(level: Disclosure) -> refusal::Disclosure {
    match level {
        Disclosure::Full => refusal::Disclosure::Full,
        Disclosure::Standard => refusal::Disclosure::Standard,
        Disclosure::Minimal => refusal::Disclosure::Minimal,
    }
}

const fn delivery(way: Delivery) -> ws_server::Delivery {
    match way {
        Delivery::Http => ws_server::Delivery::Http,
        Delivery::CloseFrame => ws_server::Delivery::CloseFrame,
        Delivery::Auto => ws_server::Delivery::Auto,
    }
}

const fn proxy_protocol(kind: config::ProxyProtocol) -> ProxyProtocol {
    match kind {
        config::ProxyProtocol::Off => ProxyProtocol::Off,
        config::ProxyProtocol::V1 => ProxyProtocol::V1,
        config::ProxyProtocol::V2 => ProxyProtocol::V2,
        config::ProxyProtocol::Any => ProxyProtocol::Any,
    }
}
