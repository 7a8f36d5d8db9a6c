use std::time::Duration;

use tokio::time::Instant;
use ws_core::head::RequestHead;
use ws_core::message::{CloseCode, CloseFrame, Message};
use ws_core::refusal::Cause;

use super::{Credentials, CredentialsError, Placement, StaticToken, Token, from_fn};
use crate::memory::{self, Incoming, Listener};
use crate::{Builder, Client, ConnectError, RequestError};

fn with_token(token: &str) -> Builder {
    let credentials = Credentials::new(StaticToken::new(Token::new(token)));
    Client::builder("ws://chat.test/rooms?v=2").expect("valid").credentials(credentials)
}

fn placed(builder: Builder, placement: Placement) -> (Client, Listener) {
    let (network, listener) = memory::network();
    let builder = builder.credentials_in(placement).expect("valid").connector(network);
    (builder.build(), listener)
}

/// What a server sees.
async fn request(builder: Builder, placement: Placement) -> RequestHead {
    let (client, mut listener) = placed(builder, placement);
    let server = async {
        let incoming = listener.accept().await.expect("a client");
        let head = incoming.head().clone();
        incoming.accept().await.expect("let in");
        head
    };
    let (result, head) = tokio::join!(client.connect(), server);
    result.expect("let in");
    head
}

#[tokio::test(start_paused = true)]
async fn a_token_stands_where_it_is_wanted() {
    // RFC 6750 2.1.
    let head = request(with_token("a.b.c"), Placement::default()).await;
    assert_eq!(head.fields().get_str("Authorization"), Some("Bearer a.b.c"));
    assert_eq!(head.target(), "/rooms?v=2");
    // RFC 6750 2.3.
    let head = request(with_token("a+b/c=="), Placement::Query("access_token".into())).await;
    assert_eq!(head.target(), "/rooms?v=2&access_token=a%2Bb%2Fc%3D%3D");
    assert_eq!(head.fields().get_str("Authorization"), None);
    let head = request(with_token("abc").resource("/rooms"), Placement::Query("a b".into())).await;
    assert_eq!(head.target(), "/rooms?a+b=abc");
    // RFC 6265 5.4: one field.
    let builder = with_token("abc").cookie("theme", "dark").expect("valid");
    let head = request(builder, Placement::Cookie("session".into())).await;
    assert_eq!(head.fields().get_str("Cookie"), Some("theme=dark; session=abc"));
    let builder = with_token("a.b-c").subprotocols(["chat.v2"]).expect("valid");
    let head = request(builder, Placement::Subprotocol).await;
    assert_eq!(head.fields().get_str("Sec-WebSocket-Protocol"), Some("chat.v2, bearer, a.b-c"));
}

#[tokio::test(start_paused = true)]
async fn what_carries_a_token_is_no_subprotocol() {
    for (selected, told) in [("bearer", None), ("abc", None), ("chat.v2", Some("chat.v2"))] {
        let builder = with_token("abc").subprotocols(["chat.v2"]).expect("valid");
        let (client, mut listener) = placed(builder, Placement::Subprotocol);
        let server = async {
            let incoming = listener.accept().await.expect("a client").subprotocol(selected);
            incoming.accept().await.expect("let in")
        };
        let (result, _socket) = tokio::join!(client.connect_with_answer(), server);
        let (_, answer) = result.expect("let in");
        assert_eq!(answer.subprotocol.as_deref(), told);
    }
}

#[tokio::test(start_paused = true)]
async fn what_cannot_be_placed_is_an_error() {
    let error = with_token("abc").credentials_in(Placement::Cookie("a b".into())).expect_err("no name");
    assert!(matches!(error, RequestError::CookieName { .. }), "{error}");
    // RFC 6455 4.1: the elements are tokens of HTTP, which have no slash.
    let (client, _listener) = placed(with_token("a/b"), Placement::Subprotocol);
    let error = client.connect().await.expect_err("no subprotocol");
    assert!(matches!(error, ConnectError::Credentials(CredentialsError::NoSubprotocol)), "{error}");
    let (client, _listener) = placed(with_token("a,b"), Placement::Header);
    let error = client.connect().await.expect_err("no token");
    assert!(matches!(error, ConnectError::Request(RequestError::BearerToken { position: 1 })), "{error}");
}

// RFC 6750 5.3: TLS.
#[tokio::test]
async fn no_placement_goes_in_clear() {
    for placement in [
        Placement::Header,
        Placement::Query("token".into()),
        Placement::Cookie("token".into()),
        Placement::Subprotocol,
        Placement::FirstMessage,
    ] {
        let asked = from_fn(async || panic!("no token is asked for that is not sent"));
        let client = Client::builder("ws://192.0.2.1/").expect("valid");
        let client = client.credentials(Credentials::new(asked)).credentials_in(placement).expect("valid");
        let error = client.connect().await.expect_err("in clear");
        assert!(matches!(error, ConnectError::Credentials(CredentialsError::InClear { .. })), "{error}");
    }
}

async fn first_message(incoming: Incoming, answer: Message) -> String {
    let mut socket = incoming.accept().await.expect("accepted");
    let said = socket.recv().await.expect("open").expect("a message");
    socket.send(answer).await.expect("open");
    socket.send("welcome").await.expect("open");
    while let Ok(Some(_)) = socket.recv().await {}
    said.as_text().expect("text").to_owned()
}

#[tokio::test(start_paused = true)]
async fn the_first_message_is_answered_before_anything_else() {
    let (client, mut listener) = placed(with_token("abc"), Placement::FirstMessage);
    let server = tokio::spawn(async move {
        let incoming = listener.accept().await.expect("a client");
        assert_eq!(incoming.head().fields().get_str("Authorization"), None);
        first_message(incoming, Message::text(r#"{"type":"authenticated","expires":1764000000}"#)).await
    });
    let (mut socket, answer) = client.connect_with_answer().await.expect("let in");
    assert!(answer.token.is_some());
    assert_eq!(socket.recv().await.expect("open"), Some(Message::text("welcome")));
    socket.close(None).await.expect("closed");
    assert_eq!(server.await.expect("it ends"), r#"{"type":"authenticate","token":"abc"}"#);
}

#[tokio::test(start_paused = true)]
async fn a_first_message_that_is_not_accepted_is_renewed_once() {
    let given = std::sync::atomic::AtomicUsize::new(0);
    let credentials = Credentials::new(from_fn(move || {
        let number = given.fetch_add(1, std::sync::atomic::Ordering::SeqCst);
        async move { Ok(Token::new(format!("token-{number}"))) }
    }));
    let builder = Client::builder("ws://chat.test/").expect("valid").credentials(credentials);
    let (client, mut listener) = placed(builder, Placement::FirstMessage);
    let server = tokio::spawn(async move {
        let mut seen = Vec::new();
        while let Some(incoming) = listener.accept().await {
            let mut socket = incoming.accept().await.expect("accepted");
            let said = socket.recv().await.expect("open").expect("a message");
            seen.push(said.as_text().expect("text").contains("token-1"));
            let frame = CloseFrame::new(CloseCode::UNAUTHORIZED, "token-expired: it has expired");
            socket.close(frame).await.expect("closed");
        }
        seen
    });
    let error = client.connect().await.expect_err("refused twice");
    drop(client);
    assert!(matches!(error, ConnectError::Closed(_)), "{error}");
    assert_eq!(error.cause(), Some(Cause::TokenExpired));
    assert_eq!(server.await.expect("it ends"), [false, true]);
}

#[tokio::test(start_paused = true)]
async fn who_knows_nothing_of_first_messages_is_told_apart() {
    let (client, mut listener) = placed(with_token("abc"), Placement::FirstMessage);
    let server = tokio::spawn(async move {
        let echo = Message::text(r#"{"type":"authenticate","token":"abc"}"#);
        first_message(listener.accept().await.expect("a client"), echo).await;
        let mut silent = listener.accept().await.expect("a client").accept().await.expect("accepted");
        while let Ok(Some(_)) = silent.recv().await {}
        let lost = listener.accept().await.expect("a client");
        let link = lost.link();
        let _socket = lost.accept().await.expect("accepted");
        link.cut();
    });
    let mut errors = Vec::new();
    let begun = Instant::now();
    for _ in 0..3 {
        let error = client.connect().await.expect_err("not let in");
        errors.push((error.code(), error.is_worth_retrying()));
    }
    assert_eq!(begun.elapsed(), Duration::from_secs(10), "the time for a handshake");
    let expected = [
        ("first-message-not-answered", false),
        ("first-message-not-answered", true),
        ("connection-lost", true),
    ];
    assert_eq!(errors, expected);
    server.await.expect("it ends");
}
