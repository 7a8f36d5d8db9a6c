//! How long to wait before the next attempt.

use std::time::Duration;

use super::random::Random;

/// Exponential backoff with full jitter: each wait is drawn evenly from zero to a window that doubles with each failed
/// attempt, up to a longest one.
///
/// Drawn from all of the window, and not from its end, the attempts of many clients that lost the same server at the
/// same moment are spread from the first on.
///
/// ```
/// use std::time::Duration;
/// use ws_client::reconnect::Backoff;
///
/// let backoff = Backoff { longest: Duration::from_secs(10), ..Backoff::default() };
/// assert_eq!(backoff.window(0), Duration::from_secs(1));
/// assert_eq!(backoff.window(2), Duration::from_secs(4));
/// assert_eq!(backoff.window(9), Duration::from_secs(10));
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Backoff {
    /// The window of the first wait after a connection that was stable. Default 1 s.
    pub first: Duration,
    /// No window is longer. Default 30 s.
    pub longest: Duration,
    /// A connection that was open for as long as this was stable: the windows begin anew with [`first`](Self::first).
    /// Default 10 s. One that ends earlier counts as a failed attempt.
    pub stable: Duration,
}

impl Default for Backoff {
    fn default() -> Self {
        Self {
            first: Duration::from_secs(1),
            longest: Duration::from_secs(30),
            stable: Duration::from_secs(10),
        }
    }
}

impl Backoff {
    /// The window after `failures` attempts in a row that failed.
    pub fn window(&self, failures: u32) -> Duration {
        let factor = 1_u32.checked_shl(failures).unwrap_or(u32::MAX);
        self.first.saturating_mul(factor).min(self.longest)
    }

    /// A wait that is not over before `not_before` is: what the server has asked for.
    ///
    /// The jitter is added to it, so that those who were all told the same time do not come back at the same moment. Its
    /// window is a quarter of that time at least, though no longer than the longest.
    pub(super) fn delay(&self, failures: u32, not_before: Duration, random: &mut Random) -> Duration {
        let window = self.window(failures).max((not_before / 4).min(self.longest));
        not_before.saturating_add(window.mul_f64(random.unit()))
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn windows_double_up_to_the_longest() {
        let backoff = Backoff::default();
        let windows: Vec<u64> = (0..8).map(|failures| backoff.window(failures).as_secs()).collect();
        assert_eq!(windows, [1, 2, 4, 8, 16, 30, 30, 30]);
        assert_eq!(backoff.window(u32::MAX), backoff.longest);
        let none = Backoff { first: Duration::ZERO, ..backoff };
        assert_eq!(none.window(31), Duration::ZERO);
        let endless = Backoff { first: Duration::MAX, longest: Duration::MAX, ..backoff };
        assert_eq!(endless.window(3), Duration::MAX);
    }

    /// Full jitter: each tenth of the window gets about a tenth of the waits.
    #[test]
    fn waits_are_spread_over_all_of_the_window() {
        let (backoff, mut random) = (Backoff::default(), Random::seeded(7));
        let mut tenths = [0_u32; 10];
        for _ in 0..10_000 {
            let delay = backoff.delay(3, Duration::ZERO, &mut random);
            let tenth = usize::try_from(delay.as_millis() / 800).expect("small");
            tenths[tenth] += 1;
        }
        assert!(tenths.iter().all(|count| (850..1150).contains(count)), "{tenths:?}");
    }

    /// RFC 9110 10.2.3: nobody comes back before `Retry-After`, nor all in the same moment after it.
    #[test]
    fn after_a_time_that_was_told_the_crowd_is_spread_as_well() {
        let (backoff, mut random) = (Backoff::default(), Random::seeded(7));
        let told = Duration::from_secs(60);
        let delays: Vec<_> =
            (0..1000).map(|_| backoff.delay(0, told, &mut random).saturating_sub(told)).collect();
        let (least, most) = (delays.iter().min(), delays.iter().max());
        assert!(least < Some(&Duration::from_millis(200)) && most > Some(&Duration::from_secs(14)));
        assert!(most < Some(&Duration::from_secs(15)), "a quarter of the time");
    }

    proptest! {
        #[test]
        fn a_wait_is_never_shorter_than_told_nor_longer_than_the_window_allows(
            seed in any::<u64>(), failures in 0_u32..100, told in 0_u64..40_000_000, first in 0_u64..100_000,
        ) {
            let backoff = Backoff { first: Duration::from_millis(first), ..Backoff::default() };
            let told = Duration::from_secs(told);
            let delay = backoff.delay(failures, told, &mut Random::seeded(seed));
            prop_assert!(delay >= told && delay <= told + backoff.longest);
        }
    }
}
