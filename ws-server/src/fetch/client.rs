use std::{fmt, sync::Arc};

use bytes::Bytes;
use http::{
    HeaderMap, HeaderValue, Method, Request, StatusCode,
    header::{ACCEPT, CONTENT_TYPE},
};
use http_body_util::{BodyExt, Full, LengthLimitError, Limited};
use hyper_rustls::{HttpsConnector, HttpsConnectorBuilder};
use hyper_util::{
    client::legacy::{Client, connect::HttpConnector},
    rt::{TokioExecutor, TokioTimer},
};
use rustls::ClientConfig;
use url::form_urlencoded;
use zeroize::Zeroizing;

use super::{config::FetchConfig, endpoint::Endpoint, error::FetchError, resolve::Resolver};

/// The connections of one host that are kept for the next fetch.
const IDLE_CONNECTIONS: usize = 8;

/// The longest head of an answer, in bytes.
const HEAD_LIMIT: usize = 32 * 1024;

/// A client whose every fetch is bounded. Clones share its connections.
#[derive(Clone)]
pub(crate) struct Fetcher {
    client: Client<HttpsConnector<HttpConnector<Resolver>>, Full<Bytes>>,
    config: FetchConfig,
}

/// A complete answer, whatever its status.
#[derive(Debug)]
pub(crate) struct Fetched {
    pub(crate) status: StatusCode,
    pub(crate) headers: HeaderMap,
    pub(crate) body: Bytes,
}

impl Fetcher {
    /// A client without connections as yet. Reads the operating system's list of authorities.
    pub(crate) fn new(config: FetchConfig) -> Self {
        let mut tcp = HttpConnector::new_with_resolver(Resolver);
        tcp.enforce_http(false);
        tcp.set_nodelay(true);
        let connector = HttpsConnectorBuilder::new()
            .with_tls_config(tls_config(&config))
            .https_or_http()
            .enable_http1()
            .wrap_connector(tcp);
        let client = Client::builder(TokioExecutor::new())
            .timer(TokioTimer::new())
            .pool_timer(TokioTimer::new())
            .pool_idle_timeout(config.idle_timeout)
            .pool_max_idle_per_host(IDLE_CONNECTIONS)
            .http1_max_buf_size(HEAD_LIMIT)
            .build(connector);
        Self { client, config }
    }

    /// What is at `endpoint`.
    ///
    /// # Cancel safety
    /// The fetch ends with the future, and so does its connection.
    ///
    /// # Panics
    /// Outside a tokio runtime with I/O and time.
    pub(crate) async fn get(&self, endpoint: &Endpoint, headers: HeaderMap) -> Result<Fetched, FetchError> {
        self.fetch(Method::GET, endpoint, headers, Bytes::new()).await
    }

    /// The answer of `endpoint` to a form (`application/x-www-form-urlencoded`). Cancel safety and panics as for
    /// [`get`](Self::get).
    pub(crate) async fn post_form(
        &self,
        endpoint: &Endpoint,
        pairs: &[(&str, &str)],
        mut headers: HeaderMap,
    ) -> Result<Fetched, FetchError> {
        headers.insert(CONTENT_TYPE, HeaderValue::from_static("application/x-www-form-urlencoded"));
        self.fetch(Method::POST, endpoint, headers, form_of(pairs)).await
    }

    async fn fetch(
        &self,
        method: Method,
        endpoint: &Endpoint,
        mut headers: HeaderMap,
        body: Bytes,
    ) -> Result<Fetched, FetchError> {
        headers.entry(ACCEPT).or_insert(HeaderValue::from_static("application/json"));
        let mut request = Request::new(Full::new(body));
        *request.method_mut() = method;
        *request.uri_mut() = endpoint.uri().clone();
        *request.headers_mut() = headers;
        let limit = self.config.time_limit;
        match tokio::time::timeout(limit, self.exchange(request)).await {
            Ok(result) => result,
            Err(_) => Err(FetchError::Timeout { limit }),
        }
    }

    async fn exchange(&self, request: Request<Full<Bytes>>) -> Result<Fetched, FetchError> {
        let answer = self.client.request(request).await.map_err(|error| FetchError::before_answer(&error))?;
        let (head, body) = answer.into_parts();
        let limit = self.config.body_limit;
        let body = Limited::new(body, limit).collect().await.map_err(|error| {
            if error.is::<LengthLimitError>() { FetchError::TooLarge { limit } } else { FetchError::Broken }
        })?;
        Ok(Fetched { status: head.status, headers: head.headers, body: body.to_bytes() })
    }
}

impl fmt::Debug for Fetcher {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Fetcher").field("config", &self.config).finish_non_exhaustive()
    }
}

/// Pairs may be secrets: what holds them is wiped, and room enough from the start leaves no copies behind.
fn form_of(pairs: &[(&str, &str)]) -> Bytes {
    let room = pairs.iter().map(|(name, value)| 3 * (name.len() + value.len()) + 2).sum();
    let mut form = form_urlencoded::Serializer::new(String::with_capacity(room));
    let form = form.extend_pairs(pairs).finish().into_bytes();
    Bytes::from_owner(Zeroizing::new(form))
}

fn tls_config(config: &FetchConfig) -> ClientConfig {
    ClientConfig::builder_with_provider(Arc::new(rustls::crypto::ring::default_provider()))
        .with_safe_default_protocol_versions()
        .expect("ring has the ciphers of TLS 1.2 and 1.3")
        .with_root_certificates(config.roots())
        .with_no_client_auth()
}
