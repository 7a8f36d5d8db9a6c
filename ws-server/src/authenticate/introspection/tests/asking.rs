use std::time::Duration;

use tokio::task::JoinSet;
use ws_core::refusal::Cause;

use super::{Issuer, LONG, active, cause, identify, inactive};
use crate::authenticate::{
    AuthenticationError, ClientCredentialsError, CredentialsFault, Introspection, bearer::TokenError,
};

// RFC 7662 2.1, RFC 6749 2.3.1
#[tokio::test]
async fn the_endpoint_is_asked_as_it_has_to_be() {
    let issuer = Issuer::start(&active()).await;
    let by = issuer.introspection().client("chat server", "s+e c:r&t").unwrap();
    assert_eq!(cause(&by, "opaque+/~==").await, None);
    assert_eq!(cause(&issuer.introspection().client_token("own").unwrap(), "t").await, None);
    assert_eq!(cause(&issuer.introspection(), "t").await, None);
    let asked = issuer.server.asked();
    assert!(asked[0].head.starts_with("POST /introspect HTTP/1.1\r\n"));
    assert_eq!(asked[0].body, "token=opaque%2B%2F%7E%3D%3D&token_type_hint=access_token");
    // "chat+server:s%2Be+c%3Ar%26t"
    assert!(
        asked[0].head.contains("\r\nauthorization: Basic Y2hhdCtzZXJ2ZXI6cyUyQmUrYyUzQXIlMjZ0\r\n"),
        "{}",
        asked[0].head
    );
    assert!(asked[1].head.contains("\r\nauthorization: Bearer own"));
    assert!(!asked[2].head.contains("authorization"));
}

// RFC 6749 A.1, A.2, RFC 6750 2.1
#[test]
fn credentials_of_our_own_are_judged_when_they_are_given() {
    let by = || Introspection::new("chat", "http://127.0.0.1/").unwrap();
    for bad in ["\n", "a\n", "a\r\nX: y", "\0", "a\tb", "\x7f"] {
        assert_eq!(by().client(bad, "secret").unwrap_err(), ClientCredentialsError::Id, "{bad:?}");
        assert_eq!(by().client("id", bad).unwrap_err(), ClientCredentialsError::Secret, "{bad:?}");
        assert_eq!(by().client_token(bad).unwrap_err(), ClientCredentialsError::Token, "{bad:?}");
    }
    for bad in ["", " a", "a b", "\u{e9}"] {
        assert_eq!(by().client_token(bad).unwrap_err(), ClientCredentialsError::Token, "{bad:?}");
    }
    // RFC 6749 B: whatever else is in them is encoded.
    assert!(by().client("a b:\u{e9}", "").is_ok());
    assert!(by().client_token("1|a-._~+/=").is_ok());
}

#[tokio::test]
async fn nothing_secret_is_shown() {
    let issuer = Issuer::start(&active()).await;
    let by = issuer.introspection().client("id", "hunter2-hunter2").unwrap();
    let by = by.client_token("hunter3").unwrap();
    let shown = format!("{by:?}");
    assert!(
        shown.contains("/introspect") && !shown.contains("hunter") && !shown.contains("aHVudGVy"),
        "{shown}"
    );
}

#[tokio::test]
async fn answers_are_remembered() {
    let issuer = Issuer::start(&active()).await;
    let by = issuer.introspection().remember_active(LONG).remember_inactive(LONG);
    for _ in 0..3 {
        // Clones share what is known.
        assert_eq!(cause(&by.clone(), "good").await, None);
    }
    assert_eq!(issuer.asked(), 1);
    issuer.says(&inactive());
    for _ in 0..3 {
        assert_eq!(cause(&by, "bad").await, Some(Cause::CredentialsRejected));
    }
    assert_eq!(cause(&by, "good").await, None);
    assert_eq!(issuer.asked(), 2);
    let forgetful = issuer.introspection().remember_inactive(Duration::ZERO);
    for _ in 0..3 {
        assert_eq!(cause(&forgetful, "bad").await, Some(Cause::CredentialsRejected));
    }
    assert_eq!(issuer.asked(), 5);
}

#[tokio::test]
async fn a_herd_with_one_token_asks_once() {
    let issuer = Issuer::start(&active()).await;
    let by = issuer.introspection();
    let mut herd = JoinSet::new();
    for nth in 0..200 {
        let by = by.clone();
        herd.spawn(async move { cause(&by, if nth % 2 == 0 { "a" } else { "b" }).await });
    }
    assert!(herd.join_all().await.into_iter().all(|cause| cause.is_none()));
    assert_eq!(issuer.asked(), 2);
    assert_eq!(by.flights().len(), 0, "nothing is left of who asked");
}

#[tokio::test]
async fn who_gives_up_leaves_the_question_to_the_next() {
    let issuer = Issuer::start(&active()).await;
    issuer.replies(crate::fetch::scripted::Reply::Silence);
    let by = issuer.introspection();
    let first = {
        let by = by.clone();
        tokio::spawn(async move { cause(&by, "a").await })
    };
    while issuer.asked() == 0 {
        tokio::task::yield_now().await;
    }
    let second = {
        let by = by.clone();
        tokio::spawn(async move { cause(&by, "a").await })
    };
    issuer.says(&active());
    first.abort();
    assert_eq!(second.await.unwrap(), None);
    assert_eq!((issuer.asked(), by.flights().len()), (2, 0));
}

#[tokio::test]
async fn what_is_no_token_is_not_asked_about() {
    let issuer = Issuer::start(&active()).await;
    let by = issuer.introspection().limit(10);
    assert_eq!(
        identify(&by, "12345678901").await,
        Err(AuthenticationError::Token(TokenError::TooLong { limit: 10 }))
    );
    let malformed = AuthenticationError::CredentialsMalformed(CredentialsFault::HeaderSyntax);
    assert_eq!(identify(&by, "a b").await, Err(malformed));
    assert_eq!(issuer.asked(), 0);
    assert!(Introspection::new("chat", "ftp://id.example/").is_err());
}
