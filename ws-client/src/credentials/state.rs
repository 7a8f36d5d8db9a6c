//! What is known about the token: a machine without clocks and tasks, whose every step is told the time.

use std::sync::Arc;
use std::time::{Duration, SystemTime};

use tokio::time::Instant;

use super::schedule::{backoff, lead, margin};
use super::{CredentialsError, Token};

/// A moment on both clocks. The monotonic one stands still while the machine sleeps, and the other one may be set: a
/// token's time is over as soon as either says so.
#[derive(Clone, Copy, Debug)]
pub(super) struct Moment {
    pub(super) monotonic: Instant,
    pub(super) wall: SystemTime,
}

impl Moment {
    pub(super) fn now() -> Self {
        Self { monotonic: Instant::now(), wall: SystemTime::now() }
    }
}

/// What to do for somebody who needs a token.
#[derive(Debug)]
pub(super) enum Answer {
    /// Use this one.
    Use(Arc<Token>),
    /// Use this one, and have it renewed meanwhile.
    UseAndRenew(Arc<Token>),
    /// Ask the provider, or wait for what it is asked already.
    Ask,
    /// The provider was asked just now, in vain.
    Fail(CredentialsError),
}

#[derive(Debug, Default)]
pub(super) struct State {
    held: Option<Held>,
    /// Requests in a row that brought nothing new.
    failures: u32,
    /// Until when the provider is left in peace.
    not_before: Option<Instant>,
    failed: Option<CredentialsError>,
}

#[derive(Debug)]
struct Held {
    token: Arc<Token>,
    life: Option<Life>,
    /// A server did not accept it.
    rejected: bool,
    /// The provider has nothing better: it gave this token once more, or one whose time is over by our clock, which may
    /// be wrong.
    reaffirmed: bool,
}

/// The time of a token.
#[derive(Clone, Copy, Debug)]
struct Life {
    ends: Moment,
    /// How long before that it is renewed.
    lead: Duration,
    /// How long before that it is used only if there is no other.
    margin: Duration,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Phase {
    Good,
    /// Good, and to be renewed.
    Ripe,
    /// Still good, but better renewed first.
    Last,
    /// Over, or rejected.
    Spent,
}

impl State {
    /// What to do for somebody who needs a token now.
    pub(super) fn answer(&self, now: Moment) -> Answer {
        let due = self.is_due(now);
        let Some(held) = &self.held else {
            return self.failed.as_ref().filter(|_| !due).map_or(Answer::Ask, |error| self.fail(error, now));
        };
        let token = || Arc::clone(&held.token);
        match (held.phase(now), due) {
            (Phase::Good, _) | (Phase::Ripe | Phase::Last, false) => Answer::Use(token()),
            (Phase::Ripe, true) => Answer::UseAndRenew(token()),
            (Phase::Last | Phase::Spent, true) => Answer::Ask,
            // The server is to judge, and not without end.
            (Phase::Spent, false) if held.reaffirmed => Answer::Use(token()),
            (Phase::Spent, false) => self.failed.as_ref().map_or(Answer::Ask, |error| self.fail(error, now)),
        }
    }

    /// When the provider is to be asked without anybody waiting; `None`: never.
    pub(super) fn next_request(&self, now: Moment) -> Option<Instant> {
        let at = match &self.held {
            None => now.monotonic,
            Some(held) => match (held.phase(now), held.life) {
                (Phase::Good, Some(life)) => life.ripe(now),
                (Phase::Good, None) => return None,
                _ => now.monotonic,
            },
        };
        Some(self.not_before.map_or(at, |not_before| at.max(not_before)))
    }

    /// The token that can still be used, though it is not the best.
    pub(super) fn fallback(&self, now: Moment) -> Option<Arc<Token>> {
        self.held.as_ref().filter(|held| held.phase(now) != Phase::Spent).map(|held| Arc::clone(&held.token))
    }

    /// The provider gave `token`. What is used from now on: the same as before, where it is the same text.
    pub(super) fn install(&mut self, token: Token, now: Moment, random: f64) -> Arc<Token> {
        /// A token with less time is renewed no sooner than after a first failure, for the next one may be like it.
        const SHORTEST: Duration = Duration::from_secs(1);
        let life = token.expires_at().map(|expires| Life::new(expires, now, random));
        let same = self.held.take().filter(|held| held.token.text() == token.text());
        let repeated = same.is_some();
        let held = match same {
            Some(held) => Held { life, ..held },
            None => Held { token: Arc::new(token), life, rejected: false, reaffirmed: false },
        };
        let reaffirmed = held.phase(now) == Phase::Spent;
        self.failed = None;
        self.failures = if reaffirmed { self.failures.saturating_add(1) } else { 0 };
        // Whoever gives what we have already, or what is over in a moment, is not asked again at once.
        let hasty = held.life.is_some_and(|life| life.remaining(now) < SHORTEST);
        let pause = (repeated || reaffirmed || hasty).then(|| backoff(self.failures.max(1), random));
        self.not_before = pause.map(|pause| now.monotonic + pause);
        let token = Arc::clone(&held.token);
        self.held = Some(Held { reaffirmed, ..held });
        token
    }

    /// The provider gave none.
    pub(super) fn failed(&mut self, error: CredentialsError, now: Moment, random: f64) {
        /// Whoever wants to be left in peace for longer is asked all the same.
        const LONGEST: Duration = Duration::from_secs(60 * 60);
        self.failures = self.failures.saturating_add(1);
        let told = match &error {
            CredentialsError::Unavailable { retry_after, .. } => retry_after.unwrap_or_default().min(LONGEST),
            _ => Duration::ZERO,
        };
        let mut pause = backoff(self.failures, random);
        // The end of the token that is there is not slept through.
        if let Some(life) = self.held.as_ref().filter(|held| !held.rejected).and_then(|held| held.life) {
            let left = life.remaining(now);
            if !left.is_zero() {
                pause = pause.min((left / 3).max(backoff(1, random)));
            }
        }
        self.not_before = Some(now.monotonic + told.max(pause));
        self.failed = Some(error);
        if let Some(held) = &mut self.held {
            held.reaffirmed = false;
        }
    }

    /// A server did not accept this token. Whether it is the one that is used.
    pub(super) fn reject(&mut self, token: &Arc<Token>) -> bool {
        match &mut self.held {
            Some(held) if Arc::ptr_eq(&held.token, token) => {
                // What the provider said of it was about the time. Where it gives it again, that stands.
                held.reaffirmed &= held.rejected;
                held.rejected = true;
                true
            }
            _ => false,
        }
    }

    /// The provider has something new: it is asked at once.
    pub(super) fn has_news(&mut self) {
        self.not_before = None;
    }

    fn is_due(&self, now: Moment) -> bool {
        self.not_before.is_none_or(|not_before| not_before <= now.monotonic)
    }

    /// The error for somebody who comes before the provider is asked again.
    fn fail(&self, error: &CredentialsError, now: Moment) -> Answer {
        let mut error = error.clone();
        if let (CredentialsError::Unavailable { retry_after, .. }, Some(not_before)) =
            (&mut error, self.not_before)
        {
            *retry_after = Some(not_before.saturating_duration_since(now.monotonic));
        }
        Answer::Fail(error)
    }
}

impl Held {
    fn phase(&self, now: Moment) -> Phase {
        if self.rejected {
            return Phase::Spent;
        }
        let Some(life) = &self.life else { return Phase::Good };
        match life.remaining(now) {
            Duration::ZERO => Phase::Spent,
            remaining if remaining <= life.margin => Phase::Last,
            remaining if remaining <= life.lead => Phase::Ripe,
            _ => Phase::Good,
        }
    }
}

impl Life {
    fn new(expires: SystemTime, now: Moment, random: f64) -> Self {
        /// More than the monotonic clock can tell is as good as endless.
        const ENDLESS: Duration = Duration::from_secs(30 * 365 * 24 * 60 * 60);
        let lifetime = expires.duration_since(now.wall).unwrap_or_default().min(ENDLESS);
        let ends = Moment { monotonic: now.monotonic + lifetime, wall: expires };
        Self { ends, lead: lead(lifetime, random), margin: margin(lifetime) }
    }

    fn remaining(&self, now: Moment) -> Duration {
        let monotonic = self.ends.monotonic.saturating_duration_since(now.monotonic);
        monotonic.min(self.ends.wall.duration_since(now.wall).unwrap_or_default())
    }

    /// When it is to be renewed.
    fn ripe(&self, now: Moment) -> Instant {
        now.monotonic + self.remaining(now).saturating_sub(self.lead)
    }
}
