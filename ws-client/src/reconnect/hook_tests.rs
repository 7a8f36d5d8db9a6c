//! Where the application has a say, and tokens.

use std::sync::atomic::{AtomicUsize, Ordering::SeqCst};
use std::sync::{Arc, Mutex};
use std::time::{Duration, SystemTime};

use tokio::time::timeout;
use ws_core::message::CloseFrame;
use ws_core::net;
use ws_core::refusal::Cause;

use super::scripted::*;
use super::{Decision, ReconnectConfig, RestoreError, State};
use crate::credentials::{Credentials, Token, TokenFuture, TokenProvider, from_fn};
use crate::memory::{Incoming, Listener, network};
use crate::{Client, Error};

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

/// By a clock that is ahead every token is over: that is no reason to renew one after the other.
#[tokio::test(start_paused = true)]
async fn a_token_that_was_over_when_it_opened_the_connection_is_not_renewed_twice() {
    let (network, mut listener) = network();
    let past = SystemTime::now() - 3600 * SECOND;
    let number = AtomicUsize::new(0);
    let tokens = from_fn(move || {
        let token = Token::new(format!("t{}", number.fetch_add(1, SeqCst))).expires(past);
        async move { Ok(token) }
    });
    let client = Client::builder("ws://127.0.0.1/").expect("valid").connector(network);
    let client = client.credentials(Credentials::new(tokens)).build();
    let mut client = client.reconnecting(ReconnectConfig::default());
    for token in ["Bearer t0", "Bearer t1"] {
        let incoming = incoming(&mut listener).await;
        assert_eq!(bearer(&incoming), token);
        let mut socket = incoming.accept().await.expect("a handshake");
        within(socket.close(frame(3000, "token-expired: It has expired"))).await.expect("answered");
    }
    let why = stopped(&mut client).await;
    assert_eq!((why.cause(), client.counters().renewals), (Some(Cause::TokenExpired), 1));
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

#[tokio::test(start_paused = true)]
async fn not_even_a_hook_makes_it_try_all_the_time() {
    let config = ReconnectConfig::default().on_failure(|_| Decision::Retry { delay: Duration::ZERO });
    let (client, _network, listener) = started(config);
    drop(listener);
    tokio::time::sleep(10 * SECOND).await;
    let attempts = client.counters().attempts;
    assert!((90..=101).contains(&attempts), "{attempts}");
}
