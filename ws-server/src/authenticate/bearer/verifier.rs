use std::time::{Duration, SystemTime};

use super::{claims::Rules, error::TokenError, jws, key::Key};
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
    rules: Rules,
    limit: usize,
}

impl Verifier {
    /// Takes tokens that this key signed.
    pub fn new(key: Key) -> Self {
        Self { keys: vec![key], rules: Rules::default(), limit: TOKEN_LIMIT }
    }

    /// Takes tokens of one more key.
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

    /// Whom the token speaks of, if it is to be believed at the time `now`.
    ///
    /// # Errors
    /// The first check that fails, in the order in which [`TokenError`] lists them.
    pub fn verify(&self, token: &str, now: SystemTime) -> Result<Identity, TokenError> {
        let payload = jws::verify(token, &self.keys, self.limit)?;
        let claims = self.rules.check(&payload, now)?;
        Ok(claims.into_identity(Scheme::Bearer, self.rules.leeway))
    }
}
