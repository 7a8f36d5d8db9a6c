//! What is required of the claims of a token, beyond what every signed credential has to fulfil.

use std::time::{Duration, SystemTime};

use super::error::TokenError;
use crate::authenticate::claims::{self, Claims};

/// What is required of the claims of a token whose signature has verified.
#[derive(Clone, Debug)]
pub(in crate::authenticate) struct Rules {
    pub(in crate::authenticate) issuers: Vec<String>,
    pub(in crate::authenticate) audiences: Vec<String>,
    pub(in crate::authenticate) any_audience: bool,
    pub(in crate::authenticate) required: Vec<String>,
    pub(in crate::authenticate) leeway: Duration,
    pub(in crate::authenticate) scope_claim: String,
    pub(in crate::authenticate) roles_claim: String,
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
    pub(in crate::authenticate) fn check(
        &self,
        payload: &[u8],
        now: SystemTime,
    ) -> Result<Claims, TokenError> {
        let claims = Claims::read(payload, &self.scope_claim, &self.roles_claim)?;
        let audiences = claims::one_or_more(&claims.all, "aud")?;
        self.check_presence(&claims)?;
        claims.check_time(now, self.leeway)?;
        // RFC 7519 4.1.1, 2: compared as case-sensitive strings.
        let issuer = claims.issuer.as_deref();
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
        Ok(claims)
    }

    /// What was asked for must be there; an issuer or an audience to compare with asks for its claim.
    fn check_presence(&self, claims: &Claims) -> Result<(), TokenError> {
        let compared = [("iss", !self.issuers.is_empty()), ("aud", !self.audiences.is_empty())];
        let compared = compared.into_iter().filter_map(|(claim, asked)| asked.then_some(claim));
        let mut required = self.required.iter().map(String::as_str).chain(compared);
        match required.find(|claim| !claims.all.contains_key(*claim)) {
            Some(claim) => Err(TokenError::ClaimMissing(claim.to_owned())),
            None => Ok(()),
        }
    }
}
