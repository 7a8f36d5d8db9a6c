//! The stages of a connection attempt, each on a line.

use std::sync::OnceLock;

use tokio::sync::mpsc::{Sender, WeakSender};

use super::pings::milliseconds;
use super::screen::to_stderr;
use super::show::printable;
use super::style::{Style, Tone};
use crate::observe::{Attempt, Observer, StageEnd};

/// Tells each stage as it ends: on stderr, or above the line that is being typed.
#[derive(Debug)]
pub(super) struct Trace {
    pub(super) style: Style,
    pub(super) printer: OnceLock<WeakSender<String>>,
}

impl Observer for std::sync::Arc<Trace> {
    fn stage_ended(&self, _: Attempt<'_>, end: &StageEnd<'_>) {
        let StageEnd { stage, outcome, took, detail, .. } = end;
        let text = format!("* {}: {}, {}, {detail}", stage.name(), outcome.code(), milliseconds(*took));
        let text = printable(text.trim_end_matches([' ', ','])).replace('\n', " ");
        let line = format!("{}\n", self.style.paint(Tone::Dim, &text));
        match self.printer.get().map(WeakSender::upgrade) {
            // An observer must not wait; what has no room is not told.
            Some(printer) => drop(printer.as_ref().map(|printer: &Sender<String>| printer.try_send(line))),
            None => to_stderr(&line),
        }
    }
}
