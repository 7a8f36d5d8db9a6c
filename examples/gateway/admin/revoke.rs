//! `POST /revoke`: a credential, a subject or a session is not welcome any more.

use std::time::Duration;

use http_body_util::{BodyExt as _, Limited};
use hyper::Request;
use hyper::body::Incoming;
use hyper::header::CONTENT_TYPE;
use serde::{Deserialize, Serialize};
use tokio::time::timeout;
use ws_core::refusal::{Cause, Refusal};
use ws_server::authenticate::{Revocation, RevocationError, Revocations};
use ws_server::{RequestId, ServerHandle};

/// The longest body, in bytes.
const LONGEST: usize = 16 * 1024;

/// How long it may take to come.
const TIME: Duration = Duration::from_secs(10);

/// What is revoked: one of the three.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "lowercase", deny_unknown_fields)]
enum Wish {
    Credential(String),
    Subject(String),
    Session(String),
}

/// What came of it.
#[derive(Debug, PartialEq, Eq, Serialize)]
pub(super) struct Revoked {
    /// Sessions that are being closed.
    closing: usize,
}

/// Why nothing was revoked.
#[derive(Debug, thiserror::Error)]
pub(super) enum RevokeError {
    #[error("the body has to be application/json")]
    MediaType,
    #[error("the body is longer than {LONGEST} bytes, or was not received whole")]
    Body,
    #[error(
        "the body is not one of {{\"credential\": ID}}, {{\"subject\": SUBJECT}} and {{\"session\": ID}}: {0}"
    )]
    Json(serde_json::Error),
    #[error("the id of a session is that of its request, as in the log and in /connections")]
    SessionId,
    #[error("there is no such session")]
    NoSuchSession,
    #[error("{0}")]
    Full(RevocationError),
}

/// Does what the body says.
pub(super) async fn revoke(
    request: Request<Incoming>,
    server: &ServerHandle,
    revocations: &Revocations,
) -> Result<Revoked, RevokeError> {
    let kind = request.headers().get(CONTENT_TYPE).and_then(|kind| kind.to_str().ok()).unwrap_or_default();
    let kind = kind.split(';').next().unwrap_or_default().trim();
    if !kind.eq_ignore_ascii_case("application/json") {
        return Err(RevokeError::MediaType);
    }
    let body = timeout(TIME, Limited::new(request.into_body(), LONGEST).collect()).await;
    let body = body.ok().and_then(Result::ok).ok_or(RevokeError::Body)?;
    let wish = serde_json::from_slice(&body.to_bytes()).map_err(RevokeError::Json)?;
    let sessions = server.sessions();
    // Revocations are compared with live sessions by the server itself; they are counted here before they end.
    let closing = match wish {
        Wish::Credential(id) => {
            let closing = sessions.of_credential(&id).len();
            revocations.revoke(Revocation::credential(id.clone())).map_err(RevokeError::Full)?;
            tracing::info!(credential = id, closing, "a credential was revoked");
            closing
        }
        Wish::Subject(subject) => {
            let closing = sessions.of_subject(&subject).len();
            revocations.revoke(Revocation::subject(subject.clone())).map_err(RevokeError::Full)?;
            tracing::info!(subject, closing, "a subject was revoked");
            closing
        }
        Wish::Session(id) => {
            let id: RequestId = id.parse().map_err(|_| RevokeError::SessionId)?;
            let session = sessions.find(id).ok_or(RevokeError::NoSuchSession)?;
            let closes = session.close(Refusal::new(Cause::TokenRevoked).detail("the session was revoked"));
            tracing::info!(session = %id, "a session was revoked");
            usize::from(closes)
        }
    };
    Ok(Revoked { closing })
}
