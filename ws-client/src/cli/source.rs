//! Where lines come from.

use tokio::io::{BufReader, Stdin};
use tokio::sync::mpsc;

use super::input::{self, Asked, Kind};
use super::lines::Lines;

#[derive(Debug)]
pub(super) enum Source {
    /// Somebody who types; some lines are commands.
    Typed(mpsc::Receiver<Option<String>>),
    /// A file or a pipe; every line is a message.
    Piped(Lines<BufReader<Stdin>>),
    /// Nothing more comes.
    Over,
}

impl Source {
    pub(super) fn stdin() -> Self {
        Self::Piped(Lines::new(BufReader::new(tokio::io::stdin())))
    }

    /// Whether whoever gives the lines waits for the answers by himself.
    pub(super) fn is_somebody(&self) -> bool {
        matches!(self, Self::Typed(_))
    }

    /// What the next line asks for, or why it cannot be done; `None` after the last. Cancel safe.
    pub(super) async fn next(&mut self, kind: Kind) -> Result<Option<Asked>, String> {
        match self {
            Self::Typed(lines) => match lines.recv().await {
                Some(Some(line)) => input::typed(&line, kind).map(Some).map_err(|error| error.to_string()),
                Some(None) | None => Ok(None),
            },
            Self::Piped(lines) => match lines.next().await {
                Ok(Some(line)) => input::message(&line, kind)
                    .map(Some)
                    .map_err(|error| format!("line {}: {error}", lines.number())),
                Ok(None) => Ok(None),
                Err(error) => {
                    *self = Self::Over;
                    Err(error.to_string())
                }
            },
            Self::Over => Ok(None),
        }
    }
}
