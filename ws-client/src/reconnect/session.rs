//! One open connection: what is queued goes out, what comes is queued, until it ends.

use std::pin::pin;
use std::sync::atomic::{AtomicBool, Ordering::Relaxed};
use std::time::Duration;

use bytes::Bytes;
use tokio::select;
use tokio::sync::mpsc;
use tokio::time::{Instant, MissedTickBehavior, interval, timeout};
use ws_core::message::{CloseCode, CloseFrame, Message};
use ws_core::net::{self, RecvHalf, SendHalf, WebSocket};

use super::counters::{Tally, add};
use super::events;
use super::halves::Ending;
use super::queue::{Queue, Rejected};
use crate::ended::Error;
use crate::refused::Closed;

/// How long the other side's words are waited for where nothing could be written to it any more.
const LAST_WORDS: Duration = Duration::from_secs(5);

const HOUR: Duration = Duration::from_secs(60 * 60);

/// What a session needs, and what it leaves behind.
pub(super) struct Session<'a> {
    pub(super) outgoing: &'a Queue,
    pub(super) incoming: &'a Queue,
    pub(super) endings: &'a mut mpsc::Receiver<Ending>,
    /// A message that was taken from the queue, and not handed to a connection yet.
    pub(super) unsent: &'a mut Option<Message>,
    /// A message that was received, and for which there was no room yet.
    pub(super) unheard: &'a mut Option<Message>,
    pub(super) tally: &'a Tally,
    /// How often the server hears of this side while it is not read from.
    pub(super) ping_interval: Option<Duration>,
    pub(super) drain_timeout: Duration,
}

/// How a session ended.
pub(super) enum Ended {
    /// By the other side, or on the way to it.
    Lost(Error),
    /// This side wanted it to: by name, or by dropping all handles.
    Wanted(Option<Ending>, Result<Option<CloseFrame>, Error>),
}

impl Session<'_> {
    /// Runs until the connection ends.
    pub(super) async fn run(self, socket: WebSocket) -> Ended {
        let (mut recv, mut send) = socket.split();
        let paused = AtomicBool::new(false);
        let Self { outgoing, incoming, endings, unsent, unheard, tally, ping_interval, drain_timeout } = self;
        let ending = {
            let mut reading = pin!(read(&mut recv, incoming, unheard, &paused, tally));
            let mut writing = pin!(write(&mut send, outgoing, unsent, &paused, tally, ping_interval));
            let ended = select! {
                error = &mut reading => Err(error),
                error = &mut writing => Err(match error {
                    // What the other side has said before tells more, if it is heard.
                    Some(error) => timeout(LAST_WORDS, &mut reading).await.unwrap_or(error),
                    None => net::Error::Lost.into(),
                }),
                ending = endings.recv() => Ok(ending),
            };
            if ended.is_ok() {
                outgoing.end();
                // However it ends: what is left is told by what comes now.
                let sent_all = async {
                    select! {
                        _ = &mut reading => {}
                        _ = &mut writing => {}
                    }
                };
                let _ = timeout(drain_timeout, sent_all).await;
            }
            ended
        };
        match ending {
            Err(error) => Ended::Lost(error),
            Ok(ending) => {
                let frame = match &ending {
                    Some(ending) => ending.frame.clone(),
                    // RFC 6455 7.4.1: 1001, whoever goes away.
                    None => Some(CloseFrame::new(CloseCode::GOING_AWAY, "")),
                };
                let closed = close(&mut recv, &mut send, frame.as_ref(), |message| {
                    // Nobody waits for room any more; and nothing overtakes what was received before.
                    if unheard.is_none() {
                        let _ = incoming.try_push(message);
                    }
                });
                let closed = closed.await;
                Ended::Wanted(ending, closed)
            }
        }
    }
}

/// What a connection's end tells, of which nothing more comes.
pub(super) fn end_of(frame: Option<&CloseFrame>) -> Error {
    // RFC 6455 7.1.5: without a Close frame's body the code is 1005.
    frame.map_or_else(|| Error::Closed(Box::new(Closed::new(None, None))), Error::closed)
}

/// Reads until the connection ends; nothing while there is no room.
async fn read(
    recv: &mut RecvHalf,
    incoming: &Queue,
    unheard: &mut Option<Message>,
    paused: &AtomicBool,
    tally: &Tally,
) -> Error {
    loop {
        if unheard.is_some() {
            let since = Instant::now();
            paused.store(true, Relaxed);
            hear(incoming, unheard).await;
            paused.store(false, Relaxed);
            events::resumed(since.elapsed());
        }
        let message = match recv.recv().await {
            Ok(Some(message)) => message,
            Ok(None) => return end_of(recv.close_frame()),
            Err(error) => return error.into(),
        };
        add(&tally.received, 1);
        // Where nobody receives any more it is thrown away, and pings are still answered.
        if let Err(Rejected::Full(message)) = incoming.try_push(message) {
            *unheard = Some(message);
            add(&tally.paused, 1);
            events::paused(incoming.len());
        }
    }
}

/// Waits for room for what was received before. Cancel safe.
async fn hear(incoming: &Queue, unheard: &mut Option<Message>) {
    if let Some(message) = unheard {
        let room = incoming.room(message.len()).await;
        // Where nobody receives any more it is not missed.
        if let (Some(message), Some(room)) = (unheard.take(), room) {
            let _ = incoming.push_into(room, message);
        }
    }
}

/// As `other`; what was received before enters the queue meanwhile, as soon as there is room. Cancel safe where that is.
pub(super) async fn hearing<T>(
    incoming: &Queue,
    unheard: &mut Option<Message>,
    other: impl Future<Output = T>,
) -> T {
    let mut other = pin!(other);
    if unheard.is_some() {
        select! {
            done = &mut other => return done,
            () = hear(incoming, unheard) => {}
        }
    }
    other.await
}

/// Writes until the connection fails, or the queue has ended and is empty: `None`.
async fn write(
    send: &mut SendHalf,
    outgoing: &Queue,
    unsent: &mut Option<Message>,
    paused: &AtomicBool,
    tally: &Tally,
    ping_interval: Option<Duration>,
) -> Option<Error> {
    // What lasts longer than a day is never, and no clock is added to beyond its end.
    let mut ticks =
        ping_interval.filter(|period| !period.is_zero()).map(|period| interval(period.min(24 * HOUR)));
    if let Some(ticks) = &mut ticks {
        ticks.set_missed_tick_behavior(MissedTickBehavior::Delay);
    }
    let mut tick = async || match &mut ticks {
        Some(ticks) => ticks.tick().await,
        None => std::future::pending().await,
    };
    let mut fed = false;
    loop {
        if unsent.is_none() {
            select! {
                biased;
                message = outgoing.pop() => *unsent = Some(message?),
                // Several leave in one write: when there is none left.
                flushed = send.flush(), if fed => match flushed {
                    Ok(()) => fed = false,
                    Err(error) => return Some(error.into()),
                },
                _ = tick() => {
                    // Its pings are not read, and so not answered: it hears that this side is alive from pings of ours.
                    if paused.load(Relaxed) && let Err(error) = send.ping(Bytes::new()).await {
                        return Some(error.into());
                    }
                }
            }
        }
        if let Some(message) = unsent.clone() {
            if let Err(error) = send.feed(message).await {
                return Some(error.into());
            }
            (*unsent, fed) = (None, true);
            add(&tally.sent, 1);
        }
    }
}

/// The closing handshake (RFC 6455 7.1.2), which takes the close timeout at most.
async fn close(
    recv: &mut RecvHalf,
    send: &mut SendHalf,
    frame: Option<&CloseFrame>,
    mut late: impl FnMut(Message),
) -> Result<Option<CloseFrame>, Error> {
    send.start_close(frame)?;
    while let Some(message) = recv.recv().await? {
        late(message);
    }
    Ok(recv.close_frame().cloned())
}
