//! Settings that are replaced while the server runs.

use std::sync::Arc;
use std::time::Duration;

use tokio::sync::Notify;
use tokio::time::timeout;
use ws_core::message::Message;
use ws_core::refusal::Disclosure;
use ws_server::authenticate::{HandshakeContext, Identity};
use ws_server::embed::InMemory;
use ws_server::{BuildError, Route, Server, ServerBuilder, ServerLimits, Session};

use crate::support::{PATIENCE, Running, echo, handshake};

fn with(path: &str) -> ServerBuilder {
    Server::builder().route(path, Route::new(echo))
}

#[tokio::test]
async fn the_next_request_is_decided_by_the_new_settings_and_sessions_go_on() {
    let running = Running::start(|server| server.route("/old", Route::new(echo))).await;
    let mut session = running.open("/old").await;
    let mut kept = running.connect().await;
    assert_eq!(kept.ask(&handshake("/new")).await.status(), 404);
    running.handle.reload(with("/new").disclosure(Disclosure::Minimal)).unwrap();
    // The connection is older than the settings, its next request is not.
    let answer = kept.ask(&handshake("/old")).await;
    assert_eq!(answer.status(), 404);
    assert!(!answer.body.contains("route-not-found"), "{}", answer.body);
    assert_eq!(kept.ask(&handshake("/new")).await.status(), 101);
    session.send("still here").await.unwrap();
    assert_eq!(session.recv().await.unwrap(), Some(Message::text("still here")));
    assert_eq!(running.handle.counters().accepted(), 2, "counts go on");
}

/// Whoever was let in by the old settings gets the old handler, not the one that has its number in the new ones.
#[tokio::test]
async fn a_request_ends_under_the_settings_that_it_began_with() {
    let (asked, go_on) = (Arc::new(Notify::new()), Arc::new(Notify::new()));
    let route =
        |name: &'static str| Route::new(move |mut session: Session| async move { session.send(name).await });
    let slowly = {
        let (asked, go_on) = (Arc::clone(&asked), Arc::clone(&go_on));
        move |_: &HandshakeContext<'_>, _: &Identity| {
            let (asked, go_on) = (Arc::clone(&asked), Arc::clone(&go_on));
            async move {
                asked.notify_one();
                go_on.notified().await;
                Ok(())
            }
        }
    };
    let embedded = Server::builder().route("/", route("old").authorize(slowly)).embed().unwrap();
    let gate = InMemory::new(embedded.clone());
    let asking = tokio::spawn(async move { gate.handshake("/").send().await.into_socket() });
    timeout(PATIENCE, asked.notified()).await.unwrap();
    embedded.handle().reload(Server::builder().route("/", route("new"))).unwrap();
    go_on.notify_one();
    let mut session = timeout(PATIENCE, asking).await.unwrap().unwrap().expect("let in");
    assert_eq!(session.recv().await.unwrap(), Some(Message::text("old")));
}

#[tokio::test]
async fn settings_that_cannot_be_leave_all_as_it_was() {
    let running = Running::start(|server| server.route("/old", Route::new(echo))).await;
    let error = running.handle.reload(with("new")).unwrap_err();
    assert!(matches!(error, BuildError::Route(_)), "{error:?}");
    let error = running.handle.reload(Server::builder().route("/new", Route::embedded())).unwrap_err();
    assert!(matches!(error, BuildError::HandlerMissing { .. }), "{error:?}");
    running.open("/old").await;
}

#[tokio::test]
async fn limits_hold_for_who_comes_next_and_what_was_counted_stays_counted() {
    let limits = |connections_per_address, drain_timeout| ServerLimits {
        connections_per_address,
        drain_timeout,
        ..ServerLimits::default()
    };
    let rate = "3/1h".parse::<ws_server::Rate>().unwrap();
    let running = Running::start(|server| {
        server
            .route("/", Route::new(echo))
            .limits(limits(1, Duration::from_secs(3600)))
            .attempts_per_address(rate)
    })
    .await;
    let _first = running.open("/").await;
    assert_eq!(running.connect().await.ask(&handshake("/")).await.status(), 429);
    let next = || with("/").limits(limits(3, Duration::ZERO)).attempts_per_address(rate);
    running.handle.reload(next()).unwrap();
    let _second = running.open("/").await;
    let answer = running.connect().await.ask(&handshake("/")).await;
    assert!(answer.body.contains("rate-limited"), "the fourth attempt: {}", answer.body);
    running.handle.reload(with("/").limits(limits(2, Duration::ZERO))).unwrap();
    let answer = running.connect().await.ask(&handshake("/")).await;
    assert!(answer.body.contains("address-quota-exceeded"), "{}", answer.body);
    running.handle.shutdown();
    timeout(PATIENCE, running.serving).await.expect("the new drain timeout is none").unwrap().unwrap();
}
