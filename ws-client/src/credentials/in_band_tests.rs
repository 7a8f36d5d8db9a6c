use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering::SeqCst};
use std::time::{Duration, SystemTime};

use tokio::time::{Instant, sleep, timeout};
use ws_core::message::{CloseCode, Message};
use ws_core::net::WebSocket;

use super::{Credentials, Placement, Token, from_fn};
use crate::Client;
use crate::memory::{self, Listener};

const AUTHENTICATED: &str = r#"{"type":"authenticated","expires":1764000000}"#;
const UNAVAILABLE: &str = r#"{"type":"unavailable","code":"authentication-unavailable","retry_after":7}"#;

/// Gives `token-1` and so on, each good for 100 s and renewed when 55 to 75 of them are over.
fn counting() -> (Credentials, Arc<AtomicUsize>) {
    let given = Arc::new(AtomicUsize::new(0));
    let counter = Arc::clone(&given);
    let provider = from_fn(move || {
        let number = counter.fetch_add(1, SeqCst) + 1;
        let expires = SystemTime::now() + Duration::from_secs(100);
        async move { Ok(Token::new(format!("token-{number}")).expires(expires)) }
    });
    (Credentials::new(provider), given)
}

fn client(credentials: &Credentials, placement: Placement) -> (Client, Listener) {
    let (network, listener) = memory::network();
    let builder = Client::builder("ws://chat.test/").expect("valid").credentials(credentials.clone());
    let builder = builder.credentials_in(placement).expect("valid").renew_in_band(true).no_keepalive();
    (builder.connector(network).build(), listener)
}

/// Both ends of a connection whose tokens are renewed.
async fn connected(credentials: &Credentials) -> (WebSocket, WebSocket) {
    let (client, mut listener) = client(credentials, Placement::Header);
    let server = async { listener.accept().await.expect("a client").accept().await.expect("accepted") };
    let (ours, theirs) = tokio::join!(client.connect(), server);
    (ours.expect("let in"), theirs)
}

async fn text(socket: &mut WebSocket) -> String {
    let message = socket.recv().await.expect("open").expect("a message");
    message.as_text().expect("text").to_owned()
}

fn authenticate(number: usize) -> String {
    format!(r#"{{"type":"authenticate","token":"token-{number}"}}"#)
}

#[tokio::test(start_paused = true)]
async fn each_new_token_is_told_and_its_answer_taken() {
    let (credentials, given) = counting();
    let (mut ours, mut theirs) = connected(&credentials).await;
    let application = tokio::spawn(async move {
        let mut received = Vec::new();
        while let Ok(Some(message)) = ours.recv().await {
            received.push(message.as_text().expect("text").to_owned());
        }
        received
    });
    for number in 2..=5 {
        let before = Instant::now();
        assert_eq!(text(&mut theirs).await, authenticate(number));
        let since = before.elapsed().as_secs_f64();
        assert!((54.9..=75.1).contains(&since), "{number}: {since}");
        theirs.send("before").await.expect("open");
        theirs.send(AUTHENTICATED).await.expect("open");
    }
    theirs.close(None).await.expect("closed");
    assert_eq!(application.await.expect("it ends"), ["before"; 4]);
    assert_eq!(given.load(SeqCst), 5);
}

#[tokio::test(start_paused = true)]
async fn what_nobody_waits_for_is_the_applications() {
    let (credentials, _) = counting();
    let (mut ours, mut theirs) = connected(&credentials).await;
    for message in [AUTHENTICATED, UNAVAILABLE, "hello"] {
        theirs.send(message).await.expect("open");
        assert_eq!(text(&mut ours).await, message);
    }
    // Also behind the answer to ours.
    let server = async {
        assert_eq!(text(&mut theirs).await, authenticate(2));
        for message in [AUTHENTICATED, AUTHENTICATED, "hello"] {
            theirs.send(message).await.expect("open");
        }
    };
    let application = async { (text(&mut ours).await, text(&mut ours).await) };
    let ((), received) = tokio::join!(server, application);
    assert_eq!(received, (AUTHENTICATED.into(), "hello".into()));
}

#[tokio::test(start_paused = true)]
async fn a_token_that_nobody_can_judge_now_is_told_again_when_the_server_wants_it() {
    let (credentials, _) = counting();
    let (mut ours, mut theirs) = connected(&credentials).await;
    tokio::spawn(async move { while let Ok(Some(_)) = ours.recv().await {} });
    assert_eq!(text(&mut theirs).await, authenticate(2));
    for _ in 0..3 {
        theirs.send(UNAVAILABLE).await.expect("open");
        let before = Instant::now();
        assert_eq!(text(&mut theirs).await, authenticate(2));
        assert_eq!(before.elapsed().as_secs(), 7);
    }
    theirs.send(AUTHENTICATED).await.expect("open");
    assert_eq!(text(&mut theirs).await, authenticate(3));
}

#[tokio::test(start_paused = true)]
async fn a_server_that_does_not_answer_gets_no_second_token() {
    let (credentials, given) = counting();
    let (mut ours, mut theirs) = connected(&credentials).await;
    let application = tokio::spawn(async move { ours.recv().await });
    assert_eq!(text(&mut theirs).await, authenticate(2));
    timeout(Duration::from_secs(1000), theirs.recv()).await.expect_err("nothing more is said");
    assert!(given.load(SeqCst) > 10, "tokens come and go");
    // Should it answer after all, it gets the latest.
    theirs.send(AUTHENTICATED).await.expect("open");
    assert_eq!(text(&mut theirs).await, authenticate(given.load(SeqCst)));
    application.abort();
}

#[tokio::test(start_paused = true)]
async fn the_task_keeps_nothing_and_ends_with_the_connection() {
    let (credentials, given) = counting();
    let (ours, mut theirs) = connected(&credentials).await;
    drop(ours);
    assert_eq!(theirs.recv().await.expect("a proper end"), None);
    assert_eq!(theirs.close_frame().expect("a Close frame").code, CloseCode::GOING_AWAY);
    let so_far = given.load(SeqCst);
    sleep(Duration::from_secs(1000)).await;
    assert_eq!(given.load(SeqCst), so_far, "nobody renews for nobody");
}

#[tokio::test(start_paused = true)]
async fn a_token_that_changes_while_the_handshake_lasts_is_told_at_once() {
    let (credentials, _) = counting();
    let (client, mut listener) = client(&credentials, Placement::Header);
    let server = async {
        let incoming = listener.accept().await.expect("a client");
        let first = credentials.current().await.expect("a token");
        credentials.reject(&first);
        credentials.current().await.expect("another");
        let mut theirs = incoming.accept().await.expect("accepted");
        let said = timeout(Duration::from_secs(1), theirs.recv()).await.expect("at once").expect("open");
        assert_eq!(said, Some(Message::text(authenticate(2))));
    };
    let ((), ours) = tokio::join!(server, client.connect());
    ours.expect("let in");
}

#[tokio::test(start_paused = true)]
async fn one_task_renews_for_all_connections() {
    let (credentials, given) = counting();
    let mut open = Vec::new();
    for _ in 0..20 {
        open.push(connected(&credentials).await);
    }
    sleep(Duration::from_secs(80)).await;
    for (_, theirs) in &mut open {
        assert_eq!(text(theirs).await, authenticate(2));
    }
    assert_eq!(given.load(SeqCst), 2);
}
