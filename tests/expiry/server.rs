//! The server of the suite `expiry`: it echoes for whoever has a token, and revokes what stands in a file.

use std::error::Error;
use std::path::PathBuf;

use clap::Parser;
use ws_server::authenticate::Revocations;
use ws_server::authenticate::bearer::{Bearer, Signer, Source, Verifier};
use ws_server::{Route, Server, ServerLimits};

#[derive(Parser)]
struct Options {
    /// The secret of the tokens.
    #[arg(long)]
    secret: String,
    /// Where the revoked tokens stand.
    #[arg(long)]
    revoked: PathBuf,
}

#[tokio::main]
async fn main() -> Result<(), Box<dyn Error>> {
    let options = Options::parse();
    let revocations = Revocations::new();
    revocations.watch_file(&options.revoked)?;
    let key = Signer::hs256(options.secret.as_bytes())?.verifying_key();
    let bearer = Bearer::new("expiry", Verifier::new(key)).sources([Source::Query("token".to_owned())]);
    let limits = ServerLimits {
        connections: 15_000,
        connections_per_address: 1_000,
        connections_per_principal: 15_000,
        ..ServerLimits::default()
    };
    let server = Server::builder()
        .listen("127.0.0.1:0")
        .limits(limits)
        .revocations(revocations)
        .route("/", Route::new(tests::wire::echo).authenticate(bearer))
        .bind()
        .await?;
    println!("listening on ws://{}", server.local_addr());
    server.serve().await?;
    Ok(())
}
