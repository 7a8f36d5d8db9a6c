//! The program `ws`: `ws connect URL`.

#![forbid(unsafe_code)]

use std::process::ExitCode;

fn main() -> ExitCode {
    ws_client::cli::main()
}
