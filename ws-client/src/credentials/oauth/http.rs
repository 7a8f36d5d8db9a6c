//! One bounded HTTP request.

use std::error::Error;
use std::net::SocketAddr;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};
use std::time::{Duration, SystemTime};

use bytes::Bytes;
use http::StatusCode;
use http::header::{CONTENT_TYPE, HeaderMap, RETRY_AFTER};
use http_body_util::{BodyExt as _, Full, LengthLimitError, Limited};
use hyper_rustls::{HttpsConnector, HttpsConnectorBuilder};
use hyper_util::client::legacy::Client;
use hyper_util::client::legacy::connect::HttpConnector;
use hyper_util::client::legacy::connect::dns::Name;
use hyper_util::rt::{TokioExecutor, TokioTimer};
use oauth2::{AsyncHttpClient, HttpRequest, HttpResponse};
use rustls::pki_types::CertificateDer;
use rustls::{ClientConfig, RootCertStore};
use thiserror::Error;
use tokio::time::timeout;
use tower_service::Service;
use zeroize::Zeroizing;

use crate::connect::resolver::Names;
use crate::connect::tls::platform;
use crate::connect::{DnsError, Host, dns};
use crate::refused::retry_after;

/// Bytes of an answer's body.
const BODY: usize = 64 << 10;

/// Bytes of an answer's head.
const HEAD: usize = 32 << 10;

/// Asks, over a connection of its own each time: it happens seldom, and a connection that was kept may be dead by then.
#[derive(Clone, Debug)]
pub(super) struct Http {
    client: Client<HttpsConnector<HttpConnector<Lookup>>, Full<Bytes>>,
    limit: Duration,
}

/// Why there is no answer of OAuth's.
#[derive(Debug, Error)]
pub(super) enum HttpError {
    #[error("{0}")]
    Unreachable(String),
    #[error("no answer within {0:?}")]
    TimedOut(Duration),
    /// Not now.
    #[error("{status}")]
    Busy { status: StatusCode, retry_after: Option<Duration> },
    #[error("{0}")]
    Status(StatusCode),
    #[error("{0}")]
    Redirected(StatusCode),
    #[error("more than {0} bytes")]
    TooLarge(usize),
}

impl Http {
    /// For `https`, with these authorities beside those of the machine, or for `http`.
    pub(super) async fn new(
        secure: bool,
        extra: &[CertificateDer<'static>],
        limit: Duration,
    ) -> Result<Self, HttpError> {
        let roots = if secure { roots(extra).await? } else { RootCertStore::empty() };
        let tls = ClientConfig::builder_with_provider(Arc::new(rustls::crypto::ring::default_provider()))
            .with_safe_default_protocol_versions()
            .map_err(|error| HttpError::Unreachable(error.to_string()))?
            .with_root_certificates(roots)
            .with_no_client_auth();
        let mut tcp = HttpConnector::new_with_resolver(Lookup(limit));
        tcp.enforce_http(false);
        tcp.set_nodelay(true);
        let connector = HttpsConnectorBuilder::new()
            .with_tls_config(tls)
            .https_or_http()
            .enable_http1()
            .wrap_connector(tcp);
        let client = Client::builder(TokioExecutor::new())
            .timer(TokioTimer::new())
            .pool_max_idle_per_host(0)
            .http1_max_buf_size(HEAD)
            .build(connector);
        Ok(Self { client, limit })
    }

    async fn exchange(&self, request: HttpRequest) -> Result<HttpResponse, HttpError> {
        // The body has secrets: it is wiped from memory.
        let request = request.map(|body| Full::new(Bytes::from_owner(Zeroizing::new(body))));
        let answer = self.client.request(request).await.map_err(|error| unreachable(&error))?;
        let (head, body) = answer.into_parts();
        if let Some(error) = unusable(head.status, &head.headers) {
            return Err(error);
        }
        let body = Limited::new(body, BODY).collect().await.map_err(|error| {
            if error.is::<LengthLimitError>() { HttpError::TooLarge(BODY) } else { unreachable(&*error) }
        })?;
        Ok(HttpResponse::from_parts(head, body.to_bytes().to_vec()))
    }
}

impl<'c> AsyncHttpClient<'c> for Http {
    type Error = HttpError;
    type Future = Pin<Box<dyn Future<Output = Result<HttpResponse, HttpError>> + Send + 'c>>;

    fn call(&'c self, request: HttpRequest) -> Self::Future {
        Box::pin(async move {
            match timeout(self.limit, self.exchange(request)).await {
                Ok(answer) => answer,
                Err(_) => Err(HttpError::TimedOut(self.limit)),
            }
        })
    }
}

/// Name resolution as connections have it: `localhost` and the names below it are never looked up (RFC 6761 6.3), so that
/// secrets that go there without TLS go nowhere else. A name has so much time.
#[derive(Clone, Debug)]
struct Lookup(Duration);

impl Service<Name> for Lookup {
    type Response = std::vec::IntoIter<SocketAddr>;
    type Error = DnsError;
    type Future = Pin<Box<dyn Future<Output = Result<Self::Response, DnsError>> + Send>>;

    fn poll_ready(&mut self, _: &mut Context<'_>) -> Poll<Result<(), DnsError>> {
        Poll::Ready(Ok(()))
    }

    fn call(&mut self, name: Name) -> Self::Future {
        let (host, within) = (Host::Name(name.as_str().to_owned()), self.0);
        // The port is the address's.
        Box::pin(async move { Ok(dns::resolve(&Names::default(), &host, 0, within).await?.into_iter()) })
    }
}

/// What an answer means whose body does not matter.
fn unusable(status: StatusCode, headers: &HeaderMap) -> Option<HttpError> {
    if status.is_server_error() || matches!(status.as_u16(), 408 | 425 | 429) {
        let told = headers.get(RETRY_AFTER).and_then(|value| value.to_str().ok());
        let retry_after = told.and_then(|value| retry_after::parse(value, SystemTime::now()));
        return Some(HttpError::Busy { status, retry_after });
    }
    if status.is_redirection() {
        return Some(HttpError::Redirected(status));
    }
    // RFC 6749 5: both kinds of answer are JSON.
    let json = headers
        .get(CONTENT_TYPE)
        .and_then(|value| value.to_str().ok())
        .is_none_or(|value| value.to_ascii_lowercase().starts_with("application/json"));
    (!json || (status != StatusCode::OK && !status.is_client_error())).then_some(HttpError::Status(status))
}

async fn roots(extra: &[CertificateDer<'static>]) -> Result<RootCertStore, HttpError> {
    let mut roots = match platform().await {
        Ok(roots) => RootCertStore::clone(&roots),
        Err(_) if !extra.is_empty() => RootCertStore::empty(),
        Err(reason) => {
            return Err(HttpError::Unreachable(format!("this machine names no authorities: {reason}")));
        }
    };
    // Each was checked when it was given.
    roots.add_parsable_certificates(extra.iter().cloned());
    Ok(roots)
}

/// The whole chain of causes, for the first one says little.
fn unreachable(error: &(dyn Error + 'static)) -> HttpError {
    let (mut text, mut cause) = (error.to_string(), error.source());
    while let Some(error) = cause {
        let more = error.to_string();
        if !text.ends_with(&more) {
            text = format!("{text}: {more}");
        }
        cause = error.source();
    }
    HttpError::Unreachable(text)
}
