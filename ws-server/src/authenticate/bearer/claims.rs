//! The claims of RFC 7519 4.1: their types first, then what is required of them.

use std::time::{Duration, SystemTime, UNIX_EPOCH};

use serde_json::{Map, Value};

use super::{error::TokenError, json};

/// 2^64 seconds after the epoch.
const LATEST: f64 = 18_446_744_073_709_551_616.0;

/// What is required of the claims of a token whose signature has verified.
#[derive(Clone, Debug)]
pub(super) struct Rules {
    pub(super) issuers: Vec<String>,
    pub(super) audiences: Vec<String>,
    pub(super) any_audience: bool,
    pub(super) required: Vec<String>,
    pub(super) leeway: Duration,
    pub(super) scope_claim: String,
    pub(super) roles_claim: String,
}

/// Claims that hold now.
#[derive(Debug)]
pub(super) struct Claims {
    pub(super) subject: Option<String>,
    pub(super) issuer: Option<String>,
    pub(super) scopes: Vec<String>,
    pub(super) roles: Vec<String>,
    /// When they cease to hold, the leeway included.
    pub(super) expires: Option<SystemTime>,
    pub(super) all: Map<String, Value>,
}

impl Default for Rules {
    fn default() -> Self {
        Self {
            issuers: Vec::new(),
            audiences: Vec::new(),
            any_audience: false,
            required: vec!["exp".to_owned()],
            leeway: Duration::ZERO,
            scope_claim: "scope".to_owned(),
            roles_claim: "roles".to_owned(),
        }
    }
}

impl Rules {
    /// Reads the payload. The order: form and types, required claims, `exp`, `nbf`, `iss`, `aud`.
    pub(super) fn check(&self, payload: &[u8], now: SystemTime) -> Result<Claims, TokenError> {
        let all = json::parse_object(payload).map_err(TokenError::PayloadJson)?;
        // RFC 7519 4.1.1 to 4.1.7: a claim of the wrong type is no claim, and never an absent one.
        let expires = numeric_date(&all, "exp")?;
        let not_before = numeric_date(&all, "nbf")?;
        numeric_date(&all, "iat")?;
        let issuer = string(&all, "iss")?;
        let subject = string(&all, "sub")?;
        string(&all, "jti")?;
        let audiences = one_or_more(&all, "aud")?;
        let scopes = words(&all, &self.scope_claim)?;
        let roles = words(&all, &self.roles_claim)?;

        self.check_presence(&all)?;
        let now = now.duration_since(UNIX_EPOCH).map_or(0.0, |since| since.as_secs_f64());
        let leeway = self.leeway.as_secs_f64();
        // RFC 7519 4.1.4: on or after the expiration time the token must not be accepted.
        if let Some(at) = expires.filter(|at| now >= at + leeway) {
            return Err(TokenError::Expired { ago: seconds(now - at) });
        }
        // RFC 7519 4.1.5: before this time the token must not be accepted.
        if let Some(at) = not_before.filter(|at| now + leeway < *at) {
            return Err(TokenError::NotYetValid { wait: seconds(at - now) });
        }
        // RFC 7519 4.1.1, 2: compared as case-sensitive strings.
        if !self.issuers.is_empty()
            && !issuer.is_some_and(|issuer| self.issuers.iter().any(|ours| ours == issuer))
        {
            return Err(TokenError::IssuerWrong);
        }
        // RFC 7519 4.1.3: where `aud` is present and does not name us the token must be rejected, and so it must
        // where we have no name that it could contain.
        let for_us = |audiences: &[&str]| {
            audiences.iter().any(|theirs| self.audiences.iter().any(|ours| ours == theirs))
        };
        if !self.any_audience && audiences.is_some_and(|audiences| !for_us(&audiences)) {
            return Err(TokenError::AudienceWrong);
        }

        Ok(Claims {
            subject: subject.map(str::to_owned),
            issuer: issuer.map(str::to_owned),
            scopes,
            roles,
            expires: expires.and_then(|at| UNIX_EPOCH.checked_add(seconds(at + leeway))),
            all,
        })
    }

    /// What was asked for must be there; an issuer or an audience to compare with asks for its claim.
    fn check_presence(&self, all: &Map<String, Value>) -> Result<(), TokenError> {
        let compared = [("iss", !self.issuers.is_empty()), ("aud", !self.audiences.is_empty())];
        let compared = compared.into_iter().filter_map(|(claim, asked)| asked.then_some(claim));
        match self.required.iter().map(String::as_str).chain(compared).find(|claim| !all.contains_key(*claim))
        {
            Some(claim) => Err(TokenError::ClaimMissing(claim.to_owned())),
            None => Ok(()),
        }
    }
}

/// Seconds since the epoch, possibly with a fraction (RFC 7519 2). What is before it, or does not fit 64 bits, is no
/// date that anybody issues.
fn numeric_date(all: &Map<String, Value>, claim: &str) -> Result<Option<f64>, TokenError> {
    match all.get(claim) {
        None => Ok(None),
        Some(value) => {
            let date = value.as_f64().filter(|date| (0.0..LATEST).contains(date));
            date.map(Some).ok_or_else(|| wrong_type(claim, "a number of seconds since 1970"))
        }
    }
}

fn string<'a>(all: &'a Map<String, Value>, claim: &str) -> Result<Option<&'a str>, TokenError> {
    match all.get(claim) {
        None => Ok(None),
        Some(value) => value.as_str().map(Some).ok_or_else(|| wrong_type(claim, "a string")),
    }
}

/// A string, or a list of strings (RFC 7519 4.1.3).
fn one_or_more<'a>(all: &'a Map<String, Value>, claim: &str) -> Result<Option<Vec<&'a str>>, TokenError> {
    let found = match all.get(claim) {
        None => return Ok(None),
        Some(Value::String(one)) => Some(vec![one.as_str()]),
        Some(Value::Array(list)) => list.iter().map(Value::as_str).collect(),
        Some(_) => None,
    };
    found.map(Some).ok_or_else(|| wrong_type(claim, "a string or a list of strings"))
}

/// A list of strings, or one string of words with spaces between them (RFC 6749 3.3).
fn words(all: &Map<String, Value>, claim: &str) -> Result<Vec<String>, TokenError> {
    let found = match all.get(claim) {
        Some(Value::String(text)) => {
            text.split(' ').filter(|word| !word.is_empty()).map(str::to_owned).collect()
        }
        _ => one_or_more(all, claim)?.unwrap_or_default().into_iter().map(str::to_owned).collect(),
    };
    Ok(found)
}

fn wrong_type(claim: &str, expected: &'static str) -> TokenError {
    TokenError::ClaimType { claim: claim.to_owned(), expected }
}

/// As a duration; what does not fit is as good as for ever.
fn seconds(seconds: f64) -> Duration {
    Duration::try_from_secs_f64(seconds).unwrap_or(if seconds > 0.0 { Duration::MAX } else { Duration::ZERO })
}
