//! `[remote]`, `[cedar]`, `[introspection]`, `[upstream]`: whom the gateway asks, and how it reaches them.

use std::time::Duration;

use super::tokens::{TokenPlace, places};
use super::units::Time;
use super::{At, Fault, FilePath, HttpUrl, Section};

/// An authorizer over HTTP.
#[derive(Clone, Debug)]
pub(crate) struct Remote {
    pub(crate) url: At<HttpUrl>,
    pub(crate) timeout: Duration,
    /// Zero: nothing is remembered.
    pub(crate) cache: Duration,
}

/// Policies in files.
#[derive(Debug)]
pub(crate) struct Cedar {
    pub(crate) policies: At<FilePath>,
    pub(crate) entities: Option<At<FilePath>>,
}

/// Opaque tokens (RFC 7662).
#[derive(Debug)]
pub(crate) struct Introspection {
    pub(crate) url: At<HttpUrl>,
    pub(crate) timeout: Duration,
    pub(crate) cache: Duration,
    /// By what the gateway authenticates itself there: a name and the file of its secret.
    pub(crate) client: Option<(At<String>, At<FilePath>)>,
    /// Whom a token has to be for; absent, that is the endpoint's business.
    pub(crate) audience: Option<At<String>>,
    pub(crate) from: Vec<At<TokenPlace>>,
    pub(crate) scope_claim: String,
    pub(crate) roles_claim: String,
}

/// How the servers behind are reached.
#[derive(Debug)]
pub(crate) struct Upstream {
    pub(crate) ca: Option<At<FilePath>>,
    pub(crate) connect_timeout: Duration,
    pub(crate) handshake_timeout: Duration,
    /// The longest message of a server behind.
    pub(crate) message_bytes: usize,
}

impl Default for Upstream {
    fn default() -> Self {
        Self {
            ca: None,
            connect_timeout: Duration::from_secs(5),
            handshake_timeout: Duration::from_secs(10),
            message_bytes: 16 << 20,
        }
    }
}

impl Remote {
    pub(super) fn read(section: &Section<'_>) -> Option<Self> {
        let timeout = section.get_or("timeout", Time(Duration::from_secs(2))).0;
        let cache = section.get_or("cache", Duration::from_secs(10));
        let url = section.require("url", "url = \"http://127.0.0.1:8080/authorize\"");
        Some(Self { url: url?, timeout, cache })
    }
}

impl Cedar {
    pub(super) fn read(section: &Section<'_>) -> Option<Self> {
        let entities = section.get("entities_file");
        let policies = section.require("policy_file", "policy_file = \"policies.cedar\"");
        Some(Self { policies: policies?, entities })
    }
}

impl Introspection {
    pub(super) fn read(section: &Section<'_>) -> Option<Self> {
        let timeout = section.get_or("timeout", Time(Duration::from_secs(2))).0;
        let cache = section.get_or("cache", Duration::from_secs(10));
        let (id, secret) = (section.get("client_id"), section.get("client_secret_file"));
        let half = match (section.has("client_id"), section.has("client_secret_file")) {
            (true, false) => Some(("client_secret_file", "client_secret_file = \"introspection.secret\"")),
            (false, true) => Some(("client_id", "client_id = \"gateway\"")),
            _ => None,
        };
        if let Some((key, example)) = half {
            section.problems().push(section.place(key).problem(Fault::Missing { example }));
        }
        let audience = section.get("audience");
        let from = places(section);
        let scope_claim = section.get_or("scope_claim", "scope".to_owned());
        let roles_claim = section.get_or("roles_claim", "roles".to_owned());
        let url = section.require("url", "url = \"http://127.0.0.1:8080/introspect\"");
        let client = id.zip(secret);
        Some(Self { url: url?, timeout, cache, client, audience, from, scope_claim, roles_claim })
    }
}

impl Upstream {
    pub(super) fn read(section: &Section<'_>) -> Self {
        let or = Self::default();
        let time = |key, or: Duration| section.get_or(key, Time(or)).0;
        Self {
            ca: section.get("ca_file"),
            connect_timeout: time("connect_timeout", or.connect_timeout),
            handshake_timeout: time("handshake_timeout", or.handshake_timeout),
            message_bytes: section.get_or("message_bytes", or.message_bytes),
        }
    }
}
