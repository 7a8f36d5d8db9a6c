use std::{future::ready, time::Duration};

use http::{HeaderMap, HeaderName, StatusCode, header::RETRY_AFTER};
use tokio::sync::Semaphore;

use super::{
    cache::Cache,
    config::{RemoteError, field},
    fields::{Fields, Unspeakable},
};
use crate::{
    authenticate::{BoxFuture, HandshakeContext, Identity},
    authorize::{Action, Authorization, AuthorizationError, Authorizer, Permit},
    fetch::{Endpoint, FetchConfig, FetchError, Fetched, Fetcher},
};

/// Has somebody else decide, over HTTP; the [module](super) says in which words.
///
/// It waits no longer than its [`FetchConfig`] says, puts no more than 64 questions at a time, and keeps answers if it is
/// told to.
///
/// ```
/// use std::time::Duration;
/// use ws_server::authorize::remote::Remote;
/// use ws_server::fetch::FetchConfig;
/// use ws_server::{Route, Session};
///
/// let config = FetchConfig::new().time_limit(Duration::from_secs(2));
/// let remote = Remote::new("http://127.0.0.1:8081/authorize".parse()?, config)
///     .cache(Duration::from_secs(10), 10_000)
///     .query_except(["token"]);
/// let route = Route::new(|_: Session| async {}).authorize(remote);
/// # Ok::<(), ws_server::fetch::EndpointError>(())
/// ```
#[derive(Debug)]
pub struct Remote {
    endpoint: Endpoint,
    fetcher: Fetcher,
    post: bool,
    actions: bool,
    shown: Option<Vec<String>>,
    forwarded: Vec<HeaderName>,
    cache: Cache,
    places: Semaphore,
}

/// How many questions are put at a time. More wait, within the time that the gate gives.
const QUESTIONS: usize = 64;

/// The longest name of a rule that is believed.
const RULE_LENGTH: usize = 100;

/// The longest time to come back after that is believed.
const LONGEST_WAIT: Duration = Duration::from_secs(60 * 60);

impl Remote {
    /// Asks at `endpoint`, about handshakes only, and keeps no answers.
    pub fn new(endpoint: Endpoint, config: FetchConfig) -> Self {
        Self {
            endpoint,
            fetcher: Fetcher::new(config),
            post: false,
            actions: false,
            shown: None,
            forwarded: Vec::new(),
            cache: Cache::new(Duration::ZERO, 0),
            places: Semaphore::new(QUESTIONS),
        }
    }

    /// Asks by `POST` rather than by `GET`.
    #[must_use]
    pub const fn post(mut self) -> Self {
        self.post = true;
        self
    }

    /// Asks about actions too. Only for those who look at `X-Auth-Action`: for others every action would be a handshake
    /// once more, and permitted.
    #[must_use]
    pub const fn actions(mut self) -> Self {
        self.actions = true;
        self
    }

    /// Keeps up to `capacity` answers, yes and no, for `time` each, and gives them to whatever asks with the very same
    /// fields. For that long somebody who may no longer still may.
    #[must_use]
    pub fn cache(mut self, time: Duration, capacity: usize) -> Self {
        self.cache = Cache::new(time, capacity);
        self
    }

    /// Shows the query of the handshake, without these parameters: those in which credentials come. Otherwise there is
    /// no query.
    #[must_use]
    pub fn query_except<S: Into<String>>(mut self, credentials: impl IntoIterator<Item = S>) -> Self {
        self.shown = Some(credentials.into_iter().map(Into::into).collect());
        self
    }

    /// Forwards this field of the handshake as it came: `Origin`, for example, or `Cookie` to somebody who may have the
    /// credentials of all clients. A field that differs in each handshake makes the cache useless.
    ///
    /// # Errors
    /// If this is no name, or one that the question uses itself.
    pub fn forward(mut self, name: &str) -> Result<Self, RemoteError> {
        self.forwarded.push(field(name)?);
        Ok(self)
    }

    async fn decide(&self, fields: Result<Fields, Unspeakable>) -> Authorization {
        let Ok(fields) = fields else {
            tracing::error!(target: "ws_server::authorize", endpoint = %self.endpoint, "a question has a value that no field can have");
            return Err(AuthorizationError::Internal);
        };
        let question = fields.fingerprint();
        if let Some(answer) = self.cache.get(&question) {
            return answer;
        }
        match self.ask(fields.into_headers()).await {
            Ok(fetched) => {
                let answer = meaning(&fetched);
                match &answer {
                    Err(AuthorizationError::Unavailable { .. }) => {
                        let status = fetched.status.as_u16();
                        tracing::error!(target: "ws_server::authorize", endpoint = %self.endpoint, status, "the remote authorizer answers neither yes nor no");
                    }
                    _ => self.cache.put(question, answer.clone()),
                }
                answer
            }
            Err(error) => {
                tracing::error!(target: "ws_server::authorize", endpoint = %self.endpoint, %error, "the remote authorizer cannot be asked");
                Err(AuthorizationError::Unavailable { retry_after: None })
            }
        }
    }

    async fn ask(&self, headers: HeaderMap) -> Result<Fetched, FetchError> {
        // It is never closed; if it were, nobody would have to wait.
        let _place = self.places.acquire().await;
        if self.post {
            self.fetcher.post_form(&self.endpoint, &[], headers).await
        } else {
            self.fetcher.get(&self.endpoint, headers).await
        }
    }
}

impl Authorizer for Remote {
    fn authorize<'a>(
        &'a self,
        request: &'a HandshakeContext<'a>,
        who: &'a Identity,
    ) -> BoxFuture<'a, Authorization> {
        let fields = Fields::of_handshake(request, who, self.shown.as_deref(), &self.forwarded);
        Box::pin(self.decide(fields))
    }

    fn authorize_action<'a>(
        &'a self,
        action: &'a Action<'a>,
        who: &'a Identity,
    ) -> BoxFuture<'a, Authorization> {
        if self.actions {
            Box::pin(self.decide(Fields::of_action(action, who)))
        } else {
            Box::pin(ready(Err(AuthorizationError::Undecided)))
        }
    }
}

fn meaning(answer: &Fetched) -> Authorization {
    let rule = rule(&answer.headers).unwrap_or_else(|| "remote".to_owned());
    match answer.status {
        status if status.is_success() => Ok(Permit::by(rule)),
        StatusCode::UNAUTHORIZED | StatusCode::FORBIDDEN => {
            Err(AuthorizationError::PolicyDenied { rule: rule.into() })
        }
        _ => Err(AuthorizationError::Unavailable { retry_after: retry_after(&answer.headers) }),
    }
}

/// The rule that an answer names, if it is fit to be told.
fn rule(headers: &HeaderMap) -> Option<String> {
    let rule = headers.get("x-auth-rule")?.to_str().ok()?.trim();
    (!rule.is_empty() && rule.len() <= RULE_LENGTH).then(|| rule.to_owned())
}

/// In seconds (RFC 9110 10.2.3); a date is not looked at.
fn retry_after(headers: &HeaderMap) -> Option<Duration> {
    let seconds = headers.get(RETRY_AFTER)?.to_str().ok()?.trim().parse().ok()?;
    Some(Duration::from_secs(seconds).min(LONGEST_WAIT))
}
