//! Sessions that are renewed in band.

use serde_json::{Value, json};
use tokio::time::timeout;
use ws_core::message::Message;
use ws_core::net::WebSocket;
use ws_server::authenticate::bearer::{Bearer, Signer, Source, Verifier};
use ws_server::{Renewal, Route, Server, Session};

use crate::ending::{closed, the_only};
use crate::first_message::{answer, authenticate, in_seconds, signer, token};
use crate::support::{PATIENCE, Running, echo};

fn bearer() -> Bearer {
    Bearer::new("chat", Verifier::new(signer().verifying_key()).audience("chat"))
        .sources([Source::Query("t".into())])
}

fn renewed(route: Route) -> Route {
    route.authenticate(bearer()).renewal(Renewal::Message)
}

async fn open(running: &Running, claims: Value) -> WebSocket {
    running.open(&format!("/?t={}", token(claims))).await
}

#[tokio::test]
async fn a_fresh_token_prolongs_the_session_and_the_handler_sees_nothing() {
    let running = Running::start(|server| server.route("/", renewed(Route::new(echo)))).await;
    let mut socket = open(&running, json!({ "exp": in_seconds(2) })).await;
    let expires = in_seconds(600);
    socket.feed("before").await.unwrap();
    socket
        .feed(authenticate(&token(json!({ "exp": expires, "jti": "j2", "roles": ["admin"] }))))
        .await
        .unwrap();
    socket.feed("after").await.unwrap();
    socket.flush().await.unwrap();
    let mut echoes = Vec::new();
    let mut answers = Vec::new();
    while echoes.len() + answers.len() < 3 {
        let message = timeout(PATIENCE, socket.recv()).await.unwrap().unwrap().unwrap();
        match message.as_text().unwrap() {
            text if text.starts_with('{') => answers.push(text.to_owned()),
            text => echoes.push(text.to_owned()),
        }
    }
    assert_eq!(echoes, ["before", "after"]);
    assert_eq!(answers, [format!(r#"{{"type":"authenticated","expires":{expires}}}"#)]);
    let session = the_only(&running).await;
    assert!(session.identity().has_role("admin"));
    assert_eq!(running.handle.sessions().of_credential("j2").len(), 1);
    // Past the time of the first token.
    tokio::time::sleep(std::time::Duration::from_millis(2_100)).await;
    socket.send("still here").await.unwrap();
    assert_eq!(socket.recv().await.unwrap(), Some(Message::text("still here")));
}

#[tokio::test]
async fn a_token_that_is_not_good_ends_the_session() {
    let running =
        Running::start(|server| server.route("/", renewed(Route::new(echo)).scopes(["chat:read"]))).await;
    let good = json!({ "scope": "chat:read" });
    for (message, code, cause) in [
        (authenticate(&token(json!({ "scope": "chat:read", "exp": 1 }))), 3000, "token-expired"),
        (authenticate("nonsense"), 3000, "token-malformed"),
        (r#"{"type":"authenticate"}"#.to_owned(), 3000, "credentials-malformed"),
        (authenticate(&token(json!({ "scope": "chat:read", "sub": "ben" }))), 3000, "credentials-rejected"),
        (authenticate(&token(json!({ "scope": "chat:read", "iss": "other" }))), 3000, "credentials-rejected"),
        (authenticate(&token(json!({ "scope": "chat:write" }))), 3003, "scope-insufficient"),
    ] {
        let mut socket = open(&running, good.clone()).await;
        socket.send(message).await.unwrap();
        let (got, reason) = closed(&mut socket).await;
        assert_eq!((got, reason.split(':').next()), (code, Some(cause)), "{reason}");
    }
}

/// The messages are taken out where they are received, wherever the receiving half has gone.
#[tokio::test]
async fn it_holds_when_the_socket_is_split() {
    async fn split(session: Session) -> Result<(), ws_core::net::Error> {
        let (mut recv, mut send) = session.socket.split();
        let (sender, mut receiver) = tokio::sync::mpsc::unbounded_channel();
        tokio::spawn(async move {
            while let Ok(Some(message)) = recv.recv().await {
                let _ = sender.send(message);
            }
        });
        while let Some(message) = receiver.recv().await {
            send.send(message).await?;
        }
        Ok(())
    }
    let running = Running::start(|server| server.route("/", renewed(Route::new(split)))).await;
    let mut socket = open(&running, json!({})).await;
    let expires = in_seconds(600);
    socket.send(authenticate(&token(json!({ "exp": expires })))).await.unwrap();
    assert_eq!(answer(&mut socket).await, json!({ "type": "authenticated", "expires": expires }));
    socket.send("hello").await.unwrap();
    assert_eq!(socket.recv().await.unwrap(), Some(Message::text("hello")));
}

#[tokio::test]
async fn elsewhere_such_a_message_is_the_applications() {
    let running = Running::start(|server| server.route("/", Route::new(echo).authenticate(bearer()))).await;
    let mut socket = open(&running, json!({})).await;
    let message = authenticate(&token(json!({})));
    socket.send(message.as_str()).await.unwrap();
    assert_eq!(socket.recv().await.unwrap(), Some(Message::text(message)));
}

/// Keys that are replaced while a session runs: its next token is signed by the new one.
#[tokio::test]
async fn a_token_is_judged_by_the_settings_of_now() {
    let running = Running::start(|server| server.route("/", renewed(Route::new(echo)))).await;
    let mut socket = open(&running, json!({})).await;
    let other = Signer::hs256(b"another thirty-two bytes, if not").unwrap();
    let bearer = Bearer::new("chat", Verifier::new(other.verifying_key()).audience("chat"));
    let route = Route::new(echo).authenticate(bearer).renewal(Renewal::Message);
    running.handle.reload(Server::builder().route("/", route)).unwrap();
    let expires = in_seconds(600);
    let token = other.sign(&json!({ "aud": "chat", "sub": "ann", "exp": expires })).unwrap();
    socket.send(authenticate(&token)).await.unwrap();
    assert_eq!(answer(&mut socket).await, json!({ "type": "authenticated", "expires": expires }));
}

/// Whoever cannot be asked ends nobody: the token that is there is as good as it was.
#[tokio::test]
async fn a_backend_that_is_down_ends_nobody() {
    use ws_server::authenticate::{
        AuthenticationError, Authenticator, BoxFuture, HandshakeContext, Identity, Scheme,
    };

    struct Down;

    impl Authenticator for Down {
        fn authenticate<'a>(
            &'a self,
            _: &'a HandshakeContext<'a>,
        ) -> BoxFuture<'a, Result<Identity, AuthenticationError>> {
            Box::pin(async { Ok(Identity::new(Scheme::Bearer).with_subject("ann")) })
        }

        fn authenticate_token<'a>(
            &'a self,
            _: &'a str,
            _: &'a HandshakeContext<'a>,
        ) -> BoxFuture<'a, Result<Identity, AuthenticationError>> {
            Box::pin(async { Err(AuthenticationError::Unavailable { retry_after: None }) })
        }
    }

    let running = Running::start(|server| {
        server.route("/", Route::new(echo).authenticate(Down).renewal(Renewal::Message))
    })
    .await;
    let mut socket = running.open("/").await;
    socket.send(authenticate("x")).await.unwrap();
    let said = answer(&mut socket).await;
    assert_eq!((&said["type"], &said["code"]), (&json!("unavailable"), &json!("authentication-unavailable")));
    socket.send("still here").await.unwrap();
    assert_eq!(socket.recv().await.unwrap(), Some(Message::text("still here")));
}
