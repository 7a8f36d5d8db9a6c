//! Redirections against scripted servers: where they lead, and what goes along.

use std::collections::HashMap;
use std::sync::{Arc, Mutex};

use tokio::io::{AsyncReadExt, AsyncWriteExt, duplex};
use ws_core::handshake::{UpgradeRequest, UpgradeResponse};
use ws_core::head::{HeadLimits, HeadReader, RequestHead};
use ws_core::net::Transport;

use super::redirect::RedirectError;
use super::{ConnectFuture, Connector, WsUrl};
use crate::credentials::{Credentials, Placement, StaticToken, Token};
use crate::{Builder, Client, ConnectError, UrlError};

/// A network of scripted servers: what each address answers, and what each was asked.
#[derive(Clone, Default)]
struct Servers {
    /// By `Host` and target: an answer's head. Any other address accepts.
    answers: HashMap<&'static str, &'static str>,
    asked: Arc<Mutex<Vec<RequestHead>>>,
}

impl Connector for Servers {
    fn connect<'a>(&'a self, _: &'a WsUrl) -> ConnectFuture<'a> {
        let (ours, theirs) = duplex(4096);
        tokio::spawn(self.clone().serve(theirs));
        Box::pin(async move { Ok(Box::new(ours) as Box<dyn Transport>) })
    }
}

impl Servers {
    async fn serve(self, mut stream: tokio::io::DuplexStream) {
        let mut buffer = bytes::BytesMut::new();
        let mut reader = HeadReader::new(HeadLimits::default());
        let head = loop {
            if let Some(head) = reader.read_request(&mut buffer).expect("a valid request") {
                break head;
            }
            stream.read_buf(&mut buffer).await.expect("open");
        };
        let key = format!("{}{}", head.fields().get_str("Host").expect("a host"), head.target());
        let mut out = bytes::BytesMut::new();
        match self.answers.get(key.as_str()) {
            Some(answer) => out.extend_from_slice(format!("HTTP/1.1 {answer}\r\n\r\n").as_bytes()),
            None => UpgradeResponse::new(&UpgradeRequest::from_head(&head).expect("valid")).encode(&mut out),
        }
        self.asked.lock().expect("no panic").push(head);
        stream.write_all(&out).await.expect("open");
        // Until the client has gone.
        let _ = stream.read_buf(&mut buffer).await;
    }
}

/// What follows from these answers, and who was asked what.
async fn outcome(
    answers: &[(&'static str, &'static str)],
    ask: impl FnOnce(Builder) -> Builder,
) -> (Result<(), ConnectError>, Vec<RequestHead>) {
    let servers = Servers { answers: answers.iter().copied().collect(), ..Servers::default() };
    let asked = servers.asked.clone();
    let builder = Client::builder("ws://a/start?token=hunter2").expect("valid").connector(servers);
    let outcome = ask(builder).connect().await.map(drop);
    let asked = asked.lock().expect("no panic").clone();
    (outcome, asked)
}

fn places(asked: &[RequestHead]) -> Vec<String> {
    let host = |head: &RequestHead| head.fields().get_str("Host").unwrap_or_default().to_owned();
    asked.iter().map(|head| format!("{}{}", host(head), head.target())).collect()
}

const START: &str = "a/start?token=hunter2";

#[tokio::test]
async fn nothing_is_followed_unless_asked_for() {
    let (result, asked) = outcome(&[(START, "302 Found\r\nLocation: /b")], |builder| builder).await;
    assert!(matches!(result, Err(ConnectError::Redirected(_))), "{result:?}");
    assert_eq!(asked.len(), 1);
}

// RFC 9110 10.2.2, 15.4: Location is a reference, resolved against the address asked.
#[tokio::test]
async fn each_kind_of_redirection_and_of_reference() {
    for (status, location, place) in [
        (301, "/b", "a/b"),
        (302, "b?c#d", "a/b?c"),
        (303, "?q", "a/start?q"),
        (307, "//h:81/x/../y", "h:81/y"),
        (308, "http://h/", "h/"),
        (302, "ws://[::1]:9/z", "[::1]:9/z"),
    ] {
        let answer: &'static str = Box::leak(format!("{status} X\r\nLocation: {location}").into_boxed_str());
        let (result, asked) = outcome(&[(START, answer)], |builder| builder.follow_redirects(1)).await;
        assert!(result.is_ok(), "{location}: {result:?}");
        assert_eq!(places(&asked), [START, place], "{location}");
    }
    for answer in ["300 X\r\nLocation: /b", "305 X\r\nLocation: /b"] {
        let (result, asked) = outcome(&[(START, answer)], |builder| builder.follow_redirects(1)).await;
        assert!(matches!(result, Err(ConnectError::Redirected(_))), "{answer}: {result:?}");
        assert_eq!(asked.len(), 1);
    }
}

#[tokio::test]
async fn circles_and_endless_chains_end() {
    let circle = [(START, "302 X\r\nLocation: /b"), ("a/b", "302 X\r\nLocation: /start?token=hunter2")];
    let (result, asked) = outcome(&circle, |builder| builder.follow_redirects(9)).await;
    let error = result.expect_err("a circle");
    let ConnectError::Redirect(RedirectError::Loop { chain }) = &error else { panic!("{error:?}") };
    assert_eq!((chain.len(), asked.len()), (3, 2));
    let text = format!("{error} {error:?}");
    assert!(
        text.contains("ws://a/start?… -> ws://a/b -> ws://a/start") && !text.contains("hunter2"),
        "{text}"
    );
    let chain = [(START, "302 X\r\nLocation: /1"), ("a/1", "302 X\r\nLocation: /2")];
    for (limit, asks) in [(1, 2), (2, 3)] {
        let (result, asked) = outcome(&chain, |builder| builder.follow_redirects(limit)).await;
        assert_eq!(asked.len(), asks);
        let too_many = ConnectError::is_too_many;
        assert_eq!(result.err().map(|error| too_many(&error)), (limit == 1).then_some(true));
    }
}

impl ConnectError {
    fn is_too_many(&self) -> bool {
        matches!(self, Self::Redirect(RedirectError::TooMany { limit: 1, .. }))
    }
}

#[tokio::test]
async fn what_is_no_address_is_not_followed() {
    for (location, expected) in [
        ("ftp://h/", UrlError::SchemeUnsupported { scheme: "ftp".into() }),
        ("javascript:alert(1)", UrlError::SchemeMissing),
        ("http://ann:hunter2@h/", UrlError::Userinfo),
        ("http://h:0/", UrlError::Port),
    ] {
        let answer: &'static str = Box::leak(format!("302 X\r\nLocation: {location}").into_boxed_str());
        let (result, asked) = outcome(&[(START, answer)], |builder| builder.follow_redirects(5)).await;
        let error = result.expect_err(location);
        assert!(!format!("{error} {error:?}").contains("hunter2"), "{error:?}");
        let ConnectError::Redirect(RedirectError::Invalid { source, .. }) = error else {
            panic!("{error:?}")
        };
        assert_eq!((source, asked.len()), (expected, 1), "{location}");
    }
}

fn with_credentials(builder: Builder) -> Builder {
    let builder =
        builder.bearer_token("hunter2").expect("valid").cookie("session", "hunter2").expect("valid");
    let builder =
        builder.header("X-Api-Key", "hunter2").expect("valid").header("X-Trace", "7").expect("valid");
    builder.secret_header("X-House", "hunter2").expect("valid").follow_redirects(5)
}

/// CVE-2026-42498 and its kin: credentials are for the origin for which they were given.
#[tokio::test]
async fn credentials_go_to_no_other_origin() {
    const SECRETS: [&str; 4] = ["Authorization", "Cookie", "X-Api-Key", "X-House"];
    for (location, same) in
        [("/b", true), ("ws://a:80/b", true), ("ws://b/", false), ("ws://a:81/", false), ("ws://x.a/", false)]
    {
        let answer: &'static str = Box::leak(format!("302 X\r\nLocation: {location}").into_boxed_str());
        let (result, asked) = outcome(&[(START, answer)], with_credentials).await;
        assert!(result.is_ok(), "{result:?}");
        let fields = asked.last().expect("followed").fields();
        assert_eq!(fields.get_str("X-Trace"), Some("7"));
        for name in SECRETS {
            assert!(asked[0].fields().contains(name), "{name}");
            assert_eq!(fields.contains(name), same, "{name} at {location}");
        }
    }
    // What was left out stays out, also where the first origin is asked again.
    let back = [(START, "302 X\r\nLocation: ws://b/"), ("b/", "302 X\r\nLocation: ws://a/back")];
    let (result, asked) = outcome(&back, with_credentials).await;
    assert!(result.is_ok() && places(&asked) == [START, "b/", "a/back"], "{result:?}");
    assert!(asked[1..].iter().all(|head| SECRETS.iter().all(|name| !head.fields().contains(name))));
}

/// Fresh credentials would not be sent there either, so they are not said to help.
#[tokio::test]
async fn a_refusal_elsewhere_is_told_as_such() {
    let refusal = "401 X\r\nContent-Length: 0\r\nWWW-Authenticate: Bearer error=\"invalid_token\"";
    let answers = [(START, "302 X\r\nLocation: ws://b/in"), ("b/in", refusal)];
    let error = outcome(&answers, with_credentials).await.0.expect_err("refused");
    let ConnectError::Redirect(RedirectError::Elsewhere { chain, source }) = &error else {
        panic!("{error:?}")
    };
    assert!(matches!(**source, ConnectError::Refused(_)) && chain.len() == 2);
    assert!(source.do_new_credentials_help() && !error.do_new_credentials_help());
    assert_eq!(error.code(), source.code());
    let answers = [(START, "302 X\r\nLocation: /in"), ("a/in", refusal)];
    let error = outcome(&answers, with_credentials).await.0.expect_err("refused");
    assert!(matches!(error, ConnectError::Refused(_)) && error.do_new_credentials_help(), "{error:?}");
}

/// Many servers repeat in `Location` the query that they were asked with, the token of a provider in it.
#[tokio::test]
async fn a_token_in_the_query_that_is_repeated_goes_to_no_other_origin_and_not_twice_to_this_one() {
    const ASKED: &str = "a/start?token=hunter2&access_token=s3cr%2Bt";
    let with_token = |builder: Builder| {
        let credentials = Credentials::new(StaticToken::new(Token::new("s3cr+t")));
        let placement = Placement::Query("access_token".into());
        builder.credentials(credentials).credentials_in(placement).expect("valid").follow_redirects(1)
    };
    for (answer, place) in [
        (
            "307 X\r\nLocation: /b?token=hunter2&access_token=s3cr%2Bt",
            "a/b?token=hunter2&access_token=s3cr%2Bt",
        ),
        ("307 X\r\nLocation: /b?access_token=s3cr%2Bt", "a/b?access_token=s3cr%2Bt"),
        ("307 X\r\nLocation: ws://b/?x=1&access_token=s3cr%2Bt&y", "b/?x=1&y"),
        ("307 X\r\nLocation: ws://b/?access_token=s3cr%2Bt", "b/"),
    ] {
        let (result, asked) = outcome(&[(ASKED, answer)], with_token).await;
        assert!(result.is_ok(), "{result:?}");
        assert_eq!(places(&asked), [ASKED, place]);
    }
    let (result, _) = outcome(&[(ASKED, "307 X\r\nLocation: /b?access_token=s3cr%2Bt")], |builder| {
        with_token(builder).follow_redirects(0)
    })
    .await;
    let error = result.expect_err("not followed");
    let text = format!("{error} {error:?}");
    assert!(text.contains("/b?…") && !text.contains("s3cr"), "{text}");
}
