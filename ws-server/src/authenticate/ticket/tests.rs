use std::{
    net::SocketAddr,
    sync::Barrier,
    time::{Duration, SystemTime, UNIX_EPOCH},
};

use serde_json::{Value, json};
use ws_core::{
    head::{RequestHead, Version},
    refusal::Cause,
};

use super::*;
use crate::authenticate::{
    AuthenticationError, Authenticator, CredentialsFault, HandshakeContext, Identity, Scheme,
    signed::SecretKeys,
};

const NOW: u64 = 1_764_000_000;

fn keys() -> SecretKeys {
    SecretKeys::new(b"thirty-two bytes, at the least..").unwrap()
}

fn at(seconds: u64) -> SystemTime {
    UNIX_EPOCH + Duration::from_secs(seconds)
}

fn ticket() -> Ticket {
    Ticket::new("chat", "ticket", keys())
}

fn issue(grant: &Grant) -> String {
    TicketIssuer::new(keys()).issue(grant, at(NOW)).unwrap()
}

/// A handshake from somewhere at some time.
struct Try<'a> {
    target: String,
    peer: &'a str,
    now: SystemTime,
    dry_run: bool,
}

impl Try<'_> {
    fn with(ticket: &str) -> Self {
        Self {
            target: format!("/chat?v=2&ticket={ticket}"),
            peer: "192.0.2.1:1",
            now: at(NOW),
            dry_run: false,
        }
    }

    fn ask(&self, authenticator: &Ticket) -> Result<Identity, AuthenticationError> {
        let head = RequestHead::from_parts("GET", &self.target, Version::HTTP_11, [("Host", "a")]).unwrap();
        let peer: SocketAddr = self.peer.parse().unwrap();
        let request = HandshakeContext::new(&head, peer, self.now).with_dry_run(self.dry_run);
        let mut task = std::task::Context::from_waker(std::task::Waker::noop());
        match authenticator.authenticate(&request).as_mut().poll(&mut task) {
            std::task::Poll::Ready(answer) => answer,
            std::task::Poll::Pending => panic!("there is nothing to wait for"),
        }
    }
}

fn claiming(claims: &Value) -> Result<Identity, AuthenticationError> {
    Try::with(&keys().sign(claims).unwrap()).ask(&ticket())
}

fn rejected(fault: impl Into<TicketFault>) -> Result<Identity, AuthenticationError> {
    Err(AuthenticationError::TicketRejected(fault.into()))
}

#[test]
fn a_ticket_opens_one_connection() {
    let authenticator = ticket();
    let grant = Grant::to("ann").roles(["member"]).scopes(["chat:read", "chat:write"]).claim("theme", "dark");
    let handshake = Try::with(&issue(&grant));
    let identity = handshake.ask(&authenticator).unwrap();
    assert_eq!((identity.scheme(), identity.subject()), (&Scheme::Ticket, Some("ann")));
    assert!(identity.has_role("member") && identity.has_scope("chat:write"));
    assert_eq!(identity.claims()["theme"], "dark");
    assert!(identity.credential_id().is_some());
    assert_eq!(identity.expires(), None, "the ticket ends with the handshake, not the connection");

    let again = handshake.ask(&authenticator.clone()).unwrap_err();
    assert_eq!(again, AuthenticationError::TicketSpent);
    assert_eq!(again.cause(), Cause::TicketSpent);
    assert!(Try::with(&issue(&grant)).ask(&authenticator).is_ok(), "another ticket is another ticket");
}

#[test]
fn a_dry_run_looks_and_does_not_spend() {
    let authenticator = ticket();
    let mut handshake = Try::with(&issue(&Grant::to("ann")));
    handshake.dry_run = true;
    for _ in 0..2 {
        assert!(handshake.ask(&authenticator).is_ok());
    }
    handshake.dry_run = false;
    assert!(handshake.ask(&authenticator).is_ok());
    handshake.dry_run = true;
    assert_eq!(handshake.ask(&authenticator), Err(AuthenticationError::TicketSpent));
}

#[test]
fn its_time_is_short() {
    let value = issue(&Grant::to("ann"));
    for (after, good) in [(0, true), (29, true), (30, false), (3600, false)] {
        let handshake = Try { now: at(NOW + after), ..Try::with(&value) };
        let answer = handshake.ask(&ticket());
        assert_eq!(answer.is_ok(), good, "{after}");
        if !good {
            assert_eq!(answer.unwrap_err().cause(), Cause::TicketExpired);
        }
    }
    let short = ticket().lifetime(Duration::from_secs(5));
    let too_long = TicketFault::LivesTooLong { limit: Duration::from_secs(5) };
    assert_eq!(Try::with(&value).ask(&short), rejected(too_long));
    // Issued too long ago, whatever its own end.
    let late = Try { now: at(NOW + 28), ..Try::with(&value) };
    assert_eq!(late.ask(&short), Err(AuthenticationError::TicketExpired));
    let issuer = TicketIssuer::new(keys()).lifetime(Duration::from_secs(5));
    let value = issuer.issue(&Grant::to("ann"), at(NOW)).unwrap();
    assert!(Try::with(&value).ask(&short).is_ok());
}

#[test]
fn nobody_can_make_one_that_lasts() {
    let limit = Duration::from_secs(30);
    assert!(claiming(&json!({ "jti": "a", "exp": NOW + 35 })).is_ok(), "clocks may differ by 5 s");
    for exp in [json!(NOW + 36), json!(u64::MAX - 1024), json!(1e19)] {
        assert_eq!(
            claiming(&json!({ "jti": "a", "exp": exp })),
            rejected(TicketFault::LivesTooLong { limit })
        );
    }
    let wide = ticket().lifetime(Duration::MAX);
    let value = keys().sign(&json!({ "jti": "a", "exp": 1e19 })).unwrap();
    assert!(Try::with(&value).ask(&wide).is_err_and(|error| error.cause() == Cause::CredentialsRejected));
}

#[test]
fn each_rejection_says_why_to_the_log() {
    for (claims, words) in [
        (json!({ "jti": "a" }), "the ticket lacks the claim `exp`"),
        (json!({ "exp": NOW + 9 }), "the ticket lacks the claim `jti`"),
        (json!({ "jti": 1, "exp": NOW + 9 }), "the ticket has a claim `jti` that is not a string"),
        (
            json!({ "jti": "a", "exp": "9" }),
            "the ticket has a claim `exp` that is not a number of seconds since 1970",
        ),
        (
            json!({ "jti": "a", "exp": NOW + 9, "nbf": NOW + 2 }),
            "the ticket is not valid before 2 s from now",
        ),
        (json!({ "jti": "a", "exp": NOW + 99 }), "the ticket is good for longer than 30 s"),
        (json!({ "jti": "a", "exp": NOW + 9, "path": "/chat/" }), "the ticket is for another path"),
        (
            json!({ "jti": "a", "exp": NOW + 9, "path": 1 }),
            "the ticket has a claim `path` that is not a string",
        ),
        (
            json!({ "jti": "a", "exp": NOW + 9, "address": "192.0.2.2" }),
            "the ticket is for another client address",
        ),
        (
            json!({ "jti": "a", "exp": NOW + 9, "address": "x" }),
            "the ticket has a claim `address` that is not an IP address",
        ),
    ] {
        let error = claiming(&claims).unwrap_err();
        assert_eq!(error.to_string(), words);
        assert_eq!(error.cause(), Cause::CredentialsRejected);
    }
    let error = Try::with(&issue(&Grant::to("ann"))[1..]).ask(&ticket()).unwrap_err();
    assert_eq!(error.cause(), Cause::CredentialsRejected);
    assert_eq!(Try::with("").ask(&ticket()).unwrap_err().cause(), Cause::CredentialsRejected);
}

#[test]
fn it_is_bound_where_that_is_wanted() {
    let path = issue(&Grant::to("ann").path("/chat"));
    let address = issue(&Grant::to("ann").address("192.0.2.1".parse().unwrap()));
    for value in [&path, &address] {
        assert!(Try::with(value).ask(&ticket()).is_ok());
    }
    let elsewhere = Try { target: format!("/other?ticket={path}"), ..Try::with(&path) };
    assert_eq!(elsewhere.ask(&ticket()), rejected(TicketFault::OtherPath));
    let other = Try { peer: "192.0.2.2:1", ..Try::with(&address) };
    assert_eq!(other.ask(&ticket()), rejected(TicketFault::OtherAddress));
    let mapped = Try { peer: "[::ffff:192.0.2.1]:1", ..Try::with(&address) };
    assert!(mapped.ask(&ticket()).is_ok(), "the same address in another notation");

    assert_eq!(Try::with(&address).ask(&ticket().require_path()), rejected(TicketFault::NoPath));
    assert_eq!(Try::with(&path).ask(&ticket().require_address()), rejected(TicketFault::NoAddress));
    assert!(Try::with(&path).ask(&ticket().require_path()).is_ok());
    assert!(Try::with(&address).ask(&ticket().require_address()).is_ok());
}

/// Whoever has got hold of a ticket cannot even use it up where it is not good.
#[test]
fn only_a_good_handshake_spends() {
    let authenticator = ticket();
    let value = issue(&Grant::to("ann").path("/chat"));
    let elsewhere = Try { target: format!("/other?ticket={value}"), ..Try::with(&value) };
    assert!(elsewhere.ask(&authenticator).is_err());
    assert!(Try::with(&value).ask(&authenticator).is_ok());
}

#[test]
fn there_is_one_parameter_or_none() {
    let value = issue(&Grant::to("ann"));
    for target in ["/chat".to_owned(), "/chat?Ticket=x".to_owned(), format!("/chat?token={value}")] {
        let absent = Try { target, ..Try::with("") };
        assert_eq!(absent.ask(&ticket()), Err(AuthenticationError::CredentialsMissing));
    }
    let twice = Try { target: format!("/chat?ticket={value}&ticket=x"), ..Try::with("") };
    let repeated = AuthenticationError::CredentialsMalformed(CredentialsFault::ParameterRepeated);
    assert_eq!(twice.ask(&ticket()), Err(repeated));
}

#[test]
fn of_many_at_once_exactly_one_wins() {
    let authenticator = ticket();
    for _ in 0..50 {
        let handshake = Try::with(&issue(&Grant::to("ann")));
        let start = Barrier::new(4);
        let answers = std::thread::scope(|scope| {
            let racers = [(); 4].map(|()| {
                scope.spawn(|| {
                    start.wait();
                    handshake.ask(&authenticator)
                })
            });
            racers.map(|racer| racer.join().unwrap())
        });
        assert_eq!(answers.iter().filter(|answer| answer.is_ok()).count(), 1);
        let spent = |answer: &&Result<_, _>| **answer == Err(AuthenticationError::TicketSpent);
        assert_eq!(answers.iter().filter(spent).count(), 3);
    }
}

#[test]
fn a_full_set_is_no_fault_of_the_caller() {
    let authenticator = ticket().capacity(1);
    assert!(Try::with(&issue(&Grant::to("ann"))).ask(&authenticator).is_ok());
    let error = Try::with(&issue(&Grant::to("bob"))).ask(&authenticator).unwrap_err();
    assert_eq!(error.cause(), Cause::AuthenticationUnavailable);
    assert_eq!(error, AuthenticationError::Unavailable { retry_after: Some(Duration::from_secs(30)) });
}

#[test]
fn new_keys_do_not_make_old_tickets_good() {
    let authenticator = ticket();
    let handshake = Try::with(&issue(&Grant::to("ann")));
    assert!(handshake.ask(&authenticator).is_ok());
    let other = b"another secret, of the next year";
    authenticator
        .replace_keys(SecretKeys::new(other).unwrap().and(b"thirty-two bytes, at the least..").unwrap());
    assert_eq!(handshake.ask(&authenticator), Err(AuthenticationError::TicketSpent));
    authenticator.replace_keys(SecretKeys::new(other).unwrap());
    assert_eq!(handshake.ask(&authenticator).unwrap_err().cause(), Cause::CredentialsRejected);
}

#[test]
fn the_challenge_names_the_parameter() {
    assert_eq!(ticket().challenges()[0].to_string(), r#"Ticket realm="chat", parameter="ticket""#);
    assert!(!ticket().is_ambient());
}
