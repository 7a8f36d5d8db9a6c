//! Sessions in a signed cookie.

use std::{future::ready, sync::Arc, time::Duration};

use ws_core::refusal::Challenge;

use super::{
    AuthenticationError, Authenticator, BoxFuture, HandshakeContext, Identity, Scheme,
    claims::ClaimsFault,
    places,
    replaceable::Replaceable,
    signed::{SecretKeys, SignedFault},
};

/// Authenticates by a cookie whose value the application has signed with [`SecretKeys::sign`] when somebody logged in.
///
/// A browser sends a cookie by itself, from whatever page: have the origin checked, as it is by default, and set the
/// cookie with `SameSite`, `Secure` and `HttpOnly` (RFC 6265). It only counts where the request has no credentials
/// that somebody has chosen to send. One that has been tampered with, has expired or has another form is
/// `credentials-rejected`; the log says which. Two of the name are `credentials-malformed`.
///
/// ```
/// use ws_server::Route;
/// use ws_server::authenticate::cookie::Cookie;
/// use ws_server::authenticate::signed::SecretKeys;
///
/// let keys = SecretKeys::new(b"thirty-two bytes, at the least..")?;
/// let session = keys.sign(&serde_json::json!({ "sub": "ann", "roles": ["member"], "exp": 1_900_000_000 }))?;
/// let set_cookie = format!("session={session}; Path=/; Secure; HttpOnly; SameSite=Lax");
///
/// let route = Route::new(|_session| async {}).authenticate(Cookie::new("chat", "session", keys));
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone, Debug)]
pub struct Cookie {
    realm: String,
    name: String,
    keys: Arc<Replaceable<SecretKeys>>,
    expiry_required: bool,
}

impl Cookie {
    /// Takes the cookie `name`; challenges for `realm` (RFC 9110 11.5).
    pub fn new(realm: impl Into<String>, name: impl Into<String>, keys: SecretKeys) -> Self {
        let keys = Arc::new(Replaceable::new(keys));
        Self { realm: realm.into(), name: name.into(), keys, expiry_required: false }
    }

    /// Takes no cookie without `exp`. By default such a session lasts until it is revoked.
    #[must_use]
    pub fn require_expiry(mut self) -> Self {
        self.expiry_required = true;
        self
    }

    /// Believes in these secrets from now on. Clones share them.
    pub fn replace_keys(&self, keys: SecretKeys) {
        self.keys.set(keys);
    }

    fn identify(&self, request: &HandshakeContext<'_>) -> Result<Identity, AuthenticationError> {
        // What a browser sends by itself is not even read beside what somebody has said.
        if !request.ambient_credentials_count() {
            return Err(AuthenticationError::CredentialsMissing);
        }
        let cookie = places::cookie(request.head(), &self.name)?;
        let cookie = cookie.ok_or(AuthenticationError::CredentialsMissing)?;
        self.open(cookie, request).map_err(AuthenticationError::CookieRejected)
    }

    fn open(&self, cookie: &str, request: &HandshakeContext<'_>) -> Result<Identity, SignedFault> {
        let claims = self.keys.get().open(cookie)?;
        if self.expiry_required && claims.expires.is_none() {
            return Err(ClaimsFault::Missing("exp").into());
        }
        claims.check_time(request.now(), Duration::ZERO)?;
        Ok(claims.into_identity(Scheme::Cookie, Duration::ZERO))
    }
}

impl Authenticator for Cookie {
    fn authenticate<'a>(
        &'a self,
        request: &'a HandshakeContext<'a>,
    ) -> BoxFuture<'a, Result<Identity, AuthenticationError>> {
        Box::pin(ready(self.identify(request)))
    }

    /// `Cookie realm="…", name="…"`.
    fn challenges(&self) -> Vec<Challenge> {
        vec![places::challenge(Challenge::cookie(&self.realm), "name", &self.name)]
    }

    fn is_ambient(&self) -> bool {
        true
    }
}

#[cfg(test)]
mod tests {
    use std::time::{SystemTime, UNIX_EPOCH};

    use serde_json::{Value, json};
    use ws_core::{
        head::{RequestHead, Version},
        refusal::Cause,
    };

    use super::*;
    use crate::authenticate::CredentialsFault;

    const NOW: u64 = 1_764_000_000;

    fn keys(secret: &str) -> SecretKeys {
        SecretKeys::new(format!("a secret of enough bytes: {secret}").as_bytes()).unwrap()
    }

    fn cookie() -> Cookie {
        Cookie::new("chat", "session", keys("new"))
    }

    fn at(seconds: u64) -> SystemTime {
        UNIX_EPOCH + Duration::from_secs(seconds)
    }

    fn ask(authenticator: &Cookie, fields: &[(&str, String)]) -> Result<Identity, AuthenticationError> {
        let head = RequestHead::from_parts("GET", "/chat", Version::HTTP_11, fields.iter().cloned()).unwrap();
        authenticator.identify(&HandshakeContext::new(&head, ([192, 0, 2, 1], 1).into(), at(NOW)))
    }

    fn with(claims: &Value) -> Result<Identity, AuthenticationError> {
        ask(&cookie(), &[("Cookie", format!("a=b; session={}", keys("new").sign(claims).unwrap()))])
    }

    #[test]
    fn an_identity_has_what_was_signed() {
        let identity = with(&json!({
            "sub": "ann", "iss": "login", "jti": "s-1", "scope": "chat:read", "roles": ["member"], "exp": NOW + 1,
            "nbf": NOW, "theme": "dark",
        }));
        let identity = identity.unwrap();
        assert_eq!(identity.scheme(), &Scheme::Cookie);
        assert_eq!((identity.subject(), identity.issuer()), (Some("ann"), Some("login")));
        assert_eq!(identity.credential_id(), Some("s-1"));
        assert!(identity.has_scope("chat:read") && identity.has_role("member"));
        assert_eq!(identity.expires(), Some(at(NOW + 1)));
        assert_eq!(identity.claims()["theme"], "dark");
    }

    #[test]
    fn each_rejection_says_why_to_the_log() {
        let sign = |claims: Value| keys("new").sign(&claims).unwrap();
        for (cookie, words) in [
            (sign(json!({ "exp": NOW })), "the cookie expired 0 s ago"),
            (sign(json!({ "exp": NOW - 60 })), "the cookie expired 60 s ago"),
            (sign(json!({ "nbf": NOW + 9 })), "the cookie is not valid before 9 s from now"),
            (sign(json!({ "sub": 7 })), "the cookie has a claim `sub` that is not a string"),
            (sign(json!({})).replace('.', "A."), "the cookie has a signature that does not verify"),
            (keys("old").sign(&json!({})).unwrap(), "the cookie has a signature that does not verify"),
            ("x".to_owned(), "the cookie does not have two parts"),
            (String::new(), "the cookie does not have two parts"),
        ] {
            let error = ask(&self::cookie(), &[("Cookie", format!("session={cookie}"))]).unwrap_err();
            assert_eq!(error.to_string(), words);
            assert_eq!(error.cause(), Cause::CredentialsRejected);
        }
    }

    #[test]
    fn there_is_one_cookie_or_none() {
        let good = keys("new").sign(&json!({})).unwrap();
        let (one, other) = (format!("session={good}"), format!("Session={good}"));
        assert!(ask(&cookie(), &[("Cookie", other.clone()), ("Cookie", one.clone())]).is_ok());
        assert!(ask(&cookie(), &[("Cookie", format!("session=\"{good}\""))]).is_ok());
        for absent in [&[][..], &[("Cookie", other)], &[("Authorization", format!("Cookie {good}"))]] {
            assert_eq!(ask(&cookie(), absent), Err(AuthenticationError::CredentialsMissing));
        }
        let repeated = AuthenticationError::CredentialsMalformed(CredentialsFault::CookieRepeated);
        for twice in [vec![("Cookie", format!("{one}; session=x"))], vec![("Cookie", one); 2]] {
            assert_eq!(ask(&cookie(), &twice), Err(repeated.clone()));
        }
    }

    #[test]
    fn an_expiry_may_be_required() {
        assert_eq!(with(&json!({ "sub": "ann" })).unwrap().expires(), None);
        let strict = cookie().require_expiry();
        for (claims, good) in [(json!({}), false), (json!({ "exp": NOW + 1 }), true)] {
            let value = keys("new").sign(&claims).unwrap();
            let answer = ask(&strict, &[("Cookie", format!("session={value}"))]);
            assert_eq!(answer.is_ok(), good);
        }
    }

    #[test]
    fn keys_are_replaced_while_in_use() {
        let authenticator = cookie();
        let session = [("Cookie", format!("session={}", keys("next").sign(&json!({})).unwrap()))];
        assert!(ask(&authenticator, &session).is_err());
        authenticator.clone().replace_keys(keys("next"));
        assert!(ask(&authenticator, &session).is_ok());
    }

    #[test]
    fn it_does_not_count_beside_what_somebody_has_chosen_to_send() {
        let fields = [("Cookie", "session=a; session=b")];
        let head = RequestHead::from_parts("GET", "/chat", Version::HTTP_11, fields).unwrap();
        let request = HandshakeContext::new(&head, ([192, 0, 2, 1], 1).into(), at(NOW));
        let answer = cookie().identify(&request.with_ambient_credentials(false));
        assert_eq!(answer, Err(AuthenticationError::CredentialsMissing));
        assert!(cookie().is_ambient());
    }

    #[test]
    fn the_challenge_names_the_cookie() {
        assert_eq!(cookie().challenges()[0].to_string(), r#"Cookie realm="chat", name="session""#);
    }
}
