//! Where messages go, and what is said about the connection.

use std::io::{self, Write};

use tokio::io::{AsyncWriteExt, BufWriter, Stdout};
use tokio::sync::mpsc;

use super::style::{Style, Tone};

/// Where messages go.
#[derive(Debug)]
pub(super) enum Screen {
    /// Above the line that is being typed.
    Editor(mpsc::Sender<String>),
    /// To stdout.
    Stream(BufWriter<Stdout>),
}

impl Screen {
    pub(super) fn stdout() -> Self {
        Self::Stream(BufWriter::new(tokio::io::stdout()))
    }

    /// Writes a message; [`flush`](Self::flush) brings it out.
    pub(super) async fn write(&mut self, bytes: Vec<u8>) -> io::Result<()> {
        match self {
            Self::Editor(printer) => {
                let text = String::from_utf8_lossy(&bytes).into_owned();
                printer.send(text).await.map_err(|_| io::ErrorKind::BrokenPipe.into())
            }
            Self::Stream(stdout) => stdout.write_all(&bytes).await,
        }
    }

    /// Cancel safe.
    pub(super) async fn flush(&mut self) -> io::Result<()> {
        match self {
            Self::Editor(_) => Ok(()),
            Self::Stream(stdout) => stdout.flush().await,
        }
    }
}

/// What is said about the connection: on stderr, or above the line that is being typed.
#[derive(Clone, Debug)]
pub(super) struct Notes {
    /// Of stderr.
    pub(super) style: Style,
    /// Failures only.
    pub(super) quiet: bool,
    pub(super) printer: Option<mpsc::Sender<String>>,
}

impl Notes {
    /// Something worth knowing. The text is ours, or has been made printable.
    pub(super) async fn tell(&self, text: &str) {
        if !self.quiet {
            self.put(self.style.paint(Tone::Dim, text)).await;
        }
    }

    /// Something that went wrong.
    pub(super) async fn warn(&self, text: &str) {
        self.put(self.style.paint(Tone::Bad, text)).await;
    }

    /// A text with colours of its own, said in any case.
    pub(super) async fn put(&self, mut text: String) {
        text.push('\n');
        match &self.printer {
            // It is closed with the editor, when nothing more is to be said.
            Some(printer) => drop(printer.send(text).await),
            None => to_stderr(&text),
        }
    }
}

/// A stderr that is closed is no reason to fail.
pub(super) fn to_stderr(text: &str) {
    let _ = io::stderr().lock().write_all(text.as_bytes());
}
