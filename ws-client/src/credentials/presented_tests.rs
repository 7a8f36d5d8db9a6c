use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering::SeqCst};
use std::time::Duration;

use tokio::io::duplex;
use tokio::time::Instant;
use ws_core::message::{CloseCode, CloseFrame};
use ws_core::net::WebSocket;
use ws_core::refusal::{Cause, Refusal};

use super::{Credentials, CredentialsError, StaticToken, Token, from_fn};
use crate::memory::{self, Listener};
use crate::{Answer, Builder, Client, ConnectError, Timeouts};

/// Gives `token-1`, `token-2` and so on, and counts them.
fn counting() -> (Credentials, Arc<AtomicUsize>) {
    let given = Arc::new(AtomicUsize::new(0));
    let counter = Arc::clone(&given);
    let provider = from_fn(move || {
        let number = counter.fetch_add(1, SeqCst) + 1;
        async move { Ok(Token::new(format!("token-{number}"))) }
    });
    (Credentials::new(provider), given)
}

fn client(credentials: &Credentials) -> (Client, Listener) {
    let (network, listener) = memory::network();
    (builder().credentials(credentials.clone()).connector(network).build(), listener)
}

fn builder() -> Builder {
    Client::builder("ws://localhost/chat").expect("valid")
}

/// Refuses this often, and lets in who comes then; gives back what they had in `Authorization`.
async fn refuse(listener: &mut Listener, refusals: usize, refusal: impl Into<Refusal>) -> Vec<String> {
    let (refusal, mut seen) = (refusal.into(), Vec::new());
    for number in 0.. {
        let Some(incoming) = listener.accept().await else { break };
        seen.push(incoming.head().fields().get_str("Authorization").unwrap_or_default().to_owned());
        if number < refusals {
            incoming.refuse(refusal.clone()).await.expect("it is told");
        } else {
            let mut socket = incoming.accept().await.expect("let in");
            while let Ok(Some(_)) = socket.recv().await {}
        }
    }
    seen
}

async fn connect(
    credentials: &Credentials,
    refusals: usize,
    cause: Cause,
) -> (Result<Option<Arc<Token>>, ConnectError>, Vec<String>) {
    let (client, mut listener) = client(credentials);
    let connecting = async {
        let result: Result<(WebSocket, Answer), _> = client.connect_with_answer().await;
        drop(client);
        result.map(|(_, answer)| answer.token)
    };
    tokio::join!(connecting, refuse(&mut listener, refusals, cause))
}

// RFC 6750 3.1: invalid_token: "The client MAY request a new access token and retry".
#[tokio::test(start_paused = true)]
async fn a_token_that_is_not_accepted_is_renewed_once() {
    for cause in [Cause::TokenExpired, Cause::TokenRevoked, Cause::TokenKeyUnknown, Cause::TokenAudienceWrong]
    {
        let (credentials, given) = counting();
        let (result, seen) = connect(&credentials, 1, cause).await;
        let token = result.expect("let in").expect("a token of the provider");
        assert_eq!((token.text(), seen), ("token-2", vec!["Bearer token-1".into(), "Bearer token-2".into()]));
        assert_eq!(given.load(SeqCst), 2);
    }
}

#[tokio::test(start_paused = true)]
async fn there_is_no_third_attempt() {
    let (credentials, given) = counting();
    let (result, seen) = connect(&credentials, 9, Cause::TokenExpired).await;
    let error = result.expect_err("refused");
    assert_eq!((error.cause(), seen.len()), (Some(Cause::TokenExpired), 2));
    assert_eq!(given.load(SeqCst), 2);
}

#[tokio::test(start_paused = true)]
async fn where_no_other_token_helps_none_is_asked_for() {
    for cause in
        [Cause::ScopeInsufficient, Cause::ServerFull, Cause::CredentialsMissing, Cause::RouteNotFound]
    {
        let (credentials, given) = counting();
        let (result, seen) = connect(&credentials, 9, cause).await;
        assert_eq!(result.expect_err("refused").cause(), Some(cause));
        assert_eq!((seen.len(), given.load(SeqCst)), (1, 1), "{cause}");
    }
}

#[tokio::test(start_paused = true)]
async fn the_same_token_is_not_tried_again() {
    let credentials = Credentials::new(StaticToken::new(Token::new("same")));
    let (result, seen) = connect(&credentials, 9, Cause::TokenExpired).await;
    let error = result.expect_err("refused");
    assert_eq!((error.cause(), seen.len()), (Some(Cause::TokenExpired), 1));
}

#[tokio::test(start_paused = true)]
async fn who_cannot_renew_tells_that() {
    let given = AtomicUsize::new(0);
    let credentials = Credentials::new(from_fn(move || {
        let first = given.fetch_add(1, SeqCst) == 0;
        async move {
            let denied = CredentialsError::Denied { error: "invalid_grant".into(), description: None };
            if first { Ok(Token::new("token-1")) } else { Err(denied) }
        }
    }));
    let (result, seen) = connect(&credentials, 9, Cause::TokenExpired).await;
    let error = result.expect_err("no token");
    assert!(matches!(error, ConnectError::Credentials(CredentialsError::Denied { .. })), "{error}");
    assert_eq!(seen.len(), 1);
}

#[tokio::test(start_paused = true)]
async fn a_refusal_in_a_close_frame_counts_too() {
    let (credentials, given) = counting();
    let (client, mut listener) = client(&credentials);
    let server = async {
        let incoming = listener.accept().await.expect("a client");
        let incoming = incoming.field("Refused-By", "ws-server; code=token-expired; id=1");
        let mut socket = incoming.accept().await.expect("accepted");
        let frame = CloseFrame::new(CloseCode::UNAUTHORIZED, "token-expired: it has expired");
        socket.close(frame).await.expect("closed");
        listener.accept().await.expect("it is back").accept().await.expect("accepted")
    };
    let (result, _socket) = tokio::join!(client.connect(), server);
    result.expect("let in");
    assert_eq!(given.load(SeqCst), 2);
}

// A stream of the caller's cannot be made again.
#[tokio::test(start_paused = true)]
async fn over_a_given_stream_there_is_one_attempt() {
    let (credentials, given) = counting();
    let client = builder().credentials(credentials.clone()).build();
    let (ours, mut theirs) = duplex(4096);
    let server = async {
        use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
        let mut request = [0; 4096];
        let read = theirs.read(&mut request).await.expect("open");
        assert!(read > 0);
        let answer = b"HTTP/1.1 401 Unauthorized\r\nWWW-Authenticate: Bearer error=\"invalid_token\"\r\n\
            Content-Length: 0\r\n\r\n";
        theirs.write_all(answer).await.expect("open");
    };
    let (result, ()) = tokio::join!(client.connect_over(ours), server);
    let error = result.expect_err("refused");
    assert!(matches!(&error, ConnectError::Refused(refused) if refused.status == 401), "{error}");
    assert_eq!(given.load(SeqCst), 1);
    assert_eq!(
        credentials.current().await.expect("a token").text(),
        "token-2",
        "it is rejected all the same"
    );
}

#[tokio::test(start_paused = true)]
async fn a_token_has_its_time() {
    let silent = || from_fn(std::future::pending::<Result<Token, CredentialsError>>);
    let credentials = Timeouts { credentials: Duration::from_secs(3), ..Timeouts::default() };
    let total = Timeouts { total: Duration::from_secs(2), ..Timeouts::default() };
    for (timeouts, expected) in [(credentials, 3), (total, 2)] {
        let begun = Instant::now();
        let client = builder().credentials(Credentials::new(silent())).timeouts(timeouts);
        let error = client.connect().await.expect_err("no token");
        assert!(matches!(error, ConnectError::Credentials(CredentialsError::TimedOut { .. })), "{error}");
        assert_eq!(begun.elapsed(), Duration::from_secs(expected));
    }
}

#[tokio::test(start_paused = true)]
async fn a_hundred_connects_cause_one_request() {
    let (credentials, given) = counting();
    let (client, mut listener) = client(&credentials);
    let server = tokio::spawn(async move {
        let mut open = Vec::new();
        while let Some(incoming) = listener.accept().await {
            let authorization = incoming.head().fields().get_str("Authorization").map(str::to_owned);
            if authorization.as_deref() == Some("Bearer token-1") {
                incoming.refuse(Cause::TokenExpired).await.expect("told");
            } else {
                open.push(incoming.accept().await.expect("let in"));
            }
        }
        open.len()
    });
    let mut connecting = tokio::task::JoinSet::new();
    for _ in 0..100 {
        let client = client.clone();
        connecting.spawn(async move { client.connect().await.expect("let in") });
    }
    drop(client);
    let sockets = connecting.join_all().await;
    // One for the first token, and one for the second after that was refused a hundred times.
    assert_eq!(given.load(SeqCst), 2);
    assert_eq!(server.await.expect("it ends"), sockets.len());
}
