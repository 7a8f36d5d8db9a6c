//! Pings that are on their way.

use std::collections::VecDeque;
use std::time::Duration;

use tokio::time::Instant;

/// More than these are not waited for.
const MOST: usize = 64;

/// The pings that were sent and not answered yet, the oldest first.
#[derive(Debug, Default)]
pub(super) struct Pings {
    sent: u64,
    waiting: VecDeque<(u64, Instant)>,
}

impl Pings {
    /// The payload of the next ping, which leaves now: its number.
    pub(super) fn next(&mut self, now: Instant) -> Vec<u8> {
        self.sent += 1;
        self.waiting.push_back((self.sent, now));
        if self.waiting.len() > MOST {
            self.waiting.pop_front();
        }
        self.sent.to_string().into_bytes()
    }

    /// Which ping a pong answers, and how long that took; `None` for a pong that nobody asked for.
    // RFC 6455 5.5.3: a pong has the payload of its ping, and may answer the last of several only.
    pub(super) fn answered(&mut self, payload: &[u8], now: Instant) -> Option<(u64, Duration)> {
        let number: u64 = std::str::from_utf8(payload).ok()?.parse().ok()?;
        let place = self.waiting.iter().position(|(sent, _)| *sent == number)?;
        let (_, at) = self.waiting.drain(..=place).next_back()?;
        Some((number, now.saturating_duration_since(at)))
    }

    /// How many are not answered.
    pub(super) fn unanswered(&self) -> usize {
        self.waiting.len()
    }
}

/// A time as people read it: three digits that count.
pub(super) fn milliseconds(time: Duration) -> String {
    let milliseconds = time.as_secs_f64() * 1000.0;
    match milliseconds {
        ..10.0 => format!("{milliseconds:.2} ms"),
        ..100.0 => format!("{milliseconds:.1} ms"),
        ..1000.0 => format!("{milliseconds:.0} ms"),
        _ => format!("{:.1} s", milliseconds / 1000.0),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_pong_answers_its_ping_and_those_before_it() {
        let (mut pings, begun) = (Pings::default(), Instant::now());
        let first = pings.next(begun);
        let second = pings.next(begun + Duration::from_millis(5));
        let later = begun + Duration::from_millis(7);
        assert_eq!(pings.answered(b"", later), None);
        assert_eq!(pings.answered(b"99", later), None);
        assert_eq!(pings.answered(&second, later), Some((2, Duration::from_millis(2))));
        assert_eq!(pings.answered(&first, later), None);
        assert_eq!(pings.unanswered(), 0);
    }

    #[test]
    fn a_server_that_answers_none_costs_no_memory() {
        let mut pings = Pings::default();
        for _ in 0..1000 {
            pings.next(Instant::now());
        }
        assert_eq!(pings.unanswered(), MOST);
    }

    #[test]
    fn times_have_three_digits() {
        for (microseconds, text) in
            [(420, "0.42 ms"), (12_340, "12.3 ms"), (123_400, "123 ms"), (12_340_000, "12.3 s")]
        {
            assert_eq!(milliseconds(Duration::from_micros(microseconds)), text);
        }
    }
}
