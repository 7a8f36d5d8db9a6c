//! One member's connection: what they say goes to the room, what the room says goes to them.

use std::sync::Arc;
use std::time::{Duration, SystemTime};

use tokio::sync::broadcast::error::RecvError;
use tokio::time::{Instant, sleep, timeout};
use ws_core::message::{CloseCode, CloseFrame, Message};
use ws_core::net::{Error, WebSocket};
use ws_core::refusal::{Cause, Disclosure, Refusal};
use ws_server::Session;
use ws_server::authenticate::Identity;

use crate::events::{self, Event};
use crate::names;
use crate::rooms::{Room, Seat};

/// How long a member may take nothing of what is sent to them.
const PATIENCE: Duration = Duration::from_millis(if cfg!(test) { 200 } else { 5000 });

/// What a member may say at once, and how soon they may say one more.
const BURST: u32 = 40;
const PACE: Duration = Duration::from_millis(250);

/// Somebody was let in: they take part until they leave, or a rule ends it.
pub(crate) async fn hold(room: Arc<Room>, session: Session) -> Result<(), Error> {
    let Session { socket, info } = session;
    let who = info.identity();
    let name = names::name(info.query(), &who);
    converse(room, socket, &who, name).await
}

async fn converse(room: Arc<Room>, mut socket: WebSocket, who: &Identity, name: String) -> Result<(), Error> {
    let may_write = room.may_write(who);
    let (seat, mut entered) = room.enter(name, role(who));
    let Seat { room, me } = &seat;
    let welcome = Event::Welcome { room: room.rules().id, may_write, people: &entered.people, me };
    socket.send(welcome.to_text()).await?;

    let mut allowance = Allowance::new(Instant::now());
    let expiry = sleep(left(who));
    tokio::pin!(expiry);
    loop {
        let outgoing = tokio::select! {
            received = socket.recv() => match received? {
                None => return Ok(()),
                Some(_) if !allowance.spend(Instant::now()) => return end(socket, Cause::MessageRateExceeded).await,
                Some(Message::Text(text)) => match answer(&seat, may_write, &text) {
                    None => continue,
                    Some(answer) => answer,
                },
                Some(_) => {
                    let frame = CloseFrame::new(CloseCode::UNSUPPORTED_DATA, "this chat takes text");
                    return socket.close(frame).await.map(drop);
                }
            },
            event = entered.events.recv() => match event {
                Ok(event) => event,
                Err(RecvError::Lagged(_)) => return end(socket, Cause::SlowConsumer).await,
                Err(RecvError::Closed) => return Ok(()),
            },
            () = &mut expiry => return end(socket, Cause::TokenExpired).await,
        };
        match timeout(PATIENCE, socket.send(outgoing)).await {
            Ok(result) => result?,
            Err(_) => return end(socket, Cause::SlowConsumer).await,
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

/// Closes for a cause of the catalogue, with its close code and its name as the reason.
async fn end(mut socket: WebSocket, cause: Cause) -> Result<(), Error> {
    let frame = Refusal::new(cause)
        .to_close(Disclosure::Standard)
        .and_then(|close| Some(CloseFrame::new(CloseCode::new(close.code)?, close.reason)));
    socket.close(frame).await.map(drop)
}

/// The most that somebody is here, for the others to see.
fn role(who: &Identity) -> &'static str {
    ["staff", "member"].into_iter().find(|role| who.has_role(role)).unwrap_or("guest")
}

/// How long the credential is still good.
fn left(who: &Identity) -> Duration {
    const LONG: Duration = Duration::from_secs(365 * 24 * 3600);
    let left = who.expires().map(|expires| expires.duration_since(SystemTime::now()).unwrap_or_default());
    left.map_or(LONG, |left| left.min(LONG))
}

/// What somebody may still say: a burst first, then one message at a time, so that nobody drowns the others.
struct Allowance {
    left: u32,
    since: Instant,
}

impl Allowance {
    fn new(now: Instant) -> Self {
        Self { left: BURST, since: now }
    }

    /// Whether one more may be said now.
    fn spend(&mut self, now: Instant) -> bool {
        while self.left < BURST && now.duration_since(self.since) >= PACE {
            self.left += 1;
            self.since += PACE;
        }
        if self.left == BURST {
            self.since = now;
        }
        match self.left.checked_sub(1) {
            Some(left) => {
                self.left = left;
                true
            }
            None => false,
        }
    }
}

#[cfg(test)]
#[path = "conversation_tests.rs"]
mod tests;
