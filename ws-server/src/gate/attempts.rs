//! How often one address may try, whatever comes of it.
//!
//! Each address has a bucket of tokens. What is kept of it is one moment: when it will be full again (the generic cell
//! rate algorithm, ITU-T I.371). Full buckets need no memory, and so none is kept of an address that was quiet for the
//! time of the rate: every address that tried in the present generation is in one map, those of the last one in another,
//! and a generation ends when that time has passed, or when its map is full.

use std::collections::HashMap;
use std::hash::{BuildHasher as _, RandomState};
use std::net::IpAddr;
use std::sync::{Mutex, PoisonError};
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use ws_core::refusal::{Cause, Refusal};

use super::{check::Check, facts::Facts, trace::Trace};
use crate::networks::counted_as;
use crate::rate::Rate;

/// The buckets are split so that threads seldom wait for each other.
const SHARDS: usize = 16;
/// Addresses in one generation of one shard: what fits a table of 4,096 slots.
const GENERATION: usize = 3584;

/// Counts the attempts of each address.
pub(super) struct Attempts {
    rate: Rate,
    shards: [Mutex<Shard>; SHARDS],
    hasher: RandomState,
}

/// Nanoseconds since 1970, as far as 2554.
type Nanos = u64;

#[derive(Default)]
struct Shard {
    /// When each bucket is full again.
    present: HashMap<IpAddr, Nanos>,
    last: HashMap<IpAddr, Nanos>,
    /// When the present generation began.
    since: Nanos,
}

impl Attempts {
    pub(super) fn new(rate: Rate) -> Self {
        Self { rate, shards: Default::default(), hasher: RandomState::new() }
    }

    /// Takes a token of this address.
    ///
    /// # Errors
    /// There is none; the first will be there after this time.
    fn attempt(&self, address: IpAddr, now: SystemTime) -> Result<(), Duration> {
        let address = counted_as(address);
        let now = nanos(now.duration_since(UNIX_EPOCH).unwrap_or_default());
        let per = nanos(self.rate.per());
        let token = (per / Nanos::from(self.rate.count())).max(1);
        let mut shard = self.shard(address).lock().unwrap_or_else(PoisonError::into_inner);
        shard.turn(now, per);
        // A clock that was set back must not lock anybody out for longer than the rate can.
        let full = shard.forget(address).clamp(now, now.saturating_add(per));
        let next = full.saturating_add(token);
        let missing = next.saturating_sub(now.saturating_add(per));
        if missing > 0 {
            shard.keep(address, full, now);
            return Err(Duration::from_nanos(missing));
        }
        shard.keep(address, next, now);
        Ok(())
    }

    fn shard(&self, address: IpAddr) -> &Mutex<Shard> {
        #[expect(clippy::cast_possible_truncation, reason = "any bits of the hash will do")]
        let index = self.hasher.hash_one(address) as usize % SHARDS;
        &self.shards[index]
    }

    #[cfg(test)]
    fn kept(&self) -> usize {
        let kept = |shard: &Mutex<Shard>| {
            let shard = shard.lock().unwrap();
            shard.present.len() + shard.last.len()
        };
        self.shards.iter().map(kept).sum()
    }
}

impl Shard {
    /// Begins a new generation if it is time to. What the last one but one knew was touched before the last began, a
    /// whole `per` ago: its buckets are full.
    fn turn(&mut self, now: Nanos, per: Nanos) {
        // Where the clock was set back, the generation lasts from now on.
        self.since = self.since.min(now);
        let age = now - self.since;
        if age >= per {
            self.last = std::mem::take(&mut self.present);
            self.since = now;
        }
        if age >= per.saturating_mul(2) {
            self.last = HashMap::new();
        }
    }

    /// When the bucket of this address is full; it is taken out.
    fn forget(&mut self, address: IpAddr) -> Nanos {
        let last = self.last.remove(&address);
        self.present.remove(&address).or(last).unwrap_or_default()
    }

    /// Where there are more addresses than can be kept, those that were quiet for longest get full buckets: somebody with
    /// that many addresses is not stopped by a limit for each of them.
    fn keep(&mut self, address: IpAddr, full: Nanos, now: Nanos) {
        if self.present.len() >= GENERATION {
            self.last = std::mem::take(&mut self.present);
            self.since = now;
        }
        self.present.insert(address, full);
    }
}

/// RFC 6585 4: too many requests in a time.
pub(super) fn check(facts: &Facts, attempts: Option<&Attempts>, trace: &mut Trace) -> Result<(), Refusal> {
    let Some(attempts) = attempts else {
        trace.skip(Check::Attempts);
        return Ok(());
    };
    match attempts.attempt(facts.peer.ip(), facts.now) {
        Ok(()) => {
            trace.pass(Check::Attempts);
            Ok(())
        }
        Err(wait) => {
            trace.refuse(Check::Attempts, Cause::RateLimited);
            let detail = format!("more than {} attempts came from this address", attempts.rate);
            trace.compared(detail.clone());
            Err(Refusal::new(Cause::RateLimited).detail(detail).retry_after(wait))
        }
    }
}

fn nanos(time: Duration) -> Nanos {
    Nanos::try_from(time.as_nanos()).unwrap_or(Nanos::MAX)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn attempts(rate: &str) -> Attempts {
        Attempts::new(rate.parse().unwrap())
    }

    fn at(millis: u64) -> SystemTime {
        UNIX_EPOCH + Duration::from_millis(1_764_000_000_000 + millis)
    }

    fn ip(last: u32) -> IpAddr {
        IpAddr::V4((0x0a00_0000 + last).into())
    }

    #[test]
    fn below_at_and_above_the_limit() {
        let attempts = attempts("4/1s");
        for _ in 0..4 {
            assert_eq!(attempts.attempt(ip(1), at(0)), Ok(()));
        }
        assert_eq!(attempts.attempt(ip(1), at(0)), Err(Duration::from_millis(250)));
        assert_eq!(attempts.attempt(ip(2), at(0)), Ok(()), "another address has its own bucket");
        // Whoever is refused loses nothing by having asked.
        assert_eq!(attempts.attempt(ip(1), at(249)), Err(Duration::from_millis(1)));
        assert_eq!(attempts.attempt(ip(1), at(250)), Ok(()));
        assert_eq!(attempts.attempt(ip(1), at(250)), Err(Duration::from_millis(250)));
        for _ in 0..4 {
            assert_eq!(attempts.attempt(ip(1), at(1250)), Ok(()));
        }
        assert_eq!(attempts.attempt(ip(1), at(1250)), Err(Duration::from_millis(250)));
    }

    #[test]
    fn a_network_of_ipv6_is_one_address() {
        let attempts = attempts("1/1m");
        let of = |text: &str| attempts.attempt(text.parse().unwrap(), at(0));
        assert_eq!(of("2001:db8::1"), Ok(()));
        assert_eq!(of("2001:db8::ffff:1"), Err(Duration::from_secs(60)));
        assert_eq!(of("2001:db8:0:1::1"), Ok(()));
        assert_eq!((of("192.0.2.1"), of("::ffff:192.0.2.1")), (Ok(()), Err(Duration::from_secs(60))));
    }

    /// The time to come back is the time after which an attempt succeeds, and not a nanosecond more.
    #[test]
    fn who_waits_as_told_is_let_in() {
        for rate in ["3/1s", "7/1s", "20/1s", "1/24h", "1000/1ms"] {
            let attempts = attempts(rate);
            let mut now = at(0);
            let mut waited = 0;
            while waited < 20 {
                let Err(wait) = attempts.attempt(ip(1), now) else { continue };
                assert!(attempts.attempt(ip(1), now + wait - Duration::from_nanos(1)).is_err(), "{rate}");
                now += wait;
                assert_eq!(attempts.attempt(ip(1), now), Ok(()), "{rate}");
                waited += 1;
            }
        }
    }

    #[test]
    fn a_clock_that_is_set_back_locks_nobody_out() {
        let attempts = attempts("1/1s");
        assert_eq!(attempts.attempt(ip(1), at(3_600_000)), Ok(()));
        assert_eq!(attempts.attempt(ip(1), at(0)), Err(Duration::from_secs(1)));
        assert_eq!(attempts.attempt(ip(1), at(1_000)), Ok(()));
        assert_eq!(attempts.attempt(ip(2), UNIX_EPOCH - Duration::from_secs(1)), Ok(()));
    }

    #[test]
    fn full_buckets_are_forgotten_and_memory_is_bounded() {
        let attempts = attempts("2/1s");
        for last in 0..1000 {
            attempts.attempt(ip(last), at(0)).unwrap();
        }
        assert_eq!(attempts.kept(), 1000);
        // Every shard is asked once in a while; two generations later nothing is left of the first.
        for millis in [1000, 2000] {
            for last in 2000..2200 {
                attempts.attempt(ip(last), at(millis)).unwrap();
            }
        }
        assert_eq!(attempts.kept(), 200);
        for last in 0..400_000 {
            attempts.attempt(ip(last), at(2000)).unwrap();
            if last % 50_000 == 0 {
                assert!(attempts.kept() <= 2 * SHARDS * GENERATION);
            }
        }
        assert!(attempts.kept() > SHARDS * GENERATION / 2, "{}", attempts.kept());
    }

    /// A bucket that is filled by the clock, in exact fractions of a token.
    struct Naive {
        tokens: u128,
        then: u64,
    }

    proptest! {
        #[test]
        fn agrees_with_a_bucket_of_tokens(
            count in 1_u32..6,
            per in 1_u64..40,
            steps in proptest::collection::vec((0_u64..50, 0_u32..3), 1..200),
        ) {
            // A token takes a whole number of nanoseconds, so that both count alike.
            let per = per * 60;
            let rate = Rate::new(count, Duration::from_millis(per)).unwrap();
            let attempts = Attempts::new(rate);
            let full = u128::from(count) * u128::from(per);
            let mut naive: Vec<_> = (0..3).map(|_| Naive { tokens: full, then: 0 }).collect();
            let mut now = 0;
            for (pause, who) in steps {
                now += pause;
                let bucket = &mut naive[who as usize];
                bucket.tokens = full.min(bucket.tokens + u128::from(now - bucket.then) * u128::from(count));
                bucket.then = now;
                let has_one = bucket.tokens >= u128::from(per);
                if has_one {
                    bucket.tokens -= u128::from(per);
                }
                prop_assert_eq!(attempts.attempt(ip(who), at(now)).is_ok(), has_one);
            }
        }
    }
}
