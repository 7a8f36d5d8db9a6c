//! Handles, halves and the end: backpressure, closing, dropping, leaving nothing behind.

use std::future::poll_fn;
use std::io;
use std::pin::Pin;
use std::sync::Arc;
use std::time::Duration;

use futures_core::Stream;
use futures_sink::Sink;
use tokio::runtime::Handle;
use tokio::time::{Instant, timeout};
use ws_core::connection::Event;
use ws_core::message::{CloseCode, CloseFrame, Message};
use ws_core::net::{Error as SocketError, WebSocket};

use super::scripted::*;
use super::{Bounds, Decision, ReconnectConfig, Reconnecting, SendError, State, WhenFull};
use crate::Error;
use crate::memory::Network;

/// Reads a connection to its end: what came, and the Close frame.
async fn to_the_end(mut socket: WebSocket) -> (Vec<Message>, Option<CloseFrame>) {
    let mut messages = Vec::new();
    while let Ok(Some(message)) = within(socket.recv()).await {
        messages.push(message);
    }
    (messages, socket.close_frame().cloned())
}

/// Nothing is left: no task but this one, no connection.
async fn nothing_is_left(network: &Network) {
    // In steps, and not at once: what ends waits for what ended before.
    for _ in 0..100 {
        if Handle::current().metrics().num_alive_tasks() == 0 && network.connections() == 0 {
            return;
        }
        tokio::time::sleep(SECOND).await;
    }
    let tasks = Handle::current().metrics().num_alive_tasks();
    panic!("{tasks} tasks and {} connections are left", network.connections());
}

#[tokio::test(start_paused = true)]
async fn dropped_it_sends_what_is_queued_and_leaves_politely() {
    let (client, network, mut listener) = started(ReconnectConfig::default());
    let socket = accept(&mut listener).await;
    open(&client).await;
    let (sender, receiver) = client.split();
    let other = sender.clone();
    for message in ["a", "b", "c"] {
        sender.send(message).await.expect("room");
    }
    let mut state = sender.state();
    drop((sender, receiver));
    assert!(state.borrow_and_update().is_open(), "one half is left");
    drop(other);
    let (messages, frame) = to_the_end(socket).await;
    assert_eq!(messages, ["a".into(), "b".into(), "c".into()]);
    assert_eq!(frame, Some(CloseFrame::new(CloseCode::GOING_AWAY, "")));
    within(state.wait_for(|state| matches!(state, State::Closed))).await.expect("it is told");
    nothing_is_left(&network).await;
}

/// Wherever the client is when it is dropped.
#[tokio::test(start_paused = true)]
async fn dropped_it_leaves_nothing_behind() {
    // While it waits.
    let (client, network, listener) = started(ReconnectConfig::default());
    network.refuse(io::ErrorKind::ConnectionRefused);
    let waiting = |state: &State| matches!(state, State::Waiting { .. });
    within(client.state().wait_for(waiting)).await.expect("the task lives");
    drop(client);
    nothing_is_left(&network).await;
    drop(listener);
    // While it connects.
    let (client, network, listener) = started(ReconnectConfig::default());
    tokio::time::sleep(SECOND).await;
    assert!(matches!(*client.state().borrow(), State::Connecting { attempt: 1 }));
    drop(client);
    tokio::time::sleep(SECOND).await;
    assert_eq!(Handle::current().metrics().num_alive_tasks(), 0);
    drop(listener);
    nothing_is_left(&network).await;
    // While its state is being restored.
    let endless = ReconnectConfig::default().on_open(|_, _| Box::pin(std::future::pending()));
    let (client, network, mut listener) = started(endless);
    let socket = accept(&mut listener).await;
    tokio::time::sleep(SECOND).await;
    drop(client);
    assert_eq!(to_the_end(socket).await.1, Some(CloseFrame::new(CloseCode::GOING_AWAY, "")));
    nothing_is_left(&network).await;
    // While the server is silent, and answers no Close frame.
    let (client, network, mut listener) = started(ReconnectConfig::default());
    let socket = accept(&mut listener).await;
    open(&client).await;
    client.send("a").await.expect("room");
    network.silence();
    drop(client);
    tokio::time::sleep(30 * SECOND).await;
    drop(socket);
    nothing_is_left(&network).await;
    // After it has stopped.
    let (mut client, network, listener) = started(ReconnectConfig::default().max_attempts(2));
    drop(listener);
    within(client.recv()).await.expect_err("it has stopped");
    drop(client);
    nothing_is_left(&network).await;
}

#[tokio::test(start_paused = true)]
async fn closed_while_it_is_away_it_ends_at_once() {
    let (mut client, network, _listener) = started(ReconnectConfig::default());
    network.refuse(io::ErrorKind::ConnectionRefused);
    let waiting = |state: &State| matches!(state, State::Waiting { .. });
    within(client.state().wait_for(waiting)).await.expect("the task lives");
    client.send("late").await.expect("room");
    let begun = Instant::now();
    assert_eq!(client.close(None).await.expect("closed"), None);
    assert_eq!(begun.elapsed(), Duration::ZERO);
    assert_eq!(within(client.recv()).await.expect("closed by us"), None);
    assert_eq!(client.take_queued(), ["late".into()]);
    nothing_is_left(&network).await;
}

#[tokio::test(start_paused = true)]
async fn a_server_that_does_not_answer_does_not_hold_up_the_end() {
    let (mut client, network, mut listener) = started(ReconnectConfig::default());
    let socket = accept(&mut listener).await;
    open(&client).await;
    // It reads nothing: more than 256 KiB do not leave.
    for _ in 0..8 {
        client.send(vec![0; 100_000]).await.expect("room");
    }
    network.silence();
    let begun = Instant::now();
    let error = within(client.close(None)).await.expect_err("no answer");
    assert!(
        matches!(*error, Error::Broken(SocketError::CloseTimeout | SocketError::WriteTimeout)),
        "{error:?}"
    );
    assert!(begun.elapsed() <= 10 * SECOND, "{:?}", begun.elapsed());
    assert!(matches!(*client.state().borrow(), State::Closed));
    assert_eq!(within(client.recv()).await.expect("closed by us"), None);
    drop((client, socket));
    nothing_is_left(&network).await;
}

#[tokio::test(start_paused = true)]
async fn what_nobody_receives_is_read_all_the_same() {
    let (client, _network, mut listener) = started(ReconnectConfig::default());
    let (sender, receiver) = client.split();
    drop(receiver);
    let mut socket = accept(&mut listener).await;
    for _ in 0..100 {
        within(socket.send(vec![0; 100_000])).await.expect("open");
    }
    socket.ping("there?").await.expect("open");
    let pong = within(socket.recv_event()).await.expect("open");
    assert!(matches!(pong, Some(Event::Pong(_))), "{pong:?}");
    sender.send("hello").await.expect("room");
    assert_eq!(within(socket.recv()).await.expect("open"), Some("hello".into()));
}

/// An application that does not keep up: the memory is bounded, the server feels it, the connection stays.
#[tokio::test(start_paused = true)]
async fn nothing_is_read_that_there_is_no_room_for() {
    let config = ReconnectConfig::default().incoming(Bounds { messages: 4, bytes: 1000 });
    let (mut client, network, mut listener) = started(config);
    let mut socket = accept(&mut listener).await;
    open(&client).await;
    for number in 0..20 {
        socket.send(number.to_string()).await.expect("open");
    }
    // Half an hour goes by. The server, which pings too, hears from the client all the time.
    let server = tokio::spawn(async move {
        let mut pings = 0;
        let ended = timeout(LONG / 2, async {
            loop {
                match socket.recv_event().await {
                    Ok(Some(Event::Ping(_))) => pings += 1,
                    Ok(Some(_)) => {}
                    ended => return ended.map(|_| ()),
                }
            }
        });
        (ended.await.is_err(), pings, socket)
    });
    let (stayed, pings, mut socket) = within(server).await.expect("no panic");
    assert!(stayed && pings >= 85, "{pings} pings");
    let counters = client.counters();
    assert_eq!((counters.received, counters.paused, counters.lost), (5, 1, 0));
    // What was received before the connection is lost is not lost with it.
    network.cut();
    within(client.state().wait_for(|state| !state.is_open())).await.expect("the task lives");
    let mut again = accept(&mut listener).await;
    again.send("new").await.expect("open");
    for number in 0..5 {
        let message = within(client.recv()).await.expect("lives").expect("a message");
        assert_eq!(message.as_text(), Some(number.to_string().as_str()));
    }
    assert_eq!(within(client.recv()).await.expect("lives"), Some("new".into()));
    within(socket.recv()).await.expect_err("cut");
}

#[tokio::test(start_paused = true)]
async fn a_message_larger_than_the_queue_is_received_alone() {
    let config = ReconnectConfig::default().incoming(Bounds { messages: 4, bytes: 10 });
    let (mut client, _network, mut listener) = started(config);
    let mut socket = accept(&mut listener).await;
    for size in [5, 50, 5] {
        socket.send(vec![0; size]).await.expect("open");
    }
    for size in [5, 50, 5] {
        tokio::time::sleep(SECOND).await;
        assert_eq!(within(client.recv()).await.expect("lives").map(|message| message.len()), Some(size));
    }
}

#[tokio::test(start_paused = true)]
async fn as_a_stream_and_a_sink() {
    let config = ReconnectConfig::default().outgoing(Bounds { messages: 1, bytes: 100 }, WhenFull::Wait);
    let (mut client, network, mut listener) = started(config);
    let mut client = Pin::new(&mut client);
    poll_fn(|cx| client.as_mut().poll_ready(cx)).await.expect("open");
    client.as_mut().start_send("a".into()).expect("room");
    poll_fn(|cx| client.as_mut().poll_ready(cx)).await.expect("open");
    client.as_mut().start_send("b".into()).expect("the sink holds one more");
    timeout(SECOND, poll_fn(|cx| client.as_mut().poll_ready(cx))).await.expect_err("no room");
    let mut socket = accept(&mut listener).await;
    within(poll_fn(|cx| client.as_mut().poll_flush(cx))).await.expect("room came");
    for text in ["a", "b"] {
        assert_eq!(within(socket.recv()).await.expect("open"), Some(text.into()));
    }
    socket.send("c").await.expect("open");
    let item = within(poll_fn(|cx| client.as_mut().poll_next(cx))).await;
    assert_eq!(item.expect("an item").expect("a message"), "c".into());
    let serving = tokio::spawn(to_the_end(socket));
    within(poll_fn(|cx| client.as_mut().poll_close(cx))).await.expect("closed");
    assert_eq!(serving.await.expect("no panic").0, []);
    let item = within(poll_fn(|cx| client.as_mut().poll_next(cx))).await;
    assert!(item.is_none());
    let refused = client.as_mut().start_send("late".into());
    assert!(matches!(refused, Err(SendError::Closed(_))));
    nothing_is_left(&network).await;
}

#[tokio::test(start_paused = true)]
async fn a_stream_ends_with_the_error() {
    let (mut client, _network, listener) = started(ReconnectConfig::default().fail_fast());
    drop(listener);
    let mut client = Pin::new(&mut client);
    let item = within(poll_fn(|cx| client.as_mut().poll_next(cx))).await.expect("an item");
    assert_eq!(item.expect_err("it has stopped").code(), "connect-failed");
    assert!(within(poll_fn(|cx| client.as_mut().poll_next(cx))).await.is_none());
}

/// A hook that panics ends its own client, and nobody waits for it.
#[tokio::test(start_paused = true)]
async fn a_hook_that_panics_leaves_nobody_waiting() {
    let config = ReconnectConfig::default().on_failure(|failure| match failure.attempts {
        0 | 1 => Decision::Retry { delay: SECOND },
        _ => panic!("the hook fails"),
    });
    let (mut client, _network, listener) = started(config);
    drop(listener);
    assert_eq!(within(client.recv()).await.expect("an end"), None);
    assert!(matches!(*client.state().borrow(), State::Closed));
    assert!(matches!(client.send("late").await, Err(SendError::Closed(_))));
    assert_eq!(within(client.close(None)).await.expect("closed"), None);
}

/// Handles can be used from any task.
#[test]
fn handles_can_be_shared() {
    fn shared<T: Send + Sync + 'static>() {}
    shared::<Reconnecting>();
    shared::<super::Sender>();
    shared::<super::Receiver>();
    shared::<State>();
    shared::<Arc<Error>>();
    shared::<ReconnectConfig>();
}
