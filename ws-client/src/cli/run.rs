//! From the command line to an exit code.

use std::ffi::OsStr;
use std::process::ExitCode;

use clap::Parser;
use clap::error::ErrorKind;

use super::args::{Args, Command};
use super::connect;
use super::screen::to_stderr;

/// What the program ends with.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Exit {
    /// The connection was there, and was closed as it should be.
    Fine,
    /// It was refused, or it broke, or was closed for a cause.
    Failed,
    /// What was asked for cannot be done: a flag, an address or a line of input is wrong.
    Usage,
    /// A second Ctrl-C, or one while connecting: 128 and the number of SIGINT, as shells count.
    Interrupted,
}

impl From<Exit> for ExitCode {
    fn from(exit: Exit) -> Self {
        Self::from(match exit {
            Exit::Fine => 0,
            Exit::Failed => 1,
            Exit::Usage => 2,
            Exit::Interrupted => 130,
        })
    }
}

/// Runs the program: reads the command line, does what it says, and gives the exit code.
pub fn main() -> ExitCode {
    match Args::try_parse() {
        Ok(args) => match args.command {
            Command::Connect(args) => connect::run(&args).into(),
        },
        Err(error) => {
            // Help that nobody reads is no failure.
            let _ = error.print();
            if error.kind() == ErrorKind::InvalidSubcommand && std::env::args_os().any(|arg| is_address(&arg))
            {
                to_stderr("\n  tip: to connect to an address: ws connect ws://…\n");
            }
            ExitCode::from(u8::try_from(error.exit_code()).unwrap_or(2))
        }
    }
}

fn is_address(arg: &OsStr) -> bool {
    arg.to_str().is_some_and(|arg| arg.starts_with("ws://") || arg.starts_with("wss://"))
}
