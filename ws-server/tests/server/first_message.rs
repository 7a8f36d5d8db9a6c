//! Clients that say in their first message who they are.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use serde_json::{Value, json};
use tokio::time::timeout;
use ws_core::message::Message;
use ws_core::net::WebSocket;
use ws_core::refusal::{Cause, Refusal};
use ws_server::authenticate::bearer::{Bearer, Signer, Source, Verifier};
use ws_server::authenticate::{
    AuthenticationError, Authenticator, BoxFuture, HandshakeContext, Identity, Revocation,
};
use ws_server::prepare::{Admission, Prepare, Prepared, Unprepared};
use ws_server::{Route, ServerLimits, Session};

use crate::ending::{closed, the_only};
use crate::support::{PATIENCE, Running, echo, get};

pub(crate) fn signer() -> Signer {
    Signer::hs256(b"thirty-two bytes, at the least..").unwrap()
}

pub(crate) fn in_seconds(seconds: u64) -> u64 {
    (SystemTime::now() + Duration::from_secs(seconds)).duration_since(UNIX_EPOCH).unwrap().as_secs()
}

/// A token for Ann that lasts for an hour, with some claims replaced.
pub(crate) fn token(changes: Value) -> String {
    let mut claims = json!({ "aud": "chat", "sub": "ann", "jti": "j1", "exp": in_seconds(3600) });
    let (Some(claims), Value::Object(changes)) = (claims.as_object_mut(), changes) else { unreachable!() };
    claims.extend(changes);
    signer().sign(claims).unwrap()
}

pub(crate) fn authenticate(token: &str) -> String {
    json!({ "type": "authenticate", "token": token }).to_string()
}

fn bearer() -> Bearer {
    Bearer::new("chat", Verifier::new(signer().verifying_key()).audience("chat"))
        .sources([Source::Header, Source::FirstMessage])
}

fn guarded() -> Route {
    Route::new(echo).authenticate(bearer())
}

pub(crate) async fn answer(socket: &mut WebSocket) -> Value {
    let message =
        timeout(PATIENCE, socket.recv()).await.expect("an answer in time").unwrap().expect("an answer");
    serde_json::from_str(message.as_text().unwrap()).unwrap()
}

async fn ends_with(running: &Running, message: impl Into<Message>) -> (u16, String) {
    let mut socket = running.open("/").await;
    socket.send(message.into()).await.unwrap();
    closed(&mut socket).await
}

#[tokio::test]
async fn a_token_lets_in_and_the_handler_sees_nothing_of_it() {
    let running = Running::start(|server| server.route("/", guarded())).await;
    let mut socket = running.open("/").await;
    let expires = in_seconds(3600);
    socket.feed(authenticate(&token(json!({ "exp": expires })))).await.unwrap();
    // What is sent behind it waits until it is decided.
    socket.feed("hello").await.unwrap();
    socket.flush().await.unwrap();
    assert_eq!(answer(&mut socket).await, json!({ "type": "authenticated", "expires": expires }));
    assert_eq!(socket.recv().await.unwrap(), Some(Message::text("hello")));
    let session = the_only(&running).await;
    assert_eq!((session.identity().subject(), session.identity().credential_id()), (Some("ann"), Some("j1")));
    // From then on such a message is the application's.
    let again = authenticate("x");
    socket.send(again.as_str()).await.unwrap();
    assert_eq!(socket.recv().await.unwrap(), Some(Message::text(again)));
}

#[tokio::test]
async fn each_cause_has_its_own_end() {
    let (sender, mut reports) = tokio::sync::mpsc::unbounded_channel();
    let running = Running::start(|server| {
        let report = move |report: &ws_server::RefusalReport<'_>| {
            sender.send((report.cause, report.close_code)).unwrap();
        };
        server.route("/", guarded().scopes(["chat:read"]).roles(["member"])).on_refusal(report)
    })
    .await;
    let good = json!({ "scope": "chat:read", "roles": ["member"] });
    let with = |more: Value| {
        let mut claims = good.clone();
        claims.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
        Message::text(authenticate(&token(claims)))
    };
    running.handle.revoke(Revocation::credential("stolen")).unwrap();
    let other = Signer::hs256(b"another thirty-two bytes, if not").unwrap();
    let forged = other.sign(&json!({ "aud": "chat", "exp": in_seconds(60) })).unwrap();
    for (message, cause, code) in [
        (Message::text("hello"), Cause::CredentialsMissing, 3000),
        (Message::binary(authenticate("x").into_bytes()), Cause::CredentialsMissing, 3000),
        (Message::text(r#"{"type":"authenticate"}"#), Cause::CredentialsMalformed, 3000),
        (Message::text(authenticate("no token")), Cause::TokenMalformed, 3000),
        (Message::text(authenticate(&forged)), Cause::TokenSignatureInvalid, 3000),
        (with(json!({ "exp": 1 })), Cause::TokenExpired, 3000),
        (with(json!({ "nbf": in_seconds(60) })), Cause::TokenNotYetValid, 3000),
        (with(json!({ "aud": "mail" })), Cause::TokenAudienceWrong, 3000),
        (with(json!({ "jti": "stolen" })), Cause::TokenRevoked, 3000),
        (with(json!({ "scope": "" })), Cause::ScopeInsufficient, 3003),
        (with(json!({ "roles": [] })), Cause::RoleMissing, 3003),
    ] {
        let (got, reason) = ends_with(&running, message).await;
        assert_eq!((got, reason.split(':').next()), (code, Some(cause.code())), "{reason}");
        assert_eq!(reports.recv().await, Some((cause, Some(code))));
    }
}

#[tokio::test]
async fn what_the_handshake_brings_decides() {
    let running = Running::start(|server| server.dry_run(true).route("/", guarded())).await;
    let handshake = |authorization: &str| {
        crate::support::handshake("/")
            .replace("\r\n\r\n", &format!("\r\nAuthorization: {authorization}\r\n\r\n"))
    };
    let ask =
        async |authorization: &str| running.connect().await.ask(&handshake(authorization)).await.status();
    assert_eq!(ask(&format!("Bearer {}", token(json!({})))).await, 101);
    assert_eq!(the_only(&running).await.identity().subject(), Some("ann"));
    assert_eq!(ask(&format!("Bearer {}", token(json!({ "exp": 1 })))).await, 401);
    assert_eq!(ask("Basic YW5uOng=").await, 401, "another scheme is a credential too");
    let rehearse = get("/").replace("\r\n\r\n", "\r\nAccept: application/problem+json\r\n\r\n");
    assert_eq!(running.connect().await.ask(&rehearse).await.status(), 200);
}

#[tokio::test]
async fn whoever_says_nothing_is_ended_in_time() {
    let limits = ServerLimits { handshake_timeout: Duration::from_millis(300), ..ServerLimits::default() };
    let running = Running::start(|server| server.limits(limits).route("/", guarded())).await;
    let mut socket = running.open("/").await;
    // Signs of life are no message.
    for _ in 0..4 {
        socket.ping(&b"here"[..]).await.unwrap();
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
    let (code, reason) = closed(&mut socket).await;
    assert_eq!(code, 3008);
    assert!(reason.starts_with("authentication-timeout: "), "{reason}");
}

#[tokio::test]
async fn a_stranger_may_not_send_much() {
    let running = Running::start(|server| server.route("/", guarded())).await;
    let (code, _) = ends_with(&running, "x".repeat(16 * 1024 + 1)).await;
    assert_eq!(code, 1009);
    // Afterwards the route's limits hold.
    let mut socket = running.open("/").await;
    socket.send(authenticate(&token(json!({})))).await.unwrap();
    answer(&mut socket).await;
    let large = "x".repeat(100_000);
    socket.send(large.as_str()).await.unwrap();
    assert_eq!(socket.recv().await.unwrap(), Some(Message::text(large)));
}

/// Nothing runs for a stranger, whether it leaves, is sent away or waits for the shutdown.
#[tokio::test]
async fn no_handler_begins_for_a_stranger() {
    let begun = Arc::new(AtomicUsize::new(0));
    let running = Running::start(|server| {
        let begun = Arc::clone(&begun);
        let handler = move |_: Session| {
            begun.fetch_add(1, Ordering::SeqCst);
            async {}
        };
        server.route("/", Route::new(handler).authenticate(bearer()))
    })
    .await;
    running.open("/").await.close(None).await.unwrap();
    drop(running.open("/").await);
    let mut expelled = running.open("/").await;
    for session in running.handle.sessions().iter() {
        session.close(Refusal::new(Cause::PolicyDenied));
    }
    assert_eq!(closed(&mut expelled).await.0, 3003);
    let mut waiting = running.open("/").await;
    assert!(running.handle.sessions().iter().all(|session| session.identity().is_anonymous()));
    running.handle.shutdown();
    assert_eq!(closed(&mut waiting).await.0, 1001);
    timeout(PATIENCE, running.serving).await.unwrap().unwrap().unwrap();
    assert_eq!(begun.load(Ordering::SeqCst), 0);
}

#[tokio::test]
async fn the_quota_of_the_principal_counts_then() {
    let limits = ServerLimits { connections_per_principal: 1, ..ServerLimits::default() };
    let running = Running::start(|server| server.limits(limits).route("/", guarded())).await;
    let mut first = running.open("/").await;
    first.send(authenticate(&token(json!({})))).await.unwrap();
    answer(&mut first).await;
    let (code, reason) = ends_with(&running, authenticate(&token(json!({})))).await;
    assert_eq!(code, 1013);
    assert!(reason.starts_with("principal-quota-exceeded"), "{reason}");
    first.close(None).await.unwrap();
    timeout(PATIENCE, async {
        loop {
            let mut socket = running.open("/").await;
            socket.send(authenticate(&token(json!({})))).await.unwrap();
            if socket.recv().await.unwrap().is_some() {
                return;
            }
        }
    })
    .await
    .expect("the place comes free");
}

/// A session that began with its first message ends with its token like any other.
#[tokio::test]
async fn its_token_expires() {
    let running = Running::start(|server| server.route("/", guarded())).await;
    let mut socket = running.open("/").await;
    socket.send(authenticate(&token(json!({ "exp": in_seconds(2) })))).await.unwrap();
    answer(&mut socket).await;
    let (code, reason) = closed(&mut socket).await;
    assert_eq!((code, reason.split(':').next()), (3000, Some("token-expired")));
}

/// A backend that cannot be asked, panics or hangs is no fault of the client's.
#[tokio::test]
async fn faults_of_the_backend() {
    struct Faulty;

    impl Authenticator for Faulty {
        fn authenticate<'a>(
            &'a self,
            _: &'a HandshakeContext<'a>,
        ) -> BoxFuture<'a, Result<Identity, AuthenticationError>> {
            Box::pin(async { Err(AuthenticationError::CredentialsMissing) })
        }

        fn authenticate_token<'a>(
            &'a self,
            token: &'a str,
            _: &'a HandshakeContext<'a>,
        ) -> BoxFuture<'a, Result<Identity, AuthenticationError>> {
            Box::pin(async move {
                match token {
                    "down" => {
                        Err(AuthenticationError::Unavailable { retry_after: Some(Duration::from_secs(7)) })
                    }
                    "hang" => std::future::pending().await,
                    _ => panic!("a bug"),
                }
            })
        }

        fn takes_first_message(&self) -> bool {
            true
        }
    }

    let running = Running::start(|server| {
        server
            .authentication_timeout(Duration::from_millis(200))
            .route("/", Route::new(echo).authenticate(Faulty))
    })
    .await;
    let (code, reason) = ends_with(&running, authenticate("down")).await;
    assert_eq!((code, &*reason), (1013, "authentication-unavailable: retry after 7 s"));
    assert_eq!(ends_with(&running, authenticate("hang")).await.0, 1013);
    assert_eq!(ends_with(&running, authenticate("panic")).await.0, 1011);
}

/// Nothing is got ready for a stranger: a route that prepares does so for who it is then.
#[tokio::test]
async fn what_a_route_gets_ready_waits_for_it() {
    struct Upstream;

    impl Prepare for Upstream {
        type Value = String;

        fn prepare<'a>(
            &'a self,
            admission: &'a Admission<'a>,
        ) -> BoxFuture<'a, Result<Prepared<String>, Unprepared>> {
            Box::pin(async move {
                match admission.identity.subject() {
                    Some("ben") => Err(Cause::UpstreamRefused.into()),
                    subject => {
                        Ok(Prepared::new(format!("{subject:?} at {}", admission.request.head().path())))
                    }
                }
            })
        }
    }

    let running = Running::start(|server| {
        let handler = |mut session: Session, ready: String| async move { session.send(ready).await };
        server.route("/", Route::prepared(Upstream, handler).authenticate(bearer()))
    })
    .await;
    let mut socket = running.open("/").await;
    socket.send(authenticate(&token(json!({})))).await.unwrap();
    answer(&mut socket).await;
    assert_eq!(socket.recv().await.unwrap(), Some(Message::text("Some(\"ann\") at /")));

    let mut socket = running.open("/").await;
    socket.send(authenticate(&token(json!({ "sub": "ben" })))).await.unwrap();
    answer(&mut socket).await;
    assert_eq!(closed(&mut socket).await.0, 1014);
}
