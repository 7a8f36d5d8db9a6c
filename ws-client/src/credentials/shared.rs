//! One token for all who need it.

use std::fmt;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, Weak};
use std::time::Duration;

use tokio::sync::{Notify, watch};
use tokio::time::{Instant, timeout};

use super::flight::{Flight, Outcome};
use super::keeper::{Keeper, Tokens};
use super::schedule::random;
use super::state::{Answer, Moment, State};
use super::{CredentialsError, Token, TokenProvider};

/// A provider, and the token that it gave last, for any number of connections: clones share them.
///
/// ```no_run
/// use ws_client::Client;
/// use ws_client::credentials::{Credentials, TokenFile};
///
/// # async fn example() -> Result<(), Box<dyn std::error::Error>> {
/// let credentials = Credentials::new(TokenFile::new("/run/secrets/token"));
/// let lobby = Client::builder("wss://chat.example/rooms/lobby")?.credentials(credentials.clone()).build();
/// let games = Client::builder("wss://chat.example/rooms/games")?.credentials(credentials).build();
/// let (lobby, games) = tokio::try_join!(lobby.connect(), games.connect())?;
/// # Ok(())
/// # }
/// ```
///
/// - The provider is asked when the first one needs a token, and once for all who wait for the answer. Whoever stops
///   waiting takes nothing from the others.
/// - A token is renewed ahead of its end, at a random moment when 75 to 90 % of its lifetime are over, or 50 to 75 % of a
///   lifetime of a minute or less: in the background, by whoever uses it then, or by a task while there are
///   [`Tokens`] (renewal in band has them). Nobody waits for it, and where it fails, the token that is there stays in use
///   as long as it is good.
/// - After a failure the provider is left in peace for half a second, after more of them for up to half a minute, or as
///   long as it says itself; whoever needs a token meanwhile gets the same error at once.
/// - A token that a server does not accept is [rejected](Self::reject), and the provider asked for another one. If it gives
///   the same once more, that one is handed out as it is, for the server to judge; and the pauses above are kept.
#[derive(Clone)]
pub struct Credentials {
    pub(super) shared: Arc<Shared>,
}

pub(super) struct Shared {
    pub(super) provider: Arc<dyn TokenProvider>,
    /// How long one request may take.
    pub(super) limit: Duration,
    /// How often the provider was asked.
    requests: Arc<AtomicU64>,
    inner: Mutex<Inner>,
    /// The token that is used, for those who follow it.
    pub(super) latest: watch::Sender<Option<Arc<Token>>>,
    /// The keeper is to look again.
    pub(super) stirred: Notify,
}

#[derive(Default)]
struct Inner {
    state: State,
    flight: Option<Flight>,
    keeper: Weak<Keeper>,
    /// When the provider was last asked for news.
    looked: Option<Instant>,
}

impl Credentials {
    /// Tokens from `provider`, each of which comes within 30 s.
    pub fn new(provider: impl TokenProvider) -> Self {
        Self::with_timeout(provider, Duration::from_secs(30))
    }

    /// Tokens from `provider`, which is given up where it takes longer than `limit` for one. How long a connection waits
    /// is a limit of its own: [`Timeouts::credentials`](crate::Timeouts::credentials).
    pub fn with_timeout(provider: impl TokenProvider, limit: Duration) -> Self {
        Self {
            shared: Arc::new(Shared {
                provider: Arc::new(provider),
                limit,
                requests: Arc::default(),
                inner: Mutex::default(),
                latest: watch::Sender::new(None),
                stirred: Notify::new(),
            }),
        }
    }

    /// A token that is good now.
    ///
    /// # Errors
    ///
    /// There is none that could be used, and the provider gave none, now or a moment ago.
    ///
    /// # Cancel safety
    ///
    /// A request to the provider goes on for the others, and for the next who asks.
    ///
    /// # Panics
    ///
    /// Outside of a tokio runtime with time enabled.
    pub async fn current(&self) -> Result<Arc<Token>, CredentialsError> {
        let shared = &self.shared;
        let news = shared.has_news(LOOK).await;
        let flight = {
            let mut inner = shared.lock();
            if news {
                inner.state.has_news();
                shared.request(&mut inner)
            } else {
                match inner.state.answer(Moment::now()) {
                    Answer::Use(token) => return Ok(token),
                    Answer::UseAndRenew(token) => {
                        shared.request(&mut inner);
                        return Ok(token);
                    }
                    Answer::Ask => shared.request(&mut inner),
                    Answer::Fail(error) => return Err(error),
                }
            }
        };
        let outcome = flight.landed().await;
        // A token that is still good is better than none.
        outcome.or_else(|error| shared.lock().state.fallback(Moment::now()).ok_or(error))
    }

    /// `token` was not accepted: the next who asks gets another one, unless the provider has no other. Nothing happens where
    /// it is not the one that is used now, so that many who were refused with the same token cause one request.
    pub fn reject(&self, token: &Arc<Token>) {
        if self.shared.lock().state.reject(token) {
            tracing::debug!(target: "ws_client::credentials", "a token was not accepted");
            self.shared.stirred.notify_one();
        }
    }

    /// How often the provider was asked for a token so far.
    pub fn requests(&self) -> u64 {
        self.shared.requests.load(Ordering::Relaxed)
    }

    pub(crate) fn request_counter(&self) -> &Arc<AtomicU64> {
        &self.shared.requests
    }

    /// Follows the tokens: while the value is there, they are renewed in time even if nobody asks for one.
    ///
    /// # Panics
    ///
    /// Outside of a tokio runtime with time enabled.
    pub fn subscribe(&self) -> Tokens {
        let mut inner = self.shared.lock();
        let keeper = inner.keeper.upgrade().filter(|keeper| keeper.is_alive()).unwrap_or_else(|| {
            let keeper = Arc::new(Keeper::start(&self.shared));
            inner.keeper = Arc::downgrade(&keeper);
            keeper
        });
        Tokens::new(self.shared.latest.subscribe(), keeper)
    }
}

/// How often a provider is asked for news at the most, by those who need a token.
const LOOK: Duration = Duration::from_secs(1);

impl Shared {
    /// The request to the provider that is under way, or a new one.
    fn request(self: &Arc<Self>, inner: &mut Inner) -> Flight {
        if let Some(flight) = inner.flight.as_ref().filter(|flight| !flight.is_over()) {
            return flight.clone();
        }
        self.requests.fetch_add(1, Ordering::Relaxed);
        let flight = Flight::begin(Arc::clone(self));
        inner.flight = Some(flight.clone());
        flight
    }

    /// As [`request`](Self::request), if it is time for it; else when that is.
    pub(super) fn request_in_time(self: &Arc<Self>) -> Result<Flight, Option<Instant>> {
        let (mut inner, now) = (self.lock(), Moment::now());
        match inner.state.next_request(now) {
            Some(at) if at <= now.monotonic => Ok(self.request(&mut inner)),
            at => Err(at),
        }
    }

    /// Asks the provider at once for what it has new.
    pub(super) fn request_news(self: &Arc<Self>) -> Flight {
        let mut inner = self.lock();
        inner.state.has_news();
        self.request(&mut inner)
    }

    /// Whether the provider has something new; `false` where it was asked less than `interval` ago.
    pub(super) async fn has_news(&self, interval: Duration) -> bool {
        /// A file on a server that is gone may hang.
        const LIMIT: Duration = Duration::from_secs(5);
        let Some(news) = self.provider.news() else { return false };
        {
            let (mut inner, now) = (self.lock(), Instant::now());
            if inner.looked.is_some_and(|looked| now < looked + interval) {
                return false;
            }
            inner.looked = Some(now);
        }
        timeout(LIMIT, news).await.unwrap_or(false)
    }

    /// What a request brought: told to all.
    pub(super) fn landed(&self, result: Result<Token, CredentialsError>) -> Outcome {
        let (mut inner, now) = (self.lock(), Moment::now());
        inner.flight = None;
        let outcome = match result {
            Ok(token) => {
                let token = inner.state.install(token, now, random());
                let known = |latest: &Arc<Token>| Arc::ptr_eq(latest, &token);
                self.latest.send_if_modified(|latest| {
                    let new = !latest.as_ref().is_some_and(known);
                    if new {
                        *latest = Some(Arc::clone(&token));
                    }
                    new
                });
                Ok(token)
            }
            Err(error) => {
                inner.state.failed(error.clone(), now, random());
                Err(error)
            }
        };
        drop(inner);
        self.stirred.notify_one();
        outcome
    }

    fn lock(&self) -> MutexGuard<'_, Inner> {
        self.inner.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Without the token.
impl fmt::Debug for Credentials {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Credentials").finish_non_exhaustive()
    }
}
