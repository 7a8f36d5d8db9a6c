use std::io;

use bytes::BytesMut;
use proptest::prelude::*;
use ws_core::head::{HeadLimits, HeadReader};
use ws_core::message::{CloseCode, CloseFrame};
use ws_core::net;

use super::*;
use crate::connect::{HandshakeError, TcpError, UrlError};
use crate::credentials::CredentialsError;
use crate::reconnect::RestoreError;
use crate::refused::{Framing, Refused, read};

const SECOND: Duration = Duration::from_secs(1);

/// After the end of a connection that was stable, without a provider of tokens.
const STABLE: Situation =
    Situation { failures: 0, away: Duration::ZERO, ever_open: true, can_renew: false, renewed: false };

fn rules() -> Rules {
    let backoff = Backoff::default();
    Rules { backoff, max_attempts: None, max_away: None, fail_fast: false, after_normal_close: false }
}

fn closed(code: u16, reason: &str) -> Error {
    Error::closed(&CloseFrame::new(CloseCode::new(code).expect("it may be sent"), reason))
}

async fn refused(head: &str) -> Error {
    let mut buffer = BytesMut::from(format!("HTTP/1.1 {head}\r\n\r\n").as_str());
    let head =
        HeadReader::new(HeadLimits::default()).read_response(&mut buffer).expect("valid").expect("whole");
    let body = read(&mut &b""[..], BytesMut::new(), Framing::UntilClose, 0, SECOND).await;
    ConnectError::Refused(Box::new(Refused::new(head, body))).into()
}

fn judged(error: &Error) -> Verdict {
    verdict(error, &STABLE, &rules())
}

const AGAIN: Verdict = Verdict::Again(Duration::ZERO);

// RFC 6455 7.4.1 and the IANA WebSocket Close Code registry.
#[test]
fn close_codes() {
    for (code, expected) in [
        (1000, Verdict::Stop),
        (1001, AGAIN),
        (1002, Verdict::Stop),
        (1003, Verdict::Stop),
        (1007, Verdict::Stop),
        (1008, Verdict::Stop),
        (1009, Verdict::Stop),
        (1010, Verdict::Stop),
        (1011, AGAIN),
        (1012, AGAIN),
        (1013, AGAIN),
        (1014, AGAIN),
        (3000, Verdict::Stop),
        (3003, Verdict::Stop),
        (3008, AGAIN),
        (3999, Verdict::Stop),
        (4000, Verdict::Stop),
        (4999, Verdict::Stop),
    ] {
        assert_eq!(judged(&closed(code, "")), expected, "{code}");
    }
    // RFC 6455 7.1.5: 1005, a Close frame without a code.
    assert_eq!(judged(&Error::Closed(Box::new(Closed::new(None, None)))), AGAIN);
    let normal = Rules { after_normal_close: true, ..rules() };
    assert_eq!(verdict(&closed(1000, ""), &STABLE, &normal), AGAIN);
}

#[test]
fn the_reason_tells_the_cause_and_the_time() {
    let again = |seconds| Verdict::Again(seconds * SECOND);
    for (code, reason, expected) in [
        (1001, "server-draining: retry after 7 s", again(7)),
        (1012, "server-draining: retry after 7 s", again(7)),
        (1012, "retry after 3 s", again(3)),
        (1013, "server-full: retry after 5 s", again(5)),
        (1013, "rate-limited: retry after 9 s", again(9)),
        (1011, "internal-error: The server failed", AGAIN),
        (1014, "upstream-down: retry after 2 s", again(2)),
        (1008, "slow-consumer: too slow", Verdict::Stop),
        (1008, "message-rate-exceeded: too many", Verdict::Stop),
        (3003, "role-missing: no", Verdict::Stop),
        (3008, "idle-timeout: nothing was heard", AGAIN),
        (3008, "authentication-timeout: nothing was said", Verdict::Stop),
    ] {
        assert_eq!(judged(&closed(code, reason)), expected, "{code} {reason}");
    }
}

// IANA WebSocket Close Code registry: 3000, Unauthorized.
#[test]
fn a_token_is_renewed_once() {
    let expired = closed(3000, "token-expired: It has expired");
    let provided = Situation { can_renew: true, ..STABLE };
    assert_eq!(verdict(&expired, &provided, &rules()), Verdict::Renew);
    assert_eq!(verdict(&closed(3000, ""), &provided, &rules()), Verdict::Renew);
    let renewed = Situation { renewed: true, ..provided };
    assert_eq!(verdict(&expired, &renewed, &rules()), Verdict::Stop);
    assert_eq!(judged(&expired), Verdict::Stop, "nobody gives another one");
    // Another token of the same kind does not help where none was asked for in the handshake.
    let other = closed(3000, "credentials-missing: Say who you are");
    assert_eq!(verdict(&other, &provided, &rules()), Verdict::Stop);
}

#[tokio::test]
async fn refusals() {
    for (head, expected) in [
        ("503 Service Unavailable\r\nRetry-After: 9", Verdict::Again(9 * SECOND)),
        ("429 Too Many Requests\r\nRetry-After: 60", Verdict::Again(60 * SECOND)),
        ("503 Service Unavailable", AGAIN),
        ("502 Bad Gateway", AGAIN),
        ("504 Gateway Timeout", AGAIN),
        ("500 Internal Server Error", AGAIN),
        ("408 Request Timeout", AGAIN),
        ("400 Bad Request", Verdict::Stop),
        ("401 Unauthorized\r\nWWW-Authenticate: Bearer error=\"invalid_token\"", Verdict::Stop),
        ("403 Forbidden", Verdict::Stop),
        // Not even where it says when: RFC 9110 10.2.3 knows Retry-After with 503 and redirections.
        ("403 Forbidden\r\nRetry-After: 1", Verdict::Stop),
        ("404 Not Found", Verdict::Stop),
        ("426 Upgrade Required", Verdict::Stop),
        ("200 OK", Verdict::Stop),
    ] {
        assert_eq!(judged(&refused(head).await), expected, "{head}");
    }
}

#[test]
fn everything_before_and_after_the_handshake() {
    let address = ([127, 0, 0, 1], 9).into();
    let unavailable = |retry_after| CredentialsError::Unavailable { reason: "down".into(), retry_after };
    let broken = |error: net::Error| Error::Broken(error);
    for (error, expected) in [
        (UrlError::Empty.into(), Verdict::Stop),
        (
            Error::Connect(
                TcpError::PortClosed {
                    address,
                    others: Vec::new(),
                    source: io::ErrorKind::ConnectionRefused.into(),
                }
                .into(),
            ),
            AGAIN,
        ),
        (Error::Connect(HandshakeError::NoAnswer.into()), AGAIN),
        (Error::Connect(HandshakeError::NotHttp.into()), Verdict::Stop),
        (unavailable(Some(4 * SECOND)).into(), Verdict::Again(4 * SECOND)),
        (unavailable(None).into(), AGAIN),
        (CredentialsError::Denied { error: "invalid_grant".into(), description: None }.into(), Verdict::Stop),
        (broken(net::Error::Lost), AGAIN),
        (broken(net::Error::PingTimeout), AGAIN),
        (broken(net::Error::WriteTimeout), AGAIN),
        (broken(io::Error::from(io::ErrorKind::ConnectionReset).into()), AGAIN),
        (broken(ws_core::connection::ProtocolError::MaskUnexpected.into()), Verdict::Stop),
        (RestoreError::TimedOut { after: SECOND }.into(), AGAIN),
    ] {
        assert_eq!(judged(&error), expected, "{error:?}");
    }
}

#[test]
fn a_name_that_was_found_before_is_looked_for_again() {
    let not_found = || DnsError::NotFound { host: "h".into(), source: None };
    let of_proxy = || ConnectError::from(ProxyError::Dns { proxy: "h:3128".into(), source: not_found() });
    let elsewhere = RedirectError::Elsewhere { chain: Vec::new(), source: Box::new(of_proxy()) };
    let never = Situation { ever_open: false, ..STABLE };
    for error in [not_found().into(), of_proxy(), elsewhere.into()] {
        let error = Error::Connect(error);
        assert_eq!(judged(&error), AGAIN, "{error}");
        assert_eq!(verdict(&error, &never, &rules()), Verdict::Stop, "{error}");
    }
}

#[test]
fn limits() {
    let lost = Error::Broken(net::Error::Lost);
    let decided = |now: &Situation, rules: &Rules| decide(&lost, now, rules, &mut Random::seeded(1));
    let three = Rules { max_attempts: Some(3), ..rules() };
    assert!(matches!(decided(&Situation { failures: 2, ..STABLE }, &three), Decision::Retry { .. }));
    assert_eq!(decided(&Situation { failures: 3, ..STABLE }, &three), Decision::Stop);
    let minute = Rules { max_away: Some(60 * SECOND), ..rules() };
    assert!(matches!(decided(&Situation { away: 58 * SECOND, ..STABLE }, &minute), Decision::Retry { .. }));
    assert_eq!(decided(&Situation { away: 60 * SECOND, ..STABLE }, &minute), Decision::Stop);
    // There is no sense in waiting for what comes too late.
    let later = closed(1013, "server-full: retry after 90 s");
    assert_eq!(decide(&later, &STABLE, &minute, &mut Random::seeded(1)), Decision::Stop);
    let fast = Rules { fail_fast: true, ..rules() };
    assert!(matches!(decided(&STABLE, &fast), Decision::Retry { .. }), "it was open before");
    assert_eq!(decided(&Situation { ever_open: false, ..STABLE }, &fast), Decision::Stop);
}

proptest! {
    /// Whatever a server says when, and whatever has been: nobody comes back before the time that was told, and a token
    /// is renewed only where there is one to be had, and not twice.
    #[test]
    fn no_decision_comes_too_early(
        code in prop_oneof![1000_u16..=1003, 1007_u16..=1014, 3000_u16..=3010, 3990_u16..=4010],
        told in proptest::option::of(0_u32..10_000),
        failures in 0_u32..50,
        (ever_open, can_renew, renewed) in any::<(bool, bool, bool)>(),
        seed in any::<u64>(),
    ) {
        let reason = told.map_or_else(String::new, |seconds| format!("retry after {seconds} s"));
        let now = Situation { failures, away: Duration::ZERO, ever_open, can_renew, renewed };
        match decide(&closed(code, &reason), &now, &rules(), &mut Random::seeded(seed)) {
            Decision::Retry { delay } => {
                prop_assert!(delay >= told.unwrap_or(0) * SECOND && code != 3000);
            }
            Decision::RenewFirst { delay } => {
                prop_assert!(code == 3000 && can_renew && !renewed && delay <= rules().backoff.longest);
            }
            Decision::Stop => prop_assert!(!matches!(code, 1001 | 1011..=1014 | 3008)),
        }
    }
}
