//! The line that is being typed: a thread that reads keys, and one that prints above it.

use std::fs;
use std::io::{self, IsTerminal};
use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread::{self, JoinHandle};
use std::time::Duration;

use rustyline::error::ReadlineError;
use rustyline::history::FileHistory;
use rustyline::{Config, ExternalPrinter};
use tokio::sync::{mpsc, oneshot};
use tokio::time::timeout;

use super::history;

const PROMPT: &str = "> ";

/// Lines and messages on their way between the threads.
const QUEUE: usize = 64;

/// Up and down again: nothing that is seen.
const NOTHING: &str = "\x1b[A\n";

type LineEditor = rustyline::Editor<(), FileHistory>;

/// The line editor, at work.
#[derive(Debug)]
pub(super) struct Editor {
    reader: JoinHandle<()>,
    /// While it is there, lines end with Ctrl-D only, not with the thread.
    _lines: mpsc::Sender<Option<String>>,
    ending: Arc<AtomicBool>,
    printed: oneshot::Receiver<()>,
}

/// What goes through the editor: lines in, text out.
#[derive(Debug)]
pub(super) struct Typing {
    /// `None` at the end: Ctrl-D.
    pub(super) lines: mpsc::Receiver<Option<String>>,
    pub(super) printer: mpsc::Sender<String>,
}

/// Whether somebody sits there, with a terminal on which lines can be edited.
pub(super) fn is_possible() -> bool {
    let editable =
        std::env::var("TERM").is_ok_and(|term| !matches!(term.as_str(), "" | "dumb" | "cons25" | "emacs"));
    io::stdin().is_terminal() && io::stdout().is_terminal() && (editable || cfg!(windows))
}

impl Editor {
    /// Begins to read keys. Ctrl-C is told to `interrupts`; Ctrl-D ends the lines.
    pub(super) fn start(
        history: Option<PathBuf>,
        interrupts: mpsc::Sender<()>,
    ) -> Result<(Self, Typing), ReadlineError> {
        let config = Config::builder()
            .max_history_size(history::LINES)?
            .history_ignore_dups(true)?
            .history_ignore_space(true)
            .build();
        let mut editor = LineEditor::with_config(config)?;
        if let Some(file) = &history {
            // A history that is not there yet is an empty one.
            let _ = editor.load_history(file);
        }
        let external = editor.create_external_printer()?;
        let (to_session, lines) = mpsc::channel(QUEUE);
        let (printer, texts) = mpsc::channel(QUEUE);
        let (done, all_out) = oneshot::channel();
        let ending = Arc::new(AtomicBool::new(false));
        let reads = Reads { lines: to_session.clone(), interrupts, history, ending: ending.clone() };
        let reader = thread::spawn(move || reads.run(editor));
        thread::spawn(move || print(external, texts, done));
        Ok((Self { reader, _lines: to_session, ending, printed: all_out }, Typing { lines, printer }))
    }

    /// Waits for what is still to be printed, then gives the terminal back as it was. The printer has to be dropped
    /// before. Not cancel safe.
    pub(super) async fn stop(self) {
        // Neither is worth waiting for long: the thread may be on its way out, with nobody to print.
        let _ = timeout(Duration::from_secs(1), self.printed).await;
        self.ending.store(true, Ordering::SeqCst);
        for _ in 0..100 {
            if self.reader.is_finished() {
                return;
            }
            wake_reader();
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
    }
}

/// While it reads a line, the editor takes SIGINT for Ctrl-C; at other times it is one of those that the session hears.
fn wake_reader() {
    #[cfg(unix)]
    let _ = nix::sys::signal::raise(nix::sys::signal::Signal::SIGINT);
}

/// What the reading thread works with.
struct Reads {
    lines: mpsc::Sender<Option<String>>,
    interrupts: mpsc::Sender<()>,
    history: Option<PathBuf>,
    ending: Arc<AtomicBool>,
}

impl Reads {
    fn run(self, mut editor: LineEditor) {
        while !self.ending.load(Ordering::SeqCst) {
            match editor.readline(PROMPT) {
                Ok(line) => {
                    if history::may_keep(&line) {
                        // It is kept for the next start; without it nothing else is lost.
                        let _ = editor.add_history_entry(&line);
                    }
                    if self.lines.blocking_send(Some(line)).is_err() {
                        break;
                    }
                }
                #[cfg(windows)]
                Err(ReadlineError::WindowResized) => {}
                Err(ReadlineError::Interrupted) => {
                    if !self.ending.load(Ordering::SeqCst) {
                        let _ = self.interrupts.try_send(());
                    }
                    break;
                }
                // Ctrl-D, or a terminal that is gone.
                Err(_) => {
                    let _ = self.lines.blocking_send(None);
                    break;
                }
            }
        }
        self.save(&mut editor);
    }

    /// The editor gives the file to its owner alone.
    fn save(&self, editor: &mut LineEditor) {
        let Some(file) = &self.history else { return };
        let made = file.parent().is_none_or(|directory| fs::create_dir_all(directory).is_ok());
        if made {
            let _ = editor.append_history(file);
        }
    }
}

/// Prints what comes, each above the line that is being typed, until nobody has anything to print any more.
fn print(mut printer: impl ExternalPrinter, mut texts: mpsc::Receiver<String>, done: oneshot::Sender<()>) {
    while let Some(text) = texts.blocking_recv() {
        if printer.print(text).is_err() {
            return;
        }
    }
    // The editor takes one text after the other: when it takes this one, the last is on the screen.
    let _ = printer.print(NOTHING.to_owned());
    let _ = printer.print(NOTHING.to_owned());
    let _ = done.send(());
}
