use std::{borrow::Cow, time::SystemTime};

use serde_json::{Map, Value};

/// Who is on the other side, as far as an authenticator vouches for it.
///
/// ```
/// use ws_server::authenticate::{Identity, Scheme};
///
/// let ann = Identity::new(Scheme::Bearer).with_subject("ann").with_roles(["member"]);
/// assert!(ann.has_role("member"));
/// assert!(!ann.is_anonymous());
/// ```
#[derive(Clone, Debug, PartialEq)]
pub struct Identity {
    scheme: Scheme,
    subject: Option<String>,
    issuer: Option<String>,
    scopes: Vec<String>,
    roles: Vec<String>,
    credential_id: Option<String>,
    expires: Option<SystemTime>,
    claims: Map<String, Value>,
}

/// How somebody was authenticated.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Scheme {
    /// Not at all.
    Anonymous,
    /// By a bearer token (RFC 6750).
    Bearer,
    /// By a user and a password (RFC 7617).
    Basic,
    /// By an API key.
    ApiKey,
    /// By a signed cookie.
    Cookie,
    /// By a one-time ticket.
    Ticket,
    /// By a certificate of its own (mutual TLS).
    ClientCertificate,
    /// By an authenticator of the application's own, with the name that it gives itself.
    Custom(Cow<'static, str>),
}

impl Scheme {
    /// Its name in logs and metrics.
    pub fn name(&self) -> &str {
        match self {
            Self::Custom(name) => name,
            known => known.known_name(),
        }
    }

    /// The same, for whoever outlives the identity.
    pub(crate) fn to_name(&self) -> Cow<'static, str> {
        match self {
            Self::Custom(name) => name.clone(),
            known => Cow::Borrowed(known.known_name()),
        }
    }

    const fn known_name(&self) -> &'static str {
        match self {
            Self::Anonymous => "anonymous",
            Self::Bearer => "bearer",
            Self::Basic => "basic",
            Self::ApiKey => "api-key",
            Self::Cookie => "cookie",
            Self::Ticket => "ticket",
            Self::ClientCertificate => "client-certificate",
            Self::Custom(_) => "custom",
        }
    }
}

impl Identity {
    /// Somebody of whom nothing more is known yet.
    pub fn new(scheme: Scheme) -> Self {
        Self {
            scheme,
            subject: None,
            issuer: None,
            scopes: Vec::new(),
            roles: Vec::new(),
            credential_id: None,
            expires: None,
            claims: Map::new(),
        }
    }

    /// Nobody in particular.
    pub fn anonymous() -> Self {
        Self::new(Scheme::Anonymous)
    }

    /// Names who it is.
    #[must_use]
    pub fn with_subject(mut self, subject: impl Into<String>) -> Self {
        self.subject = Some(subject.into());
        self
    }

    /// Names who says so.
    #[must_use]
    pub fn with_issuer(mut self, issuer: impl Into<String>) -> Self {
        self.issuer = Some(issuer.into());
        self
    }

    /// Replaces the scopes.
    #[must_use]
    pub fn with_scopes<S: Into<String>>(mut self, scopes: impl IntoIterator<Item = S>) -> Self {
        self.scopes = scopes.into_iter().map(Into::into).collect();
        self
    }

    /// Replaces the roles.
    #[must_use]
    pub fn with_roles<S: Into<String>>(mut self, roles: impl IntoIterator<Item = S>) -> Self {
        self.roles = roles.into_iter().map(Into::into).collect();
        self
    }

    /// Names the credential itself, by which it can be revoked: the `jti` of a token, the name of an API key.
    #[must_use]
    pub fn with_credential_id(mut self, id: impl Into<String>) -> Self {
        self.credential_id = Some(id.into());
        self
    }

    /// Limits the time for which the credential is good.
    #[must_use]
    pub const fn with_expiry(mut self, expires: SystemTime) -> Self {
        self.expires = Some(expires);
        self
    }

    /// Replaces the claims.
    #[must_use]
    pub fn with_claims(mut self, claims: Map<String, Value>) -> Self {
        self.claims = claims;
        self
    }

    /// How it was authenticated.
    pub const fn scheme(&self) -> &Scheme {
        &self.scheme
    }

    /// Whether nobody was authenticated.
    pub fn is_anonymous(&self) -> bool {
        self.scheme == Scheme::Anonymous
    }

    /// Who it is, unique within the issuer (RFC 7519 4.1.2).
    pub fn subject(&self) -> Option<&str> {
        self.subject.as_deref()
    }

    /// Who says so (RFC 7519 4.1.1).
    pub fn issuer(&self) -> Option<&str> {
        self.issuer.as_deref()
    }

    /// What the credential was issued for (RFC 6749 3.3).
    pub fn scopes(&self) -> &[String] {
        &self.scopes
    }

    /// Whether this scope is among them; compared with case.
    pub fn has_scope(&self, scope: &str) -> bool {
        self.scopes.iter().any(|ours| ours == scope)
    }

    /// What it is within the application.
    pub fn roles(&self) -> &[String] {
        &self.roles
    }

    /// Whether this role is among them; compared with case.
    pub fn has_role(&self, role: &str) -> bool {
        self.roles.iter().any(|ours| ours == role)
    }

    /// The credential itself, by which it can be revoked: the `jti` of a token (RFC 7519 4.1.7), for example. It is
    /// never the secret.
    pub fn credential_id(&self) -> Option<&str> {
        self.credential_id.as_deref()
    }

    /// When the credential ceases to be good, any leeway included; `None` where it never does.
    pub const fn expires(&self) -> Option<SystemTime> {
        self.expires
    }

    /// Everything else that was said, as it came.
    pub const fn claims(&self) -> &Map<String, Value> {
        &self.claims
    }
}
