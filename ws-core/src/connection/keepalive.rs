//! RFC 6455 5.5.2: is the peer still there?

use std::time::{Duration, Instant};

/// Decides when to ping a quiet peer and when to give it up. It reads no clock: whoever drives it tells
/// the time.
///
/// A byte from the peer costs one store ([`heard`](Self::heard)), not a look at the clock; in return a
/// ping comes after one to one and a half intervals of silence.
///
/// ```
/// use std::time::{Duration, Instant};
/// use ws_core::connection::{Keepalive, KeepaliveAction};
///
/// let start = Instant::now();
/// let mut keepalive = Keepalive::new(start, Duration::from_secs(20), Duration::from_secs(20));
/// assert_eq!(keepalive.poll(start + Duration::from_secs(10)), KeepaliveAction::Wait);
/// assert_eq!(keepalive.poll(start + Duration::from_secs(20)), KeepaliveAction::Ping);
/// assert_eq!(keepalive.poll(start + Duration::from_secs(40)), KeepaliveAction::Dead);
/// ```
#[derive(Clone, Debug)]
pub struct Keepalive {
    interval: Duration,
    timeout: Duration,
    deadline: Instant,
    heard: bool,
    state: State,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum State {
    /// Bytes came within the last half interval.
    Lively,
    /// One half interval passed in silence.
    Quiet,
    /// A ping is out.
    Waiting,
}

/// What is to be done now.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum KeepaliveAction {
    /// Nothing before the next [`Keepalive::deadline`].
    Wait,
    /// Send a ping.
    Ping,
    /// Neither pong nor anything else came in time: give the connection up.
    Dead,
}

impl Keepalive {
    /// Pings after `interval` of silence, gives up `timeout` later.
    pub fn new(now: Instant, interval: Duration, timeout: Duration) -> Self {
        Self { interval, timeout, deadline: after(now, interval / 2), heard: false, state: State::Lively }
    }

    /// Something came from the peer.
    #[inline]
    pub fn heard(&mut self) {
        self.heard = true;
    }

    /// When [`poll`](Self::poll) is due next.
    pub fn deadline(&self) -> Instant {
        self.deadline
    }

    /// What to do at `now`.
    pub fn poll(&mut self, now: Instant) -> KeepaliveAction {
        if now < self.deadline {
            return KeepaliveAction::Wait;
        }
        let half = self.interval / 2;
        let (state, wait, action) = match (std::mem::take(&mut self.heard), self.state) {
            (true, _) => (State::Lively, half, KeepaliveAction::Wait),
            (false, State::Lively) => (State::Quiet, half, KeepaliveAction::Wait),
            (false, State::Quiet) => (State::Waiting, self.timeout, KeepaliveAction::Ping),
            (false, State::Waiting) => (State::Waiting, self.timeout, KeepaliveAction::Dead),
        };
        self.state = state;
        self.deadline = after(now, wait);
        action
    }
}

/// The moment `time` after `now`; a time beyond what the clock can tell is as good as endless.
pub(crate) fn after(now: Instant, time: Duration) -> Instant {
    const ENDLESS: Duration = Duration::from_secs(30 * 365 * 24 * 60 * 60);
    now + time.min(ENDLESS)
}

#[cfg(test)]
mod tests {
    use super::*;

    const SECOND: Duration = Duration::from_secs(1);

    #[test]
    fn a_lively_peer_is_never_pinged() {
        let start = Instant::now();
        let mut keepalive = Keepalive::new(start, 20 * SECOND, 5 * SECOND);
        for tick in 1..100 {
            keepalive.heard();
            assert_eq!(keepalive.poll(start + tick * 10 * SECOND), KeepaliveAction::Wait);
        }
    }

    #[test]
    fn silence_is_pinged_within_one_and_a_half_intervals_and_given_up_after_the_timeout() {
        let start = Instant::now();
        let mut keepalive = Keepalive::new(start, 20 * SECOND, 5 * SECOND);
        keepalive.heard();
        let mut now = start;
        let mut pings = Vec::new();
        loop {
            now = now.max(keepalive.deadline());
            match keepalive.poll(now) {
                KeepaliveAction::Wait => {}
                KeepaliveAction::Ping => pings.push(now - start),
                KeepaliveAction::Dead => break,
            }
        }
        assert_eq!(pings, [30 * SECOND]);
        assert_eq!(now - start, 35 * SECOND);
    }

    #[test]
    fn any_byte_after_the_ping_saves_the_connection() {
        let start = Instant::now();
        let mut keepalive = Keepalive::new(start, 20 * SECOND, 5 * SECOND);
        assert_eq!(keepalive.poll(start + 10 * SECOND), KeepaliveAction::Wait);
        assert_eq!(keepalive.poll(start + 20 * SECOND), KeepaliveAction::Ping);
        keepalive.heard();
        assert_eq!(keepalive.poll(start + 25 * SECOND), KeepaliveAction::Wait);
        assert_eq!(keepalive.deadline(), start + 35 * SECOND);
    }

    #[test]
    fn endless_is_no_overflow() {
        let start = Instant::now();
        let mut keepalive = Keepalive::new(start, Duration::MAX, Duration::MAX);
        assert!(keepalive.deadline() > start);
        for _ in 0..3 {
            keepalive.poll(keepalive.deadline());
        }
    }
}
