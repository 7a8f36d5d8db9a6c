//! How often something may happen.

use std::fmt;
use std::num::NonZeroU32;
use std::str::FromStr;
use std::time::Duration;

/// So many in a time: all of them at once, and then as many as the time that has passed has brought back (a token
/// bucket).
///
/// ```
/// use std::time::Duration;
/// use ws_server::Rate;
///
/// let rate: Rate = "20/1s".parse()?;
/// assert_eq!(Some(rate), Rate::new(20, Duration::from_secs(1)));
/// assert_eq!(rate.to_string(), "20/1s");
/// # Ok::<(), ws_server::RateError>(())
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Rate {
    count: NonZeroU32,
    per: Duration,
}

/// Why a text is no rate.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error(
    "{rate:?} is not a rate: write COUNT/TIME with a time from 1ms to 24h, as in 20/1s, 100/500ms or 5/1m"
)]
pub struct RateError {
    /// The text as it was given.
    pub rate: String,
}

impl Rate {
    /// The longest time of a rate.
    pub const LONGEST: Duration = Duration::from_secs(24 * 60 * 60);

    /// `count` in each `per`; `None` where `count` is zero, or `per` is below a millisecond or above
    /// [`LONGEST`](Self::LONGEST).
    pub fn new(count: u32, per: Duration) -> Option<Self> {
        let count = NonZeroU32::new(count)?;
        (Duration::from_millis(1)..=Self::LONGEST).contains(&per).then_some(Self { count, per })
    }

    /// How many.
    pub const fn count(&self) -> u32 {
        self.count.get()
    }

    /// In which time.
    pub const fn per(&self) -> Duration {
        self.per
    }
}

impl FromStr for Rate {
    type Err = RateError;

    fn from_str(text: &str) -> Result<Self, RateError> {
        let read = || {
            let (count, time) = text.split_once('/')?;
            let digits = time.find(|c: char| !c.is_ascii_digit()).filter(|&digits| digits > 0)?;
            let (number, unit) = time.split_at_checked(digits)?;
            let unit = match unit {
                "ms" => 1,
                "s" => 1_000,
                "m" => 60_000,
                "h" => 3_600_000,
                _ => return None,
            };
            let millis = number.parse::<u64>().ok()?.checked_mul(unit)?;
            let count =
                count.bytes().all(|byte| byte.is_ascii_digit()).then(|| count.parse().ok()).flatten()?;
            Self::new(count, Duration::from_millis(millis))
        };
        read().ok_or_else(|| RateError { rate: text.to_owned() })
    }
}

/// As [`FromStr`] reads it, as far as whole milliseconds tell it.
impl fmt::Display for Rate {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let millis = self.per.as_millis();
        match millis {
            _ if !millis.is_multiple_of(1_000) => write!(f, "{}/{millis}ms", self.count),
            _ => write!(f, "{}/{}s", self.count, millis / 1_000),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reads_what_it_writes() {
        for (text, count, millis, written) in [
            ("20/1s", 20, 1_000, "20/1s"),
            ("1/1ms", 1, 1, "1/1ms"),
            ("100/1500ms", 100, 1_500, "100/1500ms"),
            ("5/2m", 5, 120_000, "5/120s"),
            ("4294967295/24h", u32::MAX, 86_400_000, "4294967295/86400s"),
        ] {
            let rate: Rate = text.parse().unwrap();
            assert_eq!((rate.count(), rate.per()), (count, Duration::from_millis(millis)), "{text}");
            assert_eq!(rate.to_string(), written);
            assert_eq!(written.parse(), Ok(rate));
        }
    }

    #[test]
    fn what_is_no_rate_is_named() {
        for text in [
            "",
            "20",
            "20/",
            "/1s",
            "0/1s",
            "20/0s",
            "20/s",
            "20/1",
            "20/1d",
            "-1/1s",
            "+1/1s",
            "20/25h",
            "20 / 1s",
            "4294967296/1s",
            "1/99999999999999999999s",
            "1/18446744073709551615h",
            "20/1.5s",
            "20/1s/2",
        ] {
            assert_eq!(text.parse::<Rate>(), Err(RateError { rate: text.to_owned() }));
        }
        assert_eq!(Rate::new(0, Duration::from_secs(1)), None);
        assert_eq!(Rate::new(1, Duration::from_micros(999)), None);
    }
}
