//! Durations and rates.

use std::time::Duration;

use ws_server::Rate;

use super::Fault;
use super::value::Word;

/// A time that may be none at all, as leeway may.
impl Word for Duration {
    const WHAT: &'static str = "a duration";
    const EXAMPLE: &'static str = "one in quotes, \"10s\" or \"500ms\"";

    fn parse(text: &str) -> Result<Self, Fault> {
        duration(text).ok_or_else(|| Fault::Duration(text.to_owned()))
    }
}

/// A time that is not zero.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Time(pub(crate) Duration);

impl Word for Time {
    const WHAT: &'static str = Duration::WHAT;
    const EXAMPLE: &'static str = Duration::EXAMPLE;

    fn parse(text: &str) -> Result<Self, Fault> {
        match Duration::parse(text)? {
            Duration::ZERO => Err(Fault::ZeroDuration("10s")),
            time => Ok(Self(time)),
        }
    }
}

impl Word for Rate {
    const WHAT: &'static str = "a rate";
    const EXAMPLE: &'static str = "one in quotes, \"20/1s\"";

    fn parse(text: &str) -> Result<Self, Fault> {
        let rate = text.split_once('/').and_then(|(count, per)| {
            let (count, per) = (count.trim(), per.trim());
            // "20/s" is clear enough.
            let per =
                if per.starts_with(|c: char| c.is_ascii_alphabetic()) { &format!("1{per}") } else { per };
            let digits = !count.is_empty() && count.bytes().all(|byte| byte.is_ascii_digit());
            Some((digits.then(|| count.parse::<u32>().ok())??, duration(per)?))
        });
        let (count, per) = rate.ok_or_else(|| Fault::Rate(text.to_owned()))?;
        if per > Self::LONGEST {
            return Err(Fault::LongRate(text.to_owned()));
        }
        Self::new(count, per).ok_or_else(|| Fault::ZeroRate(text.to_owned()))
    }
}

/// A number and a unit: `500ms`, `10s`, `5m`, `1h`, `1d`.
fn duration(text: &str) -> Option<Duration> {
    let text = text.trim();
    let unit = text.find(|c: char| !c.is_ascii_digit())?;
    let (number, unit) = text.split_at(unit);
    let number: u64 = number.parse().ok()?;
    let seconds = |each: u64| number.checked_mul(each).filter(|&s| s <= LONGEST).map(Duration::from_secs);
    match unit.trim_start() {
        "ms" => Some(Duration::from_millis(number)).filter(|time| time.as_secs() <= LONGEST),
        "s" => seconds(1),
        "m" | "min" => seconds(60),
        "h" => seconds(3600),
        "d" => seconds(24 * 3600),
        _ => None,
    }
}

/// Ten years, in seconds: what lies beyond it is a mistake, and clocks do not reach much farther.
const LONGEST: u64 = 10 * 366 * 24 * 3600;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn durations() {
        for (text, expected) in [
            ("10s", Some(10_000)),
            ("500ms", Some(500)),
            ("5m", Some(300_000)),
            ("5min", Some(300_000)),
            ("1h", Some(3_600_000)),
            ("2d", Some(172_800_000)),
            ("0s", Some(0)),
            (" 1 s ", Some(1000)),
            ("10", None),
            ("s", None),
            ("", None),
            ("-1s", None),
            ("1.5s", None),
            ("10 parsecs", None),
            ("99999999999999999999s", None),
            ("18446744073709551615h", None),
        ] {
            assert_eq!(duration(text), expected.map(Duration::from_millis), "{text}");
        }
    }

    #[test]
    fn rates() {
        let rate = |text| <Rate as Word>::parse(text).ok().map(|rate| (rate.count(), rate.per().as_millis()));
        assert_eq!(rate("20/1s"), Some((20, 1000)));
        assert_eq!(rate("20/s"), Some((20, 1000)));
        assert_eq!(rate("1000 / 1m"), Some((1000, 60_000)));
        for text in
            ["20", "/1s", "20/", "0/1s", "20/0s", "-1/1s", "+1/1s", "5000000000/1s", "1/25h", "20/1s/1s"]
        {
            assert_eq!(rate(text), None, "{text}");
        }
    }
}
