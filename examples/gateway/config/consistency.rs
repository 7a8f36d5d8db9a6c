//! Whether what a file says fits together.

use super::choice::Choice as _;
use super::{
    At, Authentication, Authorization, Config, Fault, Problems, ProxyProtocol, Renewal, Route, TokenPlace,
};

/// Finds what is right by itself and wrong together.
pub(super) fn check(config: &Config, problems: &Problems) {
    if config.routes.is_empty() {
        problems.push(config.place().problem(Fault::NoRoute));
    }
    if let Some(At { value, place }) = &config.proxy_protocol
        && *value != ProxyProtocol::Off
        && config.trusted_proxies.is_empty()
    {
        problems.push(place.problem(Fault::ProxyProtocolWithoutProxies));
    }
    if let Some(admin) = &config.admin_listen
        && admin.value == config.listen.value
        && !admin.0.ends_with(":0")
    {
        problems.push(admin.place.problem(Fault::AdminIsListen));
    }
    for (position, route) in config.routes.iter().enumerate() {
        check_route(config, route, problems);
        let same = |other: &&Route| other.path.value == route.path.value;
        if let Some(other) = config.routes.iter().take(position).find(same) {
            let line = other.path.place.line.unwrap_or_default();
            problems.push(route.path.place.problem(Fault::RouteRepeated(line)));
        }
    }
}

fn check_route(config: &Config, route: &Route, problems: &Problems) {
    for At { value, place } in &route.authenticate {
        if let Some(fault) = missing(config, *value) {
            problems.push(place.problem(fault));
        }
    }
    let last = route.authenticate.len().saturating_sub(1);
    for (position, At { value, place }) in route.authenticate.iter().enumerate() {
        if *value == Authentication::None && position < last {
            problems.push(place.problem(Fault::NoneNotLast));
        }
    }
    for At { value, place } in &route.authorize {
        let there = match value {
            Authorization::Remote => config.remote.is_some(),
            Authorization::Cedar => config.cedar.is_some(),
        };
        if !there {
            problems.push(place.problem(Fault::AuthorizerMissing(value.name())));
        }
    }
    if route.authenticate.iter().all(|method| method.value == Authentication::None) {
        for (key, first) in [("scopes", route.scopes.first()), ("roles", route.roles.first())] {
            if let Some(first) = first {
                problems.push(first.place.problem(Fault::NobodyHas(key)));
            }
        }
    }
    if route.renewal.value == Renewal::Message {
        let renewable = route.takes(Authentication::Bearer) || route.takes(Authentication::Introspection);
        if !renewable {
            problems.push(route.renewal.place.problem(Fault::RenewalWithoutToken));
        }
    }
    let first_message =
        |from: &[At<TokenPlace>]| from.iter().any(|place| place.value == TokenPlace::FirstMessage);
    let waits = route.takes(Authentication::Bearer)
        && config.bearer.as_ref().is_some_and(|bearer| first_message(&bearer.from));
    if let Some(none) = route.authenticate.iter().find(|method| method.value == Authentication::None)
        && waits
    {
        problems.push(none.place.problem(Fault::NoneBesideFirstMessage));
    }
}

/// What an authenticator needs and does not have.
fn missing(config: &Config, method: Authentication) -> Option<Fault> {
    let absent =
        |there: bool, section| (!there).then_some(Fault::AuthenticatorMissing(method.name(), section));
    match method {
        Authentication::Bearer => absent(config.bearer.is_some(), "bearer"),
        Authentication::Basic => absent(config.basic.is_some(), "basic"),
        Authentication::ApiKey => absent(config.api_key.is_some(), "api_key"),
        Authentication::Cookie => absent(config.cookie.is_some(), "cookie"),
        Authentication::Ticket => absent(config.ticket.is_some(), "ticket"),
        Authentication::Introspection => absent(config.introspection.is_some(), "introspection"),
        Authentication::ClientCertificate => {
            let asked = config.tls.as_ref().is_some_and(|tls| tls.client_ca.is_some());
            (!asked).then_some(Fault::ClientCertificateWithoutCa)
        }
        Authentication::None => None,
    }
}
