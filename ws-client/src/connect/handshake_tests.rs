//! A scripted peer at the other end of a pipe: every violation of the answer is its own error, and no answer
//! makes the client hang.

use std::time::Duration;

use tokio::io::{AsyncReadExt, AsyncWriteExt, DuplexStream, duplex};
use tokio::time::Instant;
use ws_core::handshake::{ClientHandshake, ResponseError, accept_value};
use ws_core::head::{HeadError, HeadLimits};
use ws_core::refusal::Cause;

use super::handshake::{AnswerLimits, HandshakeError, Opened, open};
use super::timeouts::{Budget, Timeouts};
use crate::error::ConnectError;
use crate::refused::{BodyEnd, Refused};

const HANDSHAKE: Duration = Duration::from_secs(10);
const BODY: Duration = Duration::from_secs(5);
const ACCEPTED: &str = "HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n\
     Sec-WebSocket-Accept: {accept}\r\n\r\n";

fn limits() -> AnswerLimits {
    let timeouts = Timeouts { handshake: HANDSHAKE, body: BODY, ..Timeouts::default() };
    let head = HeadLimits { bytes: 2000, line: 1000, fields: 10, target: 1000 };
    AnswerLimits { budget: Budget::new(timeouts.total), timeouts, head, body: 1000 }
}

/// The outcome of a handshake with a peer that reads the request and then does as `script` says.
async fn outcome<F>(script: impl FnOnce(DuplexStream, String) -> F) -> Result<Opened, ConnectError>
where
    F: Future<Output = ()>,
{
    let handshake = ClientHandshake::new("h", "/").and_then(|one| one.subprotocols(["chat"])).expect("valid");
    let (mut ours, mut theirs) = duplex(256);
    let peer = async move {
        let mut request = Vec::new();
        while !request.ends_with(b"\r\n\r\n") {
            theirs.read_buf(&mut request).await.expect("open");
        }
        let request = String::from_utf8(request).expect("text");
        let key = request.split("Sec-WebSocket-Key: ").nth(1).and_then(|rest| rest.split("\r\n").next());
        let accept = accept_value(key.expect("a key"));
        script(theirs, String::from_utf8(accept.to_vec()).expect("text")).await;
    };
    // The peer may wait for ever; the client must not.
    let opening = open(&mut ours, &handshake, limits());
    tokio::pin!(opening, peer);
    tokio::select! {
        outcome = &mut opening => outcome,
        () = &mut peer => opening.await,
    }
}

/// The peer answers with this text, `{accept}` replaced, and then closes.
async fn answered(answer: &str) -> Result<Opened, ConnectError> {
    outcome(async |mut stream, accept| {
        let _ = stream.write_all(answer.replace("{accept}", &accept).as_bytes()).await;
    })
    .await
}

async fn failed(answer: &str) -> HandshakeError {
    match answered(answer).await {
        Err(ConnectError::Handshake(error)) => error,
        other => panic!("{answer:?}: {other:?}"),
    }
}

async fn refused(answer: &str) -> Refused {
    match answered(answer).await {
        Err(ConnectError::Refused(refused)) => *refused,
        other => panic!("{answer:?}: {other:?}"),
    }
}

// RFC 6455 4.1.
#[tokio::test]
async fn accepted_with_the_beginning_of_the_first_frames() {
    let opened = answered(&format!("{ACCEPTED}\u{2}\u{1}x")).await.expect("a proper answer");
    assert_eq!(opened.accepted.subprotocol, None);
    assert_eq!(&opened.leftover[..], b"\x02\x01x");
    let with_protocol = ACCEPTED.replace("\r\n\r\n", "\r\nSec-WebSocket-Protocol: chat\r\n\r\n");
    let opened = answered(&with_protocol).await.expect("a proper answer");
    assert_eq!(opened.accepted.subprotocol.as_deref(), Some("chat"));
    assert_eq!(opened.head.status(), 101);
}

// RFC 6455 4.1: each MUST about the response.
#[tokio::test]
async fn each_violation_of_the_response_is_its_own_error() {
    let add = |line: &str| ACCEPTED.replace("\r\n\r\n", &format!("\r\n{line}\r\n\r\n"));
    for (answer, expected) in [
        (ACCEPTED.replace("Upgrade: websocket\r\n", ""), ResponseError::UpgradeMissing),
        (ACCEPTED.replace("Upgrade: websocket", "Upgrade: h2c"), ResponseError::UpgradeWrong),
        (ACCEPTED.replace("Connection: Upgrade\r\n", ""), ResponseError::ConnectionMissing),
        (ACCEPTED.replace("Connection: Upgrade", "Connection: close"), ResponseError::ConnectionWrong),
        (ACCEPTED.replace("Sec-WebSocket-Accept: {accept}\r\n", ""), ResponseError::AcceptMissing),
        (ACCEPTED.replace("{accept}", "s3pPLMBiTxaQ9kYGzzhZRbK+xOo="), ResponseError::AcceptWrong),
        (add("Sec-WebSocket-Accept: {accept}"), ResponseError::AcceptRepeated),
        (add("Sec-WebSocket-Protocol: other"), ResponseError::SubprotocolNotOffered),
        (add("Sec-WebSocket-Protocol: chat, chat"), ResponseError::SubprotocolMalformed),
        (add("Sec-WebSocket-Extensions: permessage-deflate"), ResponseError::ExtensionNotOffered),
    ] {
        let error = failed(&answer).await;
        assert!(
            matches!(error, HandshakeError::Response(found) if found == expected),
            "{answer:?}: {error:?}"
        );
    }
}

#[tokio::test]
async fn an_answer_that_is_no_answer() {
    assert!(matches!(failed("").await, HandshakeError::NoAnswer));
    assert!(matches!(failed("HTTP/1.1 101 Sw").await, HandshakeError::CutShort { received: 15 }));
    assert!(matches!(failed("SSH-2.0-OpenSSH_9.6\r\n").await, HandshakeError::NotHttp));
    // RFC 8446 5.1: an alert, as a TLS server answers to plaintext.
    assert!(matches!(failed("\u{15}\u{3}\u{3}\0\u{2}\u{2}\n").await, HandshakeError::TlsPort));
    let head = failed("HTTP/1.1 200 OK\r\nA : b\r\n\r\n").await;
    assert!(matches!(head, HandshakeError::Head(HeadError::SpaceBeforeColon)), "{head:?}");
    let long = failed(&format!("HTTP/1.1 200 OK\r\nA: {}\r\n\r\n", "b".repeat(1000))).await;
    assert!(matches!(long, HandshakeError::Head(HeadError::LineTooLong(1000))), "{long:?}");
    let endless = failed(&format!("HTTP/1.1 200 OK\r\n{}", "A: bcdefgh\r\n".repeat(1000))).await;
    assert!(matches!(endless, HandshakeError::Head(HeadError::TooManyFields(10))), "{endless:?}");
}

#[tokio::test(start_paused = true)]
async fn silence_and_slowness_end_in_time() {
    let silent = outcome(async |stream, _| {
        let _open = stream;
        std::future::pending::<()>().await;
    });
    let started = Instant::now();
    let error = silent.await.expect_err("nothing comes");
    assert!(
        matches!(error, ConnectError::Handshake(HandshakeError::TimedOut { received: 0, .. })),
        "{error:?}"
    );
    assert_eq!(started.elapsed(), HANDSHAKE);
    // A byte every three seconds is progress, but does not buy more time.
    let drip = outcome(async |mut stream, _| {
        for byte in "HTTP/1.1 101 Switching Protocols\r\n".bytes() {
            let _ = stream.write_all(&[byte]).await;
            tokio::time::sleep(Duration::from_secs(3)).await;
        }
    });
    let error = drip.await.expect_err("too slow");
    assert!(
        matches!(error, ConnectError::Handshake(HandshakeError::TimedOut { received: 4, .. })),
        "{error:?}"
    );
    assert_eq!(started.elapsed(), HANDSHAKE * 2);
}

// RFC 9110 15.2: interim responses may come before the final one.
#[tokio::test]
async fn interim_responses_are_skipped() {
    let interim = "HTTP/1.1 103 Early Hints\r\nLink: </a>\r\n\r\n";
    assert!(answered(&format!("{}{ACCEPTED}", interim.repeat(8))).await.is_ok());
    assert!(matches!(failed(&interim.repeat(9)).await, HandshakeError::TooManyInterim));
    assert!(matches!(failed(interim).await, HandshakeError::CutShort { .. }));
}

#[tokio::test]
async fn a_redirection_is_not_followed_and_says_where_to() {
    for status in [301, 302, 303, 307, 308] {
        let answer = format!("HTTP/1.1 {status} X\r\nLocation: //other/é\r\n\r\n");
        let Err(ConnectError::Redirected(to)) = answered(&answer).await else { panic!("{status}") };
        assert_eq!((to.status, to.location.as_str()), (status, "//other/é"));
    }
    assert_eq!(refused("HTTP/1.1 302 Found\r\n\r\n").await.status, 302);
    assert_eq!(refused("HTTP/1.1 304 Not Modified\r\nLocation: /a\r\n\r\n").await.status, 304);
}

#[tokio::test]
async fn any_other_status_is_a_refusal_with_its_body() {
    let body = r#"{"code":"route-not-found"}"#;
    let head = "HTTP/1.1 404 Not Found\r\nContent-Type: application/problem+json\r\n";
    for answer in [
        format!("{head}Content-Length: {}\r\n\r\n{body}beyond", body.len()),
        format!("{head}Content-Length: {0}, {0}\r\nContent-Length: {0}\r\n\r\n{body}", body.len()),
        format!("{head}Transfer-Encoding: gzip, Chunked\r\n\r\n{:x}\r\n{body}\r\n0\r\n\r\n", body.len()),
        // RFC 9112 6.3: a transfer coding overrides the length.
        format!(
            "{head}Content-Length: 1\r\nTransfer-Encoding: chunked\r\n\r\n{:x}\r\n{body}\r\n0\r\n\r\n",
            body.len()
        ),
        format!("{head}Transfer-Encoding: identity\r\n\r\n{body}"),
        format!("{head}\r\n{body}"),
    ] {
        let refused = refused(&answer).await;
        assert_eq!((refused.status, refused.body.text()), (404, Some(body)), "{answer:?}");
        assert_eq!(refused.cause(), Some(Cause::RouteNotFound), "{answer:?}");
    }
    assert_eq!(refused("HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n").await.status, 200);
    assert_eq!(refused("HTTP/1.1 999 \r\n\r\n").await.reason, "");
    let none = refused("HTTP/1.1 204 No Content\r\nContent-Length: 9\r\n\r\n").await;
    assert!(none.body.is_complete() && none.body.bytes().is_empty());
}

// RFC 9112 6.3: a response with an invalid length is discarded.
#[tokio::test]
async fn a_length_that_is_none() {
    for length in ["x", "-1", "+1", "1, 2", "1\r\nContent-Length: 2", "", "99999999999999999999"] {
        let error = failed(&format!("HTTP/1.1 403 No\r\nContent-Length: {length}\r\n\r\n")).await;
        assert!(matches!(error, HandshakeError::ContentLength), "{length:?}: {error:?}");
    }
}

#[tokio::test(start_paused = true)]
async fn a_bad_body_never_hides_the_status() {
    let cut = refused("HTTP/1.1 403 No\r\nContent-Length: 9\r\n\r\nab").await;
    assert_eq!((cut.status, cut.body.end()), (403, BodyEnd::CutShort));
    let large = refused(&format!("HTTP/1.1 403 No\r\n\r\n{}", "a".repeat(2000))).await;
    assert_eq!((large.body.bytes().len(), large.body.end()), (1000, BodyEnd::TooLarge { limit: 1000 }));
    let silent = outcome(async |mut stream, _| {
        let _ = stream.write_all(b"HTTP/1.1 503 Full\r\nRetry-After: 7\r\nContent-Length: 9\r\n\r\n").await;
        std::future::pending::<()>().await;
    });
    let Err(ConnectError::Refused(silent)) = silent.await else { panic!("a refusal") };
    assert_eq!(silent.body.end(), BodyEnd::TimedOut { after: BODY });
    assert_eq!(silent.retry_after, Some(Duration::from_secs(7)));
    let endless = outcome(async |mut stream, _| {
        let _ = stream.write_all(b"HTTP/1.1 403 No\r\nTransfer-Encoding: chunked\r\n\r\n").await;
        while stream.write_all(b"1;aaaaaaaaaaaaaaaa\r\na\r\n").await.is_ok() {}
    });
    let Err(ConnectError::Refused(endless)) = endless.await else { panic!("a refusal") };
    assert_eq!(endless.body.end(), BodyEnd::TooLarge { limit: 1000 });
}

#[tokio::test]
async fn an_answer_that_comes_before_the_request_was_read_is_still_an_answer() {
    let handshake = ClientHandshake::new("h", "/").expect("valid");
    let mut stream = deaf(b"HTTP/1.1 503 Full\r\nContent-Length: 0\r\n\r\n");
    let outcome = open(&mut stream, &handshake, limits()).await;
    assert!(matches!(outcome, Err(ConnectError::Refused(refused)) if refused.status == 503));
    let mut stream = deaf(b"");
    let outcome = open(&mut stream, &handshake, limits()).await;
    assert!(matches!(outcome, Err(ConnectError::Handshake(HandshakeError::Write(_)))), "{outcome:?}");
}

/// A peer that takes no byte, and has already said what it has to say.
fn deaf(said: &'static [u8]) -> impl tokio::io::AsyncRead + tokio::io::AsyncWrite + Unpin {
    let (near, far) = duplex(1);
    drop(far);
    tokio::io::join(said, near)
}
