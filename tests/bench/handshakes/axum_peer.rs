//! Handshakes in axum, as its own extractor makes them over tungstenite, authenticated with `jsonwebtoken` in the way that the first argument names.

use std::sync::Arc;

use axum::Router;
use axum::body::Body;
use axum::extract::{FromRequestParts, Request, State};
use axum::http::header::{AUTHORIZATION, CONNECTION, SEC_WEBSOCKET_ACCEPT, SEC_WEBSOCKET_KEY, UPGRADE};
use axum::http::{HeaderMap, StatusCode, request::Parts};
use axum::response::Response;
use axum::routing::any;
use futures_util::StreamExt as _;
use hyper_util::rt::TokioIo;
use jsonwebtoken::{Algorithm, DecodingKey, Validation, decode};
use serde_json::Value;
use tests::keys;
use tokio_tungstenite::WebSocketStream;
use tungstenite::handshake::derive_accept_key;
use tungstenite::protocol::Role;

/// What verifies tokens; nothing where everybody may come.
type Tokens = Option<Arc<(DecodingKey, Validation)>>;

/// Whom the token speaks of.
struct Claims;

impl FromRequestParts<Tokens> for Claims {
    type Rejection = StatusCode;

    async fn from_request_parts(parts: &mut Parts, tokens: &Tokens) -> Result<Self, StatusCode> {
        let Some(tokens) = tokens else { return Ok(Self) };
        let header = parts.headers.get(AUTHORIZATION).and_then(|value| value.to_str().ok());
        let token =
            header.and_then(|header| header.strip_prefix("Bearer ")).ok_or(StatusCode::UNAUTHORIZED)?;
        decode::<Value>(token, &tokens.0, &tokens.1).map(|_| Self).map_err(|_| StatusCode::UNAUTHORIZED)
    }
}

async fn chat(_: Claims, State(_): State<Tokens>, mut request: Request) -> Result<Response, StatusCode> {
    let names = |field, word: &str| {
        let value = request.headers().get(field).map_or(&b""[..], |value| value.as_bytes());
        value.to_ascii_lowercase().windows(word.len()).any(|window| window == word.as_bytes())
    };
    if !(names(UPGRADE, "websocket") && names(CONNECTION, "upgrade") && is_version_13(request.headers())) {
        return Err(StatusCode::BAD_REQUEST);
    }
    let key = request.headers().get(SEC_WEBSOCKET_KEY).ok_or(StatusCode::BAD_REQUEST)?;
    let accept = derive_accept_key(key.as_bytes());
    let upgraded = hyper::upgrade::on(&mut request);
    tokio::spawn(async move {
        let Ok(upgraded) = upgraded.await else { return };
        let mut socket = WebSocketStream::from_raw_socket(TokioIo::new(upgraded), Role::Server, None).await;
        while let Some(Ok(_)) = socket.next().await {}
    });
    let answer = Response::builder().status(StatusCode::SWITCHING_PROTOCOLS);
    let answer = answer.header(UPGRADE, "websocket").header(CONNECTION, "upgrade");
    let answer = answer.header(SEC_WEBSOCKET_ACCEPT, accept).body(Body::empty());
    answer.map_err(|_| StatusCode::INTERNAL_SERVER_ERROR)
}

fn is_version_13(fields: &HeaderMap) -> bool {
    fields.get("Sec-WebSocket-Version").is_some_and(|version| version == "13")
}

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), Box<dyn std::error::Error>> {
    let tokens = match std::env::args().nth(1).as_deref() {
        Some("HS256") => Some((DecodingKey::from_secret(keys::SECRET), Algorithm::HS256)),
        Some("ES256") => Some((DecodingKey::from_ec_pem(keys::P256_PUBLIC)?, Algorithm::ES256)),
        Some("RS256") => Some((DecodingKey::from_rsa_pem(keys::RSA_PUBLIC)?, Algorithm::RS256)),
        _ => None,
    };
    let tokens = tokens.map(|(key, algorithm)| {
        let mut validation = Validation::new(algorithm);
        validation.set_audience(&["chat"]);
        Arc::new((key, validation))
    });
    let app = Router::new().route("/chat", any(chat)).with_state(tokens);
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await?;
    println!("listening on ws://{}/", listener.local_addr()?);
    axum::serve(listener, app).await?;
    Ok(())
}
