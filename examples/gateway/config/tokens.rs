//! `[bearer]`: tokens, who signs them, and where they stand.

use std::time::Duration;

use ws_server::authenticate::bearer::Algorithm;

use super::schema::nearest;
use super::value::Word;
use super::{At, Fault, FilePath, HttpUrl, Section};

/// JSON Web Tokens.
#[derive(Debug)]
pub(crate) struct Bearer {
    pub(crate) keys: KeySource,
    /// What signatures are taken; empty where the keys say it themselves.
    pub(crate) algorithms: Vec<At<Algorithm>>,
    pub(crate) issuer: Option<At<String>>,
    pub(crate) audience: Option<At<String>>,
    pub(crate) leeway: Duration,
    pub(crate) revoked: Option<At<FilePath>>,
    pub(crate) from: Vec<At<TokenPlace>>,
    pub(crate) scope_claim: String,
    pub(crate) roles_claim: String,
}

/// Where the keys come from.
#[derive(Debug)]
pub(crate) enum KeySource {
    /// A file with the secret that both sides know.
    Secret(At<FilePath>),
    /// A PEM file.
    PublicKey(At<FilePath>),
    /// A file with a key set (RFC 7517 5).
    Jwks(At<FilePath>),
    /// The address of one.
    JwksUrl(At<HttpUrl>),
    /// An `OpenID` provider that says where it is.
    OpenId(At<HttpUrl>),
}

/// Where a token may stand.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum TokenPlace {
    Header,
    Query(String),
    Cookie(String),
    Subprotocol,
    FirstMessage,
}

const SOURCES: &[&str] = &["secret_file", "public_key_file", "jwks_file", "jwks_url", "openid_issuer"];

impl Bearer {
    pub(super) fn read(section: &Section<'_>) -> Option<Self> {
        let keys = KeySource::read(section);
        let algorithms: Option<At<Vec<At<Algorithm>>>> = section.get("algorithms");
        if let Some(list) = algorithms.as_ref().filter(|list| list.is_empty()) {
            let fault = Fault::Empty("write what the tokens are signed with, [\"HS256\"], or remove the key");
            section.problems().push(list.place.problem(fault));
        }
        let algorithms = algorithms.map_or_else(Vec::new, |list| list.value);
        if let Some(keys) = &keys {
            keys.check(&algorithms, section);
        }
        let from = places(section);
        let issuer = section.get("issuer");
        let audience = section.get("audience");
        let leeway = section.get_or("leeway", Duration::ZERO);
        let revoked = section.get("revoked_file");
        let scope_claim = section.get_or("scope_claim", "scope".to_owned());
        let roles_claim = section.get_or("roles_claim", "roles".to_owned());
        let keys = keys?;
        Some(Self { keys, algorithms, issuer, audience, leeway, revoked, from, scope_claim, roles_claim })
    }
}

/// Where tokens stand: `from`.
pub(super) fn places(section: &Section<'_>) -> Vec<At<TokenPlace>> {
    let from: Option<At<Vec<At<TokenPlace>>>> = section.get("from");
    if let Some(list) = from.as_ref().filter(|list| list.is_empty()) {
        section.problems().push(list.place.problem(Fault::Empty("write where tokens stand, [\"header\"]")));
    }
    let from = from.map_or_else(
        || vec![At { value: TokenPlace::Header, place: section.place("from") }],
        |list| list.value,
    );
    for (position, place) in from.iter().enumerate() {
        if from.iter().take(position).any(|other| other.value == place.value) {
            section.problems().push(place.place.problem(Fault::Repeated(place.value.to_string())));
        }
    }
    from
}

impl KeySource {
    fn read(section: &Section<'_>) -> Option<Self> {
        let named: Vec<&'static str> = SOURCES.iter().copied().filter(|key| section.has(key)).collect();
        let (first, more) = match &*named {
            [] => {
                section.problems().push(section.place_of_section().problem(Fault::KeySourceMissing(SOURCES)));
                return None;
            }
            [first, more @ ..] => (*first, more),
        };
        for key in more {
            section.problems().push(section.place(key).problem(Fault::KeySourceRepeated(first)));
        }
        match first {
            "secret_file" => section.get(first).map(Self::Secret),
            "public_key_file" => section.get(first).map(Self::PublicKey),
            "jwks_file" => section.get(first).map(Self::Jwks),
            "jwks_url" => section.get(first).map(Self::JwksUrl),
            _ => section.get(first).map(Self::OpenId),
        }
    }

    /// The key that names it.
    pub(crate) const fn key(&self) -> &'static str {
        match self {
            Self::Secret(_) => "secret_file",
            Self::PublicKey(_) => "public_key_file",
            Self::Jwks(_) => "jwks_file",
            Self::JwksUrl(_) => "jwks_url",
            Self::OpenId(_) => "openid_issuer",
        }
    }

    /// Algorithm confusion begins where a file says that a secret is a public key, or the other way round.
    fn check(&self, algorithms: &[At<Algorithm>], section: &Section<'_>) {
        let single = matches!(self, Self::Secret(_) | Self::PublicKey(_));
        let fitting = match self {
            Self::Secret(_) => SYMMETRIC,
            // A public key, and so each of a set that anybody may read, is no secret.
            _ => ASYMMETRIC,
        };
        for algorithm in algorithms {
            if !fitting.contains(&algorithm.name()) && !matches!(self, Self::Jwks(_)) {
                let fault = Fault::AlgorithmUnfit {
                    algorithm: algorithm.name().to_owned(),
                    source_key: self.key(),
                    fitting,
                };
                section.problems().push(algorithm.place.problem(fault));
            }
        }
        if single && algorithms.len() > 1 {
            let fault = Fault::OneAlgorithm(fitting.first().copied().unwrap_or_default());
            section.problems().push(section.place("algorithms").problem(fault));
        }
        if single && !section.has("algorithms") {
            let example = if matches!(self, Self::Secret(_)) {
                "algorithms = [\"HS256\"]"
            } else {
                "algorithms = [\"RS256\"]"
            };
            section.problems().push(section.place("algorithms").problem(Fault::Missing { example }));
        }
    }
}

const SYMMETRIC: &[&str] = &["HS256", "HS384", "HS512"];
const ASYMMETRIC: &[&str] =
    &["RS256", "RS384", "RS512", "PS256", "PS384", "PS512", "ES256", "ES384", "EdDSA"];
const ALL: &[&str] = &[
    "HS256", "HS384", "HS512", "RS256", "RS384", "RS512", "PS256", "PS384", "PS512", "ES256", "ES384",
    "EdDSA",
];

impl Word for Algorithm {
    const WHAT: &'static str = "an algorithm";
    const EXAMPLE: &'static str = "one in quotes, \"HS256\"";

    fn parse(text: &str) -> Result<Self, Fault> {
        Self::from_name(text).ok_or_else(|| Fault::Choice {
            found: text.to_owned(),
            choices: ALL,
            nearest: nearest(text, ALL),
        })
    }
}

impl Word for TokenPlace {
    const WHAT: &'static str = "a place of a token";
    const EXAMPLE: &'static str = "\"header\"";

    fn parse(text: &str) -> Result<Self, Fault> {
        let named = |name: &str, what| {
            let valid = !name.is_empty()
                && name.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"-_.".contains(&byte));
            if valid { Ok(name.to_owned()) } else { Err(Fault::Name { given: name.to_owned(), what }) }
        };
        match text.split_once(':') {
            None if text == "header" => Ok(Self::Header),
            None if text == "subprotocol" => Ok(Self::Subprotocol),
            None if text == "first-message" => Ok(Self::FirstMessage),
            Some(("query", name)) => named(name, "parameter").map(Self::Query),
            Some(("cookie", name)) => named(name, "cookie").map(Self::Cookie),
            _ => Err(Fault::TokenPlace(text.to_owned())),
        }
    }
}

impl std::fmt::Display for TokenPlace {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Header => f.write_str("header"),
            Self::Query(name) => write!(f, "query:{name}"),
            Self::Cookie(name) => write!(f, "cookie:{name}"),
            Self::Subprotocol => f.write_str("subprotocol"),
            Self::FirstMessage => f.write_str("first-message"),
        }
    }
}
