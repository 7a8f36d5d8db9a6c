//! `Retry-After` (RFC 9110 10.2.3): when to come back.

use std::time::{Duration, SystemTime};

/// The longest wait that is reported; whatever says more means "never".
pub(super) const LONGEST: Duration = Duration::from_secs(365 * 24 * 60 * 60);

/// Reads a value, seconds or a date; a date that has passed means at once.
pub(crate) fn parse(value: &str, now: SystemTime) -> Option<Duration> {
    let wait = if !value.is_empty() && value.bytes().all(|byte| byte.is_ascii_digit()) {
        value.parse().map_or(LONGEST, Duration::from_secs)
    } else {
        // RFC 9110 5.6.7: a recipient takes the date in all three of its forms.
        httpdate::parse_http_date(value).ok()?.duration_since(now).unwrap_or_default()
    };
    Some(wait.min(LONGEST))
}

#[cfg(test)]
mod tests {
    use super::*;

    // 1994-11-06T08:49:07Z, thirty seconds before the RFC's example.
    fn now() -> SystemTime {
        SystemTime::UNIX_EPOCH + Duration::from_secs(784_111_777 - 30)
    }

    // RFC 9110 10.2.3: delay-seconds.
    #[test]
    fn seconds() {
        assert_eq!(parse("0", now()), Some(Duration::ZERO));
        assert_eq!(parse("120", now()), Some(Duration::from_secs(120)));
        assert_eq!(parse("99999999999999999999999", now()), Some(LONGEST));
        for value in ["", "-1", "+1", "1.5", "1 s", "soon"] {
            assert_eq!(parse(value, now()), None, "{value:?}");
        }
    }

    // RFC 9110 5.6.7: IMF-fixdate and the two obsolete forms.
    #[test]
    fn dates() {
        for value in
            ["Sun, 06 Nov 1994 08:49:37 GMT", "Sunday, 06-Nov-94 08:49:37 GMT", "Sun Nov  6 08:49:37 1994"]
        {
            assert_eq!(parse(value, now()), Some(Duration::from_secs(30)), "{value:?}");
            let later = now() + Duration::from_secs(60);
            assert_eq!(parse(value, later), Some(Duration::ZERO), "{value:?}");
        }
        assert_eq!(parse("Fri, 31 Dec 9999 23:59:59 GMT", now()), Some(LONGEST));
        assert_eq!(parse("Sun, 32 Nov 1994 08:49:37 GMT", now()), None);
    }
}
