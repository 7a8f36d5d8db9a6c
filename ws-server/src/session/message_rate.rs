//! How much a client may send.

use std::time::{Duration, Instant};

use crate::Rate;

/// How many messages a connection may send, and how many bytes of them. Beyond it the connection is closed:
/// `message-rate-exceeded`, 1008. Messages that are answered by the server itself, such as pings, do not count.
///
/// Neither costs a timer or memory for each message.
///
/// ```
/// use ws_server::{MessageRate, Rate, RateError};
///
/// // A hundred messages at once and then a hundred a second, and a megabyte a second.
/// let rate = MessageRate::new("100/1s".parse()?).bytes("1000000/1s".parse()?);
/// # Ok::<(), RateError>(())
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct MessageRate {
    messages: Option<Rate>,
    bytes: Option<Rate>,
}

impl MessageRate {
    /// So many messages in a time.
    pub const fn new(messages: Rate) -> Self {
        Self { messages: Some(messages), bytes: None }
    }

    /// So many bytes in a time, and any number of messages; of a message that is compressed, those that it has when it
    /// is not. A message with more bytes than that may come when there was none for as long as it is worth.
    pub const fn of_bytes(bytes: Rate) -> Self {
        Self { messages: None, bytes: Some(bytes) }
    }

    /// No more than so many bytes in a time as well.
    #[must_use]
    pub const fn bytes(mut self, bytes: Rate) -> Self {
        self.bytes = Some(bytes);
        self
    }
}

impl From<Rate> for MessageRate {
    fn from(messages: Rate) -> Self {
        Self::new(messages)
    }
}

/// What one connection has used of its rate.
#[derive(Debug)]
pub(super) struct Meter {
    messages: Option<Bucket>,
    bytes: Option<Bucket>,
}

impl Meter {
    pub(super) fn new(rate: MessageRate, now: Instant) -> Self {
        let bucket = |rate: Option<Rate>| rate.map(|rate| Bucket::new(rate, now));
        Self { messages: bucket(rate.messages), bytes: bucket(rate.bytes) }
    }

    /// Counts a message of so many bytes. The rate that it exceeds, if it does.
    pub(super) fn count(&mut self, bytes: usize, now: Instant) -> Result<(), Exceeded> {
        let spend = |bucket: &mut Option<Bucket>, units| {
            bucket.as_mut().is_none_or(|bucket| bucket.spend(units, now))
        };
        if !spend(&mut self.messages, 1) {
            return Err(Exceeded::Messages);
        }
        if !spend(&mut self.bytes, u64::try_from(bytes).unwrap_or(u64::MAX)) {
            return Err(Exceeded::Bytes);
        }
        Ok(())
    }
}

/// What there was too much of.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Exceeded {
    Messages,
    Bytes,
}

/// A bucket that time fills.
#[derive(Debug)]
struct Bucket {
    rate: Rate,
    /// What is there, in parts: each unit has as many as the time of the rate has nanoseconds.
    level: u128,
    filled: Instant,
}

impl Bucket {
    fn new(rate: Rate, now: Instant) -> Self {
        Self { rate, level: Self::most(rate), filled: now }
    }

    /// Takes this many units out, if they are there. More than the bucket ever holds are there when it is full.
    fn spend(&mut self, units: u64, now: Instant) -> bool {
        let most = Self::most(self.rate);
        let passed = now.saturating_duration_since(self.filled);
        self.filled = self.filled.max(now);
        self.level = (self.level + nanos(passed) * u128::from(self.rate.count())).min(most);
        let price = (u128::from(units) * nanos(self.rate.per())).min(most);
        let there = price <= self.level;
        if there {
            self.level -= price;
        }
        there
    }

    fn most(rate: Rate) -> u128 {
        u128::from(rate.count()) * nanos(rate.per())
    }
}

/// Of a time that is far below 2^64 nanoseconds, or is as good as that.
fn nanos(time: Duration) -> u128 {
    time.as_nanos().min(u128::from(u64::MAX))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn rate(text: &str) -> Rate {
        text.parse().unwrap()
    }

    fn after(begin: Instant, millis: u64) -> Instant {
        begin + Duration::from_millis(millis)
    }

    #[test]
    fn all_at_once_and_then_as_time_brings_them_back() {
        let begin = Instant::now();
        let mut meter = Meter::new(rate("3/300ms").into(), begin);
        for _ in 0..3 {
            assert_eq!(meter.count(1_000_000, begin), Ok(()));
        }
        assert_eq!(meter.count(0, after(begin, 99)), Err(Exceeded::Messages));
        assert_eq!(meter.count(0, after(begin, 100)), Ok(()));
        assert_eq!(meter.count(0, after(begin, 100)), Err(Exceeded::Messages));
        // Silence is not saved beyond the count, and a clock that goes backwards gives nothing.
        for _ in 0..3 {
            assert_eq!(meter.count(0, after(begin, 100_000)), Ok(()));
        }
        assert_eq!(meter.count(0, begin), Err(Exceeded::Messages));
    }

    #[test]
    fn bytes_count_by_themselves() {
        let begin = Instant::now();
        let mut meter = Meter::new(MessageRate::new(rate("10/1s")).bytes(rate("100/1s")), begin);
        assert_eq!(meter.count(60, begin), Ok(()));
        assert_eq!(meter.count(41, begin), Err(Exceeded::Bytes));
        assert_eq!(meter.count(40, begin), Ok(()));
        assert_eq!(meter.count(1, begin), Err(Exceeded::Bytes));
        assert_eq!(meter.count(0, begin), Ok(()));
        // One that is larger than the whole bucket has to find it full.
        let mut meter = Meter::new(MessageRate::of_bytes(rate("100/1s")), begin);
        assert_eq!(meter.count(1000, begin), Ok(()));
        assert_eq!(meter.count(1000, after(begin, 999)), Err(Exceeded::Bytes));
        assert_eq!(meter.count(1000, after(begin, 1000)), Ok(()));
    }

    #[test]
    fn extremes_do_not_overflow() {
        let begin = Instant::now();
        let mut meter =
            Meter::new(MessageRate::new(rate("4294967295/24h")).bytes(rate("4294967295/24h")), begin);
        assert_eq!(meter.count(usize::MAX, begin), Ok(()));
        let far = begin + Duration::from_secs(3_000_000_000);
        assert_eq!(meter.count(usize::MAX, far), Ok(()));
    }

    proptest! {
        /// No more than the count at the beginning and what time has brought are ever let through, and no fewer than
        /// a naive count by whole units would let through.
        #[test]
        fn never_more_than_the_rate(
            count in 1u32..20,
            per in 1u64..1000,
            gaps in proptest::collection::vec(0u64..300, 1..200),
        ) {
            let rate = Rate::new(count, Duration::from_millis(per)).unwrap();
            let begin = Instant::now();
            let mut meter = Meter::new(rate.into(), begin);
            let (mut passed, mut through) = (0, 0u64);
            for gap in gaps {
                passed += gap;
                through += u64::from(meter.count(0, after(begin, passed)).is_ok());
                prop_assert!(through * per <= u64::from(count) * (per + passed));
            }
        }
    }
}
