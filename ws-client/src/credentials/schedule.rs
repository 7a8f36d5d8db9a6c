//! When a token is renewed, and how long nobody asks for one after a failure.

use std::time::Duration;

use ring::rand::{SecureRandom, SystemRandom};

/// How long before its end a token is renewed that is good for `lifetime` from now on: from a quarter to a tenth of its
/// lifetime ahead, and for short ones earlier, so that there is time for a second request if the first one fails.
/// `random` is from 0 to 1: clients that got their tokens at the same moment do not all come back at the same one.
///
/// ```text
///  lifetime      renewed when … of it is over     that is, ahead of its end
///   6 s           50 to 75 %                        1.5 to 3 s
///  60 s           50 to 75 %                         15 to 30 s
///   5 min         75 to 90 %                         30 to 75 s
///   1 h           75 to 90 %                          6 to 15 min
/// ```
pub(super) fn lead(lifetime: Duration, random: f64) -> Duration {
    let least = (lifetime / 10).max(Duration::from_secs(30).min(lifetime / 4));
    let most = (lifetime / 4).max(Duration::from_secs(45).min(lifetime / 2)).max(least);
    least + most.saturating_sub(least).mul_f64(random.clamp(0.0, 1.0))
}

/// How long before its end a token of this lifetime is used only where no other can be had: it might be refused when it
/// arrives, or by a server whose clock is ahead.
pub(super) fn margin(lifetime: Duration) -> Duration {
    (lifetime / 10).min(Duration::from_secs(5))
}

/// How long nobody asks after so many failures in a row: half a second that doubles up to half a minute, and of that at
/// least the half.
pub(super) fn backoff(failures: u32, random: f64) -> Duration {
    const FIRST: Duration = Duration::from_millis(500);
    const LONGEST: Duration = Duration::from_secs(30);
    let whole = FIRST.saturating_mul(1 << failures.saturating_sub(1).min(10)).min(LONGEST);
    whole.mul_f64(0.5 + random.clamp(0.0, 1.0) / 2.0)
}

/// A number from 0 to 1, not including it.
pub(super) fn random() -> f64 {
    let mut bytes = [0; 4];
    // Without randomness everything still works, in the middle of its range.
    match SystemRandom::new().fill(&mut bytes) {
        Ok(()) => f64::from(u32::from_ne_bytes(bytes)) / (f64::from(u32::MAX) + 1.0),
        Err(_) => 0.5,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_token_is_renewed_well_ahead_of_its_end() {
        for (lifetime, least, most) in
            [(6.0, 1.5, 3.0), (60.0, 15.0, 30.0), (300.0, 30.0, 75.0), (3600.0, 360.0, 900.0)]
        {
            let lead = |random| lead(Duration::from_secs_f64(lifetime), random).as_secs_f64();
            assert!((lead(0.0) - least).abs() < 1e-6, "{lifetime}: {}", lead(0.0));
            assert!((lead(1.0) - most).abs() < 1e-6, "{lifetime}: {}", lead(1.0));
            assert!(lead(0.5) > least && lead(0.5) < most);
        }
        assert_eq!(lead(Duration::ZERO, 0.5), Duration::ZERO);
        assert!(lead(Duration::MAX, 1.0) < Duration::MAX);
    }

    #[test]
    fn the_margin_is_behind_the_renewal() {
        for seconds in [1, 6, 60, 300, 86_400] {
            let lifetime = Duration::from_secs(seconds);
            assert!(margin(lifetime) < lead(lifetime, 0.0), "{seconds}");
        }
    }

    #[test]
    fn failures_are_further_and_further_apart() {
        let most: Vec<_> = (1..=9).map(|failures| backoff(failures, 1.0).as_millis()).collect();
        assert_eq!(most, [500, 1000, 2000, 4000, 8000, 16_000, 30_000, 30_000, 30_000]);
        assert_eq!(backoff(3, 0.0), Duration::from_secs(1));
        assert_eq!(backoff(u32::MAX, 0.0), Duration::from_secs(15));
    }

    #[test]
    fn random_numbers_differ() {
        let numbers: Vec<f64> = (0..100).map(|_| random()).collect();
        assert!(numbers.iter().all(|number| (0.0..1.0).contains(number)));
        assert!(numbers.iter().any(|number| *number < 0.5) && numbers.iter().any(|number| *number > 0.5));
    }
}
