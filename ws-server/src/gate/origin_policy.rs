use std::fmt;

use thiserror::Error;
use ws_core::{
    head::{Authority, RequestHead},
    refusal::Cause,
};

use super::facts::Facts;

/// From which origins (RFC 6454) a WebSocket may be opened: the defence against pages that use somebody else's
/// cookies (CWE-1385).
///
/// Only browsers send `Origin`, hence a request without it passes, unless it is [`required`](Self::required).
///
/// ```
/// use ws_server::gate::{OriginPatternError, OriginPolicy};
///
/// let policy = OriginPolicy::list(["https://app.example.com", "https://*.example.org:8443"])?;
/// assert_eq!(OriginPolicy::list(["app.example.com"]).unwrap_err(), OriginPatternError::Malformed);
/// # Ok::<(), OriginPatternError>(())
/// ```
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct OriginPolicy {
    allowed: Allowed,
    required: bool,
}

#[derive(Clone, Debug, Default, PartialEq, Eq)]
enum Allowed {
    #[default]
    SameOrigin,
    List {
        patterns: Vec<Pattern>,
        and_same_origin: bool,
    },
    Any,
}

/// Why something is not a pattern of origins.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
#[non_exhaustive]
pub enum OriginPatternError {
    /// Not `scheme://host` or `scheme://host:port`; nothing may follow, not even a slash.
    #[error("not of the form scheme://host or scheme://host:port")]
    Malformed,
    /// A `*` elsewhere than alone, or as the first label before a name of at least one label.
    #[error("a `*` stands for the first labels of a name, and for nothing else")]
    Wildcard,
}

/// Why an origin is not let in.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
pub(super) enum OriginError {
    #[error("there is no Origin")]
    Missing,
    #[error("there is more than one Origin")]
    Repeated,
    #[error("Origin is not an origin")]
    Malformed,
    #[error("the origin is not allowed")]
    Denied,
}

impl OriginError {
    pub(super) const fn cause(self) -> Cause {
        match self {
            Self::Missing => Cause::OriginMissing,
            Self::Repeated | Self::Malformed => Cause::OriginMalformed,
            Self::Denied => Cause::OriginDenied,
        }
    }
}

impl OriginPolicy {
    /// Only the origin of the server itself: its scheme, host and port.
    pub fn same_origin() -> Self {
        Self::default()
    }

    /// Every origin, `null` too.
    pub const fn any() -> Self {
        Self { allowed: Allowed::Any, required: false }
    }

    /// These origins and no others. `*.` before a name stands for one or more labels, never for none; `*` alone is
    /// [`any`](Self::any), and an empty list is [`same_origin`](Self::same_origin).
    pub fn list<S: AsRef<str>>(origins: impl IntoIterator<Item = S>) -> Result<Self, OriginPatternError> {
        let mut patterns = Vec::new();
        let mut any = false;
        for origin in origins {
            match origin.as_ref() {
                "*" => any = true,
                pattern => patterns.push(Pattern::parse(pattern)?),
            }
        }
        let allowed = match (any, patterns.is_empty()) {
            (true, _) => Allowed::Any,
            (false, true) => Allowed::SameOrigin,
            (false, false) => Allowed::List { patterns, and_same_origin: false },
        };
        Ok(Self { allowed, required: false })
    }

    /// Adds the origin of the server itself to a list.
    #[must_use]
    pub fn and_same_origin(mut self) -> Self {
        if let Allowed::List { and_same_origin, .. } = &mut self.allowed {
            *and_same_origin = true;
        }
        self
    }

    /// Refuses requests without `Origin`, which is everything that is not a browser.
    #[must_use]
    pub const fn required(mut self) -> Self {
        self.required = true;
        self
    }

    /// Whether every origin may.
    pub(super) fn is_any(&self) -> bool {
        self.allowed == Allowed::Any
    }

    /// What this origin is compared with, for the trace.
    pub(super) fn compared(&self, head: &RequestHead, facts: &Facts) -> String {
        let own = || Origin::of(head, facts).map_or_else(|| "no Host".to_owned(), |own| own.to_string());
        match &self.allowed {
            Allowed::Any => "any".to_owned(),
            Allowed::SameOrigin => own(),
            Allowed::List { patterns, and_same_origin: false } => format!("{} allowed", patterns.len()),
            Allowed::List { patterns, and_same_origin: true } => {
                format!("{} allowed and {}", patterns.len(), own())
            }
        }
    }

    /// By what an origin was let in, for the trace.
    pub(super) const fn admits(&self) -> &'static str {
        match &self.allowed {
            Allowed::Any => "any origin",
            Allowed::SameOrigin => "same origin",
            Allowed::List { .. } => "listed origin",
        }
    }

    /// Whether the request comes from an origin that may.
    pub(super) fn check(&self, head: &RequestHead, facts: &Facts) -> Result<(), OriginError> {
        let value = match head.fields().single("Origin") {
            Ok(Some(value)) => value,
            Ok(None) if self.required => return Err(OriginError::Missing),
            Ok(None) => return Ok(()),
            Err(_) => return Err(OriginError::Repeated),
        };
        let text = str::from_utf8(value).map_err(|_| OriginError::Malformed)?;
        // RFC 6454 7: "null" is the origin of what has none to name; it equals no other, not even itself. Embedded
        // browsers send "file://" in the same sense.
        let origin = match text {
            "null" | "file://" => None,
            text => Some(Origin::parse(text).ok_or(OriginError::Malformed)?),
        };
        let own = || Origin::of(head, facts);
        let allowed = match (&self.allowed, &origin) {
            (Allowed::Any, _) => true,
            (_, None) => false,
            (Allowed::SameOrigin, Some(origin)) => own().as_ref() == Some(origin),
            (Allowed::List { patterns, and_same_origin }, Some(origin)) => {
                patterns.iter().any(|pattern| pattern.matches(origin))
                    || *and_same_origin && own().as_ref() == Some(origin)
            }
        };
        if allowed { Ok(()) } else { Err(OriginError::Denied) }
    }
}

/// A scheme, a host and a port (RFC 6454 4), in the one form that can be compared.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Origin {
    scheme: String,
    host: String,
    port: Option<u16>,
}

impl Origin {
    /// RFC 6454 6.2: scheme "://" host [ ":" port ], with nothing after it.
    fn parse(text: &str) -> Option<Self> {
        let (scheme, authority) = text.split_once("://")?;
        // RFC 3986 3.1: ALPHA *( ALPHA / DIGIT / "+" / "-" / "." ).
        let valid = scheme.starts_with(|first: char| first.is_ascii_alphabetic())
            && scheme.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"+-.".contains(&byte));
        let authority = valid.then(|| Authority::parse(authority.as_bytes()).ok()).flatten()?;
        Some(Self::new(&scheme.to_ascii_lowercase(), &authority))
    }

    /// The origin of the server that this request was sent to.
    fn of(head: &RequestHead, facts: &Facts) -> Option<Self> {
        let authority = facts.host(head)?;
        Some(Self::new(if facts.secure { "https" } else { "http" }, &authority))
    }

    fn new(scheme: &str, authority: &Authority<'_>) -> Self {
        // RFC 6454 4: the default port of the scheme where none is given.
        let default = match scheme {
            "http" | "ws" => Some(80),
            "https" | "wss" => Some(443),
            _ => None,
        };
        let port = authority.port().or(default);
        Self { scheme: scheme.to_owned(), host: normalized(authority.host()), port }
    }
}

impl fmt::Display for Origin {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "{}://{}", self.scheme, self.host)?;
        self.port.map_or(Ok(()), |port| write!(formatter, ":{port}"))
    }
}

/// RFC 6454 4: lower case. An IPv6 address has many spellings, of which one is taken (RFC 5952).
fn normalized(host: &str) -> String {
    let literal = host.strip_prefix('[').and_then(|host| host.strip_suffix(']'));
    match literal.and_then(|literal| literal.parse::<std::net::Ipv6Addr>().ok()) {
        Some(address) => format!("[{address}]"),
        None => host.to_ascii_lowercase(),
    }
}

/// An origin, or all origins whose host ends in that of `origin` with at least one label more.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Pattern {
    origin: Origin,
    subdomains: bool,
}

impl Pattern {
    fn parse(text: &str) -> Result<Self, OriginPatternError> {
        let (scheme, rest) = text.split_once("://").ok_or(OriginPatternError::Malformed)?;
        let (name, subdomains) = match rest.strip_prefix("*.") {
            Some(name) => (name, true),
            None => (rest, false),
        };
        if name.contains('*') || scheme.contains('*') {
            return Err(OriginPatternError::Wildcard);
        }
        let origin = Origin::parse(&format!("{scheme}://{name}")).ok_or(OriginPatternError::Malformed)?;
        // An address has no subdomains, and a name has no empty labels.
        let address = origin.host.starts_with('[') || origin.host.parse::<std::net::Ipv4Addr>().is_ok();
        if subdomains && (address || origin.host.split('.').any(str::is_empty)) {
            return Err(OriginPatternError::Wildcard);
        }
        Ok(Self { origin, subdomains })
    }

    fn matches(&self, origin: &Origin) -> bool {
        let host = if self.subdomains {
            let labels = origin.host.strip_suffix(&self.origin.host).and_then(|rest| rest.strip_suffix('.'));
            labels.is_some_and(|labels| labels.split('.').all(|label| !label.is_empty()))
        } else {
            origin.host == self.origin.host
        };
        host && origin.scheme == self.origin.scheme && origin.port == self.origin.port
    }
}

#[cfg(test)]
#[path = "origin_policy_tests.rs"]
mod tests;
