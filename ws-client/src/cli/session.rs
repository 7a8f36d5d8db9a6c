//! One session: lines go out, messages come in, until one side closes.

use std::cell::{Cell, RefCell};
use std::pin::pin;
use std::time::Duration;

use tokio::time::{Instant, MissedTickBehavior, interval_at, sleep, sleep_until, timeout};
use ws_core::message::{CloseCode, CloseFrame};
use ws_core::net;

use super::duration::Wait;
use super::input::{self, Asked};
use super::interrupts::{Interrupt, Interrupts};
use super::link::{Heard, How, Listener, Speaker, Unsent};
use super::pings::{Pings, milliseconds};
use super::screen::{Notes, Screen};
use super::show::{Show, printable};
use super::source::Source;
use super::states;

/// How long the receiving side may take to tell why sending failed.
const AFTERMATH: Duration = Duration::from_secs(5);

/// Whoever is told to end by the system does not wait longer than this for the server, nor for whoever reads the output.
const FAREWELL: Duration = Duration::from_secs(7);

/// What a session does beside sending and receiving.
#[derive(Clone, Copy, Debug)]
pub(super) struct Habits {
    pub(super) show: Show,
    pub(super) ping: Option<Duration>,
    pub(super) wait: Wait,
}

/// How a session ended.
#[derive(Debug)]
pub(super) struct Ended {
    pub(super) how: How,
    /// Whether this side began to close.
    pub(super) by_us: bool,
    /// Lines that could not be sent.
    pub(super) unsent: u64,
}

/// Runs a session to its end. Not cancel safe.
pub(super) async fn run(
    (mut speaker, mut listener): (Speaker, Listener),
    source: Source,
    screen: &mut Screen,
    notes: &Notes,
    interrupts: &mut Interrupts,
    habits: Habits,
) -> Ended {
    let session = Session {
        notes,
        habits,
        pings: RefCell::default(),
        heard: Cell::new(Instant::now()),
        unsent: Cell::new(0),
    };
    let mut listen = pin!(session.listen(&mut listener, screen));
    let ended = |how, by_us| Ended { how, by_us, unsent: session.unsent.get() };
    let mut patience = None;
    let spoken = tokio::select! {
        how = &mut listen => {
            if matches!(how, How::OutputGone(_)) {
                // It leaves at once; the answer to it would have nowhere to go.
                let _ = speaker.start_close(input::goodbye());
            }
            return ended(how, false);
        }
        spoken = session.speak(&mut speaker, source) => spoken,
        interrupt = interrupts.next() => Ok(match interrupt {
            Interrupt::Asked => {
                notes.tell("closing; Ctrl-C again does not wait for the server").await;
                input::goodbye()
            }
            Interrupt::Terminated => {
                patience = Some(FAREWELL);
                CloseFrame::new(CloseCode::GOING_AWAY, "")
            }
        }),
    };
    match spoken.and_then(|frame| speaker.start_close(frame).map_err(Some)) {
        Ok(()) => tokio::select! {
            how = &mut listen => ended(how, true),
            _ = interrupts.next() => ended(How::Interrupted, true),
            () = sleep(patience.unwrap_or_default()), if patience.is_some() => ended(How::Interrupted, true),
        },
        // What the server said before it went away is worth more.
        Err(error) => match timeout(AFTERMATH, &mut listen).await {
            Ok(how) => ended(how, false),
            Err(_) => ended(How::Broken(error.unwrap_or(net::Error::Lost)), false),
        },
    }
}

/// What both directions know.
struct Session<'a> {
    notes: &'a Notes,
    habits: Habits,
    pings: RefCell<Pings>,
    /// When a message came from the server.
    heard: Cell<Instant>,
    unsent: Cell<u64>,
}

impl Session<'_> {
    /// Prints what comes until nothing more does.
    async fn listen(&self, listener: &mut Listener, screen: &mut Screen) -> How {
        let how = loop {
            let heard = tokio::select! {
                biased;
                heard = listener.next() => heard,
                // Nothing is there at the moment: what came is brought out.
                () = std::future::ready(()) => {
                    if let Err(error) = screen.flush().await {
                        return How::OutputGone(error);
                    }
                    listener.next().await
                }
            };
            match heard {
                Heard::Message(message) => {
                    self.heard.set(Instant::now());
                    let shown = self.habits.show.message(&message);
                    if let Some(remark) = shown.remark {
                        self.notes.warn(remark).await;
                    }
                    if let Err(error) = screen.write(shown.bytes).await {
                        return How::OutputGone(error);
                    }
                }
                Heard::Pong(payload) => {
                    let answered = self.pings.borrow_mut().answered(&payload, Instant::now());
                    if let Some((number, time)) = answered {
                        self.notes.tell(&format!("pong {number} after {}", milliseconds(time))).await;
                    }
                }
                Heard::State(state) => states::tell(&state, self.notes).await,
                Heard::Nothing => {}
                Heard::End(how) => break how,
            }
        };
        match screen.flush().await {
            Ok(()) => how,
            Err(error) => How::OutputGone(error),
        }
    }

    /// Sends what is typed until there is a wish to close, which is returned; an error where nothing can be sent any
    /// more.
    async fn speak(
        &self,
        speaker: &mut Speaker,
        mut source: Source,
    ) -> Result<CloseFrame, Option<net::Error>> {
        let kind = self.habits.show.kind;
        let period = self.habits.ping.unwrap_or(Duration::from_secs(1));
        let mut ticks = interval_at(Instant::now() + period, period);
        ticks.set_missed_tick_behavior(MissedTickBehavior::Delay);
        let mut at_end = false;
        loop {
            let asked = tokio::select! {
                asked = source.next(kind), if !at_end => asked,
                _ = ticks.tick(), if self.habits.ping.is_some() => Ok(Some(Asked::Ping)),
                () = self.quiet(speaker), if at_end => return Ok(input::goodbye()),
            };
            let done = match asked {
                Ok(Some(Asked::Send(message))) => speaker.send(message).await,
                Ok(Some(Asked::Ping)) => self.ping(speaker).await,
                Ok(Some(Asked::Close(frame))) => return Ok(frame),
                Ok(Some(Asked::Help)) => {
                    self.notes.put(input::HELP.to_owned()).await;
                    Ok(())
                }
                Ok(Some(Asked::Nothing)) => Ok(()),
                Ok(None) if source.is_somebody() => return Ok(input::goodbye()),
                Ok(None) => {
                    at_end = true;
                    self.heard.set(Instant::now());
                    Ok(())
                }
                Err(wrong) => Err(Unsent::Refused(wrong)),
            };
            match done {
                Ok(()) => {}
                Err(Unsent::Refused(why)) => {
                    self.unsent.set(self.unsent.get() + 1);
                    self.notes.warn(&printable(&why)).await;
                }
                Err(Unsent::Over(error)) => return Err(error),
            }
        }
    }

    async fn ping(&self, speaker: &mut Speaker) -> Result<(), Unsent> {
        if self.pings.borrow().unanswered() > 0 && self.habits.ping.is_some() {
            self.notes.warn("no pong yet for the ping before").await;
        }
        let payload = self.pings.borrow_mut().next(Instant::now());
        speaker.ping(payload).await
    }

    /// Ends when everything has been sent and the server has said nothing for as long as answers are waited for.
    async fn quiet(&self, speaker: &Speaker) {
        /// How often a queue is looked at that waits for a connection.
        const LOOK: Duration = Duration::from_millis(50);
        let Wait::Quiet(wait) = self.habits.wait else { return std::future::pending().await };
        loop {
            let heard = self.heard.get();
            if speaker.is_settled() {
                sleep_until(heard + wait).await;
                if self.heard.get() == heard {
                    return;
                }
            } else {
                sleep_until(Instant::now() + LOOK).await;
                self.heard.set(Instant::now());
            }
        }
    }
}
