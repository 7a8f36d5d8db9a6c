//! The client as a whole, against a scripted server on a network in memory, under a paused clock.

use std::io;
use std::sync::atomic::{AtomicUsize, Ordering::SeqCst};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use tokio::sync::watch;
use tokio::time::{Instant, timeout};
use ws_core::message::{CloseCode, CloseFrame, Message};
use ws_core::net::{self, WebSocket};
use ws_core::refusal::{Cause, Refusal};

use super::{
    Backoff, Bounds, Decision, ReconnectConfig, Reconnecting, RestoreError, SendError, State, WhenFull,
};
use crate::credentials::{Credentials, Token, TokenFuture, TokenProvider};
use crate::memory::{Incoming, Listener, Network, network};
use crate::{Builder, Client, Error};

const SECOND: Duration = Duration::from_secs(1);
/// Longer than anything that is waited for here; under a paused clock it costs nothing.
const LONG: Duration = Duration::from_secs(3600);

fn builder(network: &Network) -> Builder {
    Client::builder("ws://rooms.test/lobby").expect("valid").connector(network.clone())
}

fn started(config: ReconnectConfig) -> (Reconnecting, Network, Listener) {
    let (network, listener) = network();
    (builder(&network).build().reconnecting(config), network, listener)
}

async fn within<T>(what: impl Future<Output = T>) -> T {
    timeout(LONG, what).await.expect("it comes within an hour")
}

async fn incoming(listener: &mut Listener) -> Incoming {
    within(listener.accept()).await.expect("a client comes")
}

async fn accept(listener: &mut Listener) -> WebSocket {
    incoming(listener).await.accept().await.expect("a handshake")
}

async fn state(states: &mut watch::Receiver<State>, wanted: impl FnMut(&State) -> bool) -> State {
    within(states.wait_for(wanted)).await.expect("the task lives").clone()
}

async fn text(socket: &mut WebSocket) -> String {
    let message = within(socket.recv()).await.expect("open").expect("a message");
    message.as_text().expect("text").to_owned()
}

/// The last words of a client that has stopped.
async fn stopped(client: &mut Reconnecting) -> Arc<Error> {
    within(client.recv()).await.expect_err("it has stopped")
}

fn frame(code: u16, reason: &str) -> CloseFrame {
    CloseFrame::new(CloseCode::new(code).expect("it may be sent"), reason)
}

#[tokio::test(start_paused = true)]
async fn it_comes_back_and_what_was_queued_meanwhile_goes_out_in_order() {
    let (mut client, network, mut listener) = started(ReconnectConfig::default());
    let mut states = client.state();
    client.send("early").await.expect("room");
    let mut first = accept(&mut listener).await;
    assert_eq!(text(&mut first).await, "early");
    first.send("hello").await.expect("open");
    assert_eq!(within(client.recv()).await.expect("lives"), Some("hello".into()));

    network.cut();
    let waiting = state(&mut states, |state| matches!(state, State::Waiting { .. })).await;
    assert_eq!(waiting.error().expect("why").code(), "connection-lost", "{waiting}");
    for number in 0..5 {
        client.send(number.to_string()).await.expect("room");
    }
    let mut second = accept(&mut listener).await;
    for number in 0..5 {
        assert_eq!(text(&mut second).await, number.to_string());
    }
    let open = state(&mut states, State::is_open).await;
    assert!(matches!(open, State::Open(ref opened) if opened.number == 2), "{open:?}");

    let closing = tokio::spawn(async move {
        while within(second.recv()).await.expect("a closing handshake").is_some() {}
        second.close_frame().cloned()
    });
    let answer = within(client.close(frame(1000, "bye"))).await.expect("closed");
    assert_eq!(answer, Some(frame(1000, "bye")));
    assert_eq!(closing.await.expect("no panic"), Some(frame(1000, "bye")));
    assert_eq!(within(client.recv()).await.expect("closed by us"), None);
    assert!(matches!(client.send("late").await, Err(SendError::Closed(_))));
    assert_eq!(client.close(None).await.expect("it is closed already"), None);
    let counters = client.counters();
    assert_eq!((counters.attempts, counters.opened, counters.reconnects(), counters.lost), (2, 2, 1, 1));
    assert_eq!((counters.sent, counters.received, counters.dropped), (6, 1, 0));
}

/// RFC 9110 10.2.3: `Retry-After`, in an answer and in the reason of a Close frame.
#[tokio::test(start_paused = true)]
async fn nobody_comes_back_before_the_time_that_was_told() {
    let (client, _network, mut listener) = started(ReconnectConfig::default());
    let told = Instant::now();
    let full = Refusal::new(Cause::ServerFull).retry_after(40 * SECOND);
    incoming(&mut listener).await.refuse(full).await.expect("open");
    let mut socket = accept(&mut listener).await;
    assert!(told.elapsed() >= 40 * SECOND && told.elapsed() <= 51 * SECOND, "{:?}", told.elapsed());
    let told = Instant::now();
    within(socket.close(frame(1012, "server-draining: retry after 20 s"))).await.expect("answered");
    let _socket = accept(&mut listener).await;
    assert!(told.elapsed() >= 20 * SECOND && told.elapsed() <= 26 * SECOND, "{:?}", told.elapsed());
    assert_eq!(client.counters().attempts, 3);
}

#[tokio::test(start_paused = true)]
async fn it_stops_where_it_cannot_help() {
    for (cause, code) in [
        (Cause::OriginDenied, "origin-denied"),
        (Cause::RouteNotFound, "route-not-found"),
        (Cause::MissingHost, "missing-host"),
        (Cause::CredentialsMissing, "credentials-missing"),
    ] {
        let (mut client, _network, mut listener) = started(ReconnectConfig::default());
        incoming(&mut listener).await.refuse(cause).await.expect("open");
        let why = stopped(&mut client).await;
        assert_eq!(why.code(), code);
        assert!(matches!(&*client.state().borrow(), State::Stopped(last) if Arc::ptr_eq(last, &why)));
        let error = client.send("late").await.expect_err("stopped");
        assert!(error.to_string().contains(code) && error.into_message() == Message::text("late"));
        assert_eq!(stopped(&mut client).await.code(), code, "and again");
        assert_eq!(client.close(None).await.expect_err("stopped").code(), code);
        assert_eq!(client.counters().attempts, 1);
    }
    for code in [1000, 1002, 1008, 1009, 3000, 3003, 4000] {
        let (mut client, _network, mut listener) = started(ReconnectConfig::default());
        let mut socket = accept(&mut listener).await;
        socket.send("last").await.expect("open");
        within(socket.close(frame(code, "no"))).await.expect("answered");
        assert_eq!(within(client.recv()).await.expect("it came before"), Some("last".into()));
        let why = stopped(&mut client).await;
        assert!(
            matches!(&*why, Error::Closed(closed) if closed.frame.as_ref().is_some_and(|f| f.code == code))
        );
    }
}

#[tokio::test(start_paused = true)]
async fn what_was_never_sent_is_given_back() {
    let (mut client, _network, mut listener) = started(ReconnectConfig::default());
    client.send("a").await.expect("room");
    client.send("b").await.expect("room");
    incoming(&mut listener).await.refuse(Cause::RouteNotFound).await.expect("open");
    stopped(&mut client).await;
    assert_eq!(client.queued(), 2);
    assert_eq!(client.take_queued(), ["a".into(), "b".into()]);
}

#[tokio::test(start_paused = true)]
async fn attempts_get_rarer_and_start_anew_after_a_stable_connection() {
    let (client, network, mut listener) = started(ReconnectConfig::default());
    let mut states = client.state();
    network.refuse(io::ErrorKind::ConnectionRefused);
    for attempt in 2..10 {
        state(&mut states, |s| matches!(s, State::Waiting { attempt: next, .. } if *next == attempt)).await;
    }
    network.restore();
    let socket = accept(&mut listener).await;
    state(&mut states, State::is_open).await;
    tokio::time::sleep(9 * SECOND).await;
    drop(socket);
    // It was not stable: the next one is the tenth.
    let waiting = state(&mut states, |state| matches!(state, State::Waiting { .. })).await;
    assert!(matches!(waiting, State::Waiting { attempt: 10, .. }), "{waiting}");
    let socket = accept(&mut listener).await;
    state(&mut states, State::is_open).await;
    tokio::time::sleep(11 * SECOND).await;
    drop(socket);
    let lost = Instant::now();
    let waiting = state(&mut states, |state| matches!(state, State::Waiting { .. })).await;
    let State::Waiting { attempt: 1, until, .. } = waiting else { panic!("{waiting}") };
    assert!(until <= lost + Backoff::default().first);
}

#[tokio::test(start_paused = true)]
async fn limits_end_it() {
    let (network, listener) = network();
    drop(listener);
    let mut client = builder(&network).build().reconnecting(ReconnectConfig::default().max_attempts(4));
    assert_eq!(stopped(&mut client).await.code(), "connect-failed");
    assert_eq!(client.counters().attempts, 4);

    let begun = Instant::now();
    let mut client =
        builder(&network).build().reconnecting(ReconnectConfig::default().max_away(300 * SECOND));
    stopped(&mut client).await;
    assert!(begun.elapsed() <= 300 * SECOND && begun.elapsed() >= 200 * SECOND, "{:?}", begun.elapsed());

    let mut client = builder(&network).build().reconnecting(ReconnectConfig::default().fail_fast());
    stopped(&mut client).await;
    assert_eq!(client.counters().attempts, 1);
}

/// The hook is done before anything that was queued goes out, on each connection.
#[tokio::test(start_paused = true)]
async fn the_state_is_restored_first() {
    let config = ReconnectConfig::default().on_open(|socket, opened| {
        Box::pin(async move {
            socket.send(format!("subscribe {}", opened.number)).await?;
            assert_eq!(socket.recv().await?, Some("subscribed".into()));
            Ok(())
        })
    });
    let (mut client, network, mut listener) = started(config);
    client.send("queued").await.expect("room");
    let mut first = accept(&mut listener).await;
    assert_eq!(text(&mut first).await, "subscribe 1");
    timeout(SECOND, first.recv()).await.expect_err("nothing before it is done");
    assert!(!client.state().borrow().is_open());
    first.send("subscribed").await.expect("open");
    assert_eq!(text(&mut first).await, "queued");
    network.cut();
    state(&mut client.state(), |state| matches!(state, State::Waiting { .. })).await;
    client.send("queued again").await.expect("room");
    let mut second = accept(&mut listener).await;
    assert_eq!(text(&mut second).await, "subscribe 2");
    second.send("subscribed").await.expect("open");
    second.send("news").await.expect("open");
    assert_eq!(text(&mut second).await, "queued again");
    assert_eq!(within(client.recv()).await.expect("open"), Some("news".into()), "the answer is the hook's");
}

#[tokio::test(start_paused = true)]
async fn a_state_that_cannot_be_restored_counts_as_a_failure() {
    #[derive(Debug, thiserror::Error)]
    #[error("the server knows no such topic")]
    struct NoSuchTopic;

    let tries = Arc::new(AtomicUsize::new(0));
    let counted = tries.clone();
    let config = ReconnectConfig::default().max_attempts(4).on_open(move |socket, _| {
        let number = counted.fetch_add(1, SeqCst);
        Box::pin(async move {
            match number {
                0 => Err(NoSuchTopic.into()),
                1 => std::future::pending().await,
                // What the socket tells is told on.
                _ => {
                    socket.recv().await?;
                    Ok(socket.send("after the end").await?)
                }
            }
        })
    });
    let (mut client, network, mut listener) = started(config);
    let mut states = client.state();
    client.send("never").await.expect("room");
    let mut why = async |listener: &mut Listener, close: Option<CloseFrame>| {
        let mut socket = accept(listener).await;
        match close {
            Some(frame) => drop(within(socket.close(frame)).await),
            None => drop(within(socket.recv()).await.expect("closed in order")),
        }
        let state = state(&mut states, |state| state.error().is_some()).await;
        states.mark_unchanged();
        state.error().expect("why").clone()
    };
    let first = why(&mut listener, None).await;
    assert!(matches!(&*first, Error::Restore(RestoreError::Failed(_))), "{first:?}");
    assert!(first.to_string().contains("no such topic"));
    let second = why(&mut listener, None).await;
    assert!(matches!(&*second, Error::Restore(RestoreError::TimedOut { .. })), "{second:?}");
    let third = why(&mut listener, Some(frame(1013, "server-full: retry after 5 s"))).await;
    assert_eq!(third.cause(), Some(Cause::ServerFull));
    let _socket = accept(&mut listener).await;
    network.cut();
    let last = stopped(&mut client).await;
    assert!(matches!(&*last, Error::Broken(net::Error::Io(_))), "{last:?}");
    let counters = client.counters();
    assert_eq!((counters.attempts, counters.opened, counters.sent), (4, 0, 0));
}

struct Numbered(AtomicUsize);

impl TokenProvider for Numbered {
    fn token(&self) -> TokenFuture<'_> {
        let number = self.0.fetch_add(1, SeqCst);
        Box::pin(async move { Ok(Token::new(format!("t{number}"))) })
    }
}

fn bearer(incoming: &Incoming) -> String {
    incoming.head().fields().get_str("Authorization").unwrap_or_default().to_owned()
}

// IANA WebSocket Close Code registry: 3000, Unauthorized.
#[tokio::test(start_paused = true)]
async fn a_token_is_renewed_before_it_comes_back_but_not_twice() {
    let (network, mut listener) = network();
    let credentials = Credentials::new(Numbered(AtomicUsize::new(0)));
    // Nothing here goes over a network.
    let client = Client::builder("ws://127.0.0.1/").expect("valid").connector(network);
    let mut client = client.credentials(credentials).build().reconnecting(ReconnectConfig::default());
    let unauthorized = || frame(3000, "token-expired: The token has expired");
    let first = incoming(&mut listener).await;
    assert_eq!(bearer(&first), "Bearer t0");
    within(first.accept().await.expect("a handshake").close(unauthorized())).await.expect("answered");
    let second = incoming(&mut listener).await;
    assert_eq!(bearer(&second), "Bearer t1");
    let mut second = second.accept().await.expect("a handshake");
    // It was good for a while: the next one may be tried as well.
    tokio::time::sleep(15 * SECOND).await;
    within(second.close(unauthorized())).await.expect("answered");
    let third = incoming(&mut listener).await;
    assert_eq!(bearer(&third), "Bearer t2");
    within(third.accept().await.expect("a handshake").close(unauthorized())).await.expect("answered");
    let why = stopped(&mut client).await;
    assert_eq!(why.cause(), Some(Cause::TokenExpired));
    let counters = client.counters();
    assert_eq!((counters.attempts, counters.renewals), (3, 2));
}

#[tokio::test(start_paused = true)]
async fn a_hook_has_the_last_word() {
    let seen = Arc::new(Mutex::new(Vec::new()));
    let log = seen.clone();
    let config = ReconnectConfig::default().on_failure(move |failure| {
        log.lock().expect("no panic").push((failure.close_code(), failure.decision == Decision::Stop));
        match failure.close_code() {
            Some(4001) => Decision::Retry { delay: Duration::ZERO },
            Some(1012) => Decision::Stop,
            _ => failure.decision,
        }
    });
    let (mut client, _network, mut listener) = started(config);
    within(accept(&mut listener).await.close(frame(4001, ""))).await.expect("answered");
    within(accept(&mut listener).await.close(frame(1012, ""))).await.expect("answered");
    stopped(&mut client).await;
    assert_eq!(*seen.lock().expect("no panic"), [(Some(4001), true), (Some(1012), false)]);
}

/// The network is gone and nobody says so: pongs stay away.
#[tokio::test(start_paused = true)]
async fn missing_pongs_tell_that_the_network_has_changed() {
    let (network, mut listener) = network();
    let client = builder(&network).keepalive(20 * SECOND, 10 * SECOND).build();
    let client = client.reconnecting(ReconnectConfig::default());
    let mut states = client.state();
    let incoming = incoming(&mut listener).await;
    let link = incoming.link();
    let mut first = incoming.accept().await.expect("a handshake");
    let serving = tokio::spawn(async move { first.recv().await.map(drop) });
    state(&mut states, State::is_open).await;
    // Pings are answered: an hour of silence is no reason to leave.
    tokio::time::sleep(LONG).await;
    assert!(states.borrow().is_open());
    link.silence();
    let silent = Instant::now();
    let waiting = state(&mut states, |state| matches!(state, State::Waiting { .. })).await;
    assert_eq!(waiting.error().expect("why").code(), "no-pong");
    assert!(silent.elapsed() <= 40 * SECOND, "{:?}", silent.elapsed());
    let _second = accept(&mut listener).await;
    state(&mut states, State::is_open).await;
    serving.abort();
}

#[tokio::test(start_paused = true)]
async fn a_full_queue_does_what_was_chosen() {
    let bounds = Bounds { messages: 2, bytes: 100 };
    let away = |when_full| {
        let (network, listener) = network();
        network.refuse(io::ErrorKind::ConnectionRefused);
        let config = ReconnectConfig::default().outgoing(bounds, when_full);
        (builder(&network).build().reconnecting(config), network, listener)
    };
    let kept = async |client: &Reconnecting, network: &Network, listener: &mut Listener| {
        assert_eq!(client.queued(), 2);
        network.restore();
        let mut socket = accept(listener).await;
        (text(&mut socket).await, text(&mut socket).await)
    };
    let strings = |a: &str, b: &str| (a.to_owned(), b.to_owned());

    let (client, network, mut listener) = away(WhenFull::RefuseNew);
    for message in ["a", "b"] {
        client.send(message).await.expect("room");
    }
    assert!(
        matches!(client.send("c").await, Err(SendError::Full(message)) if message.as_text() == Some("c"))
    );
    assert_eq!(kept(&client, &network, &mut listener).await, strings("a", "b"));

    for (when_full, left) in
        [(WhenFull::DropOldest, strings("b", "c")), (WhenFull::DropNewest, strings("a", "b"))]
    {
        let (client, network, mut listener) = away(when_full);
        for message in ["a", "b", "c"] {
            client.send(message).await.expect("it always takes one");
        }
        assert_eq!(client.counters().dropped, 1);
        assert!(matches!(client.send("x".repeat(101)).await, Err(SendError::TooLarge { limit: 100, .. })));
        assert_eq!(kept(&client, &network, &mut listener).await, left, "{when_full:?}");
    }

    let (client, network, mut listener) = away(WhenFull::Wait);
    for message in ["a", "b"] {
        client.send(message).await.expect("room");
    }
    assert!(matches!(client.try_send("c"), Err(SendError::Full(_))));
    timeout(LONG, client.send("c")).await.expect_err("no room");
    let (client, waits) = (Arc::new(client), "c");
    let waiting = tokio::spawn({
        let client = client.clone();
        async move { client.send(waits).await }
    });
    assert_eq!(kept(&client, &network, &mut listener).await, strings("a", "b"));
    within(waiting).await.expect("no panic").expect("room came");
}
