//! Which keys there are.

use super::Fault;

/// The sections of a file, each with its keys; the file itself is the section without a name.
pub(crate) type Keys = &'static [(&'static str, &'static [&'static str])];

/// The keys of one kind of file.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Schema(pub(crate) Keys);

/// The configuration of the gateway.
pub(crate) const GATEWAY: Schema = Schema(&[
    (
        "",
        &[
            "listen",
            "disclosure",
            "documentation",
            "delivery",
            "dry_run",
            "trusted_proxies",
            "proxy_protocol",
            "served_hosts",
            "admin_listen",
            "tls",
            "limits",
            "address",
            "bearer",
            "basic",
            "api_key",
            "cookie",
            "ticket",
            "remote",
            "cedar",
            "introspection",
            "upstream",
            "route",
        ],
    ),
    ("tls", &["certificate", "key", "client_ca", "client_certificate", "sni"]),
    ("tls.sni", &["name", "certificate", "key"]),
    (
        "limits",
        &[
            "connections",
            "connections_per_address",
            "connections_per_principal",
            "attempts_per_address",
            "handshake_timeout",
            "drain_timeout",
            "idle_timeout",
            "ping_interval",
            "message_bytes",
            "messages_per_connection",
            "head_bytes",
            "headers",
            "target_bytes",
        ],
    ),
    ("address", &["allow", "deny"]),
    (
        "bearer",
        &[
            "secret_file",
            "public_key_file",
            "jwks_file",
            "jwks_url",
            "openid_issuer",
            "algorithms",
            "issuer",
            "audience",
            "leeway",
            "revoked_file",
            "from",
            "scope_claim",
            "roles_claim",
        ],
    ),
    ("basic", &["htpasswd_file"]),
    ("api_key", &["header", "keys_file"]),
    ("cookie", &["name", "secret_file"]),
    ("ticket", &["parameter", "secret_file", "lifetime"]),
    ("remote", &["url", "timeout", "cache"]),
    ("cedar", &["policy_file", "entities_file"]),
    (
        "introspection",
        &[
            "url",
            "timeout",
            "cache",
            "client_id",
            "client_secret_file",
            "audience",
            "from",
            "scope_claim",
            "roles_claim",
        ],
    ),
    ("upstream", &["ca_file", "connect_timeout", "handshake_timeout", "message_bytes"]),
    (
        "route",
        &[
            "path",
            "upstream",
            "authenticate",
            "authorize",
            "renewal",
            "origins",
            "origin_required",
            "scopes",
            "roles",
            "hide",
            "subprotocols",
            "subprotocol_required",
            "compression",
            "forward_credentials",
            "pass_upstream_refusals",
        ],
    ),
]);

/// The API keys that are known.
pub(crate) const API_KEYS: Schema =
    Schema(&[("", &["key"]), ("key", &["name", "sha256", "roles", "scopes"])]);

impl Schema {
    /// What is wrong with a key of a section, if it is none.
    pub(super) fn stranger(self, section: &str, key: &str) -> Option<Fault> {
        let known = self.0.iter().find(|(name, _)| *name == section).map_or(&[][..], |(_, keys)| *keys);
        if known.contains(&key) {
            return None;
        }
        if let Some(nearest) = nearest(key, known) {
            return Some(Fault::Misspelt(nearest.to_owned()));
        }
        let elsewhere = self.0.iter().find(|(name, keys)| !name.is_empty() && keys.contains(&key));
        Some(elsewhere.map_or(Fault::Unknown(known), |(name, _)| Fault::Misplaced(name)))
    }
}

/// What somebody may have meant.
pub(super) fn nearest(word: &str, choices: &[&'static str]) -> Option<&'static str> {
    let plain = |word: &str| word.to_ascii_lowercase().replace('-', "_");
    let word = plain(word);
    let scored = choices.iter().map(|choice| {
        let other = plain(choice);
        // A slip of the fingers in a short word, or the beginning of a long one.
        let slip = strsim::damerau_levenshtein(&word, &other) <= other.len().min(6) / 3;
        (strsim::jaro_winkler(&word, &other) + if slip { 1.0 } else { 0.0 }, *choice)
    });
    scored.filter(|(score, _)| *score > 0.82).max_by(|a, b| a.0.total_cmp(&b.0)).map(|(_, choice)| choice)
}
