//! What the examples share: how they start, and how they end.

use std::error::Error;
use std::process::ExitCode;

use tokio::signal::unix::{SignalKind, signal};
use ws_server::BoundServer;

/// Says where a server listens, serves until the process is asked to end, and lets the sessions finish.
pub async fn serve(server: BoundServer, scheme: &str) -> ExitCode {
    println!("listening on {scheme}://{}/", server.local_addr());
    serve_quietly(server).await
}

/// Serves until the process is asked to end, and lets the sessions finish.
pub async fn serve_quietly(server: BoundServer) -> ExitCode {
    let handle = server.handle();
    tokio::spawn(async move {
        asked_to_end().await;
        handle.shutdown();
    });
    match server.serve().await {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("error: {error}");
            ExitCode::FAILURE
        }
    }
}

/// Waits until the process is asked to end, by SIGTERM or by Ctrl-C.
pub async fn asked_to_end() {
    let interrupted = tokio::signal::ctrl_c();
    match signal(SignalKind::terminate()) {
        Ok(mut terminated) => tokio::select! {
            _ = terminated.recv() => {}
            _ = interrupted => {}
        },
        Err(_) => {
            let _ = interrupted.await;
        }
    }
}

/// Says what is wrong with a flag or an address; gives the exit code for it.
pub fn refuse_to_start(error: &dyn Error) -> ExitCode {
    eprintln!("error: {error}");
    ExitCode::from(2)
}

/// The code of the README compiles.
#[cfg(doctest)]
#[doc = include_str!("../README.md")]
struct Readme;

/// The code of the page about the client compiles, and what can run runs.
#[cfg(doctest)]
#[doc = include_str!("../CLIENT.md")]
struct ClientPage;
