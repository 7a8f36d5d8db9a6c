use std::{fmt, path::PathBuf, sync::Arc, time::Duration};

#[cfg(feature = "remote")]
use super::provider::{self, Provider, SetAddress};
use super::{
    kept::Kept,
    origin::{Origin, SetFile},
    state::Schedule,
};
use crate::authenticate::bearer::Algorithm;
#[cfg(feature = "remote")]
use crate::fetch::{Endpoint, EndpointError, FetchConfig};

/// Where the keys of a [`Verifier`](super::super::Verifier) come from, and how they are kept fresh.
///
/// They are fetched at the start, in the background every five minutes, and at once when a token names a key that is
/// not known (or, where keys have no ids, has a signature of none of them), but no more often than every 30 s for such a reason; all who wait share that fetch. Where a fetch fails,
/// the keys at hand go on working for a day, and a token whose key is not among them is refused as
/// `authentication-unavailable` until a fetch succeeds again: nobody can tell whether it is good.
///
/// Only public keys are used unless [`algorithms`](Self::algorithms) names an HMAC.
///
#[cfg_attr(feature = "remote", doc = "```no_run")]
#[cfg_attr(not(feature = "remote"), doc = "```ignore")]
/// use std::time::Duration;
/// use ws_server::authenticate::bearer::{Algorithm, Bearer, KeySource, Verifier};
/// use ws_server::Route;
///
/// # async fn start() -> Result<(), Box<dyn std::error::Error>> {
/// let keys = KeySource::openid("https://id.example")?
///     .algorithms([Algorithm::Es256, Algorithm::Rs256])
///     .refresh_every(Duration::from_secs(60));
/// // Tokens have to name `https://id.example` as their issuer.
/// let verifier = Verifier::with_source(keys).audience("chat");
/// // Optional: a wrong address is told at the start instead of at the first handshake.
/// verifier.ready().await?;
/// let route = Route::new(|_session| async {}).authenticate(Bearer::new("chat", verifier));
/// # let _ = route;
/// # Ok(())
/// # }
/// ```
#[derive(Clone, Debug)]
pub struct KeySource {
    place: Place,
    schedule: Schedule,
    algorithms: Vec<Algorithm>,
    #[cfg(feature = "remote")]
    fetch: FetchConfig,
}

#[derive(Clone)]
enum Place {
    File(PathBuf),
    #[cfg(feature = "remote")]
    Address(Endpoint),
    #[cfg(feature = "remote")]
    OpenId {
        issuer: String,
        metadata: Endpoint,
    },
}

/// Times beyond it are as good as it, and none of them overflows a clock.
const LONGEST: Duration = Duration::from_secs(365 * 24 * 60 * 60);

impl KeySource {
    /// A file with a JWK Set (RFC 7517 5), which is read again as an address would be fetched again.
    pub fn file(path: impl Into<PathBuf>) -> Self {
        Self::new(Place::File(path.into()))
    }

    /// The `http` or `https` address of a JWK Set (RFC 7517 5).
    #[cfg(feature = "remote")]
    pub fn address(url: &str) -> Result<Self, EndpointError> {
        Ok(Self::new(Place::Address(url.parse()?)))
    }

    /// An OpenID provider, by its issuer: the set is where its metadata say, which are at
    /// `ISSUER/.well-known/openid-configuration` and must name exactly this issuer (OpenID Connect Discovery 4).
    /// Tokens then have to be of this issuer too.
    #[cfg(feature = "remote")]
    pub fn openid(issuer: &str) -> Result<Self, EndpointError> {
        let metadata = provider::metadata_address(issuer)?;
        Ok(Self::new(Place::OpenId { issuer: issuer.to_owned(), metadata }))
    }

    fn new(place: Place) -> Self {
        let minute = Duration::from_secs(60);
        Self {
            place,
            schedule: Schedule {
                interval: 5 * minute,
                refetch_limit: minute / 2,
                stale_for: 24 * 60 * minute,
            },
            algorithms: Algorithm::ASYMMETRIC.to_vec(),
            #[cfg(feature = "remote")]
            fetch: FetchConfig::new(),
        }
    }

    /// The algorithms whose keys are used; [`Algorithm::ASYMMETRIC`] by default. A key that does not say for which
    /// it is serves for those among them that go with its kind.
    #[must_use]
    pub fn algorithms(mut self, algorithms: impl IntoIterator<Item = Algorithm>) -> Self {
        self.algorithms = algorithms.into_iter().collect();
        self
    }

    /// How often the keys are fetched, up to a tenth earlier; every 5 minutes by default.
    #[must_use]
    pub fn refresh_every(mut self, interval: Duration) -> Self {
        self.schedule.interval = interval.min(LONGEST);
        self
    }

    /// How long no token makes the keys be fetched again after a fetch, and the longest wait after one that failed
    /// (the first is 1 s, and each is twice the one before); 30 s by default.
    #[must_use]
    pub fn refetch_limit(mut self, limit: Duration) -> Self {
        self.schedule.refetch_limit = limit.min(LONGEST);
        self
    }

    /// How old keys may become while they cannot be fetched, at the least the interval; 24 h by default. Whoever has
    /// stolen a withdrawn key and keeps the provider from us can use it for so long.
    #[must_use]
    pub const fn stale_for(mut self, age: Duration) -> Self {
        self.schedule.stale_for = age;
        self
    }

    /// How files of an address and of a provider are fetched.
    #[cfg(feature = "remote")]
    #[must_use]
    pub fn fetch(mut self, config: FetchConfig) -> Self {
        self.fetch = config;
        self
    }

    /// The issuer that tokens must have.
    pub(in crate::authenticate::bearer) fn issuer(&self) -> Option<&str> {
        match &self.place {
            #[cfg(feature = "remote")]
            Place::OpenId { issuer, .. } => Some(issuer),
            _ => None,
        }
    }

    /// The keys themselves, from now on.
    pub(in crate::authenticate::bearer) fn keep(self) -> Arc<Kept> {
        let origin: Arc<dyn Origin> = match self.place {
            Place::File(path) => Arc::new(SetFile(path)),
            #[cfg(feature = "remote")]
            Place::Address(endpoint) => Arc::new(SetAddress::new(endpoint, self.fetch)),
            #[cfg(feature = "remote")]
            Place::OpenId { issuer, metadata } => Arc::new(Provider::new(issuer, metadata, self.fetch)),
        };
        let Schedule { interval, stale_for, .. } = self.schedule;
        let schedule = Schedule { stale_for: stale_for.max(interval), ..self.schedule };
        Kept::new(origin, self.algorithms.into(), schedule)
    }
}

impl fmt::Debug for Place {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::File(path) => path.fmt(f),
            #[cfg(feature = "remote")]
            Self::Address(endpoint) => endpoint.fmt(f),
            #[cfg(feature = "remote")]
            Self::OpenId { issuer, .. } => issuer.fmt(f),
        }
    }
}
