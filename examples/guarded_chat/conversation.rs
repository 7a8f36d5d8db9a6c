//! One member's connection: what they say goes to the room, what the room says goes to them.

use std::sync::Arc;
use std::time::Duration;

use tokio::sync::broadcast::error::RecvError;
use tokio::time::timeout;
use ws_core::connection::Limits;
use ws_core::message::{CloseCode, CloseFrame, Message};
use ws_core::refusal::{Cause, Refusal};
use ws_server::authenticate::Identity;
use ws_server::{HandlerError, MessageRate, Rate, Route, Session};

use crate::events::{self, Event};
use crate::names;
use crate::rooms::{Room, Seat};

/// How long a member may take nothing of what is sent to them.
const PATIENCE: Duration = Duration::from_millis(if cfg!(test) { 200 } else { 5000 });

/// What a member may say at once, so that nobody drowns the others, and the time in which that comes back.
const BURST: u32 = 40;
const PACE: Duration = Duration::from_secs(10);

/// The way into a room. That the credential runs out, or somebody says too much, is dealt with outside of the handler.
pub(crate) fn route(room: Arc<Room>) -> Route {
    let bytes = events::MESSAGE_BYTES;
    let limits = Limits { message: bytes, frame: bytes, output: bytes, ..Limits::default() };
    Route::new(move |session| hold(Arc::clone(&room), session))
        .limits(limits)
        .message_rate(Rate::new(BURST, PACE).map(MessageRate::new))
}

/// Somebody was let in: they take part until they leave, or a rule ends it.
async fn hold(room: Arc<Room>, mut session: Session) -> Result<(), HandlerError> {
    let who = session.identity();
    let (name, may_write) = (names::name(session.info.query(), &who), room.may_write(&who));
    let (seat, mut entered) = room.enter(name, role(&who));
    let Seat { room, me } = &seat;
    let welcome = Event::Welcome { room: room.rules().id, may_write, people: &entered.people, me };
    session.send(welcome.to_text()).await?;

    loop {
        let outgoing = tokio::select! {
            received = session.recv() => match received? {
                None => return Ok(()),
                Some(Message::Text(text)) => match answer(&seat, may_write, &text) {
                    None => continue,
                    Some(answer) => answer,
                },
                Some(_) => {
                    let frame = CloseFrame::new(CloseCode::UNSUPPORTED_DATA, "this chat takes text");
                    session.close(frame).await?;
                    return Ok(());
                }
            },
            event = entered.events.recv() => match event {
                Ok(event) => event,
                // With a cause of the catalogue as the error, the connection ends as that cause has it.
                Err(RecvError::Lagged(_)) => return Err(Refusal::new(Cause::SlowConsumer).into()),
                Err(RecvError::Closed) => return Ok(()),
            },
        };
        match timeout(PATIENCE, session.send(outgoing)).await {
            Ok(result) => result?,
            Err(_) => return Err(Refusal::new(Cause::SlowConsumer).into()),
        }
    }
}

/// Passes on what somebody says; the answer is for them alone, where it cannot be.
fn answer(seat: &Seat, may_write: bool, message: &str) -> Option<ws_core::message::Text> {
    match events::said(message) {
        Ok(text) if may_write => {
            seat.room.tell(&Event::Message { text: &text, at: events::now(), from: &seat.me });
            None
        }
        Ok(text) => {
            let rules = seat.room.rules();
            let scope = rules.speaking.unwrap_or_default();
            let detail = format!("Writing in {} needs the scope {scope}.", rules.id);
            Some(Event::silence(&detail, &text).to_text())
        }
        Err(unsaid) => {
            let detail = unsaid.to_string();
            Some(Event::Invalid { code: unsaid.code(), title: unsaid.title(), detail: &detail }.to_text())
        }
    }
}

/// The most that somebody is here, for the others to see.
fn role(who: &Identity) -> &'static str {
    ["staff", "member"].into_iter().find(|role| who.has_role(role)).unwrap_or("guest")
}

#[cfg(test)]
#[path = "conversation_tests.rs"]
mod tests;
