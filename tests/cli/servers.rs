//! Whom the program talks to.

use std::future::pending;
use std::net::SocketAddr;
use std::time::Duration;

use serde_json::json;
use tests::wire::{Running, echo};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpListener;
use tokio::sync::mpsc;
use tokio::time::sleep;
use ws_core::message::{CloseCode, CloseFrame, Message};
use ws_core::net::Error;
use ws_server::authenticate::bearer::{Bearer, Signer, Source, Verifier};
use ws_server::{Route, Session};

const SECRET: &[u8] = b"a secret of thirty-two bytes, ok";

/// Everything that can move a cursor, change a title or turn text around.
pub(crate) const EVIL: &str = "\x1b]0;pwned\x07\x1b[2J\u{9b}31m\u{202e}evil";

/// A server of ours with a route for each habit.
pub(crate) async fn ours() -> Running {
    let verifier = || Verifier::new(Signer::hs256(SECRET).unwrap().verifying_key());
    let guarded =
        move |source| Route::new(echo).authenticate(Bearer::new("rooms", verifier()).sources([source]));
    Running::start(|server| {
        server
            .name("rooms")
            .route("/", Route::new(echo).subprotocols(["chat.v2"]))
            .route("/guarded", guarded(Source::Header))
            .route("/ticket", guarded(Source::Query("ticket".to_owned())))
            .route("/first", guarded(Source::FirstMessage))
            .route(
                "/staff",
                Route::new(echo).authenticate(Bearer::new("rooms", verifier())).scopes(["chat:staff"]),
            )
            .route("/slow", Route::new(slow))
            .route("/evil", Route::new(evil))
            .route("/chatty", Route::new(chatty))
            .route("/deaf", Route::new(deaf))
            .route("/floods", Route::new(floods))
            .route("/closes", Route::new(closes))
    })
    .await
}

/// A token that lasts so long, or has expired that long ago.
pub(crate) fn token(seconds: i64) -> String {
    let now = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH).unwrap();
    let expires = i64::try_from(now.as_secs()).unwrap() + seconds;
    Signer::hs256(SECRET)
        .unwrap()
        .sign(&json!({ "sub": "ann", "exp": expires, "scope": "chat:read" }))
        .unwrap()
}

pub(crate) fn url(server: &Running, path: &str) -> String {
    format!("ws://{}{path}", server.address)
}

/// Answers after a while.
async fn slow(mut session: Session) -> Result<(), Error> {
    while let Some(message) = session.recv().await? {
        sleep(Duration::from_millis(300)).await;
        session.send(message).await?;
    }
    Ok(())
}

/// Says what steers a terminal, in a message and in its close reason.
async fn evil(mut session: Session) -> Result<(), Error> {
    session.send(EVIL).await?;
    session.recv().await?;
    session.close(CloseFrame::new(CloseCode::new(4001).unwrap(), EVIL)).await.map(drop)
}

/// Says something after each message, and once unasked.
async fn chatty(mut session: Session) -> Result<(), Error> {
    session.send("unasked").await?;
    while let Some(message) = session.recv().await? {
        session.send(message).await?;
        session.send(Message::binary(vec![0, 1, 0x41])).await?;
    }
    Ok(())
}

/// Never looks at what comes, a Close frame included.
async fn deaf(session: Session) -> Result<(), Error> {
    let _session = session;
    pending().await
}

/// Sends without end.
async fn floods(mut session: Session) -> Result<(), Error> {
    loop {
        session.send("x".repeat(60_000)).await?;
    }
}

/// Closes with the code that it is told, or 1011.
async fn closes(mut session: Session) -> Result<(), Error> {
    let message = session.recv().await?;
    let code = message.as_ref().and_then(Message::as_text).and_then(|text| text.parse().ok());
    let code = code.and_then(CloseCode::new).unwrap_or(CloseCode::INTERNAL_ERROR);
    session.close(CloseFrame::new(code, "as you like")).await.map(drop)
}

/// Answers each connection with these bytes, whatever is asked, and tells what was.
pub(crate) async fn raw(answer: impl Into<Vec<u8>>) -> (SocketAddr, mpsc::UnboundedReceiver<String>) {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let (address, answer) = (listener.local_addr().unwrap(), answer.into());
    let (tell, asked) = mpsc::unbounded_channel();
    tokio::spawn(async move {
        while let Ok((mut stream, _)) = listener.accept().await {
            let mut head = Vec::new();
            while !head.ends_with(b"\r\n\r\n")
                && stream.read_buf(&mut head).await.is_ok_and(|count| count > 0)
            {}
            let _ = tell.send(String::from_utf8_lossy(&head).into_owned());
            let _ = stream.write_all(&answer).await;
            let _ = stream.shutdown().await;
        }
    });
    (address, asked)
}
