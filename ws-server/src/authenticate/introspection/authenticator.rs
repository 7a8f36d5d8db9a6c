use std::{
    borrow::Cow,
    fmt,
    future::ready,
    sync::Arc,
    time::{Duration, SystemTime},
};

use bytes::Bytes;
use tokio::time::Instant;
use ws_core::refusal::Challenge;

use super::{
    answers::{Answer, Answers, Times},
    endpoint::{Asker, Fault, basic, bearer},
    error::ClientCredentialsError,
    flights::Flights,
};
use crate::{
    authenticate::{
        AuthenticationError, Authenticator, BoxFuture, HandshakeContext, Identity, Scheme,
        bearer::{Rules, SUBPROTOCOL, Source, TOKEN_LIMIT, TokenError, find_token},
        digest::{Digest, digest_of},
    },
    fetch::{Endpoint, EndpointError, FetchConfig, Fetcher},
};

/// Authenticates by a bearer token (RFC 6750) of which whoever issued it says what it is worth (RFC 7662).
///
/// Answers are remembered, under a digest of the token: that it is active for 30 s, so that a withdrawn token may be
/// good for as long; that it is not for 5 s. What an active token claims is judged anew for each handshake.
///
/// The endpoint says that a token is not active, and not why. It is refused as `credentials-rejected`, which says no
/// more than that either, unless more is known: that of a token which is remembered as active with an `exp` that has
/// passed is `token-expired`, and where that `exp` has not, it has been withdrawn before: `token-revoked`. Where the
/// endpoint cannot be asked, or its answer makes no sense, nobody is blamed: `authentication-unavailable`.
///
/// Without an `exp` in the answer the token has no expiry here either. An `aud` has to name one of the
/// [audiences](Self::audience). A `client_id` is among the claims, and never becomes the subject: it may be chosen to
/// look like somebody.
///
/// ```no_run
/// use ws_server::Route;
/// use ws_server::authenticate::Introspection;
///
/// # fn configure(client_secret: &str) -> Result<(), Box<dyn std::error::Error>> {
/// let introspection = Introspection::new("chat", "https://id.example/introspect")?
///     .client("chat-server", client_secret)?
///     .audience("chat");
/// // Clones share what is remembered.
/// let rooms = Route::new(|_session| async {}).authenticate(introspection.clone());
/// let news = Route::new(|_session| async {}).authenticate(introspection);
/// # let _ = (rooms, news);
/// # Ok(())
/// # }
/// ```
#[derive(Clone)]
pub struct Introspection {
    realm: String,
    sources: Vec<Source>,
    rules: Rules,
    times: Times,
    limit: usize,
    asker: Arc<Asker>,
    answers: Arc<Answers>,
    flights: Arc<Flights>,
}

/// How many answers of either kind are remembered, unless the operator says otherwise.
const CAPACITY: usize = 10_000;

/// Times beyond it are as good as it, and none of them overflows a clock.
const LONGEST: Duration = Duration::from_secs(365 * 24 * 60 * 60);

impl Introspection {
    /// Challenges for `realm` (RFC 9110 11.5), and asks the endpoint at this `http` or `https` address.
    pub fn new(realm: impl Into<String>, url: &str) -> Result<Self, EndpointError> {
        let endpoint: Endpoint = url.parse()?;
        let config = FetchConfig::new().time_limit(Duration::from_secs(2)).body_limit(16 * 1024);
        Ok(Self {
            realm: realm.into(),
            sources: vec![Source::Header],
            // RFC 7662 2.2: no claim is required of an answer.
            rules: Rules { required: Vec::new(), ..Rules::default() },
            times: Times { active: Duration::from_secs(30), inactive: Duration::from_secs(5) },
            limit: TOKEN_LIMIT,
            asker: Arc::new(Asker::new(endpoint, Fetcher::new(config), None)),
            answers: Arc::new(Answers::new(CAPACITY)),
            flights: Arc::default(),
        })
    }

    /// How the endpoint is fetched; by default in 2 s and 16 KiB at the most.
    #[must_use]
    pub fn fetch(mut self, config: FetchConfig) -> Self {
        let (endpoint, authorization) = (self.asker.endpoint.clone(), self.asker.authorization.clone());
        self.asker = Arc::new(Asker::new(endpoint, Fetcher::new(config), authorization));
        self
    }

    /// Says to the endpoint who we are, by an id and a secret (`client_secret_basic`, RFC 6749 2.3.1).
    ///
    /// # Errors
    /// One of them has a control character, such as the line break at the end of a file.
    pub fn client(self, id: &str, secret: &str) -> Result<Self, ClientCredentialsError> {
        Ok(self.authorization(basic(id, secret)?))
    }

    /// Says to the endpoint who we are, by a token of our own (RFC 7662 2.1).
    ///
    /// # Errors
    /// It is empty, or not visible ASCII from its first character to its last.
    pub fn client_token(self, token: &str) -> Result<Self, ClientCredentialsError> {
        Ok(self.authorization(bearer(token)?))
    }

    fn authorization(mut self, value: http::HeaderValue) -> Self {
        let (endpoint, fetcher) = (self.asker.endpoint.clone(), self.asker.fetcher.clone());
        self.asker = Arc::new(Asker::new(endpoint, fetcher, Some(value)));
        self
    }

    /// Replaces the places that a token may come from. One in two of them is refused, wherever it stands first.
    #[must_use]
    pub fn sources(mut self, sources: impl IntoIterator<Item = Source>) -> Self {
        self.sources = sources.into_iter().collect();
        self
    }

    /// How long an active token is taken without asking again; 30 s by default.
    #[must_use]
    pub fn remember_active(mut self, time: Duration) -> Self {
        self.times.active = time.min(LONGEST);
        self
    }

    /// How long a token that is not active is refused without asking again; 5 s by default.
    #[must_use]
    pub fn remember_inactive(mut self, time: Duration) -> Self {
        self.times.inactive = time.min(LONGEST);
        self
    }

    /// How many answers of either kind are remembered; 10,000 by default. An active one takes about the size of its
    /// JSON and 100 bytes.
    #[must_use]
    pub fn capacity(mut self, answers: usize) -> Self {
        self.answers = Arc::new(Answers::new(answers));
        self
    }

    /// The longest token that is asked about, in bytes; [`TOKEN_LIMIT`] by default.
    #[must_use]
    pub const fn limit(mut self, bytes: usize) -> Self {
        self.limit = bytes;
        self
    }

    /// Requires `iss` to be this, or another that is named so.
    #[must_use]
    pub fn issuer(mut self, issuer: impl Into<String>) -> Self {
        self.rules.issuers.push(issuer.into());
        self
    }

    /// Requires `aud` to contain this, or another that is named so.
    #[must_use]
    pub fn audience(mut self, audience: impl Into<String>) -> Self {
        self.rules.audiences.push(audience.into());
        self
    }

    /// Takes tokens whoever they are for. Dangerous where an issuer serves more than one audience: a token that
    /// another service was given is then good here.
    #[must_use]
    pub fn any_audience(mut self) -> Self {
        self.rules.any_audience = true;
        self
    }

    /// Requires this claim to be present in the answer.
    #[must_use]
    pub fn require(mut self, claim: impl Into<String>) -> Self {
        self.rules.required.push(claim.into());
        self
    }

    /// How far clocks may be apart where `exp` and `nbf` are compared; none by default.
    #[must_use]
    pub const fn leeway(mut self, leeway: Duration) -> Self {
        self.rules.leeway = leeway;
        self
    }

    /// The claim with the scopes, `scope` by default: words with spaces between them (RFC 7662 2.2), or a list.
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

    #[cfg(test)]
    pub(super) fn flights(&self) -> &Flights {
        &self.flights
    }

    fn decide<'a>(
        &'a self,
        token: Cow<'a, str>,
        now: SystemTime,
    ) -> BoxFuture<'a, Result<Identity, AuthenticationError>> {
        match self.recall(&token, now) {
            Recalled::Decided(result) => Box::pin(ready(result)),
            Recalled::Unknown(digest) => Box::pin(async move { self.ask(&token, digest, now).await }),
        }
    }

    /// What is known without asking.
    fn recall(&self, token: &str, now: SystemTime) -> Recalled {
        if token.len() > self.limit {
            return Recalled::Decided(Err(TokenError::TooLong { limit: self.limit }.into()));
        }
        let digest = digest_of(token.as_bytes());
        match self.answers.get(&digest, Instant::now()) {
            Some(answer) => Recalled::Decided(self.judge(&answer, now)),
            None => Recalled::Unknown(digest),
        }
    }

    async fn ask(
        &self,
        token: &str,
        digest: Digest,
        now: SystemTime,
    ) -> Result<Identity, AuthenticationError> {
        let flight = self.flights.join(digest);
        let _turn = flight.turn().await;
        // Whoever was first has asked for all.
        if let Some(answer) = self.answers.get(&digest, Instant::now()) {
            return self.judge(&answer, now);
        }
        let said = self.asker.ask(token).await;
        let active = said.map_err(|retry_after| AuthenticationError::Unavailable { retry_after })?;
        // What makes no sense is not remembered.
        let verdict = active.as_ref().map(|body| self.check(body, now)).transpose()?;
        let answer = self.answers.put(digest, active, self.times, Instant::now());
        match verdict {
            Some(verdict) => Ok(verdict?),
            None => self.judge(&answer, now),
        }
    }

    fn judge(&self, answer: &Answer, now: SystemTime) -> Result<Identity, AuthenticationError> {
        match answer {
            Answer::Active(body) => Ok(self.check(body, now)??),
            Answer::Inactive(None) => Err(AuthenticationError::CredentialsRejected),
            Answer::Inactive(Some(body)) => match self.check(body, now)? {
                // It was good until then, and nobody need have withdrawn it.
                Err(error @ TokenError::Expired { .. }) => Err(error.into()),
                Ok(identity) if identity.expires().is_some() => Err(TokenError::Revoked.into()),
                _ => Err(AuthenticationError::CredentialsRejected),
            },
        }
    }

    /// What the claims are worth. Where they are none, that is the fault of whoever made them, not of the token.
    fn check(
        &self,
        body: &Bytes,
        now: SystemTime,
    ) -> Result<Result<Identity, TokenError>, AuthenticationError> {
        match self.rules.check(body, now) {
            Ok(claims) => Ok(Ok(claims.into_identity(Scheme::Bearer, self.rules.leeway))),
            Err(TokenError::PayloadJson(_) | TokenError::ClaimType { .. }) => {
                let retry_after = self.asker.complain(&Fault::Claims);
                Err(AuthenticationError::Unavailable { retry_after })
            }
            Err(error) => Ok(Err(error)),
        }
    }
}

enum Recalled {
    Decided(Result<Identity, AuthenticationError>),
    Unknown(Digest),
}

impl Authenticator for Introspection {
    fn authenticate<'a>(
        &'a self,
        request: &'a HandshakeContext<'a>,
    ) -> BoxFuture<'a, Result<Identity, AuthenticationError>> {
        match find_token(&self.sources, request) {
            Ok(token) => self.decide(token, request.now()),
            Err(error) => Box::pin(ready(Err(error))),
        }
    }

    fn authenticate_token<'a>(
        &'a self,
        token: &'a str,
        request: &'a HandshakeContext<'a>,
    ) -> BoxFuture<'a, Result<Identity, AuthenticationError>> {
        self.decide(Cow::Borrowed(token), request.now())
    }

    fn takes_first_message(&self) -> bool {
        self.sources.contains(&Source::FirstMessage)
    }

    fn challenges(&self) -> Vec<Challenge> {
        vec![Challenge::bearer(&self.realm)]
    }

    fn is_ambient(&self) -> bool {
        self.sources.iter().any(|source| matches!(source, Source::Cookie(_)))
    }

    fn subprotocol(&self) -> Option<&str> {
        self.sources.contains(&Source::Subprotocol).then_some(SUBPROTOCOL)
    }
}

impl fmt::Debug for Introspection {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Introspection")
            .field("realm", &self.realm)
            .field("endpoint", &self.asker.endpoint)
            .field("sources", &self.sources)
            .finish_non_exhaustive()
    }
}
