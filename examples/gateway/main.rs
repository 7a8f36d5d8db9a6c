//! A guard in front of any WebSocket server, told what to do by a file.
//!
//! ```text
//! cargo run --release --example gateway -- --config gateway.toml [--check]
//! ```
//!
//! Every refusal has one cause, in the answer and in the log. `GATEWAY.md` beside this file explains each key.

mod admin;
mod assemble;
mod config;
mod log;
mod reload;
mod run;
mod upstream;
mod watch;

use std::path::PathBuf;
use std::process::ExitCode;

use clap::Parser;

/// A configured guard in front of any WebSocket server.
#[derive(Parser)]
struct Flags {
    /// What to do; GATEWAY.md explains each key.
    #[arg(long, value_name = "FILE")]
    config: PathBuf,
    /// Validates the file, and all files that it names, and exits.
    #[arg(long)]
    check: bool,
}

#[tokio::main]
async fn main() -> ExitCode {
    let flags = Flags::parse();
    log::begin();
    if flags.check { run::check(&flags.config) } else { run::serve(&flags.config).await }
}
