//! What is said about a connection that comes back.

use tokio::time::Instant;

use super::pings::milliseconds;
use super::screen::Notes;
use super::show::printable;
use super::welcome::welcome;
use crate::reconnect::State;

/// Tells a change. The end is told where the session ends.
pub(super) async fn tell(state: &State, notes: &Notes) {
    match state {
        State::Connecting { attempt: 1 } => notes.tell("connecting").await,
        State::Connecting { attempt } => notes.tell(&format!("connecting, attempt {attempt}")).await,
        State::Open(opened) => {
            let again = if opened.number > 1 { " again" } else { "" };
            notes.tell(&format!("connected{again}{}", welcome(&opened.answer))).await;
        }
        State::Waiting { attempt, until, why } => {
            let left = milliseconds(until.saturating_duration_since(Instant::now()));
            notes.warn(&printable(&why.to_string()).replace('\n', " ")).await;
            notes.tell(&format!("attempt {attempt} comes in {left}; lines wait until then")).await;
        }
        State::Closed | State::Stopped(_) => {}
    }
}
