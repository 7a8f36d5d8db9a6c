//! The server of the suite `soak`: it sends every message back, and ends soon when it is asked to.

use std::error::Error;
use std::time::Duration;

use clap::Parser;
use tokio::signal::unix::{SignalKind, signal};
use ws_server::{Route, Server, ServerLimits};

#[derive(Parser)]
struct Options {
    /// Where to listen.
    #[arg(long)]
    listen: String,
}

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), Box<dyn Error>> {
    let limits = ServerLimits {
        connections_per_address: 1_000,
        drain_timeout: Duration::from_secs(2),
        restart_window: Duration::from_secs(2),
        ..ServerLimits::default()
    };
    let server = Server::builder()
        .listen(Options::parse().listen)
        .limits(limits)
        // All clients have one address, and come back at the same time.
        .attempts_per_address(None)
        .route("/", Route::new(tests::wire::echo))
        .bind()
        .await?;
    println!("listening on ws://{}", server.local_addr());
    let (handle, mut terminated) = (server.handle(), signal(SignalKind::terminate())?);
    tokio::spawn(async move {
        terminated.recv().await;
        handle.shutdown();
    });
    server.serve().await?;
    Ok(())
}
