//! Routes: their rules, and who answers.

use ws_core::connection::Limits;
use ws_core::deflate::DeflateConfig;
use ws_server::authenticate::{Anonymous, ClientCertificates};
use ws_server::gate::OriginPolicy;
use ws_server::{Renewal, Route, Server, Session};

use super::authenticators::Authenticators;
use super::authorizers::Authorizers;
use super::server::Assembly;
use crate::config::{
    self, Authentication, Authorization, Compression, Config, Demand, Fault, UpstreamTarget,
};
use crate::upstream::{Credentials, Legs, Target, Timeouts, Trust, Upstream, echo, pump};

/// What all routes share.
pub(super) struct Common<'a> {
    pub(super) config: &'a Config,
    pub(super) authenticators: &'a Authenticators,
    pub(super) authorizers: &'a Authorizers,
    pub(super) credentials: &'a Credentials,
    pub(super) trust: Option<&'a Trust>,
}

/// The route that a section describes.
pub(super) fn route(section: &config::Route, common: &Common<'_>, assembly: &Assembly<'_>) -> Option<Route> {
    let mut route = authenticated(answering(section, common, assembly)?, section, common)?;
    for method in &section.authorize {
        route = match method.value {
            Authorization::Remote => {
                route.authorize(common.authorizers.remote(&common.credentials.parameters)?)
            }
            Authorization::Cedar => route.authorize(common.authorizers.cedar.clone()?),
        };
    }
    let origins = OriginPolicy::list(section.origins.iter().map(|origin| &origin.value.0)).ok()?;
    let origins = if section.origin_required { origins.required() } else { origins };
    route = route
        .origins(origins)
        .scopes(section.scopes.iter().map(|scope| scope.value.clone()))
        .roles(section.roles.iter().map(|role| role.value.clone()))
        .renewal(match section.renewal.value {
            config::Renewal::Off => Renewal::Off,
            config::Renewal::Message => Renewal::Message,
        })
        .subprotocols(section.subprotocols.iter().map(|name| name.value.0.clone()))
        .compression(match section.compression.value {
            Compression::Client | Compression::Both => Some(DeflateConfig::default()),
            Compression::Off | Compression::Upstream => None,
        });
    if section.subprotocol_required {
        route = route.require_subprotocol();
    }
    Some(if section.hide { route.hide() } else { route })
}

/// Has the section's methods say who it is.
fn authenticated(mut route: Route, section: &config::Route, common: &Common<'_>) -> Option<Route> {
    let authenticators = common.authenticators;
    let tls = common.config.tls.as_ref();
    if tls.is_some_and(|tls| tls.client_certificate == Demand::Required) {
        route = route.require_client_certificate();
    }
    for method in &section.authenticate {
        // What is missing here has been complained of already.
        route = match method.value {
            Authentication::Bearer => route.authenticate(authenticators.bearer.clone()?),
            Authentication::Basic => route.authenticate(authenticators.basic.clone()?),
            Authentication::ApiKey => route.authenticate(authenticators.api_key.clone()?),
            Authentication::Cookie => route.authenticate(authenticators.cookie.clone()?),
            Authentication::Ticket => route.authenticate(authenticators.ticket.clone()?),
            Authentication::Introspection => route.authenticate(authenticators.introspection.clone()?),
            Authentication::ClientCertificate => route.authenticate(ClientCertificates::new()),
            // Alone it asks nobody for credentials, so that none are looked at.
            Authentication::None if section.authenticate.len() == 1 => route,
            Authentication::None => route.authenticate(Anonymous),
        };
    }
    Some(route)
}

/// A route without rules.
fn answering(section: &config::Route, common: &Common<'_>, assembly: &Assembly<'_>) -> Option<Route> {
    let UpstreamTarget::Server { secure, authority, path } = &section.upstream.value else {
        return Some(Route::new(echo));
    };
    let target = Target::new(*secure, authority, path.clone()).map_err(Fault::Upstream);
    let target = assembly.problems.take(&section.upstream.place, target)?;
    let settings = &common.config.upstream;
    let timeouts = Timeouts { connect: settings.connect_timeout, handshake: settings.handshake_timeout };
    let upstream = Upstream {
        target,
        timeouts,
        trust: common.trust?.clone(),
        credentials: common.credentials.clone(),
        forward_credentials: section.forward_credentials,
        pass_refusals: section.pass_upstream_refusals,
        subprotocols: section.subprotocols.iter().map(|name| name.value.0.clone()).collect(),
        subprotocol_required: section.subprotocol_required,
        compression: match section.compression.value {
            Compression::Upstream | Compression::Both => Some(DeflateConfig::default()),
            Compression::Off | Compression::Client => None,
        },
        limits: Limits {
            message: settings.message_bytes,
            frame: settings.message_bytes,
            ..Limits::default()
        },
    };
    // Each stage bounds itself, with a cause of its own.
    let longest = timeouts.connect.saturating_add(timeouts.handshake.saturating_mul(3));
    let handler = move |session: Session, legs: Legs| async move {
        match legs {
            Some(upstream) => pump(session, upstream).await,
            // A dry run ends before there is a session.
            None => Ok(()),
        }
    };
    Some(Route::prepared(upstream, handler).prepare_timeout(longest))
}

/// Finds paths that cannot be routes, or that take the same requests as another.
pub(super) fn check_paths(routes: &[config::Route], assembly: &Assembly<'_>) {
    let mut paths: Vec<&str> = Vec::new();
    for route in routes {
        // The same path twice is a problem that the file itself tells.
        if paths.contains(&&**route.path) {
            continue;
        }
        paths.push(&route.path);
        let with = |server: ws_server::ServerBuilder, path: &&str| server.route(*path, Route::new(echo));
        if let Err(error) = paths.iter().fold(Server::builder(), with).embed() {
            assembly.problems.push(route.path.place.problem(Fault::Build(error)));
            paths.pop();
        }
    }
}
