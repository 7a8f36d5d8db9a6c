//! Our server and our client.

use std::time::{Duration, Instant};

use serde_json::{Value, json};
use tests::wire::{PATIENCE, Running};
use ws_client::{Client, ConnectError};
use ws_core::net::Error;
use ws_core::refusal::Cause;
use ws_server::authenticate::bearer::{Bearer, KeySource, Verifier};
use ws_server::authenticate::{Authenticator, Introspection};
use ws_server::{Route, Session};

use crate::provider::{AUDIENCE, Provider, secret};

/// How long no unknown key makes the keys be fetched again.
pub(crate) const REFETCH_LIMIT: Duration = Duration::from_millis(200);

/// The keys of the provider, found by its issuer and fetched again only where somebody needs it.
pub(crate) fn keys(provider: &Provider) -> KeySource {
    KeySource::openid(&provider.issuer).expect("an issuer").refetch_limit(REFETCH_LIMIT)
}

pub(crate) fn bearer(keys: KeySource) -> Bearer {
    Bearer::new("chat", Verifier::with_source(keys).audience(AUDIENCE))
}

/// Asks the provider, in the name of a client that it knows.
pub(crate) fn introspection(provider: &Provider) -> Introspection {
    Introspection::new("chat", &format!("{}/token/introspection", provider.issuer))
        .expect("an address")
        .client("chat-server", &secret("chat-server"))
        .expect("a secret")
        .audience(AUDIENCE)
}

/// A server whose one route takes whom this authenticator and the scope `chat:read` let in.
pub(crate) async fn server(authenticator: impl Authenticator) -> Running {
    Running::start(|server| {
        server.route("/chat", Route::new(introduce).authenticate(authenticator).scopes(["chat:read"]))
    })
    .await
}

/// Tells who somebody is, then sends back what comes.
async fn introduce(mut session: Session) -> Result<(), Error> {
    let who = {
        let identity = session.identity();
        json!({
            "subject": identity.subject(), "issuer": identity.issuer(), "scopes": identity.scopes(),
            "expires": identity.expires().is_some(), "credential": identity.credential_id(),
            "client": identity.claims().get("client_id"),
        })
    };
    session.send(who.to_string()).await?;
    tests::wire::echo(session).await
}

/// Connects with our client and this token, and says something. Who the server takes us for, or why not.
pub(crate) async fn connect(server: &Running, token: &str) -> Result<Value, ConnectError> {
    let client = Client::builder(format!("ws://{}/chat", server.address))?.bearer_token(token)?.build();
    let mut socket = client.connect().await?;
    let mut received =
        async || socket.recv().await.expect("a message").expect("not the end").as_text().map(str::to_owned);
    let who = received().await.expect("text");
    socket.send("hello").await.expect("it is sent");
    let message = socket.recv().await.expect("a message").expect("not the end");
    assert_eq!(message.as_text(), Some("hello"));
    Ok(serde_json::from_str(&who).expect("JSON"))
}

/// The cause of a refusal; `None` where there is none.
pub(crate) async fn cause(server: &Running, token: &str) -> Option<Cause> {
    match connect(server, token).await {
        Ok(_) => None,
        Err(error) => Some(error.cause().unwrap_or_else(|| panic!("no refusal: {error}"))),
    }
}

/// Waits until a token gets this outcome.
pub(crate) async fn until(server: &Running, token: &str, outcome: Option<Cause>) {
    let begun = Instant::now();
    loop {
        let now = cause(server, token).await;
        if now == outcome {
            return;
        }
        assert!(begun.elapsed() < PATIENCE, "still {now:?}, and not {outcome:?}");
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
}
