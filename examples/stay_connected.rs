//! A client that comes back by itself: its token is read from a file whenever it is renewed, lines of the standard input
//! are sent, messages are printed, and so is every change of how things stand.
//!
//! ```text
//! cargo run --example echo                               # in another terminal: stop it, and start it again
//! cargo run --example stay_connected -- ws://127.0.0.1:9001/
//! ```
//!
//! With `--token-file FILE` it presents a token, to a server that wants one: replace the file, and the next connection has
//! the new one.

use std::error::Error;
use std::path::PathBuf;
use std::process::ExitCode;

use clap::Parser;
use tokio::io::{AsyncBufReadExt, BufReader, stdin};
use ws_client::credentials::{Credentials, TokenFile};
use ws_client::reconnect::{ReconnectConfig, State};
use ws_client::{Client, Message};

/// Stays connected to a WebSocket server.
#[derive(Parser)]
struct Flags {
    /// Where to connect.
    url: String,
    /// A file with a token, which may change at any time.
    #[arg(long, value_name = "FILE")]
    token_file: Option<PathBuf>,
}

#[tokio::main]
async fn main() -> ExitCode {
    match run(Flags::parse()).await {
        Ok(code) => code,
        // What is wrong, and what to do about it.
        Err(error) => {
            eprintln!("error: {error}");
            ExitCode::FAILURE
        }
    }
}

async fn run(flags: Flags) -> Result<ExitCode, Box<dyn Error>> {
    let mut builder = Client::builder(&flags.url)?;
    if let Some(file) = flags.token_file {
        builder = builder.credentials(Credentials::new(TokenFile::new(file)));
    }
    // Said again on every connection, before anything that was waiting.
    let config = ReconnectConfig::default()
        .on_open(|socket, _| Box::pin(async move { Ok(socket.send("hello, I am here").await?) }));
    let (sender, mut receiver) = builder.build().reconnecting(config).split();

    let mut state = receiver.state();
    let watching = tokio::spawn(async move {
        while state.changed().await.is_ok() {
            let state: State = state.borrow_and_update().clone();
            eprintln!("{state}");
        }
    });
    tokio::spawn(async move {
        let mut lines = BufReader::new(stdin()).lines();
        // Whether there is a connection or not: what is sent meanwhile goes out when it is back.
        while let Ok(Some(line)) = lines.next_line().await {
            if let Err(error) = sender.send(line).await {
                return eprintln!("not sent: {error}");
            }
        }
        // The end of the input is the end of the conversation.
        if let Err(error) = sender.close(None).await {
            eprintln!("{error}");
        }
    });
    let ended = loop {
        match receiver.recv().await {
            Ok(Some(Message::Text(text))) => println!("{text}"),
            Ok(Some(Message::Binary(bytes))) => println!("{} bytes", bytes.len()),
            Ok(None) => break ExitCode::SUCCESS,
            // It cannot help to connect again; the last state has said why.
            Err(_) => break ExitCode::FAILURE,
        }
    };
    drop(receiver);
    watching.await?;
    Ok(ended)
}
