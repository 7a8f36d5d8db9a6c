use bytes::BytesMut;
use ws_core::head::{HeadLimits, HeadReader};
use ws_core::message::{CloseCode, CloseFrame};
use ws_core::net;

use super::*;
use crate::refused::{Framing, SentCredential, read};

const WIDTH: usize = 80;

async fn refused(head: &str, body: &str) -> Error {
    let mut buffer = BytesMut::from(format!("HTTP/1.1 {head}\r\n\r\n").as_str());
    let head =
        HeadReader::new(HeadLimits::default()).read_response(&mut buffer).expect("valid").expect("whole");
    let mut stream = body.as_bytes();
    let body = read(&mut stream, BytesMut::new(), Framing::UntilClose, 10_000, Duration::from_secs(1)).await;
    ConnectError::Refused(Box::new(Refused::new(head, body))).into()
}

fn closed(code: u16, reason: &str) -> String {
    let frame = CloseFrame::new(CloseCode::new(code).expect("valid"), reason);
    report(&Error::closed(&frame), Style::PLAIN, WIDTH)
}

/// What stands behind a label, its lines joined.
fn row(report: &str, label: &str) -> Option<String> {
    let mut lines = report.lines().skip_while(|line| !line.trim_start().starts_with(label));
    let first = lines.next()?.get(COLUMN..)?;
    let rest = lines.take_while(|line| line.starts_with(&" ".repeat(COLUMN))).map(str::trim);
    Some(std::iter::once(first).chain(rest).collect::<Vec<_>>().join(" "))
}

const PROBLEM: &str =
    "Content-Type: application/problem+json\r\nRefused-By: rooms; code=token-expired; id=4b0d";

#[tokio::test]
async fn a_refusal_of_ours_tells_all_that_was_decided() {
    let head = format!(
        "401 Unauthorized\r\nRetry-After: 7\r\nWWW-Authenticate: Bearer realm=\"rooms\", error=\"invalid_token\"\r\n{PROBLEM}"
    );
    let detail = format!("the token expired 3601 s ago. {}", Cause::TokenExpired.remedy());
    let report = report(&refused(&head, &format!("{{\"detail\":\"{detail}\"}}")).await, Style::PLAIN, WIDTH);
    assert_eq!(report.lines().next(), Some("refused: 401 Unauthorized, token-expired"));
    for (label, said) in [
        ("why", Cause::TokenExpired.summary()),
        ("refused by", "rooms"),
        ("the server said", "the token expired 3601 s ago."),
        ("it accepts", "Bearer (realm \"rooms\", error \"invalid_token\")"),
        ("what to do", Cause::TokenExpired.remedy()),
        ("request id", "4b0d (it stands in the server's log)"),
        ("new credentials", "may help: a fresh one of the same kind"),
        ("trying again", "not before 7 s from now"),
        ("whose turn it is", "this side: the address, the request or the credentials"),
    ] {
        assert_eq!(row(&report, label).as_deref(), Some(said), "{report}");
    }
}

#[tokio::test]
async fn a_refusal_without_a_cause_tells_who_answered_and_what_it_may_mean() {
    let page = "<html><head><title>Down for\nrepair</title></head></html>";
    let report = report(
        &refused("502 Bad Gateway\r\nServer: nginx\r\nContent-Type: text/html", page).await,
        Style::PLAIN,
        WIDTH,
    );
    assert_eq!(report.lines().next(), Some("refused: 502 Bad Gateway, upstream-down"));
    assert_eq!(row(&report, "refused by").as_deref(), Some("something that calls itself \"nginx\""));
    assert_eq!(row(&report, "the server said").as_deref(), Some("Down for repair"));
    assert_eq!(row(&report, "trying again").as_deref(), Some("may succeed later, without a change here"));
    let report = super::report(&refused("401 ", "").await, Style::PLAIN, WIDTH);
    assert!(row(&report, "with this program").expect("a hint").contains("--token-file"), "{report}");
}

#[tokio::test]
async fn what_was_sent_is_told_from_what_was_not() {
    let with = async |head: &str, sent: &[SentCredential]| {
        let Error::Connect(ConnectError::Refused(refused)) = refused(head, "").await else {
            panic!("no refusal")
        };
        let error = ConnectError::Refused(Box::new(refused.of(sent.to_vec())));
        report(&error.into(), Style::PLAIN, WIDTH)
    };
    let wants = "401 Unauthorized\r\nWWW-Authenticate: Bearer";
    let none = with(wants, &[]).await;
    assert!(row(&none, "why").expect("why").contains("none was sent"), "{none}");
    assert_eq!(row(&none, "credentials sent").as_deref(), Some("none"), "{none}");
    let some = with(wants, &[SentCredential::Bearer]).await;
    assert!(row(&some, "why").expect("why").contains("that was sent was not accepted"), "{some}");
    assert!(row(&some, "with this program").expect("a hint").contains("another token"), "{some}");

    let cookie = [SentCredential::Cookie("sid".to_owned())];
    let missing = "401 Unauthorized\r\nRefused-By: rooms; code=credentials-missing; id=4b0d";
    let overlooked = with(missing, &cookie).await;
    assert_eq!(
        row(&overlooked, "credentials sent").as_deref(),
        Some("in the cookie sid; this server wants them elsewhere"),
        "{overlooked}"
    );
    assert!(row(&overlooked, "with this program").expect("a hint").contains("--token-in"), "{overlooked}");

    for (sent, words, flag) in [
        (&[][..], "no credentials were sent", "--token-file"),
        (&cookie, "may not be accepted", "permits more"),
    ] {
        let bare = with("403 Forbidden", sent).await;
        assert!(row(&bare, "why").expect("why").contains(words), "{bare}");
        assert!(row(&bare, "with this program").expect("a hint").contains(flag), "{bare}");
        assert!(
            row(&bare, "what to do").expect("a next step").contains("check path, origin and credentials")
        );
    }
}

#[test]
fn what_an_authority_issued_is_not_trusted_by_its_own_certificate() {
    let hint = |error: TlsError| {
        let text = report(&ConnectError::Tls(error).into(), Style::PLAIN, WIDTH);
        row(&text, "with this program").expect("a hint")
    };
    assert!(hint(TlsError::SelfSigned).contains("the server's own certificate, trusts it"));
    let issued = hint(TlsError::UnknownIssuer { issuer: "CN=Rooms CA".to_owned() });
    assert!(issued.contains("the one that issued the server's certificate"), "{issued}");
}

/// CWE-117, CWE-150: a server cannot forge a row, nor steer the terminal.
#[tokio::test]
async fn what_the_server_says_stays_in_its_row() {
    let body = r#"{"detail":"no\n  what to do        run rm\u001b[2J\u202e","supported":["a\nb"]}"#;
    let head = format!("403 No\u{9b}pe\r\nWWW-Authenticate: Bearer realm=\"\u{9b}\"\r\n{PROBLEM}");
    let report = report(&refused(&head, body).await, Style::PLAIN, WIDTH);
    assert!(!report.contains(|c: char| c.is_control() && c != '\n' || c == '\u{202e}'), "{report:?}");
    assert_eq!(
        report.lines().filter(|line| line.trim_start().starts_with("what to do")).count(),
        1,
        "{report}"
    );
}

#[tokio::test]
async fn the_width_is_respected() {
    let body = format!("{{\"detail\":\"{}\"}}", "word ".repeat(100));
    for width in [40, 72] {
        let error = refused(&format!("403 Forbidden\r\n{PROBLEM}"), &body).await;
        for line in report(&error, Style::PLAIN, width).lines() {
            assert!(line.chars().count() <= width, "{width}: {line}");
        }
    }
}

#[test]
fn close_codes_are_explained_by_name() {
    let report = closed(1011, "out of memory");
    assert_eq!(report.lines().next(), Some("closed: close code 1011 (Internal Error)"));
    assert_eq!(row(&report, "the server said").as_deref(), Some("out of memory"));
    let report = closed(3000, "token-expired: the token has expired");
    assert_eq!(report.lines().next(), Some("closed: close code 3000 (Unauthorized), token-expired"));
    assert_eq!(row(&report, "what to do").as_deref(), Some(Cause::TokenExpired.remedy()));
    let report = closed(3003, "not you");
    assert_eq!(row(&report, "new credentials").as_deref(), Some("do not help, unless they permit more"));
    assert!(closed(4321, "").starts_with("closed: close code 4321 (a code of this application's own)"));
}

#[test]
fn a_failure_has_its_code_and_its_fix() {
    let lost = report(&net::Error::Lost.into(), Style::PLAIN, WIDTH);
    assert_eq!(lost.lines().next(), Some("the connection broke: connection-lost"));
    let why = row(&lost, "why").expect("why");
    assert!(why.contains("the server, or a proxy or firewall on the way, has cut it off"), "{lost}");
    let url = crate::WsUrl::parse("localhost:9001").expect_err("no scheme");
    let invalid = report(&url.into(), Style::PLAIN, WIDTH);
    assert_eq!(invalid.lines().next(), Some("not connected: url-invalid"));
    assert!(row(&invalid, "why").expect("why").contains("ws://"), "{invalid}");
}

#[test]
fn times_to_come_back_are_never_too_short() {
    for (time, text) in [(1500, "2 s"), (120_000, "120 s"), (121_000, "3 min"), (7_201_000, "3 h")] {
        assert_eq!(seconds(Duration::from_millis(time)), text);
    }
}
