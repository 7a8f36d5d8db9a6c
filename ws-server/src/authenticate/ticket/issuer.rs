use std::{
    net::IpAddr,
    time::{Duration, SystemTime},
};

use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use ring::rand::{SecureRandom, SystemRandom};
use serde_json::{Map, Value};
use thiserror::Error;

use crate::authenticate::{bearer::SignError, claims::since_epoch, signed::SecretKeys};

/// How long a ticket is good for unless something else is said.
pub(super) const LIFETIME: Duration = Duration::from_secs(30);

/// Issues tickets: for the application, where it answers a page that has logged in.
///
/// ```
/// use std::time::SystemTime;
/// use ws_server::authenticate::signed::SecretKeys;
/// use ws_server::authenticate::ticket::{Grant, TicketIssuer};
///
/// let issuer = TicketIssuer::new(SecretKeys::new(b"thirty-two bytes, at the least..")?);
/// let grant = Grant::to("ann").roles(["member"]).path("/rooms/lobby");
/// let ticket = issuer.issue(&grant, SystemTime::now())?;
/// let address = format!("wss://chat.example/rooms/lobby?ticket={ticket}");
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone, Debug)]
pub struct TicketIssuer {
    keys: SecretKeys,
    lifetime: Duration,
}

/// What one ticket says.
#[derive(Clone, Debug, PartialEq)]
pub struct Grant {
    claims: Map<String, Value>,
}

/// Why a ticket cannot be issued.
#[derive(Debug, Error)]
#[non_exhaustive]
pub enum IssueError {
    /// The operating system gives no random numbers, of which each ticket needs its own.
    #[error("there are no random numbers")]
    NoRandomness,
    /// The ticket cannot be signed.
    #[error(transparent)]
    Sign(#[from] SignError),
}

impl TicketIssuer {
    /// Issues tickets that the first of these secrets signs, for 30 s each.
    pub const fn new(keys: SecretKeys) -> Self {
        Self { keys, lifetime: LIFETIME }
    }

    /// How long each ticket is good for. [`Ticket::lifetime`](super::Ticket::lifetime) has to allow it.
    #[must_use]
    pub const fn lifetime(mut self, lifetime: Duration) -> Self {
        self.lifetime = lifetime;
        self
    }

    /// A ticket from the time `now` on. It has only characters that stand in a query as they are.
    pub fn issue(&self, grant: &Grant, now: SystemTime) -> Result<String, IssueError> {
        let mut id = [0; 16];
        SystemRandom::new().fill(&mut id).map_err(|_| IssueError::NoRandomness)?;
        let mut claims = grant.claims.clone();
        claims.insert("jti".to_owned(), URL_SAFE_NO_PAD.encode(id).into());
        claims.insert("iat".to_owned(), since_epoch(now).into());
        claims.insert("exp".to_owned(), (since_epoch(now) + self.lifetime.as_secs_f64()).into());
        Ok(self.keys.sign(&claims)?)
    }
}

impl Grant {
    /// A ticket for this subject.
    pub fn to(subject: impl Into<String>) -> Self {
        Self { claims: Map::new() }.claim("sub", subject.into())
    }

    /// Gives these scopes, and no others.
    #[must_use]
    pub fn scopes<S: Into<String>>(self, scopes: impl IntoIterator<Item = S>) -> Self {
        self.claim("scope", scopes.into_iter().map(Into::into).collect::<Vec<String>>())
    }

    /// Gives these roles, and no others.
    #[must_use]
    pub fn roles<S: Into<String>>(self, roles: impl IntoIterator<Item = S>) -> Self {
        self.claim("roles", roles.into_iter().map(Into::into).collect::<Vec<String>>())
    }

    /// Binds the ticket to a path, which is compared byte by byte with that of the request, as it is sent.
    #[must_use]
    pub fn path(self, path: impl Into<String>) -> Self {
        self.claim("path", path.into())
    }

    /// Binds the ticket to the address of the client, as this server sees it.
    #[must_use]
    pub fn address(self, address: IpAddr) -> Self {
        self.claim("address", address.to_canonical().to_string())
    }

    /// Says something else, for [`Identity::claims`](crate::authenticate::Identity::claims). `jti`, `iat` and `exp`
    /// are the issuer's.
    #[must_use]
    pub fn claim(mut self, name: impl Into<String>, value: impl Into<Value>) -> Self {
        self.claims.insert(name.into(), value.into());
        self
    }
}
