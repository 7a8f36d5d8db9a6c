//! Spans of time on the command line: `500ms`, `5s`, `2m`, `1h`; a bare number is in seconds.

use std::time::Duration;

use thiserror::Error;

/// A year; `forever` is longer.
const LONGEST: Duration = Duration::from_secs(365 * 24 * 60 * 60);

/// Why a text is no span of time.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
pub(super) enum DurationError {
    #[error("write a number and a unit, such as 500ms, 5s, 2m or 1h")]
    Form,
    #[error("it must not be zero")]
    Zero,
    #[error("it must not be longer than a year")]
    TooLong,
}

/// How long to wait for answers.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Wait {
    Quiet(Duration),
    Forever,
}

pub(super) fn parse(text: &str) -> Result<Duration, DurationError> {
    let digits = text.trim_end_matches(|c: char| c.is_ascii_alphabetic());
    let unit = match text.get(digits.len()..) {
        Some("ms") => 0.001,
        Some("s" | "") => 1.0,
        Some("m" | "min") => 60.0,
        Some("h") => 3600.0,
        _ => return Err(DurationError::Form),
    };
    if !digits.starts_with(|c: char| c.is_ascii_digit()) {
        return Err(DurationError::Form);
    }
    let number: f64 = digits.parse().map_err(|_| DurationError::Form)?;
    let time = Duration::try_from_secs_f64(number * unit).map_err(|_| DurationError::TooLong)?;
    // The clock cannot tell every moment that a number can.
    if time > LONGEST { Err(DurationError::TooLong) } else { Ok(time) }
}

pub(super) fn at_least_a_millisecond(text: &str) -> Result<Duration, DurationError> {
    parse(text).and_then(|time| if time.as_millis() == 0 { Err(DurationError::Zero) } else { Ok(time) })
}

pub(super) fn or_forever(text: &str) -> Result<Wait, DurationError> {
    if text == "forever" { Ok(Wait::Forever) } else { parse(text).map(Wait::Quiet) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_and_units() {
        for (text, milliseconds) in
            [("5s", 5000), ("5", 5000), ("1.5s", 1500), ("500ms", 500), ("2m", 120_000), ("1h", 3_600_000)]
        {
            assert_eq!(parse(text), Ok(Duration::from_millis(milliseconds)), "{text}");
        }
        assert_eq!(at_least_a_millisecond("0s"), Err(DurationError::Zero));
        assert_eq!(or_forever("forever"), Ok(Wait::Forever));
        assert_eq!(or_forever("0"), Ok(Wait::Quiet(Duration::ZERO)));
    }

    #[test]
    fn anything_else_is_none() {
        for text in ["", "s", "5 s", "-5s", "5d", "inf", "nan", "5s5", "ä", "+5"] {
            assert_eq!(parse(text), Err(DurationError::Form), "{text}");
        }
        for text in ["8761h", "1e19", "1e19s", "1e400"] {
            assert_eq!(parse(text), Err(DurationError::TooLong), "{text}");
        }
    }
}
