//! The server of the suite `reconnect`: it echoes, and is killed, drained and full as the suite wants it.

use std::error::Error;
use std::net::SocketAddr;
use std::time::Duration;

use clap::Parser;
use tests::wire::echo;
use tokio::signal::unix::{SignalKind, signal};
use ws_server::{Route, Server, ServerBuilder, ServerLimits};

#[derive(Clone, Copy, Parser)]
struct Options {
    /// Where to listen.
    #[arg(long, default_value = "127.0.0.1:0")]
    listen: SocketAddr,
    /// How many connections are let in at first; further ones are refused with 503.
    #[arg(long, default_value_t = 20_000)]
    connections: usize,
    /// After how many seconds all are let in.
    #[arg(long)]
    widen_after: Option<u64>,
    /// How many seconds those are told to wait who are refused.
    #[arg(long, default_value_t = 5)]
    retry_after: u64,
    /// Over how many seconds those are told to spread their return who are sent away by SIGTERM.
    #[arg(long, default_value_t = 10)]
    restart_window: u64,
}

fn builder(options: Options) -> ServerBuilder {
    let limits = ServerLimits {
        connections: options.connections,
        connections_per_address: 20_000,
        retry_after: Duration::from_secs(options.retry_after),
        restart_window: Duration::from_secs(options.restart_window),
        ..ServerLimits::default()
    };
    Server::builder().listen(options.listen).limits(limits).route("/", Route::new(echo))
}

#[tokio::main]
async fn main() -> Result<(), Box<dyn Error>> {
    let options = Options::parse();
    let server = builder(options).bind().await?;
    let (handle, mut asked_to_end) = (server.handle(), signal(SignalKind::terminate())?);
    tokio::spawn(async move {
        asked_to_end.recv().await;
        handle.shutdown();
    });
    if let Some(seconds) = options.widen_after {
        let handle = server.handle();
        tokio::spawn(async move {
            tokio::time::sleep(Duration::from_secs(seconds)).await;
            handle.reload(builder(Options { connections: 20_000, ..options }))
        });
    }
    println!("listening on ws://{}", server.local_addr());
    server.serve().await?;
    Ok(())
}
