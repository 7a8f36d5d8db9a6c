//! One connection: lines go out, messages come in, until one side closes.

use std::cell::{Cell, RefCell};
use std::pin::pin;
use std::time::Duration;

use tokio::io::{BufReader, Stdin};
use tokio::sync::mpsc;
use tokio::time::{Instant, MissedTickBehavior, interval_at, sleep_until, timeout};
use ws_core::connection::{Event, SendError};
use ws_core::message::{CloseCode, CloseFrame};
use ws_core::net::{self, RecvHalf, SendHalf, WebSocket};

use super::duration::Wait;
use super::input::{self, Asked, InputError, Kind};
use super::interrupts::{Interrupt, Interrupts};
use super::lines::Lines;
use super::pings::{Pings, milliseconds};
use super::screen::{Notes, Screen};
use super::show::Show;

/// How long the receiving side may take to tell why sending failed.
const AFTERMATH: Duration = Duration::from_secs(5);

/// Where lines come from.
#[derive(Debug)]
pub(super) enum Input {
    /// Somebody who types; some lines are commands.
    Typed(mpsc::Receiver<String>),
    /// A file or a pipe; every line is a message.
    Piped(Lines<BufReader<Stdin>>),
    /// Nothing more comes.
    Over,
}

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

#[derive(Debug)]
pub(super) enum How {
    /// With a closing handshake, in which the server said this.
    Closed(Option<CloseFrame>),
    Broken(net::Error),
    /// Nobody reads the output any more.
    OutputGone,
    /// At once, since Ctrl-C was pressed again.
    Interrupted,
}

/// Runs a session to its end. Not cancel safe.
pub(super) async fn run(
    socket: WebSocket,
    input: Input,
    screen: &mut Screen,
    notes: &Notes,
    interrupts: &mut Interrupts,
    habits: Habits,
) -> Ended {
    let (mut receiving, mut sending) = socket.split();
    let state = State {
        notes,
        habits,
        pings: RefCell::default(),
        heard: Cell::new(Instant::now()),
        unsent: Cell::new(0),
    };
    let mut listen = pin!(state.listen(&mut receiving, screen));
    let ended = |how, by_us| Ended { how, by_us, unsent: state.unsent.get() };
    let spoken = tokio::select! {
        how = &mut listen => return ended(how, false),
        spoken = state.speak(&mut sending, input) => spoken,
        interrupt = interrupts.next() => Ok(match interrupt {
            Interrupt::Asked => {
                notes.tell("closing; Ctrl-C again does not wait for the server").await;
                input::goodbye()
            }
            Interrupt::Terminated => CloseFrame::new(CloseCode::GOING_AWAY, ""),
        }),
    };
    let begun = spoken.and_then(|frame| sending.start_close(Some(&frame)));
    match begun {
        Ok(()) => tokio::select! {
            how = &mut listen => ended(how, true),
            _ = interrupts.next() => ended(How::Interrupted, true),
        },
        // What the server said before it went away is worth more.
        Err(error) => match timeout(AFTERMATH, &mut listen).await {
            Ok(how) => ended(how, false),
            Err(_) => ended(How::Broken(error), false),
        },
    }
}

/// What both directions know.
struct State<'a> {
    notes: &'a Notes,
    habits: Habits,
    pings: RefCell<Pings>,
    /// When something came from the server.
    heard: Cell<Instant>,
    unsent: Cell<u64>,
}

impl State<'_> {
    /// Prints what comes until nothing more does.
    async fn listen(&self, receiving: &mut RecvHalf, screen: &mut Screen) -> How {
        let how = loop {
            let event = tokio::select! {
                biased;
                event = receiving.recv_event() => event,
                // Nothing is there at the moment: what came is brought out.
                () = std::future::ready(()) => {
                    if screen.flush().await.is_err() {
                        return How::OutputGone;
                    }
                    receiving.recv_event().await
                }
            };
            self.heard.set(Instant::now());
            match event {
                Ok(Some(Event::Message(message))) => {
                    let shown = self.habits.show.message(&message);
                    if let Some(remark) = shown.remark {
                        self.notes.warn(remark).await;
                    }
                    if screen.write(shown.bytes).await.is_err() {
                        return How::OutputGone;
                    }
                }
                Ok(Some(Event::Pong(payload))) => {
                    let answered = self.pings.borrow_mut().answered(&payload, Instant::now());
                    if let Some((number, time)) = answered {
                        self.notes.tell(&format!("pong {number} after {}", milliseconds(time))).await;
                    }
                }
                Ok(Some(_)) => {}
                Ok(None) => break How::Closed(receiving.close_frame().cloned()),
                Err(error) => break How::Broken(error),
            }
        };
        if screen.flush().await.is_err() { How::OutputGone } else { how }
    }

    /// Sends what is typed until there is a wish to close, which is returned.
    async fn speak(&self, sending: &mut SendHalf, mut input: Input) -> Result<CloseFrame, net::Error> {
        let kind = self.habits.show.kind;
        let period = self.habits.ping.unwrap_or(Duration::from_secs(1));
        let mut ticks = interval_at(Instant::now() + period, period);
        ticks.set_missed_tick_behavior(MissedTickBehavior::Delay);
        let mut at_end = false;
        loop {
            let asked = tokio::select! {
                asked = input.next(kind), if !at_end => asked,
                _ = ticks.tick(), if self.habits.ping.is_some() => Ok(Some(Asked::Ping)),
                () = self.quiet(), if at_end => return Ok(input::goodbye()),
            };
            match asked {
                Ok(Some(Asked::Send(message))) => sending.send(message).await?,
                Ok(Some(Asked::Ping)) => self.ping(sending).await?,
                Ok(Some(Asked::Close(frame))) => return Ok(frame),
                Ok(Some(Asked::Help)) => self.notes.put(input::HELP.to_owned()).await,
                Ok(Some(Asked::Nothing)) => {}
                Ok(None) if matches!(input, Input::Typed(_)) => return Ok(input::goodbye()),
                Ok(None) => {
                    at_end = true;
                    self.heard.set(Instant::now());
                }
                Err(wrong) => {
                    self.unsent.set(self.unsent.get() + 1);
                    self.notes.warn(&super::show::printable(&wrong)).await;
                }
            }
        }
    }

    async fn ping(&self, sending: &mut SendHalf) -> Result<(), net::Error> {
        if self.pings.borrow().unanswered() > 0 && self.habits.ping.is_some() {
            self.notes.warn("no pong yet for the ping before").await;
        }
        let payload = self.pings.borrow_mut().next(Instant::now());
        match sending.ping(payload).await {
            // The connection is being closed meanwhile.
            Err(net::Error::Send(SendError::Closed)) => Ok(()),
            other => other,
        }
    }

    /// Ends when the server has said nothing for as long as answers are waited for.
    async fn quiet(&self) {
        let Wait::Quiet(wait) = self.habits.wait else { return std::future::pending().await };
        loop {
            let heard = self.heard.get();
            sleep_until(heard + wait).await;
            if self.heard.get() == heard {
                return;
            }
        }
    }
}

impl Input {
    /// What the next line asks for; `None` after the last. Cancel safe.
    async fn next(&mut self, kind: Kind) -> Result<Option<Asked>, String> {
        match self {
            Self::Typed(lines) => match lines.recv().await {
                Some(line) => input::typed(&line, kind).map(Some).map_err(|error| error.to_string()),
                None => Ok(None),
            },
            Self::Piped(lines) => match lines.next().await {
                Ok(Some(line)) => input::message(&line, kind)
                    .map(Some)
                    .map_err(|error: InputError| format!("line {}: {error}", lines.number())),
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
