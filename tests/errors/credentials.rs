//! Credentials that are not sent, and those that cannot be had.

use std::net::SocketAddr;
use std::time::Duration;

use tests::certificates::Files;
use tests::wire::{Running, echo};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use ws_client::credentials::oauth::TokenEndpoint;
use ws_client::credentials::{
    Credentials, CredentialsError, Placement, StaticToken, Token, TokenCommand, TokenFile, TokenProvider,
    from_fn,
};
use ws_client::reconnect::ReconnectConfig;
use ws_client::{Builder, Client, NextStep};
use ws_server::Route;

use crate::network::closed_port;
use crate::programs::repeating;
use crate::raw::{self, SOON, accepting, client, refused};
use crate::row::{AGAIN, Peer, Table, WHEN_TOLD};

pub(crate) async fn rows(table: &mut Table) {
    let clear = Client::builder("ws://rooms.example/").unwrap().bearer_token("abc").unwrap().build();
    let in_clear = ("credentials-in-clear", NextStep::Correct);
    table.add(Peer::None, "a token over `ws://` to another machine", in_clear, refused(&clear).await);
    providers(table).await;
    endpoints(table).await;
    first_messages(table).await;
    not_accepted(table).await;
    let unrestored = ReconnectConfig::default()
        .on_open(|_, _| Box::pin(async { Err("the room is gone".into()) }))
        .max_attempts(1);
    let address = accepting("", raw::linger).await;
    let mut returning = client(address).reconnecting(unrestored);
    let error = returning.recv().await.unwrap_err();
    let what = "a state that a returning client cannot restore";
    table.add_shared(Peer::None, what, ("state-not-restored", AGAIN), &error);
}

/// A client that needs a token before it connects to anywhere.
fn with(provider: impl TokenProvider) -> Client {
    let credentials = Credentials::with_timeout(provider, SOON);
    Client::builder("ws://127.0.0.1:1/").unwrap().credentials(credentials).build()
}

async fn providers(table: &mut Table) {
    let files = Files::new().unwrap();
    let mut add = |peer, what, expected, error| table.add(peer, what, expected, error);
    let (unavailable, unreadable) =
        (("credentials-unavailable", AGAIN), ("credentials-unavailable", NextStep::Correct));
    let absent = with(TokenFile::new(files.path().join("token")));
    add(Peer::System, "a token file that is not there", unreadable, refused(&absent).await);
    let file = files.write("sentence", "this is no token\n");
    let invalid = ("credentials-invalid", NextStep::Correct);
    add(
        Peer::System,
        "a token file with a sentence in it",
        invalid,
        refused(&with(TokenFile::new(file))).await,
    );
    let fails = with(TokenCommand::new("sh").args(["-c", "echo no vault >&2; exit 3"]));
    add(Peer::System, "a command that fails", unreadable, refused(&fails).await);
    let missing = with(TokenCommand::new("no-such-command"));
    add(Peer::System, "a command that is not there", unreadable, refused(&missing).await);
    let sealed = || CredentialsError::Unavailable {
        reason: "the vault is sealed".into(),
        retry_after: Some(Duration::from_secs(5)),
    };
    let own = with(from_fn(move || std::future::ready(Err(sealed()))));
    let when_told = ("credentials-unavailable", WHEN_TOLD);
    add(Peer::None, "a provider of the caller's own that is down", when_told, refused(&own).await);
    let never = with(from_fn(std::future::pending));
    add(Peer::None, "a provider of the caller's own that never answers", unavailable, refused(&never).await);
}

/// A token endpoint that answers this.
async fn endpoint(head: &'static str, body: &'static str) -> Client {
    let address = repeating(move |mut stream| async move {
        let mut request = Vec::new();
        while !request.windows(4).any(|end| end == b"\r\n\r\n")
            && matches!(stream.read_buf(&mut request).await, Ok(1..))
        {}
        let answer =
            format!("HTTP/1.1 {head}\r\nContent-Length: {}\r\nConnection: close\r\n\r\n{body}", body.len());
        let _ = stream.write_all(answer.as_bytes()).await;
        let _ = stream.shutdown().await;
        raw::linger(stream).await;
    });
    at(address.await)
}

fn at(address: SocketAddr) -> Client {
    let endpoint = TokenEndpoint::new(&format!("http://{address}/token"), "rooms").unwrap();
    with(endpoint.client_secret("secret").client_credentials())
}

/// RFC 6749 5.2.
async fn endpoints(table: &mut Table) {
    const JSON: &str = "400 Bad Request\r\nContent-Type: application/json";
    let mut add = |what, expected, error| table.add(Peer::Raw, what, expected, error);
    let denied = ("credentials-denied", NextStep::Authenticate);
    let body = r#"{"error":"invalid_client","error_description":"Client authentication failed"}"#;
    add("a token endpoint that does not know the client", denied, refused(&endpoint(JSON, body).await).await);
    let body = r#"{"error":"invalid_grant"}"#;
    add("a token endpoint that refuses the grant", denied, refused(&endpoint(JSON, body).await).await);
    let page = endpoint("404 Not Found\r\nContent-Type: text/html", "<title>404 Not Found</title>").await;
    let wrong = ("credentials-unavailable", NextStep::Correct);
    add("a token endpoint that is none", wrong, refused(&page).await);
    let busy = endpoint("503 Service Unavailable\r\nRetry-After: 5", "").await;
    add("a token endpoint that is overloaded", ("credentials-unavailable", WHEN_TOLD), refused(&busy).await);
    let down = at(closed_port().await);
    add("a token endpoint that is down", ("credentials-unavailable", AGAIN), refused(&down).await);
    let mute = at(repeating(raw::ignore).await);
    add("a token endpoint that does not answer", ("credentials-unavailable", AGAIN), refused(&mute).await);
}

async fn first_messages(table: &mut Table) {
    let token = |builder: Builder, token: &str, placement| {
        let credentials = Credentials::new(StaticToken::new(Token::new(token)));
        builder.credentials(credentials).credentials_in(placement).unwrap().build()
    };
    let to = |address: SocketAddr| {
        let timeouts = ws_client::Timeouts { handshake: SOON, ..ws_client::Timeouts::default() };
        Client::builder(format!("ws://{address}/")).unwrap().timeouts(timeouts)
    };
    let address = accepting("", raw::linger).await;
    let slashes = token(to(address), "a/b=", Placement::Subprotocol);
    let expected = ("credentials-invalid", NextStep::Correct);
    table.add(Peer::None, "a token with `/` in a subprotocol", expected, refused(&slashes).await);
    let mute = token(to(accepting("", raw::ignore).await), "abc", Placement::FirstMessage);
    let what = "a first message that nobody answers";
    table.add(Peer::Raw, what, ("first-message-not-answered", AGAIN), refused(&mute).await);
    let running = Running::start(|server| server.route("/", Route::new(echo))).await;
    let echoed = token(to(running.address), "abc", Placement::FirstMessage);
    let what = "a first message to a route that takes no token there";
    table.add(Peer::Ours, what, ("first-message-not-answered", NextStep::Correct), refused(&echoed).await);
    let leaves = token(to(accepting("", raw::leave).await), "abc", Placement::FirstMessage);
    let what = "the end before the first message is answered";
    table.add(Peer::Raw, what, ("connection-lost", AGAIN), refused(&leaves).await);
}

/// An answer without reasons, to credentials that were sent.
async fn not_accepted(table: &mut Table) {
    let mut add = |what, expected, error| table.add(Peer::Raw, what, expected, error);
    let to = |address: SocketAddr| Client::builder(format!("ws://{address}/")).unwrap();
    let wants =
        |scheme| raw::answering(format!("HTTP/1.1 401 Unauthorized\r\nWWW-Authenticate: {scheme}\r\n\r\n"));
    let give = ("unauthorized-unexplained", NextStep::Authenticate);
    let token = to(wants("Bearer").await).bearer_token("abc").unwrap();
    add("a token, answered with the challenge `Bearer`", give, refused(&token.build()).await);
    let pair = to(wants("Basic realm=\"a\"").await).basic_auth("ann", "secret").unwrap();
    add("a password, answered with the challenge `Basic`", give, refused(&pair.build()).await);
    let cookie = to(wants("Bearer").await).cookie("sid", "abc").unwrap();
    add("a cookie, answered with the challenge `Bearer`", give, refused(&cookie.build()).await);
    let bare = to(raw::answering("HTTP/1.1 403 Forbidden\r\n\r\n").await).bearer_token("abc").unwrap();
    let find_out = ("forbidden-unexplained", NextStep::FindOut);
    add("a token, answered with a bare 403", find_out, refused(&bare.build()).await);
}
