//! Those who say who somebody is.

use std::time::Duration;

use ws_server::authenticate::Introspection;
use ws_server::authenticate::api_key::{ApiKey, ApiKeyEntry, ApiKeys};
use ws_server::authenticate::basic::{Basic, Htpasswd};
use ws_server::authenticate::bearer::Bearer;
use ws_server::authenticate::cookie::Cookie;
use ws_server::authenticate::signed::SecretKeys;
use ws_server::authenticate::ticket::Ticket;
use ws_server::fetch::FetchConfig;

use super::bearer::{bearer, sources};
use super::server::{Assembly, REALM};
use crate::config::{self, At, Config, Fault, FilePath, Keys, TokenPlace};
use crate::upstream::Credentials;

/// The longest answer about a token, in bytes.
const ANSWER: usize = 16 * 1024;

/// For how long at the most a token that was good for nothing stays so: it may have been asked about too early.
const LONGEST_NO: Duration = Duration::from_secs(5);

/// One of each kind, as far as there is a section for it.
#[derive(Debug, Default)]
pub(super) struct Authenticators {
    pub(super) bearer: Option<Bearer>,
    pub(super) basic: Option<Basic>,
    pub(super) api_key: Option<ApiKey>,
    pub(super) cookie: Option<Cookie>,
    pub(super) ticket: Option<Ticket>,
    pub(super) introspection: Option<Introspection>,
}

impl Authenticators {
    pub(super) fn new(config: &Config, assembly: &mut Assembly<'_>) -> Self {
        Self {
            bearer: config.bearer.as_ref().and_then(|section| bearer(section, assembly)),
            basic: config.basic.as_ref().and_then(|section| basic(section, assembly)),
            api_key: config.api_key.as_ref().and_then(|section| api_key(section, assembly)),
            cookie: config.cookie.as_ref().and_then(|section| cookie(section, assembly)),
            ticket: config.ticket.as_ref().and_then(|section| ticket(section, assembly)),
            introspection: config.introspection.as_ref().and_then(|section| introspection(section, assembly)),
        }
    }
}

fn basic(section: &config::Basic, assembly: &Assembly<'_>) -> Option<Basic> {
    let text = assembly.files.read(&section.htpasswd, assembly.problems)?;
    let users = assembly.files.take(&section.htpasswd, Htpasswd::parse(&text), assembly.problems)?;
    Some(Basic::new(REALM, users))
}

fn api_key(section: &config::ApiKey, assembly: &Assembly<'_>) -> Option<ApiKey> {
    let path = assembly.files.note(&section.keys);
    let keys = Keys::load(&path, assembly.problems)?;
    let entry = |key: config::KeyEntry| {
        let entry = ApiKeyEntry::hashed(key.name.value, &key.sha256.0)?;
        let plain = |list: Vec<At<String>>| list.into_iter().map(|word| word.value);
        Ok(entry.with_roles(plain(key.roles)).with_scopes(plain(key.scopes)))
    };
    let entries = keys.0.into_iter().map(entry).collect::<Result<Vec<_>, _>>().and_then(ApiKeys::new);
    let keys = assembly.files.take(&section.keys, entries, assembly.problems)?;
    Some(ApiKey::new(REALM, keys).header(section.header.0.clone()))
}

fn cookie(section: &config::Cookie, assembly: &Assembly<'_>) -> Option<Cookie> {
    Some(Cookie::new(REALM, &*section.name.0, secret(&section.secret, assembly)?))
}

/// With the tickets that were spent before a reload: they stay spent.
fn ticket(section: &config::Ticket, assembly: &mut Assembly<'_>) -> Option<Ticket> {
    let keys = secret(&section.secret, assembly)?;
    let parameter = section.parameter.0.clone();
    let before = assembly.before.tickets.clone().filter(|(before, _)| *before == parameter);
    let ticket = match before {
        Some((_, ticket)) => {
            let replaced = ticket.clone();
            assembly.when_all_is_right(move || replaced.replace_keys(keys));
            ticket
        }
        None => Ticket::new(REALM, &*parameter, keys),
    };
    let ticket = ticket.lifetime(section.lifetime);
    assembly.parts.tickets = Some((parameter, ticket.clone()));
    Some(ticket)
}

fn introspection(section: &config::Introspection, assembly: &Assembly<'_>) -> Option<Introspection> {
    let endpoint = Introspection::new(REALM, section.url.0.as_str()).map_err(Fault::Endpoint);
    let mut introspection = assembly
        .problems
        .take(&section.url.place, endpoint)?
        .fetch(FetchConfig::new().time_limit(section.timeout).body_limit(ANSWER))
        .remember_active(section.cache)
        .remember_inactive(section.cache.min(LONGEST_NO))
        .sources(sources(&section.from))
        .scope_claim(&section.scope_claim)
        .roles_claim(&section.roles_claim);
    introspection = match &section.audience {
        Some(audience) => introspection.audience(&**audience),
        None => introspection.any_audience(),
    };
    if let Some((id, file)) = &section.client {
        let secret = assembly.files.secret(file, assembly.problems)?;
        let secret = assembly.files.take(file, str::from_utf8(&secret), assembly.problems)?;
        introspection = assembly.files.take(file, introspection.client(id, secret), assembly.problems)?;
    }
    Some(introspection)
}

fn secret(file: &At<FilePath>, assembly: &Assembly<'_>) -> Option<SecretKeys> {
    let secret = assembly.files.secret(file, assembly.problems)?;
    assembly.files.take(file, SecretKeys::new(&secret), assembly.problems)
}

/// Where credentials stand that are the gateway's own business.
pub(super) fn credentials(config: &Config) -> Credentials {
    let mut credentials = Credentials::default();
    let bearer = config.bearer.iter().flat_map(|bearer| &bearer.from);
    for place in bearer.chain(config.introspection.iter().flat_map(|introspection| &introspection.from)) {
        match &place.value {
            TokenPlace::Query(name) => credentials.parameters.push(name.clone()),
            TokenPlace::Cookie(name) => credentials.cookies.push(name.clone()),
            TokenPlace::Subprotocol => credentials.subprotocol = Some("bearer"),
            TokenPlace::Header | TokenPlace::FirstMessage => {}
        }
    }
    credentials.fields.extend(config.api_key.iter().map(|section| section.header.0.clone()));
    credentials.cookies.extend(config.cookie.iter().map(|section| section.name.0.clone()));
    credentials.parameters.extend(config.ticket.iter().map(|section| section.parameter.0.clone()));
    credentials
}
