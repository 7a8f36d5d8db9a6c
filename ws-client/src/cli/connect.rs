//! `ws connect`.

use std::io;

use tokio::io::BufReader;
use tokio::runtime::Builder as Runtime;
use ws_core::connection::Limits;
use ws_core::message::CloseFrame;
use ws_core::net::{self, WebSocket};

use super::args::Connect;
use super::close_codes;
use super::editor::{self, Editor};
use super::failure;
use super::heads;
use super::history;
use super::input::Kind;
use super::interrupts::Interrupts;
use super::lines::Lines;
use super::run::Exit;
use super::screen::{Notes, Screen, to_stderr};
use super::session::{self, Ended, Habits, How, Input};
use super::show::{Show, printable};
use super::style::{Style, Tone, width};
use crate::{Answer, Client, ConnectError, Error};

/// Runs the command.
pub(super) fn run(args: Connect) -> Exit {
    let style = Style::of(&io::stderr(), args.no_color);
    let client = match args.access.builder(&args.url) {
        Ok(builder) => {
            let limits = Limits { frame: args.max_message, message: args.max_message, ..Limits::default() };
            builder.limits(limits).build()
        }
        Err(usage) => return complain(style, &usage.to_string(), Exit::Usage),
    };
    let runtime = match Runtime::new_current_thread().enable_all().build() {
        Ok(runtime) => runtime,
        Err(error) => return complain(style, &format!("the runtime does not start: {error}"), Exit::Failed),
    };
    let exit = runtime.block_on(connect(args, client, style));
    // A thread may still wait for input that nobody wants any more.
    runtime.shutdown_background();
    exit
}

async fn connect(args: Connect, client: Client, style: Style) -> Exit {
    let (typed, mut interrupts) = match Interrupts::new() {
        Ok(both) => both,
        Err(error) => return complain(style, &format!("signals cannot be heard: {error}"), Exit::Failed),
    };
    let notes = Notes { style, quiet: args.quiet, printer: None };
    if args.verbose {
        notes.tell(&heads::request(&client)).await;
    }
    let connected = tokio::select! {
        connected = client.connect_with_answer() => connected,
        _ = interrupts.next() => return Exit::Interrupted,
    };
    let (socket, answer) = match connected {
        Ok(connected) => connected,
        Err(error) => {
            if args.verbose {
                notes.tell(&refusing_head(&error).unwrap_or_default()).await;
            }
            return fail(&error.into(), style);
        }
    };
    if args.verbose {
        notes.tell(&heads::answer(&answer.head)).await;
    }
    notes.tell(&welcome(&client, &answer)).await;
    talk(&args, socket, typed, &mut interrupts, notes).await
}

/// The session, with the terminal as the command line and the streams want it.
async fn talk(
    args: &Connect,
    socket: WebSocket,
    typed: tokio::sync::mpsc::Sender<()>,
    interrupts: &mut Interrupts,
    mut notes: Notes,
) -> Exit {
    let style = notes.style;
    let history = if args.no_history { None } else { history::file() };
    let editing = if editor::is_possible() { Editor::start(history, typed).ok() } else { None };
    let show = Show {
        style: Style::of(&io::stdout(), args.no_color),
        interactive: editing.is_some(),
        kind: Kind { json: args.json, binary: args.binary },
    };
    let habits = Habits { show, ping: args.ping, wait: args.wait };
    let ended = if let Some((editor, typing)) = editing {
        notes.printer = Some(typing.printer.clone());
        notes.tell("type a line to send it; /help lists commands, Ctrl-D closes").await;
        let mut screen = Screen::Editor(typing.printer);
        let ended =
            session::run(socket, Input::Typed(typing.lines), &mut screen, &notes, interrupts, habits).await;
        drop((screen, notes));
        editor.stop().await;
        ended
    } else {
        let input = Input::Piped(Lines::new(BufReader::new(tokio::io::stdin())));
        session::run(socket, input, &mut Screen::stdout(), &notes, interrupts, habits).await
    };
    let notes = Notes { style, quiet: args.quiet, printer: None };
    conclude(ended, &notes).await
}

/// Tells how it ended, and what that means for whoever called.
async fn conclude(ended: Ended, notes: &Notes) -> Exit {
    let Ended { how, by_us, unsent } = ended;
    let exit = match how {
        How::Closed(frame) if by_us || is_normal(frame.as_ref()) => {
            notes.tell(&format!("closed{}", described(frame.as_ref()))).await;
            Exit::Fine
        }
        How::Closed(frame) => frame.map_or(Exit::Fine, |frame| fail(&Error::closed(&frame), notes.style)),
        How::OutputGone => Exit::Fine,
        How::Interrupted => Exit::Interrupted,
        How::Broken(net::Error::CloseTimeout) if by_us => {
            notes.warn("the server did not answer the close frame in time").await;
            Exit::Failed
        }
        How::Broken(net::Error::Lost) if by_us => {
            notes.warn("the server ended the connection without answering the close frame").await;
            Exit::Failed
        }
        How::Broken(error) => fail(&error.into(), notes.style),
    };
    // Somebody who types has seen it; a script has to be told that what it wanted was not done.
    if exit == Exit::Fine && unsent > 0 && !editor::is_possible() { Exit::Usage } else { exit }
}

// RFC 6455 7.1.5: a Close frame without a code counts as 1005, and nothing is wrong with it.
fn is_normal(frame: Option<&CloseFrame>) -> bool {
    frame.is_none_or(|frame| frame.code.get() == 1000)
}

fn described(frame: Option<&CloseFrame>) -> String {
    let Some(frame) = frame else { return String::new() };
    let code = frame.code.get();
    let reason = if frame.reason.is_empty() { String::new() } else { format!(": {}", frame.reason.as_str()) };
    printable(&format!(" with {code} ({}){reason}", close_codes::name(code))).replace('\n', " ")
}

fn welcome(client: &Client, answer: &Answer) -> String {
    let mut text = format!("connected to {}", heads::address(&client.url));
    if let Some(subprotocol) = &answer.subprotocol {
        text.push_str(", subprotocol ");
        text.push_str(&printable(subprotocol));
    }
    if answer.compression.is_some() {
        text.push_str(", compressed");
    }
    text
}

fn refusing_head(error: &ConnectError) -> Option<String> {
    match error {
        ConnectError::Refused(refused) => Some(heads::answer(&refused.head)),
        ConnectError::Redirected(redirected) => Some(heads::answer(&redirected.head)),
        _ => None,
    }
}

/// The block about a failure, and its exit code: what is wrong on the command line is bad usage.
fn fail(error: &Error, style: Style) -> Exit {
    to_stderr(&format!("{}\n", failure::report(error, style, width())));
    match error {
        Error::Connect(ConnectError::Url(_) | ConnectError::Request(_)) => Exit::Usage,
        _ => Exit::Failed,
    }
}

fn complain(style: Style, text: &str, exit: Exit) -> Exit {
    to_stderr(&format!("{} {}\n", style.paint(Tone::Bad, "error:"), printable(text)));
    exit
}
