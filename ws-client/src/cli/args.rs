//! The command line.

use std::time::Duration;

use clap::{Args as ClapArgs, Parser, Subcommand};

use super::dump::Encoding;
use super::duration;
use super::flags::Access;

const EXAMPLES: &str = "\
Examples:
  ws connect ws://127.0.0.1:9001/rooms/lobby
  ws connect --token-file token.txt wss://chat.example/rooms/lobby
  echo '{\"op\":\"ping\"}' | ws connect --json ws://127.0.0.1:9001/api

Exit code:
  0  the connection was closed as it should be
  1  refused, broken, or closed for a cause
  2  a flag, the address or a line of input is wrong
130  interrupted";

/// A WebSocket client that says why.
#[derive(Debug, Parser)]
#[command(name = "ws", version, max_term_width = 100, arg_required_else_help = true)]
pub(super) struct Args {
    #[command(subcommand)]
    pub(super) command: Command,
}

#[derive(Debug, Subcommand)]
pub(super) enum Command {
    /// Connects, sends the lines that it is given and prints the messages that come.
    ///
    /// On a terminal, lines can be edited, and those that begin with a slash are commands: /help lists them. Two slashes
    /// send a line that begins with one.
    ///
    /// Where input comes from a file or a pipe, every line is a message as it is, and messages go to stdout, one per
    /// line, with nothing around them; what happens to the connection is told on stderr. Messages are written byte by
    /// byte, unless stdout is a terminal: there, characters that could steer it are shown as escapes.
    #[command(after_help = EXAMPLES)]
    Connect(Box<Connect>),
}

// A switch of the command line each.
#[allow(clippy::struct_excessive_bools)]
#[derive(ClapArgs, Debug)]
pub(super) struct Connect {
    /// Where to connect: ws://HOST[:PORT][/PATH][?QUERY], or wss://… for TLS.
    pub(super) url: String,

    #[command(flatten)]
    pub(super) access: Access,

    /// Send JSON only, and lay out what comes.
    ///
    /// A line that is no JSON is not sent. What comes is laid out and coloured on a terminal, and is one line per message
    /// elsewhere; numbers keep their digits, and members their order.
    #[arg(long, conflicts_with = "binary", help_heading = "Messages")]
    pub(super) json: bool,

    /// Send binary messages: a line is their bytes [text], hex or base64.
    ///
    /// Binary messages that come are written the same way, and as a hex dump on a terminal.
    #[arg(
        long,
        value_name = "ENCODING",
        value_enum,
        num_args = 0..=1,
        require_equals = true,
        default_missing_value = "text",
        help_heading = "Messages"
    )]
    pub(super) binary: Option<Encoding>,

    /// The longest message that is taken, in bytes.
    #[arg(long, value_name = "BYTES", default_value_t = 64 << 20, help_heading = "Messages")]
    pub(super) max_message: usize,

    /// Ping every INTERVAL [5s], and tell how long the answers take.
    #[arg(
        long,
        value_name = "INTERVAL",
        value_parser = duration::at_least_a_millisecond,
        num_args = 0..=1,
        require_equals = true,
        default_missing_value = "5s",
        help_heading = "Session"
    )]
    pub(super) ping: Option<Duration>,

    /// How long to wait for answers when the input has ended.
    ///
    /// The connection is closed once no message has come for this long; `forever` leaves the closing to the server. At a
    /// terminal, Ctrl-D closes at once.
    #[arg(
        long,
        value_name = "DURATION",
        value_parser = duration::or_forever,
        default_value = "1s",
        help_heading = "Session"
    )]
    pub(super) wait: duration::Wait,

    /// Connect again when the connection is lost, as long as that can help.
    ///
    /// So it does where there is none at first. Lines wait meanwhile.
    #[arg(long, conflicts_with = "ping", help_heading = "Session")]
    pub(super) reconnect: bool,

    /// Keep what is typed out of the history.
    ///
    /// It is in $XDG_STATE_HOME/ws/history, or ~/.local/state/ws/history. A line that begins with a space, or holds a
    /// token, is kept out of it in any case.
    #[arg(long, help_heading = "Session")]
    pub(super) no_history: bool,

    /// Show each stage, and the heads of request and answer; secrets are masked.
    #[arg(short, long, help_heading = "Output")]
    pub(super) verbose: bool,

    /// Tell nothing on stderr but failures.
    #[arg(short, long, conflicts_with = "verbose", help_heading = "Output")]
    pub(super) quiet: bool,

    /// No colours; so does NO_COLOR in the environment.
    #[arg(long, help_heading = "Output")]
    pub(super) no_color: bool,
}

#[cfg(test)]
mod tests {
    use clap::CommandFactory;

    use super::*;

    #[test]
    fn the_command_line_is_sound() {
        Args::command().debug_assert();
    }

    #[test]
    fn flags_with_an_optional_value_leave_the_address_alone() {
        let args = ["ws", "connect", "--binary", "--ping", "ws://a"];
        let Command::Connect(args) = Args::try_parse_from(args).expect("valid").command;
        assert_eq!((args.url.as_str(), args.binary), ("ws://a", Some(Encoding::Text)));
        assert_eq!(args.ping, Some(Duration::from_secs(5)));
        let args = ["ws", "connect", "ws://a", "--binary=hex", "--ping=200ms"];
        let Command::Connect(args) = Args::try_parse_from(args).expect("valid").command;
        assert_eq!((args.binary, args.ping), (Some(Encoding::Hex), Some(Duration::from_millis(200))));
    }
}
