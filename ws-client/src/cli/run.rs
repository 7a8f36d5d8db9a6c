//! From the command line to an exit code.

use std::ffi::{OsStr, OsString};
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
            Command::Connect(args) => {
                let exit = connect::run(&args);
                if exit == Exit::Usage {
                    hint();
                }
                exit.into()
            }
        },
        Err(error) => {
            // Help that nobody reads is no failure.
            let _ = error.print();
            if error.kind() == ErrorKind::InvalidSubcommand && std::env::args_os().any(|arg| is_address(&arg))
            {
                to_stderr("\n  tip: to connect to an address: ws connect ws://…\n");
            }
            hint();
            ExitCode::from(u8::try_from(error.exit_code()).unwrap_or(2))
        }
    }
}

/// What stands behind a flag whose value needs an equals sign, and so was taken for the address.
fn hint() {
    let args: Vec<_> = std::env::args_os().skip(1).collect();
    if let Some((flag, value)) = apart(&args) {
        to_stderr(&format!(
            "\n  tip: the value of {flag} stands behind an equals sign, such as {flag}={value}\n"
        ));
    }
}

/// Such a flag, and an example of its value.
fn apart(args: &[OsString]) -> Option<(&'static str, &'static str)> {
    const FLAGS: [(&str, &str); 3] = [("--ping", "5s"), ("--binary", "hex"), ("--follow-redirects", "5")];
    args.windows(2).find_map(|pair| {
        let [flag, value] = pair else { return None };
        let is_value = !is_address(value) && value.to_str().is_some_and(|value| !value.starts_with('-'));
        FLAGS.into_iter().find(|(name, _)| is_value && flag.to_str() == Some(name))
    })
}

fn is_address(arg: &OsStr) -> bool {
    arg.to_str().is_some_and(|arg| arg.starts_with("ws://") || arg.starts_with("wss://"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_value_that_needs_an_equals_sign() {
        let apart = |args: &[&str]| apart(&args.iter().map(OsString::from).collect::<Vec<_>>());
        assert_eq!(apart(&["connect", "--ping", "abc"]), Some(("--ping", "5s")));
        assert_eq!(apart(&["connect", "ws://a", "--binary", "hex"]), Some(("--binary", "hex")));
        assert_eq!(apart(&["connect", "--ping", "ws://a"]), None);
        assert_eq!(apart(&["connect", "--ping", "-q", "ws://a", "--ping=5s"]), None);
    }
}
