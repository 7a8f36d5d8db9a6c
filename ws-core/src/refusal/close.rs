use std::time::Duration;

use super::http::DEFAULT_WAIT;
use super::text::{cut, whole_seconds};
use super::{Cause, Disclosure, Refusal};

/// A refusal after the upgrade: what a close frame says.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CloseRefusal {
    /// The close code.
    pub code: u16,
    /// The reason, at most 123 bytes of UTF-8 (RFC 6455 5.5).
    pub reason: String,
}

impl CloseRefusal {
    /// RFC 6455 5.5: a control frame has 125 bytes, and the code takes two of them.
    pub const REASON_BYTES: usize = 123;

    /// The cause, where the reason tells its code and the close code is the one of this cause.
    ///
    /// ```
    /// use ws_core::refusal::{Cause, CloseRefusal};
    ///
    /// let closed = CloseRefusal { code: 1013, reason: "server-full: retry after 5 s".to_owned() };
    /// assert_eq!(closed.cause(), Some(Cause::ServerFull));
    /// assert_eq!(closed.retry_after(), Some(std::time::Duration::from_secs(5)));
    /// ```
    pub fn cause(&self) -> Option<Cause> {
        let code = self.reason.split_once(": ").map_or(&*self.reason, |(code, _)| code);
        Cause::from_code(code).filter(|cause| {
            cause.close_code() == Some(self.code)
                || *cause == Cause::ServerDraining && self.code == SERVICE_RESTART
        })
    }

    /// What the reason says beside the code of the cause; all of it where it tells no cause.
    pub fn detail(&self) -> &str {
        match self.cause() {
            Some(cause) => self.reason[cause.code().len()..].strip_prefix(": ").unwrap_or_default(),
            None => &self.reason,
        }
    }

    /// When to come back, where the reason says so.
    pub fn retry_after(&self) -> Option<Duration> {
        let seconds = self.detail().strip_prefix("retry after ")?.strip_suffix(" s")?;
        let digits = seconds.bytes().all(|byte| byte.is_ascii_digit());
        digits.then(|| seconds.parse().ok()).flatten().map(Duration::from_secs)
    }
}

/// IANA WebSocket Close Code registry: Service Restart.
const SERVICE_RESTART: u16 = 1012;

impl Refusal {
    /// The close frame for this refusal; `None` where the cause is only ever told over HTTP.
    ///
    /// The reason is the code, `: ` and a short text, cut at the boundary of a character. Where the
    /// cause will pass, or a waiting time is known, it is that text: `server-draining: retry after 7 s`.
    /// [`Disclosure::Minimal`] leaves out everything but the waiting time.
    ///
    /// ```
    /// use ws_core::refusal::{Cause, Disclosure, Refusal};
    ///
    /// let closed = Refusal::new(Cause::TokenExpired).to_close(Disclosure::Standard).unwrap();
    /// assert_eq!((closed.code, closed.reason.as_str()), (3000, "token-expired: The token has expired"));
    /// assert_eq!(Refusal::new(Cause::RouteNotFound).to_close(Disclosure::Standard), None);
    /// ```
    pub fn to_close(&self, disclosure: Disclosure) -> Option<CloseRefusal> {
        let code = match self.cause {
            Cause::ServerDraining if self.restarting => SERVICE_RESTART,
            cause => cause.close_code()?,
        };
        let wait = self.retry_after.or(self.cause.is_temporary().then_some(DEFAULT_WAIT));
        let retry = wait.map(|wait| format!("retry after {} s", whole_seconds(wait)));
        let reason = match (disclosure, retry) {
            (Disclosure::Minimal, retry) => retry.unwrap_or_default(),
            (_, Some(retry)) => format!("{}: {retry}", self.cause),
            (_, None) => format!("{}: {}", self.cause, self.told(disclosure, self.cause.title())),
        };
        Some(CloseRefusal { code, reason: cut(&reason, CloseRefusal::REASON_BYTES).to_owned() })
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn close(refusal: &Refusal, disclosure: Disclosure) -> (u16, String) {
        let closed = refusal.to_close(disclosure).unwrap();
        (closed.code, closed.reason)
    }

    #[test]
    fn a_waiting_time_is_told_at_every_level() {
        let refusal = Refusal::new(Cause::ServerDraining).retry_after(Duration::from_millis(6500));
        for disclosure in [Disclosure::Full, Disclosure::Standard] {
            assert_eq!(close(&refusal, disclosure), (1001, "server-draining: retry after 7 s".to_owned()));
        }
        // As over HTTP, where a 503 says so too.
        let full = Refusal::new(Cause::ServerFull);
        assert_eq!(close(&full, Disclosure::Standard), (1013, "server-full: retry after 5 s".to_owned()));
        let refusal = refusal.restarting();
        assert_eq!(close(&refusal, Disclosure::Minimal), (1012, "retry after 7 s".to_owned()));
    }

    #[test]
    fn the_level_decides_on_the_detail() {
        let refusal = Refusal::new(Cause::PolicyDenied).detail("rule 7");
        assert_eq!(close(&refusal, Disclosure::Full).1, "policy-denied: rule 7");
        assert_eq!(close(&refusal, Disclosure::Standard).1, "policy-denied: A policy does not allow this");
        assert_eq!(close(&refusal, Disclosure::Minimal).1, "");
        let refusal = refusal.public_detail("rule 7");
        assert_eq!(close(&refusal, Disclosure::Standard).1, "policy-denied: rule 7");
        assert_eq!(close(&refusal, Disclosure::Minimal).1, "");
    }

    #[test]
    fn a_frame_of_ours_is_read_back() {
        for (code, reason, cause, detail, wait) in [
            (
                3000,
                "token-expired: The token has expired",
                Some(Cause::TokenExpired),
                "The token has expired",
                None,
            ),
            (3000, "token-expired", Some(Cause::TokenExpired), "", None),
            (
                1001,
                "server-draining: retry after 7 s",
                Some(Cause::ServerDraining),
                "retry after 7 s",
                Some(7),
            ),
            (
                1012,
                "server-draining: retry after 7 s",
                Some(Cause::ServerDraining),
                "retry after 7 s",
                Some(7),
            ),
            (1013, "retry after 7 s", None, "retry after 7 s", Some(7)),
            // Another close code, another cause, or no cause at all: that is not one of ours.
            (1012, "server-full: retry after 7 s", None, "server-full: retry after 7 s", None),
            (3000, "token-expired:x", None, "token-expired:x", None),
            (3000, "bye", None, "bye", None),
            (1000, "", None, "", None),
            (1013, "server-full: retry after -7 s", Some(Cause::ServerFull), "retry after -7 s", None),
            (
                1013,
                "server-full: retry after 99999999999999999999 s",
                Some(Cause::ServerFull),
                "retry after 99999999999999999999 s",
                None,
            ),
        ] {
            let closed = CloseRefusal { code, reason: reason.to_owned() };
            assert_eq!((closed.cause(), closed.detail()), (cause, detail), "{code} {reason}");
            assert_eq!(closed.retry_after(), wait.map(Duration::from_secs), "{code} {reason}");
        }
    }

    #[test]
    fn only_a_restart_of_a_draining_server_is_1012() {
        let refusal = Refusal::new(Cause::ServerFull).restarting();
        assert_eq!(close(&refusal, Disclosure::Standard).0, 1013);
        assert_eq!(Refusal::new(Cause::ResourceHidden).restarting().to_close(Disclosure::Full), None);
    }

    proptest! {
        /// RFC 6455 5.5: a reason fits into a control frame and is the start of the whole text.
        #[test]
        fn a_reason_fits_whatever_the_detail(
            detail in any::<String>(),
            cause in proptest::sample::select(Cause::ALL),
        ) {
            let refusal = Refusal::new(cause).detail(detail.clone());
            let Some(closed) = refusal.to_close(Disclosure::Full) else {
                prop_assert!(cause.close_code().is_none());
                return Ok(());
            };
            prop_assert!(closed.reason.len() <= 123);
            prop_assert_eq!(closed.cause(), Some(cause));
            if !detail.is_empty() && !cause.is_temporary() {
                let whole = format!("{}: {detail}", cause.code());
                prop_assert!(whole.starts_with(&closed.reason));
                prop_assert!(closed.reason.len() > 119 || closed.reason == whole);
            }
        }
    }
}
