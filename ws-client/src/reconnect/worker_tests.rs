//! The client as a whole, against a scripted server on a network in memory, under a paused clock.

use std::io;
use std::sync::Arc;

use tokio::time::{Instant, timeout};
use ws_core::message::Message;
use ws_core::refusal::{Cause, Refusal};

use super::scripted::*;
use super::{Backoff, Bounds, Decision, ReconnectConfig, Reconnecting, SendError, State, WhenFull};
use crate::Error;
use crate::memory::{Listener, Network, network};

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

#[tokio::test(start_paused = true)]
async fn the_state_tells_people_what_is_going_on() {
    let config = ReconnectConfig::default().on_failure(|_| Decision::Retry { delay: 90 * SECOND });
    let (client, _network, mut listener) = started(config);
    assert_eq!(client.state().borrow().to_string(), "connecting");
    incoming(&mut listener).await.raw(b"SSH-2.0-x\r\n").await.expect("open");
    let waiting = state(&mut client.state(), |state| matches!(state, State::Waiting { .. })).await;
    let text = waiting.to_string();
    assert!(text.starts_with("attempt 2 comes in 90.0 s: ") && text.contains("HTTP"), "{text}");
    let incoming = incoming(&mut listener).await;
    assert_eq!(client.state().borrow().to_string(), "connecting, attempt 2");
    let _socket = incoming.accept().await.expect("a handshake");
    assert_eq!(state(&mut client.state(), State::is_open).await.to_string(), "open");
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
