//! The introspection endpoint (RFC 7662 2), and what is wrong when it does not say what it should.

use std::{
    sync::{Mutex, PoisonError},
    time::Duration,
};

use base64::{Engine, engine::general_purpose::STANDARD};
use bytes::Bytes;
use http::{HeaderMap, HeaderValue, StatusCode, header::AUTHORIZATION};
use thiserror::Error;
use tokio::{sync::Semaphore, time::Instant};
use url::form_urlencoded::byte_serialize;
use zeroize::Zeroizing;

use super::error::ClientCredentialsError;
use crate::{
    authenticate::json::{self, JsonFault},
    fetch::{Endpoint, FetchError, Fetcher},
};

/// How many questions there are at a time; more wait for their turn.
const AT_A_TIME: usize = 64;

/// How long nobody is asked after there was no answer at all, and nothing more is written to the log.
const PAUSE: Duration = Duration::from_secs(1);

/// Whom to ask, and how.
#[derive(Debug)]
pub(super) struct Asker {
    pub(super) endpoint: Endpoint,
    pub(super) fetcher: Fetcher,
    pub(super) authorization: Option<HeaderValue>,
    permits: Semaphore,
    trouble: Mutex<Trouble>,
}

#[derive(Debug, Default)]
struct Trouble {
    /// Nobody is asked until then.
    until: Option<Instant>,
    /// When something was last written to the log.
    told: Option<Instant>,
}

/// Why there is no answer that could be used. All are faults of the operator or of the endpoint, never of a token.
#[derive(Clone, Debug, PartialEq, Error)]
pub(super) enum Fault {
    #[error("the introspection endpoint cannot be asked: {0}")]
    Fetch(FetchError),
    #[error("the introspection endpoint does not accept our own credentials (status {0})")]
    OwnCredentials(u16),
    #[error("the introspection endpoint answered with status {0}")]
    Status(u16),
    #[error("the answer of the introspection endpoint {0}")]
    Json(JsonFault),
    #[error("the answer of the introspection endpoint has no boolean `active`")]
    Active,
    #[error("the answer of the introspection endpoint has claims that are none")]
    Claims,
}

impl Asker {
    pub(super) fn new(endpoint: Endpoint, fetcher: Fetcher, authorization: Option<HeaderValue>) -> Self {
        Self {
            endpoint,
            fetcher,
            authorization,
            permits: Semaphore::new(AT_A_TIME),
            trouble: Mutex::default(),
        }
    }

    /// What the endpoint says of a token: everything if it is active, nothing if it is not.
    ///
    /// # Errors
    /// How long to wait before asking again, where that is known; the operator is told the reason.
    pub(super) async fn ask(&self, token: &str) -> Result<Option<Bytes>, Option<Duration>> {
        // The semaphore is never closed; without a permit there would be no limit, and still an answer.
        let _permit = self.permits.acquire().await.ok();
        if let Some(wait) = self.pause() {
            return Err(Some(wait));
        }
        self.try_ask(token).await.map_err(|fault| self.complain(&fault))
    }

    /// Tells the operator, and says how long to wait before asking again.
    pub(super) fn complain(&self, fault: &Fault) -> Option<Duration> {
        let now = Instant::now();
        let mut trouble = self.trouble.lock().unwrap_or_else(PoisonError::into_inner);
        if trouble.told.is_none_or(|told| now >= told + PAUSE) {
            trouble.told = Some(now);
            let endpoint = &self.endpoint;
            match fault {
                Fault::OwnCredentials(_) => {
                    tracing::error!(target: "ws_server::introspection", %endpoint, error = %fault, "tokens cannot be told good from bad");
                }
                _ => {
                    tracing::warn!(target: "ws_server::introspection", %endpoint, error = %fault, "tokens cannot be told good from bad");
                }
            }
        }
        // An answer that is no use, a long one too, may be one to that token alone, so that whoever has such a token must
        // not keep out the others; no answer is one for all.
        let none = matches!(fault, Fault::Fetch(error) if !matches!(error, FetchError::TooLarge { .. }));
        none.then(|| {
            trouble.until = Some(now + PAUSE);
            PAUSE
        })
    }

    fn pause(&self) -> Option<Duration> {
        let until = self.trouble.lock().unwrap_or_else(PoisonError::into_inner).until?;
        Some(until.saturating_duration_since(Instant::now())).filter(|wait| !wait.is_zero())
    }

    async fn try_ask(&self, token: &str) -> Result<Option<Bytes>, Fault> {
        let mut headers = HeaderMap::new();
        if let Some(authorization) = &self.authorization {
            headers.insert(AUTHORIZATION, authorization.clone());
        }
        // RFC 7662 2.1
        let form = [("token", token), ("token_type_hint", "access_token")];
        let answer = self.fetcher.post_form(&self.endpoint, &form, headers).await.map_err(Fault::Fetch)?;
        match answer.status {
            StatusCode::OK => active(answer.body),
            // RFC 7662 2.3
            status @ (StatusCode::UNAUTHORIZED | StatusCode::FORBIDDEN) => {
                Err(Fault::OwnCredentials(status.as_u16()))
            }
            status => Err(Fault::Status(status.as_u16())),
        }
    }
}

/// RFC 7662 2.2: `active` is required, and says whether the rest counts.
fn active(body: Bytes) -> Result<Option<Bytes>, Fault> {
    let members = json::parse_object(&body).map_err(Fault::Json)?;
    match members.get("active").and_then(serde_json::Value::as_bool) {
        Some(true) => Ok(Some(body)),
        Some(false) => Ok(None),
        None => Err(Fault::Active),
    }
}

/// The credentials of a client (RFC 6749 2.3.1): both parts are encoded as in a form, before RFC 7617 is applied.
pub(super) fn basic(id: &str, secret: &str) -> Result<HeaderValue, ClientCredentialsError> {
    // RFC 6749 A.1, A.2: neither has control characters.
    if id.contains(char::is_control) {
        return Err(ClientCredentialsError::Id);
    }
    if secret.contains(char::is_control) {
        return Err(ClientCredentialsError::Secret);
    }
    let mut pair = Zeroizing::new(String::with_capacity(3 * (id.len() + secret.len()) + 1));
    pair.extend(byte_serialize(id.as_bytes()));
    pair.push(':');
    pair.extend(byte_serialize(secret.as_bytes()));
    let mut value = Vec::with_capacity(8 + pair.len().div_ceil(3) * 4);
    value.extend_from_slice(b"Basic ");
    let start = value.len();
    value.resize(start + pair.len().div_ceil(3) * 4, 0);
    let encoded = value.get_mut(start..).map_or(Ok(0), |room| STANDARD.encode_slice(pair.as_bytes(), room));
    debug_assert_eq!(encoded.ok(), Some(value.len() - start));
    sensitive(value).ok_or(ClientCredentialsError::Secret)
}

/// A token of our own (RFC 6750 2.1). Not all who issue them keep to its alphabet, so that what is visible is taken.
pub(super) fn bearer(token: &str) -> Result<HeaderValue, ClientCredentialsError> {
    if token.is_empty() || !token.bytes().all(|byte| byte.is_ascii_graphic()) {
        return Err(ClientCredentialsError::Token);
    }
    sensitive([b"Bearer ", token.as_bytes()].concat()).ok_or(ClientCredentialsError::Token)
}

/// A field value that is never shown, and wiped when it goes. None: it cannot stand in a field.
fn sensitive(value: Vec<u8>) -> Option<HeaderValue> {
    let mut value = HeaderValue::from_maybe_shared(Bytes::from_owner(Zeroizing::new(value))).ok()?;
    value.set_sensitive(true);
    Some(value)
}
