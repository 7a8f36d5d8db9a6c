//! What there is to see and to do.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::UNIX_EPOCH;

use http_body_util::Full;
use hyper::body::{Bytes, Incoming};
use hyper::header::{ALLOW, CACHE_CONTROL, CONTENT_TYPE, HeaderValue, ORIGIN};
use hyper::{Method, Request, Response, StatusCode};
use serde::Serialize;
use ws_server::authenticate::Revocations;
use ws_server::{ServerHandle, SessionHandle};

use super::revoke::{RevokeError, revoke};

/// The pages of one gateway.
pub(crate) struct Pages {
    pub(crate) server: ServerHandle,
    pub(crate) revocations: Revocations,
    /// Set when the gateway shuts down.
    pub(crate) ending: Arc<AtomicBool>,
}

/// One open session.
#[derive(Debug, Serialize)]
struct Connection {
    id: String,
    subject: Option<String>,
    address: String,
    route: String,
    /// Seconds since 1970.
    since: u64,
}

impl From<SessionHandle> for Connection {
    fn from(session: SessionHandle) -> Self {
        let info = session.info();
        Self {
            id: info.request_id().to_string(),
            subject: session.identity().subject().map(str::to_owned),
            address: info.peer().to_string(),
            route: info.route().to_owned(),
            since: info.since().duration_since(UNIX_EPOCH).unwrap_or_default().as_secs(),
        }
    }
}

impl Pages {
    pub(super) async fn answer(&self, request: Request<Incoming>) -> Response<Full<Bytes>> {
        // A page in an operator's browser has no business here (CSRF, DNS rebinding).
        if request.headers().contains_key(ORIGIN) {
            return problem(StatusCode::FORBIDDEN, "pages in a browser may not ask here");
        }
        let allowed = match request.uri().path() {
            "/metrics" | "/healthz" | "/connections" => [Method::GET, Method::HEAD].as_slice(),
            "/revoke" => &[Method::POST],
            _ => {
                let detail = "there are /metrics, /healthz, /connections and POST /revoke";
                return problem(StatusCode::NOT_FOUND, detail);
            }
        };
        if !allowed.contains(request.method()) {
            let mut answer = problem(StatusCode::METHOD_NOT_ALLOWED, "another method is needed");
            let names: Vec<&str> = allowed.iter().map(Method::as_str).collect();
            if let Ok(names) = HeaderValue::from_str(&names.join(", ")) {
                answer.headers_mut().insert(ALLOW, names);
            }
            return answer;
        }
        match request.uri().path() {
            "/metrics" => text("text/plain; version=0.0.4; charset=utf-8", self.server.metrics()),
            "/healthz" => self.health(),
            "/connections" => self.connections(),
            _ => self.revoke(request).await,
        }
    }

    fn health(&self) -> Response<Full<Bytes>> {
        if self.ending.load(Ordering::Relaxed) {
            return with_status(
                StatusCode::SERVICE_UNAVAILABLE,
                json(&serde_json::json!({ "status": "draining" })),
            );
        }
        json(&serde_json::json!({ "status": "ok", "connections": self.server.connections() }))
    }

    fn connections(&self) -> Response<Full<Bytes>> {
        let list: Vec<Connection> = self.server.sessions().iter().map(Connection::from).collect();
        json(&list)
    }

    async fn revoke(&self, request: Request<Incoming>) -> Response<Full<Bytes>> {
        match revoke(request, &self.server, &self.revocations).await {
            Ok(revoked) => json(&revoked),
            Err(error) => {
                let status = match error {
                    RevokeError::MediaType => StatusCode::UNSUPPORTED_MEDIA_TYPE,
                    RevokeError::NoSuchSession => StatusCode::NOT_FOUND,
                    RevokeError::Full(_) => StatusCode::INSUFFICIENT_STORAGE,
                    _ => StatusCode::BAD_REQUEST,
                };
                problem(status, &error.to_string())
            }
        }
    }
}

fn json(value: &impl Serialize) -> Response<Full<Bytes>> {
    // Strings and numbers: they always are JSON.
    text("application/json", serde_json::to_string(value).unwrap_or_default())
}

fn text(kind: &'static str, text: String) -> Response<Full<Bytes>> {
    let mut response = Response::new(Full::new(Bytes::from(text)));
    response.headers_mut().insert(CONTENT_TYPE, HeaderValue::from_static(kind));
    response.headers_mut().insert(CACHE_CONTROL, HeaderValue::from_static("no-store"));
    response
}

/// RFC 9457.
fn problem(status: StatusCode, detail: &str) -> Response<Full<Bytes>> {
    let body = serde_json::json!({ "status": status.as_u16(), "title": status.canonical_reason(), "detail": detail });
    with_status(status, text("application/problem+json", body.to_string()))
}

fn with_status(status: StatusCode, mut response: Response<Full<Bytes>>) -> Response<Full<Bytes>> {
    *response.status_mut() = status;
    response
}
