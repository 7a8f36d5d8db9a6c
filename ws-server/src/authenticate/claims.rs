//! The claims that every signed credential may have (RFC 7519 4.1): their types first, then their time.

use std::time::{Duration, SystemTime, UNIX_EPOCH};

use serde_json::{Map, Value};
use thiserror::Error;

use super::{
    identity::{Identity, Scheme},
    json::{self, JsonFault},
};

/// 2^64 seconds after the epoch.
const LATEST: f64 = 18_446_744_073_709_551_616.0;

/// Claims of the right types.
#[derive(Debug)]
pub(super) struct Claims {
    pub(super) subject: Option<String>,
    pub(super) issuer: Option<String>,
    pub(super) id: Option<String>,
    pub(super) scopes: Vec<String>,
    pub(super) roles: Vec<String>,
    /// Seconds since the epoch, as are the next two.
    pub(super) expires: Option<f64>,
    pub(super) not_before: Option<f64>,
    pub(super) issued: Option<f64>,
    pub(super) all: Map<String, Value>,
}

/// Why the claims of a signed credential do not hold.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
#[non_exhaustive]
pub enum ClaimsFault {
    /// They are not one JSON object without repeated members (RFC 7519 7.2, 4).
    #[error("has a payload that {0}")]
    Json(JsonFault),
    /// A claim is not of the type that its definition gives (RFC 7519 4.1).
    #[error("has a claim `{claim}` that is not {expected}")]
    Type {
        /// The name of the claim.
        claim: String,
        /// What it has to be.
        expected: &'static str,
    },
    /// A claim that is required is absent.
    #[error("lacks the claim `{0}`")]
    Missing(&'static str),
    /// The time is at or after `exp` (RFC 7519 4.1.4).
    #[error("expired {} s ago", .ago.as_secs())]
    Expired {
        /// How long ago, the leeway not counted.
        ago: Duration,
    },
    /// The time is before `nbf` (RFC 7519 4.1.5).
    #[error("is not valid before {} s from now", .wait.as_secs_f64().ceil())]
    NotYetValid {
        /// How long until it is, the leeway not counted.
        wait: Duration,
    },
}

impl Claims {
    /// Reads one JSON object; scopes and roles are in the claims of these names.
    pub(super) fn read(payload: &[u8], scope_claim: &str, roles_claim: &str) -> Result<Self, ClaimsFault> {
        let all = json::parse_object(payload).map_err(ClaimsFault::Json)?;
        // RFC 7519 4.1.1 to 4.1.7: a claim of the wrong type is no claim, and never an absent one.
        Ok(Self {
            expires: numeric_date(&all, "exp")?,
            not_before: numeric_date(&all, "nbf")?,
            issued: numeric_date(&all, "iat")?,
            issuer: string(&all, "iss")?.map(str::to_owned),
            subject: string(&all, "sub")?.map(str::to_owned),
            id: string(&all, "jti")?.map(str::to_owned),
            scopes: words(&all, scope_claim)?,
            roles: words(&all, roles_claim)?,
            all,
        })
    }

    /// Whether `now` lies between `nbf` and `exp`, where they are there; both move by `leeway`.
    pub(super) fn check_time(&self, now: SystemTime, leeway: Duration) -> Result<(), ClaimsFault> {
        let (now, leeway) = (since_epoch(now), leeway.as_secs_f64());
        // RFC 7519 4.1.4: on or after the expiration time the token must not be accepted.
        if let Some(at) = self.expires.filter(|at| now >= at + leeway) {
            return Err(ClaimsFault::Expired { ago: seconds(now - at) });
        }
        // RFC 7519 4.1.5: before this time the token must not be accepted.
        if let Some(at) = self.not_before.filter(|at| now + leeway < *at) {
            return Err(ClaimsFault::NotYetValid { wait: seconds(at - now) });
        }
        Ok(())
    }

    /// Whom they speak of, for as long as `exp` and the leeway say.
    pub(super) fn into_identity(self, scheme: Scheme, leeway: Duration) -> Identity {
        let expires = self.expires.and_then(|at| time(at + leeway.as_secs_f64()));
        let mut identity = Identity::new(scheme).with_scopes(self.scopes).with_roles(self.roles);
        if let Some(subject) = self.subject {
            identity = identity.with_subject(subject);
        }
        if let Some(issuer) = self.issuer {
            identity = identity.with_issuer(issuer);
        }
        if let Some(id) = self.id {
            identity = identity.with_credential_id(id);
        }
        if let Some(expires) = expires {
            identity = identity.with_expiry(expires);
        }
        identity.with_claims(self.all)
    }
}

/// A string, if the claim is there.
pub(super) fn string<'a>(all: &'a Map<String, Value>, claim: &str) -> Result<Option<&'a str>, ClaimsFault> {
    match all.get(claim) {
        None => Ok(None),
        Some(value) => value.as_str().map(Some).ok_or_else(|| wrong_type(claim, "a string")),
    }
}

/// A string, or a list of strings (RFC 7519 4.1.3).
pub(super) fn one_or_more<'a>(
    all: &'a Map<String, Value>,
    claim: &str,
) -> Result<Option<Vec<&'a str>>, ClaimsFault> {
    let found = match all.get(claim) {
        None => return Ok(None),
        Some(Value::String(one)) => Some(vec![one.as_str()]),
        Some(Value::Array(list)) => list.iter().map(Value::as_str).collect(),
        Some(_) => None,
    };
    found.map(Some).ok_or_else(|| wrong_type(claim, "a string or a list of strings"))
}

/// A list of strings, or one string of words with spaces between them (RFC 6749 3.3).
pub(super) fn words(all: &Map<String, Value>, claim: &str) -> Result<Vec<String>, ClaimsFault> {
    let found = match all.get(claim) {
        Some(Value::String(text)) => {
            text.split(' ').filter(|word| !word.is_empty()).map(str::to_owned).collect()
        }
        _ => one_or_more(all, claim)?.unwrap_or_default().into_iter().map(str::to_owned).collect(),
    };
    Ok(found)
}

/// Seconds since the epoch; what lies before it is the epoch.
pub(super) fn since_epoch(time: SystemTime) -> f64 {
    time.duration_since(UNIX_EPOCH).map_or(0.0, |since| since.as_secs_f64())
}

/// As a time; `None` where the clock cannot tell it.
pub(super) fn time(since_epoch: f64) -> Option<SystemTime> {
    UNIX_EPOCH.checked_add(seconds(since_epoch))
}

/// As a duration; what does not fit is as good as for ever.
pub(super) fn seconds(seconds: f64) -> Duration {
    Duration::try_from_secs_f64(seconds).unwrap_or(if seconds > 0.0 { Duration::MAX } else { Duration::ZERO })
}

/// Seconds since the epoch, possibly with a fraction (RFC 7519 2). What is before it, or does not fit 64 bits, is no
/// date that anybody issues.
fn numeric_date(all: &Map<String, Value>, claim: &str) -> Result<Option<f64>, ClaimsFault> {
    match all.get(claim) {
        None => Ok(None),
        Some(value) => {
            let date = value.as_f64().filter(|date| (0.0..LATEST).contains(date));
            date.map(Some).ok_or_else(|| wrong_type(claim, "a number of seconds since 1970"))
        }
    }
}

/// The claim is there, and is not what it has to be.
pub(super) fn wrong_type(claim: &str, expected: &'static str) -> ClaimsFault {
    ClaimsFault::Type { claim: claim.to_owned(), expected }
}
