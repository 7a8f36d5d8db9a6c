//! A guard before a WebSocket in a program of axum: five lines, marked here, are all that it takes.
//!
//! ```text
//! cargo run --example axum_guard
//! ```

use std::error::Error;
use std::net::SocketAddr;
use std::process::ExitCode;
use std::time::SystemTime;

use axum::Router;
use axum::response::Response;
use axum::routing::{any, get};
use clap::Parser;
use serde_json::json;
use tokio::net::TcpListener;
use ws_server::authenticate::bearer::{Bearer, Signer, Verifier}; // 1
use ws_server::embed::axum::{Guard, Guarded}; // 2
use ws_server::{Route, Server, ServerHandle, Session};

/// A guarded echo in a program of axum.
#[derive(Parser)]
struct Flags {
    /// Address to listen on; port 0 takes a free one.
    #[arg(long, value_name = "ADDR", default_value = "127.0.0.1:9001")]
    listen: String,
}

#[tokio::main]
async fn main() -> ExitCode {
    match run(&Flags::parse()).await {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => examples::refuse_to_start(&*error),
    }
}

async fn run(flags: &Flags) -> Result<(), Box<dyn Error>> {
    let signer = Signer::hs256(b"a secret that only an example has")?;
    let bearer = Bearer::new("rooms", Verifier::new(signer.verifying_key()).audience("rooms")); // 3
    let guard: Guard = Server::builder().guard(Route::embedded().authenticate(bearer))?; // 4
    let sessions = guard.handle();
    let app = Router::new()
        .route("/health", get(|| async { "well" }))
        .route("/rooms/{room}", any(room))
        .with_state(guard); // 5

    let listener = TcpListener::bind(&flags.listen).await?;
    println!("listening on http://{}/", listener.local_addr()?);
    println!("a token for /rooms/lobby: {}", token(&signer)?);
    let service = app.into_make_service_with_connect_info::<SocketAddr>();
    axum::serve(listener, service).with_graceful_shutdown(end(sessions)).await?;
    Ok(())
}

async fn room(guarded: Guarded) -> Response {
    guarded.on_upgrade(echo)
}

async fn echo(mut session: Session) -> Result<(), ws_core::net::Error> {
    while let Some(message) = session.recv().await? {
        session.send(message).await?;
    }
    Ok(())
}

/// Axum closes its listener, and the sessions are told to come back elsewhere.
async fn end(sessions: ServerHandle) {
    examples::asked_to_end().await;
    sessions.shutdown();
}

fn token(signer: &Signer) -> Result<String, Box<dyn Error>> {
    let exp = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH)?.as_secs() + 3600;
    Ok(signer.sign(&json!({ "aud": "rooms", "sub": "ann", "exp": exp }))?)
}
