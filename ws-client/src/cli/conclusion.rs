//! How it ended, and what that means for whoever called.

use std::io;

use ws_core::message::CloseFrame;
use ws_core::net;

use super::close_codes;
use super::failure;
use super::link::How;
use super::run::Exit;
use super::screen::{Notes, to_stderr};
use super::session::Ended;
use super::show::printable;
use super::style::{Style, Tone, width};
use crate::credentials::CredentialsError;
use crate::{ConnectError, Error};

/// Tells how a session ended. Somebody who types has seen which lines were not sent; a script has to be told.
pub(super) async fn conclude(ended: Ended, interactive: bool, notes: &Notes) -> Exit {
    let Ended { how, by_us, unsent } = ended;
    let exit = match how {
        How::Closed(frame) if by_us || is_normal(frame.as_ref()) => closed(frame.as_ref(), notes).await,
        How::Closed(None) => closed(None, notes).await,
        How::Closed(Some(frame)) => fail(&Error::closed(&frame), notes.style),
        // As behind `head -1`.
        How::OutputGone(error) if error.kind() == io::ErrorKind::BrokenPipe => Exit::Fine,
        How::OutputGone(error) => {
            notes.warn(&format!("the output cannot be written: {error}")).await;
            Exit::Failed
        }
        How::Interrupted => Exit::Interrupted,
        How::Broken(error @ (net::Error::CloseTimeout | net::Error::Lost)) if by_us => {
            notes.warn(&format!("the close frame was not answered: {error}")).await;
            Exit::Failed
        }
        How::Broken(error) => fail(&error.into(), notes.style),
        How::Stopped(error) => match &*error {
            Error::Closed(closed) if closed.frame.as_ref().is_some_and(|frame| frame.code == 1000) => {
                self::closed(None, notes).await
            }
            error => fail(error, notes.style),
        },
    };
    if exit == Exit::Fine && unsent > 0 && !interactive { Exit::Usage } else { exit }
}

/// The block about a failure, and its exit code: what is wrong on the command line is bad usage.
pub(super) fn fail(error: &Error, style: Style) -> Exit {
    to_stderr(&format!("{}\n", failure::report(error, style, width())));
    match error {
        Error::Connect(
            ConnectError::Url(_)
            | ConnectError::Request(_)
            | ConnectError::Credentials(
                CredentialsError::InClear { .. }
                | CredentialsError::Malformed { .. }
                | CredentialsError::File { .. },
            ),
        ) => Exit::Usage,
        _ => Exit::Failed,
    }
}

/// What is wrong with the command line, or with this machine.
pub(super) fn complain(style: Style, text: &str, exit: Exit) -> Exit {
    to_stderr(&format!("{} {}\n", style.paint(Tone::Bad, "error:"), printable(text)));
    exit
}

async fn closed(frame: Option<&CloseFrame>, notes: &Notes) -> Exit {
    let Some(frame) = frame else {
        notes.tell("closed").await;
        return Exit::Fine;
    };
    let code = frame.code.get();
    let reason = if frame.reason.is_empty() { String::new() } else { format!(": {}", frame.reason.as_str()) };
    let text = format!("closed with {code} ({}){reason}", close_codes::name(code));
    notes.tell(&printable(&text).replace('\n', " ")).await;
    Exit::Fine
}

// RFC 6455 7.1.5: a Close frame without a code counts as 1005, and nothing is wrong with it.
fn is_normal(frame: Option<&CloseFrame>) -> bool {
    frame.is_none_or(|frame| frame.code.get() == 1000)
}
