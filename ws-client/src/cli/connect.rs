//! `ws connect`.

use std::io;
use std::sync::{Arc, OnceLock};

use tokio::runtime::Builder as Runtime;
use tokio::sync::mpsc;
use ws_core::connection::Limits;

use super::args::Connect;
use super::conclusion::{complain, conclude, fail};
use super::editor::{self, Editor};
use super::flags::Usage;
use super::heads;
use super::history;
use super::input::Kind;
use super::interrupts::Interrupts;
use super::link::{self, Listener, Speaker};
use super::run::Exit;
use super::screen::{Notes, Screen};
use super::session::{self, Habits};
use super::show::Show;
use super::source::Source;
use super::style::Style;
use super::trace::Trace;
use super::welcome::welcome;
use crate::reconnect::{Bounds, ReconnectConfig, WhenFull};
use crate::{Client, ConnectError};

/// Messages that wait for a connection, with `--reconnect`.
const WAITING: usize = 1024;

/// Runs the command.
pub(super) fn run(args: &Connect) -> Exit {
    let style = Style::of(&io::stderr(), args.no_color);
    let runtime = match Runtime::new_current_thread().enable_all().build() {
        Ok(runtime) => runtime,
        Err(error) => return complain(style, &format!("the runtime does not start: {error}"), Exit::Failed),
    };
    let exit = runtime.block_on(connect(args, style));
    // A thread may still wait for input that nobody wants any more.
    runtime.shutdown_background();
    exit
}

async fn connect(args: &Connect, style: Style) -> Exit {
    let trace = Arc::new(Trace { style, printer: OnceLock::new() });
    let client = match client(args, &trace) {
        Ok(client) => client,
        Err(usage) => return complain(style, &usage.to_string(), Exit::Usage),
    };
    let (typed, interrupts) = match Interrupts::new() {
        Ok(both) => both,
        Err(error) => return complain(style, &format!("signals cannot be heard: {error}"), Exit::Failed),
    };
    let notes = Notes { style, quiet: args.quiet, printer: None };
    if args.access.is_insecure() {
        notes.warn("--insecure: the server's certificate is not verified").await;
    }
    let mut command = Command { args, notes, typed, interrupts, trace };
    if args.reconnect { command.returning(&client).await } else { command.once(&client).await }
}

fn client(args: &Connect, trace: &Arc<Trace>) -> Result<Client, Usage> {
    let limits = Limits { frame: args.max_message, message: args.max_message, ..Limits::default() };
    let mut builder = args.access.builder(&args.url)?.limits(limits);
    if args.verbose {
        builder = builder.observer(trace.clone());
    }
    Ok(builder.build())
}

/// What the command works with.
struct Command<'a> {
    args: &'a Connect,
    notes: Notes,
    typed: mpsc::Sender<()>,
    interrupts: Interrupts,
    trace: Arc<Trace>,
}

impl Command<'_> {
    async fn once(&mut self, client: &Client) -> Exit {
        let connected = tokio::select! {
            connected = client.connect_with_answer() => connected,
            _ = self.interrupts.next() => return Exit::Interrupted,
        };
        if self.args.verbose {
            self.heads(client, &connected.as_ref().map(|(_, answer)| &answer.head)).await;
        }
        match connected {
            Ok((socket, answer)) => {
                let address = heads::address(client.url());
                self.notes.tell(&format!("connected to {address}{}", welcome(&answer))).await;
                self.talk(link::once(socket)).await
            }
            Err(error) => fail(&error.into(), self.notes.style),
        }
    }

    async fn returning(&mut self, client: &Client) -> Exit {
        let bounds = Bounds { messages: WAITING, bytes: self.args.max_message };
        let config = ReconnectConfig::default().outgoing(bounds, WhenFull::Wait).incoming(bounds);
        self.notes.tell(&format!("this connection to {} comes back", heads::address(client.url()))).await;
        self.talk(link::returning(client.reconnecting(config))).await
    }

    /// What went out and came back, where it came so far.
    async fn heads(&self, client: &Client, answer: &Result<&ws_core::head::ResponseHead, &ConnectError>) {
        let head = match answer {
            Ok(head) => Some(*head),
            Err(ConnectError::Refused(refused)) => Some(&refused.head),
            Err(ConnectError::Redirected(redirected)) => Some(&redirected.head),
            Err(_) => None,
        };
        if let Some(head) = head {
            self.notes.tell(&heads::request(client)).await;
            self.notes.tell(&heads::answer(head)).await;
        }
    }

    /// The session, with the terminal as the command line and the streams want it.
    async fn talk(&mut self, link: (Speaker, Listener)) -> Exit {
        let Self { args, notes, typed, interrupts, trace } = self;
        let history = if args.no_history { None } else { history::file() };
        let editing = if editor::is_possible() { Editor::start(history, typed.clone()).ok() } else { None };
        let show = Show {
            style: Style::of(&io::stdout(), args.no_color),
            interactive: editing.is_some(),
            kind: Kind { json: args.json, binary: args.binary },
        };
        let habits = Habits { show, ping: args.ping, wait: args.wait };
        let Some((editor, typing)) = editing else {
            let mut screen = Screen::stdout();
            let ended = session::run(link, Source::stdin(), &mut screen, notes, interrupts, habits).await;
            return conclude(ended, false, notes).await;
        };
        let _ = trace.printer.set(typing.printer.downgrade());
        let above = Notes { printer: Some(typing.printer.clone()), ..notes.clone() };
        above.tell("type a line to send it; /help lists commands, Ctrl-D closes").await;
        let mut screen = Screen::Editor(typing.printer);
        let source = Source::Typed(typing.lines);
        let ended = session::run(link, source, &mut screen, &above, interrupts, habits).await;
        drop((screen, above));
        editor.stop().await;
        conclude(ended, true, notes).await
    }
}
