//! What a token says about itself, if it is a JWT.

use std::time::{Duration, SystemTime};

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde_json::Value;
use zeroize::Zeroizing;

/// RFC 7519 4.1.4: the claim `exp` of a JWT, unverified; `None` where this is none, or has none.
///
/// It decides nothing but when to ask for another token.
pub(super) fn expires(token: &str) -> Option<SystemTime> {
    let mut parts = token.split('.');
    let (_, payload, _) = (parts.next()?, parts.next()?, parts.next()?);
    // RFC 7516 3: with five parts it is encrypted.
    if parts.next().is_some() {
        return None;
    }
    let payload = Zeroizing::new(URL_SAFE_NO_PAD.decode(payload).ok()?);
    let Value::Object(claims) = serde_json::from_slice(&payload).ok()? else { return None };
    // RFC 7519 2: a NumericDate may have a fraction.
    let seconds = Duration::try_from_secs_f64(claims.get("exp")?.as_f64()?).ok()?;
    SystemTime::UNIX_EPOCH.checked_add(seconds)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(payload: &str) -> Option<u64> {
        let token = format!("e30.{}.c2ln", URL_SAFE_NO_PAD.encode(payload));
        Some(expires(&token)?.duration_since(SystemTime::UNIX_EPOCH).expect("after 1970").as_secs())
    }

    // RFC 7519 4.1.4.
    #[test]
    fn the_claim_is_found() {
        assert_eq!(of(r#"{"sub":"ann","exp":1764000000}"#), Some(1_764_000_000));
        assert_eq!(of(r#"{"exp":1764000000.5}"#), Some(1_764_000_000));
    }

    #[test]
    fn whatever_is_no_such_claim_is_none() {
        for payload in ["", "[]", "{}", r#"{"exp":"1764000000"}"#, r#"{"exp":-1}"#, r#"{"exp":1e300}"#, "{"] {
            assert_eq!(of(payload), None, "{payload}");
        }
        for token in ["", "opaque", "a.b", "a.!.c", "e30.eyJleHAiOjF9.a.b.c"] {
            assert_eq!(expires(token), None, "{token}");
        }
    }
}
