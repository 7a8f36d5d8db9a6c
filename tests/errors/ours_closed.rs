//! Connections that our own server has opened, and ends: each end by its name.

use std::time::Duration;

use serde_json::json;
use tests::wire::{Running, echo};
use tokio::time::timeout;
use ws_client::NextStep;
use ws_core::refusal::{Cause, Refusal};
use ws_server::authenticate::Revocation;
use ws_server::authenticate::bearer::Source;
use ws_server::{HandlerError, MessageRate, Route, ServerLimits, Session};

use crate::ours::{bearer, now, to, with_token};
use crate::raw::end;
use crate::row::{AGAIN, Peer, Table, WHEN_TOLD};

const SHORT: Duration = Duration::from_millis(150);

async fn start() -> Running {
    let limits = ServerLimits { handshake_timeout: SHORT, ..ServerLimits::default() };
    let by_message = bearer().sources([Source::Header, Source::FirstMessage]);
    Running::start(|server| {
        server
            .limits(limits)
            .close_timeout(SHORT)
            .route("/chat", Route::new(echo).authenticate(by_message))
            .route("/rate", Route::new(echo).message_rate(MessageRate::new("1/1h".parse().unwrap())))
            .route("/obeys", Route::new(obey))
            .route("/floods", Route::new(flood))
    })
    .await
}

pub(crate) async fn rows(table: &mut Table) {
    let running = start().await;
    let renew = |code| (code, NextStep::RenewCredentials);
    let mut add = |what, expected, error| table.add(Peer::Ours, what, expected, error);
    let ann = async || with_token(&running, "/chat", &json!({})).connect().await.unwrap();

    let short = with_token(&running, "/chat", &json!({ "exp": now() + 1 })).connect().await.unwrap();
    add("a token that expires while connected", renew("token-expired"), end(short).await);
    let socket = ann().await;
    running.handle.revoke(Revocation::credential("token-of-ann")).unwrap();
    add("a token that is revoked while connected", renew("token-revoked"), end(socket).await);
    let running = start().await;
    let silent = to(&running, "/chat").connect().await.unwrap();
    let late = ("authentication-timeout", NextStep::Correct);
    add("no first message, where that says who it is", late, end(silent).await);
    for (message, what, expected) in [
        (
            "policy-denied",
            "a permission that is withdrawn while connected",
            ("policy-denied", NextStep::AskPermission),
        ),
        ("upstream-down", "a gateway whose server goes away", ("upstream-down", AGAIN)),
        ("server-full", "a place that is given to others", ("server-full", WHEN_TOLD)),
        ("panic", "a handler that panics", ("internal-error", AGAIN)),
        ("return", "a handler that returns", ("closed", NextStep::Nothing)),
    ] {
        let mut socket = to(&running, "/obeys").connect().await.unwrap();
        socket.send(message).await.unwrap();
        add(what, expected, end(socket).await);
    }
    let mut socket = to(&running, "/rate").connect().await.unwrap();
    socket.send("one").await.unwrap();
    socket.send("too many").await.unwrap();
    add("too many messages", ("message-rate-exceeded", NextStep::Correct), end(socket).await);
    let socket = to(&running, "/floods").connect().await.unwrap();
    tokio::time::sleep(SHORT * 2).await;
    add("a client that does not read in time", ("slow-consumer", NextStep::Correct), end(socket).await);

    let impatient = |server: ws_server::ServerBuilder| {
        server.keepalive(Some(SHORT / 3), SHORT / 3).route("/open", Route::new(echo))
    };
    let impatient = Running::start(impatient).await;
    let asleep = to(&impatient, "/open").connect().await.unwrap();
    tokio::time::sleep(SHORT * 2).await;
    add("a client that answers no ping", ("idle-timeout", AGAIN), end(asleep).await);

    let socket = to(&running, "/obeys").connect().await.unwrap();
    running.handle.shutdown();
    add("a server that shuts down while connected", ("server-draining", WHEN_TOLD), end(socket).await);
    let running = start().await;
    let socket = with_token(&running, "/chat", &json!({})).connect().await.unwrap();
    let restart = || Refusal::new(Cause::ServerDraining).restarting();
    assert!(running.handle.sessions().of_subject("ann").iter().all(|session| session.close(restart())));
    add("a server that restarts", ("server-draining", WHEN_TOLD), end(socket).await);
}

/// Ends as the client wants it to.
async fn obey(mut session: Session) -> Result<(), HandlerError> {
    let wanted = session.recv().await?;
    let wanted = wanted.as_ref().and_then(|message| message.as_text()).unwrap_or_default();
    match (wanted, Cause::from_code(wanted)) {
        (_, Some(cause)) => Err(Refusal::new(cause).into()),
        ("panic", None) => panic!("a bug, on purpose"),
        ("return", None) => Ok(()),
        _ => session.recv().await.map(drop).map_err(HandlerError::from),
    }
}

/// Sends more than the client takes.
async fn flood(mut session: Session) -> Result<(), HandlerError> {
    let flood = async {
        loop {
            if let Err(error) = session.send(vec![0; 1 << 16]).await {
                return error;
            }
        }
    };
    match timeout(SHORT, flood).await {
        Ok(error) => Err(error.into()),
        Err(_) => Err(Refusal::new(Cause::SlowConsumer).into()),
    }
}
