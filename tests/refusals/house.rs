//! A server whose sessions end in every way that there is.

use std::future::ready;
use std::time::Duration;

use tests::wire::{PATIENCE, Running, echo};
use tokio::time::{sleep, timeout};
use ws_core::refusal::{Cause, Disclosure, Refusal};
use ws_server::authenticate::bearer::{Bearer, Source, Verifier};
use ws_server::authenticate::{HandshakeContext, Identity};
use ws_server::authorize::AuthorizationError;
use ws_server::{HandlerError, MessageRate, Route, ServerHandle, ServerLimits, Session};

use crate::endings::Ending;
use crate::secrets;

/// Starts it; whoever is `silent` is soon given up.
pub(crate) async fn start(disclosure: Disclosure, silent: bool) -> Running {
    let limits = ServerLimits { handshake_timeout: Duration::from_millis(150), ..ServerLimits::default() };
    let route = || Route::new(echo).authenticate(bearer()).subprotocols(["chat"]);
    let guarded =
        || Route::new(echo).authenticate(bearer()).scopes(["chat:read"]).roles(["member"]).authorize(rule);
    Running::start(|server| {
        server
            .disclosure(disclosure)
            .limits(limits)
            .close_timeout(Duration::from_millis(50))
            .keepalive(silent.then_some(Duration::from_millis(50)), Duration::from_millis(50))
            .on_refusal(secrets::reported)
            .on_accept(secrets::accepted)
            .route("/chat", route())
            .route("/first-message", guarded())
            .route("/rate", route().message_rate(MessageRate::new("1/1h".parse().unwrap())))
            .route("/obeys", Route::new(obey).authenticate(bearer()))
            .route("/floods", Route::new(flood).authenticate(bearer()))
    })
    .await
}

/// Waits until a session was counted that ended with this code, for this cause.
pub(crate) async fn counted(handle: &ServerHandle, ending: &Ending, told: (u16, &str)) {
    let counters = handle.counters();
    let counted = async {
        while counters.open() > 0 || counters.ended_for(ending.cause) == 0 {
            sleep(Duration::from_millis(2)).await;
        }
    };
    let at = format!("{} {}: {told:?}", ending.cause, ending.when);
    timeout(PATIENCE, counted).await.unwrap_or_else(|_| panic!("not counted: {at} {counters:?}"));
    let closed: Vec<_> = counters.closed().filter(|(_, count)| *count > 0).collect();
    assert_eq!(closed, [(Some(told.0), 1)], "{at}");
}

fn bearer() -> Bearer {
    let verifier =
        Verifier::new(secrets::signer().verifying_key()).issuer("https://id.example").audience("chat");
    Bearer::new("chat", verifier).sources([Source::Header, Source::FirstMessage])
}

/// Bob may not.
fn rule(_: &HandshakeContext<'_>, who: &Identity) -> std::future::Ready<Result<(), AuthorizationError>> {
    let denied = who.subject() == Some("bob");
    ready(if denied { Err(AuthorizationError::PolicyDenied { rule: "not-bob".into() }) } else { Ok(()) })
}

/// Ends as the client wants it to: by a cause of the catalogue, or by a fault.
async fn obey(mut session: Session) -> Result<(), HandlerError> {
    let wanted = session.recv().await?;
    let wanted = wanted.as_ref().and_then(|message| message.as_text()).unwrap_or_default();
    match (wanted, Cause::from_code(wanted)) {
        (_, Some(cause)) => Err(Refusal::new(cause).detail("as you wish").into()),
        ("panic", None) => panic!("a bug, on purpose"),
        ("fail", None) => Err("a fault of its own".into()),
        _ => session.recv().await.map(drop).map_err(HandlerError::from),
    }
}

/// Sends more than the client takes, and ends with whoever does not keep up.
async fn flood(mut session: Session) -> Result<(), HandlerError> {
    let flood = async {
        loop {
            if let Err(error) = session.send(vec![0; 1 << 16]).await {
                return error;
            }
        }
    };
    match timeout(Duration::from_millis(100), flood).await {
        Ok(error) => Err(error.into()),
        Err(_) => Err(Refusal::new(Cause::SlowConsumer).detail("the queue is full").into()),
    }
}
