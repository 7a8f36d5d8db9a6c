use std::{
    future::ready,
    net::IpAddr,
    sync::Arc,
    time::{Duration, SystemTime},
};

use ws_core::refusal::Challenge;

use super::{fault::TicketFault, issuer::LIFETIME, spent::SpentTickets};
use crate::authenticate::{
    AuthenticationError, Authenticator, BoxFuture, HandshakeContext, Identity, Scheme,
    claims::{self, Claims, ClaimsFault},
    places,
    replaceable::Replaceable,
    signed::SecretKeys,
};

/// How far the clocks of issuer and server may be apart where a ticket's end is compared with the longest lifetime.
const SKEW: Duration = Duration::from_secs(5);

/// The spent tickets that are kept unless something else is said: about 10 MB.
const CAPACITY: usize = 100_000;

/// Authenticates by a ticket in the query that a [`TicketIssuer`](super::TicketIssuer) has issued, once.
///
/// Used again it is `ticket-spent`, past its time `ticket-expired`, and otherwise wrong `credentials-rejected`; the
/// log says how. The ticket ends with the handshake, not the connection. It is spent as soon as it has proved good,
/// whatever becomes of the handshake after that; a dry run looks at it only. What is spent is known to this
/// authenticator and its clones: of several servers with the same secret, each lets a ticket in once.
///
/// ```
/// use std::time::Duration;
/// use ws_server::Route;
/// use ws_server::authenticate::signed::SecretKeys;
/// use ws_server::authenticate::ticket::{Ticket, TicketIssuer};
///
/// let keys = SecretKeys::new(b"thirty-two bytes, at the least..")?;
/// let issuer = TicketIssuer::new(keys.clone()).lifetime(Duration::from_secs(10));
/// let ticket = Ticket::new("chat", "ticket", keys).lifetime(Duration::from_secs(10)).require_path();
/// let route = Route::new(|_session| async {}).authenticate(ticket);
/// # Ok::<(), ws_server::authenticate::signed::SecretTooShort>(())
/// ```
#[derive(Clone, Debug)]
pub struct Ticket {
    realm: String,
    parameter: String,
    keys: Arc<Replaceable<SecretKeys>>,
    spent: Arc<SpentTickets>,
    lifetime: Duration,
    path_required: bool,
    address_required: bool,
}

impl Ticket {
    /// Takes tickets from this parameter of the query; challenges for `realm` (RFC 9110 11.5).
    pub fn new(realm: impl Into<String>, parameter: impl Into<String>, keys: SecretKeys) -> Self {
        Self {
            realm: realm.into(),
            parameter: parameter.into(),
            keys: Arc::new(Replaceable::new(keys)),
            spent: Arc::new(SpentTickets::new(CAPACITY)),
            lifetime: LIFETIME,
            path_required: false,
            address_required: false,
        }
    }

    /// How long a ticket may be good for, 30 s by default: none is taken that expires later than that from now (5 s
    /// are granted for clocks that differ) or that was issued longer ago than that.
    #[must_use]
    pub const fn lifetime(mut self, lifetime: Duration) -> Self {
        self.lifetime = lifetime;
        self
    }

    /// How many spent tickets are kept at the most, 100,000 by default; each takes about 100 bytes until it expires.
    /// Where there is no room for one more, the answer is `authentication-unavailable`.
    #[must_use]
    pub fn capacity(mut self, tickets: usize) -> Self {
        self.spent = Arc::new(SpentTickets::new(tickets));
        self
    }

    /// Takes no ticket that is not bound to a path. Where one is bound it always counts.
    #[must_use]
    pub const fn require_path(mut self) -> Self {
        self.path_required = true;
        self
    }

    /// Takes no ticket that is not bound to an address. Where one is bound it always counts.
    #[must_use]
    pub const fn require_address(mut self) -> Self {
        self.address_required = true;
        self
    }

    /// Believes in these secrets from now on. Clones share them, and what is spent stays spent.
    pub fn replace_keys(&self, keys: SecretKeys) {
        self.keys.set(keys);
    }

    fn identify(&self, request: &HandshakeContext<'_>) -> Result<Identity, AuthenticationError> {
        let ticket = places::query(request.head(), &self.parameter)?;
        let ticket = ticket.ok_or(AuthenticationError::CredentialsMissing)?;
        let claims = self.keys.get().open(&ticket).map_err(TicketFault::from)?;
        let expires = self.check_time(&claims, request.now())?;
        self.check_binding(&claims, request)?;
        let id = claims.id.as_deref().ok_or(TicketFault::from(ClaimsFault::Missing("jti")))?;
        // Last, so that nobody can spend the ticket of somebody else where it is not good.
        if request.is_dry_run() {
            self.spent.check(id, expires, request.now())?;
        } else {
            self.spent.spend(id, expires, request.now())?;
        }
        // It is good for the handshake; how long the connection lasts is not the ticket's to say.
        let handshake_only = Claims { expires: None, ..claims };
        Ok(handshake_only.into_identity(Scheme::Ticket, Duration::ZERO))
    }

    /// When it expires, which is soon.
    fn check_time(&self, claims: &Claims, now: SystemTime) -> Result<SystemTime, AuthenticationError> {
        let expires = claims.expires.ok_or(TicketFault::from(ClaimsFault::Missing("exp")))?;
        claims.check_time(now, Duration::ZERO).map_err(|fault| match fault {
            ClaimsFault::Expired { .. } => AuthenticationError::TicketExpired,
            other => TicketFault::from(other).into(),
        })?;
        let (now, lifetime) = (claims::since_epoch(now), self.lifetime.as_secs_f64());
        if claims.issued.is_some_and(|issued| now >= issued + lifetime) {
            return Err(AuthenticationError::TicketExpired);
        }
        let too_long = TicketFault::LivesTooLong { limit: self.lifetime };
        if expires > now + lifetime + SKEW.as_secs_f64() {
            return Err(too_long.into());
        }
        claims::time(expires).ok_or(too_long.into())
    }

    fn check_binding(&self, claims: &Claims, request: &HandshakeContext<'_>) -> Result<(), TicketFault> {
        match claims::string(&claims.all, "path")? {
            Some(path) if path != request.head().path() => return Err(TicketFault::OtherPath),
            None if self.path_required => return Err(TicketFault::NoPath),
            _ => {}
        }
        match address(claims)? {
            Some(address) if address != request.peer().ip().to_canonical() => Err(TicketFault::OtherAddress),
            None if self.address_required => Err(TicketFault::NoAddress),
            _ => Ok(()),
        }
    }
}

fn address(claims: &Claims) -> Result<Option<IpAddr>, ClaimsFault> {
    let Some(text) = claims::string(&claims.all, "address")? else { return Ok(None) };
    let address: IpAddr = text.parse().map_err(|_| claims::wrong_type("address", "an IP address"))?;
    Ok(Some(address.to_canonical()))
}

impl Authenticator for Ticket {
    fn authenticate<'a>(
        &'a self,
        request: &'a HandshakeContext<'a>,
    ) -> BoxFuture<'a, Result<Identity, AuthenticationError>> {
        Box::pin(ready(self.identify(request)))
    }

    /// `Ticket realm="…", parameter="…"`.
    fn challenges(&self) -> Vec<Challenge> {
        vec![places::challenge(Challenge::ticket(&self.realm), "parameter", &self.parameter)]
    }
}
