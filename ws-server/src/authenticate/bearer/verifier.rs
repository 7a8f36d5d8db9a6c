use std::{
    sync::Arc,
    time::{Duration, SystemTime},
};

use super::{
    claims::Rules,
    error::TokenError,
    jwk_set::JwkSet,
    jws::{self, Unverified},
    key::Key,
    keys::{Kept, KeySource, KeysError},
};
use crate::authenticate::{Identity, Scheme};

/// The longest token that is looked at, in bytes, unless the operator says otherwise. A head's line has half of it
/// at the most, so that the limit counts where a token comes by another way.
pub const TOKEN_LIMIT: usize = 16_384;

/// Verifies JSON Web Tokens (RFC 7519) that are signed (RFC 7515), and checks what they claim.
///
/// Without further settings a token needs an `exp` in the future and, if it has an `aud`, is refused.
///
/// ```
/// use std::time::SystemTime;
/// use ws_server::authenticate::bearer::{Signer, TokenError, Verifier};
///
/// let signer = Signer::hs256(b"thirty-two bytes, at the least..")?;
/// let verifier = Verifier::new(signer.verifying_key()).issuer("https://id.example").audience("chat");
///
/// let now = SystemTime::now();
/// let exp = now.duration_since(SystemTime::UNIX_EPOCH)?.as_secs() + 60;
/// let claims = serde_json::json!({ "iss": "https://id.example", "aud": "chat", "sub": "ann", "exp": exp });
/// assert_eq!(verifier.verify(&signer.sign(&claims)?, now)?.subject(), Some("ann"));
///
/// let other = serde_json::json!({ "iss": "https://id.example", "aud": "mail", "sub": "ann", "exp": exp });
/// assert_eq!(verifier.verify(&signer.sign(&other)?, now).unwrap_err(), TokenError::AudienceWrong);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone, Debug)]
pub struct Verifier {
    keys: Vec<Key>,
    kept: Option<Arc<Kept>>,
    rules: Rules,
    limit: usize,
}

impl Verifier {
    /// Takes tokens that this key signed.
    pub fn new(key: Key) -> Self {
        Self::with(vec![key], None)
    }

    /// Takes tokens that one of these keys signed.
    pub fn with_keys(set: JwkSet) -> Self {
        Self::with(set.into_keys(), None)
    }

    /// Takes tokens of the keys that the source has at the time, and of the issuer that it names, if it does.
    ///
    /// Clones share the keys: one verifier with the claims of each route, and the keys are fetched once for all. The
    /// task that fetches them begins here if there is a tokio runtime, or else with the first token, and ends with
    /// the last clone.
    pub fn with_source(source: KeySource) -> Self {
        let issuer = source.issuer().map(str::to_owned);
        let verifier = Self::with(Vec::new(), Some(source.keep()));
        match issuer {
            Some(issuer) => verifier.issuer(issuer),
            None => verifier,
        }
    }

    pub(super) fn with(keys: Vec<Key>, kept: Option<Arc<Kept>>) -> Self {
        Self { keys, kept, rules: Rules::default(), limit: TOKEN_LIMIT }
    }

    /// Takes tokens of one more key. Those with the same algorithm and no id should be four at the most; see
    /// [`Key::with_id`].
    #[must_use]
    pub fn key(mut self, key: Key) -> Self {
        self.keys.push(key);
        self
    }

    /// Requires `iss` to be this, or another that is named so (RFC 7519 4.1.1).
    #[must_use]
    pub fn issuer(mut self, issuer: impl Into<String>) -> Self {
        self.rules.issuers.push(issuer.into());
        self
    }

    /// Requires `aud` to contain this, or another that is named so (RFC 7519 4.1.3).
    #[must_use]
    pub fn audience(mut self, audience: impl Into<String>) -> Self {
        self.rules.audiences.push(audience.into());
        self
    }

    /// Takes tokens whoever they are for. Dangerous where an issuer serves more than one audience: a token that
    /// another service was given is then good here (RFC 8725 3.9).
    #[must_use]
    pub fn any_audience(mut self) -> Self {
        self.rules.any_audience = true;
        self
    }

    /// Requires this claim to be present. `exp` is required from the beginning.
    #[must_use]
    pub fn require(mut self, claim: impl Into<String>) -> Self {
        self.rules.required.push(claim.into());
        self
    }

    /// Takes tokens without `exp`, that never expire. Where there is an `exp` it counts.
    #[must_use]
    pub fn allow_without_expiry(mut self) -> Self {
        self.rules.required.retain(|claim| claim != "exp");
        self
    }

    /// How far clocks may be apart where `exp` and `nbf` are compared; none by default.
    #[must_use]
    pub const fn leeway(mut self, leeway: Duration) -> Self {
        self.rules.leeway = leeway;
        self
    }

    /// The claim with the scopes, `scope` by default: words with spaces between them (RFC 8693 4.2), or a list.
    #[must_use]
    pub fn scope_claim(mut self, claim: impl Into<String>) -> Self {
        self.rules.scope_claim = claim.into();
        self
    }

    /// The claim with the roles, `roles` by default, of the same form.
    #[must_use]
    pub fn roles_claim(mut self, claim: impl Into<String>) -> Self {
        self.rules.roles_claim = claim.into();
        self
    }

    /// The longest token that is looked at, in bytes; [`TOKEN_LIMIT`] by default.
    #[must_use]
    pub const fn limit(mut self, bytes: usize) -> Self {
        self.limit = bytes;
        self
    }

    /// Waits until there are keys: nothing where they were given, the first fetch where they come from a source.
    ///
    /// # Errors
    /// If that fetch fails. It is tried again all the same, so that a server may well start without.
    ///
    /// # Cancel safety
    /// The fetch goes on without whoever waits for it.
    ///
    /// # Panics
    /// With a source, outside a tokio runtime whose I/O and time are enabled.
    pub async fn ready(&self) -> Result<(), KeysError> {
        match &self.kept {
            None => Ok(()),
            Some(kept) => kept.ready().await,
        }
    }

    /// Whom the token speaks of, if it is to be believed at the time `now`. Of a source, only the keys at hand count.
    ///
    /// # Errors
    /// The first check that fails, in the order in which [`TokenError`] lists them.
    pub fn verify(&self, token: &str, now: SystemTime) -> Result<Identity, TokenError> {
        self.check(token, now).map_err(|refused| match refused {
            Refused::Final(error) | Refused::Open { error, .. } => error,
        })
    }

    /// As [`verify`](Self::verify), but a token whose key is not at hand has its source fetch them again, if the
    /// last fetch is long enough ago. A token that does not say which key is its own may be one of these.
    ///
    /// # Errors
    /// The first check that fails; [`TokenError::KeysUnavailable`] where that fetch does.
    ///
    /// # Cancel safety
    /// The fetch goes on without whoever waits for it.
    ///
    /// # Panics
    /// With a source, outside a tokio runtime whose I/O and time are enabled.
    pub async fn verify_fresh(&self, token: &str, now: SystemTime) -> Result<Identity, TokenError> {
        match self.check(token, now) {
            Ok(identity) => Ok(identity),
            Err(refused) => self.check_again(refused, token, now).await,
        }
    }

    /// What the keys at hand say.
    pub(super) fn check(&self, token: &str, now: SystemTime) -> Result<Identity, Refused> {
        let Some(kept) = &self.kept else {
            return self.check_by(&[], token, now).map_err(|unverified| Refused::Final(unverified.error));
        };
        let (keys, missing) = match kept.current() {
            Ok(keys) => (Some(keys), None),
            Err(_) => (None, Some(TokenError::KeysUnavailable { retry_after: None })),
        };
        self.check_by(keys.as_deref().unwrap_or_default(), token, now).map_err(|unverified| {
            if unverified.key_open {
                Refused::Open { error: missing.unwrap_or(unverified.error), keys }
            } else {
                Refused::Final(unverified.error)
            }
        })
    }

    /// What fresh keys say, if it is not decided.
    pub(super) async fn check_again(
        &self,
        refused: Refused,
        token: &str,
        now: SystemTime,
    ) -> Result<Identity, TokenError> {
        let (error, before, kept) = match (refused, &self.kept) {
            (Refused::Open { error, keys }, Some(kept)) => (error, keys, kept),
            (Refused::Final(error) | Refused::Open { error, .. }, _) => return Err(error),
        };
        let keys = kept.renewed().await.map_err(|unavailable| TokenError::KeysUnavailable {
            retry_after: Some(unavailable.retry_after),
        })?;
        // The same keys would say the same.
        if before.is_some_and(|before| Arc::ptr_eq(&before, &keys)) {
            return Err(error);
        }
        self.check_by(&keys, token, now).map_err(|unverified| unverified.error)
    }

    fn check_by(&self, kept: &[Key], token: &str, now: SystemTime) -> Result<Identity, Unverified> {
        let payload = jws::verify(token, [&self.keys, kept], self.limit)?;
        let claims = self.rules.check(&payload, now)?;
        Ok(claims.into_identity(Scheme::Bearer, self.rules.leeway))
    }
}

/// A token that the keys at hand do not verify.
pub(super) enum Refused {
    /// Nor would any other.
    Final(TokenError),
    /// But one that is fetched now might.
    Open { error: TokenError, keys: Option<Arc<[Key]>> },
}
