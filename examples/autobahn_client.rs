//! The client side of Autobahn: runs all cases of a fuzzing server, then has it write its reports.
//!
//! ```text
//! cargo run --release --example autobahn_client -- --url ws://127.0.0.1:9002 --agent ws-client
//! ```
//!
//! It does so over TLS, too: `--url wss://127.0.0.1:9003 --ca ca.pem`.

use std::error::Error;
use std::path::PathBuf;
use std::process::ExitCode;

use clap::Parser;
use ws_client::{Builder, Client};
use ws_core::connection::Limits;
use ws_core::deflate::DeflateConfig;
use ws_core::net::WebSocket;

/// Group 9 has messages of 16 MiB.
const MESSAGE_BYTES: usize = 64 << 20;

/// Runs all cases of an Autobahn fuzzing server.
#[derive(Parser)]
struct Flags {
    /// The fuzzing server, such as <ws://127.0.0.1:9002> or <wss://127.0.0.1:9003>.
    #[arg(long)]
    url: String,
    /// Name of the client in the reports.
    #[arg(long, value_name = "NAME")]
    agent: String,
    /// Do not offer compression (permessage-deflate).
    #[arg(long)]
    no_deflate: bool,
    /// Authority to trust beside those of the system, in PEM.
    #[arg(long, value_name = "FILE")]
    ca: Option<PathBuf>,
}

#[tokio::main(flavor = "current_thread")]
async fn main() -> ExitCode {
    let flags = Flags::parse();
    let client = match client(&flags) {
        Ok(client) => client,
        Err(error) => return examples::refuse_to_start(error.as_ref()),
    };
    tokio::select! {
        done = run(&flags, client) => match done {
            Ok(cases) => {
                println!("{cases} cases");
                ExitCode::SUCCESS
            }
            Err(error) => {
                eprintln!("error: {error}");
                ExitCode::FAILURE
            }
        },
        () = examples::asked_to_end() => ExitCode::SUCCESS,
    }
}

fn client(flags: &Flags) -> Result<Builder, Box<dyn Error>> {
    let limits = Limits { message: MESSAGE_BYTES, frame: MESSAGE_BYTES, ..Limits::default() };
    let mut client = Client::builder(&flags.url)?.limits(limits);
    if let Some(ca) = &flags.ca {
        client = client.tls_root_certificates_file(ca)?;
    }
    if !flags.no_deflate {
        client = client.compression(whole_context());
    }
    Ok(client)
}

/// Runs all cases and gives their number.
async fn run(flags: &Flags, client: Builder) -> Result<usize, Box<dyn Error>> {
    let connect = |resource| client.clone().resource(resource).connect();
    let mut asked = connect("/getCaseCount".to_owned()).await?;
    let answer = asked.recv().await?.ok_or("the fuzzing server does not say how many cases it has")?;
    let cases = answer.as_text().ok_or("the number of cases is not a text")?.trim().parse()?;
    echo(asked).await;

    for case in 1..=cases {
        echo(connect(format!("/runCase?case={case}&agent={}", flags.agent)).await?).await;
    }
    echo(connect(format!("/updateReports?agent={}", flags.agent)).await?).await;
    Ok(cases)
}

/// What a client can offer at most: context kept from message to message, windows of full size. The cases
/// bring it down step by step.
fn whole_context() -> DeflateConfig {
    DeflateConfig {
        server_no_context_takeover: false,
        client_no_context_takeover: false,
        server_max_window_bits: 15,
        client_max_window_bits: 15,
        ..DeflateConfig::default()
    }
}

/// Echoes until the connection closes. Cases break the protocol on purpose: an error is an ordinary end.
async fn echo(mut socket: WebSocket) {
    while let Ok(Some(message)) = socket.recv().await {
        if socket.send(message).await.is_err() {
            return;
        }
    }
}
