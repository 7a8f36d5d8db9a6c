//! What follows from a failure: one table, without clock or socket.

use std::time::Duration;

use ws_core::refusal::Cause;

use super::backoff::Backoff;
use super::random::Random;
use crate::connect::{DnsError, ProxyError, RedirectError};
use crate::ended::Error;
use crate::error::ConnectError;
use crate::refused::Closed;

/// What happens after a failure.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Decision {
    /// Connect again after this time.
    Retry {
        /// From now on, jitter included. Two attempts never begin within 100 ms of each other, whatever it is.
        delay: Duration,
    },
    /// The same with a fresh token: the one that opened the connection is rejected at its
    /// [`Credentials`](crate::credentials::Credentials) first. Without credentials of a provider as [`Retry`](Self::Retry).
    RenewFirst {
        /// As in [`Retry`](Self::Retry).
        delay: Duration,
    },
    /// Do not connect again: the error is the last word.
    Stop,
}

/// What the operator of this client has decided beforehand.
#[derive(Clone, Copy, Debug)]
pub(super) struct Rules {
    pub(super) backoff: Backoff,
    /// Failed attempts in a row.
    pub(super) max_attempts: Option<u32>,
    /// The time without a stable connection.
    pub(super) max_away: Option<Duration>,
    /// The very first attempt has to succeed.
    pub(super) fail_fast: bool,
    /// A server that says 1000 is come back to.
    pub(super) after_normal_close: bool,
}

/// What has been so far.
#[derive(Clone, Copy, Debug)]
pub(super) struct Situation {
    /// Failed attempts in a row, a connection that was not stable counting as one.
    pub(super) failures: u32,
    /// How long there has been no stable connection.
    pub(super) away: Duration,
    /// There was a connection once.
    pub(super) ever_open: bool,
    /// The token came from a provider, which can give another one.
    pub(super) can_renew: bool,
    /// It has just been asked for one for this very reason.
    pub(super) renewed: bool,
}

/// What an error calls for, before any limit.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Verdict {
    /// To come back, not before this time is over.
    Again(Duration),
    Renew,
    Stop,
}

/// What follows from `error`.
pub(super) fn decide(error: &Error, now: &Situation, rules: &Rules, random: &mut Random) -> Decision {
    let verdict = verdict(error, now, rules);
    let not_before = match verdict {
        Verdict::Stop => return Decision::Stop,
        Verdict::Renew => Duration::ZERO,
        Verdict::Again(not_before) => not_before,
    };
    if rules.fail_fast && !now.ever_open || rules.max_attempts.is_some_and(|most| now.failures >= most) {
        return Decision::Stop;
    }
    let delay = rules.backoff.delay(now.failures, not_before, random);
    if rules.max_away.is_some_and(|most| now.away.saturating_add(delay) > most) {
        return Decision::Stop;
    }
    // A crowd whose tokens were all revoked at once is spread like any other.
    if verdict == Verdict::Renew { Decision::RenewFirst { delay } } else { Decision::Retry { delay } }
}

fn verdict(error: &Error, now: &Situation, rules: &Rules) -> Verdict {
    let told = error.retry_after().unwrap_or_default();
    let worth_it = match error {
        // A name that led to the server before will do so again: between two networks there are no names.
        Error::Connect(error) if is_name_not_found(error) => now.ever_open,
        Error::Closed(closed) => return closed_verdict(closed, now, rules, told),
        other => other.is_worth_retrying(),
    };
    if worth_it { Verdict::Again(told) } else { Verdict::Stop }
}

/// Whether a name is not found: the server's, its proxy's, or that of where it redirects to.
fn is_name_not_found(error: &ConnectError) -> bool {
    match error {
        ConnectError::Dns(error) | ConnectError::Proxy(ProxyError::Dns { source: error, .. }) => {
            matches!(error, DnsError::NotFound { .. })
        }
        ConnectError::Redirect(RedirectError::Elsewhere { source, .. }) => is_name_not_found(source),
        _ => false,
    }
}

/// The close codes of an open connection: RFC 6455 7.4.1 and the IANA WebSocket Close Code registry.
fn closed_verdict(closed: &Closed, now: &Situation, rules: &Rules, told: Duration) -> Verdict {
    let worth_it = match closed.frame.as_ref().map(|frame| frame.code) {
        // RFC 6455 7.4.1: 1000, the purpose is fulfilled.
        Some(1000) => rules.after_normal_close,
        // IANA: 3000, Unauthorized. A fresh token that is not accepted either is the last one that is tried.
        Some(3000) => {
            let renews = closed.do_new_credentials_help() && now.can_renew && !now.renewed;
            return if renews { Verdict::Renew } else { Verdict::Stop };
        }
        // IANA: 3008, Timeout. The server heard nothing from here, as after a sleep; or waited for a first message that
        // this client does not know of.
        Some(3008) => closed.cause() != Some(Cause::AuthenticationTimeout),
        // RFC 6455 7.4.1: 1001; IANA: 1011 to 1014; 1005, a Close frame that says nothing (7.1.5). Not 1002, 1003, 1007 to
        // 1010, 3003 nor what an application means by 4000 to 4999.
        _ => closed.is_worth_retrying(),
    };
    if worth_it { Verdict::Again(told) } else { Verdict::Stop }
}

#[cfg(test)]
#[path = "policy_tests.rs"]
mod tests;
