//! An echo server with no policy, for conformance and measurement: text and binary come back unchanged,
//! on every path, whoever asks.
//!
//! ```text
//! cargo run --release --example echo -- --listen 127.0.0.1:9001 --deflate
//! ```

use std::process::ExitCode;

use clap::Parser;
use ws_core::connection::Limits;
use ws_core::deflate::DeflateConfig;
use ws_server::gate::OriginPolicy;
use ws_server::{BoundServer, BuildError, Route, Server, ServerLimits, Session};

/// Sends every message back.
#[derive(Parser)]
struct Flags {
    /// Address to listen on; port 0 takes a free one.
    #[arg(long, value_name = "ADDR", default_value = "127.0.0.1:9001")]
    listen: String,
    /// Threads to serve with; 0 stands for one for each core.
    #[arg(long, value_name = "N", default_value_t = 0)]
    threads: usize,
    /// Compress messages where the client can (permessage-deflate).
    #[arg(long)]
    deflate: bool,
    /// Largest message to take, in bytes.
    #[arg(long, value_name = "BYTES", default_value_t = 64 << 20)]
    max_message: usize,
}

#[tokio::main(flavor = "current_thread")]
async fn main() -> ExitCode {
    match bind(&Flags::parse()).await {
        Ok(server) => examples::serve(server, "ws").await,
        Err(error) => examples::refuse_to_start(&error),
    }
}

async fn bind(flags: &Flags) -> Result<BoundServer, BuildError> {
    let any = || Route::new(echo).origins(OriginPolicy::any());
    let mut server = Server::builder()
        .listen(&flags.listen)
        .route("/", any())
        .route("/{*path}", any())
        .limits(ServerLimits {
            connections: usize::MAX,
            connections_per_address: usize::MAX,
            ..ServerLimits::default()
        })
        .message_limits(Limits { message: flags.max_message, frame: flags.max_message, ..Limits::default() })
        .compression(flags.deflate.then(DeflateConfig::default));
    if flags.threads != 1 {
        server = server.threads(flags.threads);
    }
    server.bind().await
}

async fn echo(mut session: Session) -> Result<(), ws_core::net::Error> {
    while let Some(message) = session.recv().await? {
        session.send(message).await?;
    }
    Ok(())
}
