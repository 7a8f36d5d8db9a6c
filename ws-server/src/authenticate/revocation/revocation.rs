use std::time::SystemTime;

/// What is revoked: a credential, or a subject with all its credentials; for good, or until a time.
///
/// ```
/// use std::time::{Duration, SystemTime};
/// use ws_server::authenticate::Revocation;
///
/// let stolen = Revocation::credential("jti-4711");
/// let day = Duration::from_secs(86_400);
/// let locked_out = Revocation::subject("ann").of_issuer("https://id.example").until(SystemTime::now() + day);
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Revocation {
    pub(super) what: What,
    pub(super) issuer: Option<Box<str>>,
    pub(super) until: Option<SystemTime>,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum What {
    Credential(Box<str>),
    Subject(Box<str>),
}

impl Revocation {
    /// The credential of this identifier: the `jti` of a token (RFC 7519 4.1.7), the name of an API key. Of every
    /// scheme and issuer, unless one is [named](Self::of_issuer).
    pub fn credential(id: impl Into<Box<str>>) -> Self {
        Self { what: What::Credential(id.into()), issuer: None, until: None }
    }

    /// Everything that this subject is known by, what it is given later included: whoever is called so in any
    /// scheme, by any issuer unless one is [named](Self::of_issuer).
    pub fn subject(subject: impl Into<Box<str>>) -> Self {
        Self { what: What::Subject(subject.into()), issuer: None, until: None }
    }

    /// Only of this issuer; of every one, and of schemes that have none, otherwise.
    #[must_use]
    pub fn of_issuer(mut self, issuer: impl Into<Box<str>>) -> Self {
        self.issuer = Some(issuer.into());
        self
    }

    /// Only until this time: that at which the credential expires by itself, for example, so that it need not be
    /// remembered longer. For good otherwise.
    #[must_use]
    pub const fn until(mut self, time: SystemTime) -> Self {
        self.until = Some(time);
        self
    }
}
