use std::time::{Duration, Instant};

use serde_json::json;
use ws_core::refusal::Cause;

use super::{Issuer, LONG, active, cause, identify, inactive};
use crate::{
    authenticate::{AuthenticationError, Introspection},
    fetch::{
        FetchConfig,
        scripted::{Reply, Scripted},
    },
};

/// Time enough for every answer, on a machine as busy as it likes.
const LIMIT: Duration = Duration::from_secs(2);

fn quick(by: Introspection) -> Introspection {
    by.fetch(FetchConfig::new().time_limit(LIMIT).body_limit(1000))
        .remember_active(LONG)
        .remember_inactive(LONG)
}

// Whatever is wrong with the endpoint or between us and it is not the caller's fault, is not remembered, and is over
// when it is over.
#[tokio::test]
async fn an_endpoint_that_makes_no_sense_is_nobodys_fault() {
    let issuer = Issuer::start(&active()).await;
    let by = quick(issuer.introspection());
    for reply in [
        Reply::Answer(500, active().to_string()),
        Reply::Answer(401, String::new()),
        Reply::Answer(403, inactive().to_string()),
        Reply::Answer(400, json!({ "error": "invalid_request" }).to_string()),
        Reply::Answer(302, active().to_string()),
        Reply::Answer(201, active().to_string()),
        Reply::Answer(200, String::new()),
        Reply::Answer(200, " ".repeat(1001)),
        Reply::Answer(200, "<html>".to_owned()),
        Reply::Answer(200, "[]".to_owned()),
        Reply::Answer(200, "{}".to_owned()),
        Reply::Answer(200, json!({ "active": "true" }).to_string()),
        Reply::Answer(200, json!({ "active": 1 }).to_string()),
        Reply::Answer(200, json!({ "active": null }).to_string()),
        Reply::Answer(200, r#"{"active":false,"active":true}"#.to_owned()),
        Reply::Answer(200, json!({ "active": true, "exp": "tomorrow" }).to_string()),
        Reply::Answer(200, json!({ "active": true, "sub": 7 }).to_string()),
    ] {
        let shown = format!("{reply:?}");
        issuer.replies(reply);
        let unavailable = Err(AuthenticationError::Unavailable { retry_after: None });
        assert_eq!(identify(&by, "t").await, unavailable, "{shown}");
        issuer.says(&active());
        let (before, fresh) = (issuer.asked(), quick(issuer.introspection()));
        assert_eq!(cause(&fresh, "t").await, None, "{shown}");
        assert_eq!(issuer.asked(), before + 1);
    }
    assert_eq!(cause(&by, "t").await, None, "nothing of it was remembered");
}

// Where nothing comes at all nobody else has to wait for the same: they are told when to come again.
#[tokio::test]
async fn an_endpoint_that_does_not_answer_is_left_alone_for_a_second() {
    for reply in [Reply::Silence, Reply::Raw(b"garbage".to_vec())] {
        let issuer = Issuer::start(&active()).await;
        let by = quick(issuer.introspection());
        assert_eq!(cause(&by, "known").await, None);
        issuer.replies(reply);
        let second = Some(Duration::from_secs(1));
        assert_eq!(identify(&by, "t").await, Err(AuthenticationError::Unavailable { retry_after: second }));
        let (asked, since) = (issuer.asked(), Instant::now());
        issuer.says(&active());
        match identify(&by, "t").await {
            Err(AuthenticationError::Unavailable { retry_after: Some(wait) }) => {
                assert!(wait <= Duration::from_secs(1) && issuer.asked() == asked, "{wait:?}");
            }
            // It took us as long to come here.
            other => assert!(since.elapsed() > Duration::from_millis(900), "not left alone: {other:?}"),
        }
        assert_eq!(cause(&by, "known").await, None, "what is remembered goes on");
        let back = async {
            while let Some(cause) = cause(&by, "t").await {
                assert_eq!(cause, Cause::AuthenticationUnavailable);
                tokio::time::sleep(LIMIT / 50).await;
            }
        };
        tokio::time::timeout(Duration::from_secs(10), back).await.unwrap();
    }
}

#[tokio::test]
async fn an_endpoint_that_is_gone_comes_back() {
    let server = Scripted::start(|_| Reply::Answer(200, active().to_string())).await;
    let (address, url) = (server.address(), server.url("/introspect"));
    let by = quick(Introspection::new("chat", &url).unwrap());
    drop(server);
    // The port is closed once the task has ended.
    while tokio::net::TcpStream::connect(address).await.is_ok() {}
    assert_eq!(cause(&by, "t").await, Some(Cause::AuthenticationUnavailable));
    let _server = Scripted::start_at(address, |_| Reply::Answer(200, active().to_string())).await;
    let back = async {
        while cause(&by, "t").await.is_some() {
            tokio::time::sleep(LIMIT / 50).await;
        }
    };
    tokio::time::timeout(Duration::from_secs(10), back).await.unwrap();
}

// A herd at an endpoint that is down waits for one question, not for as many as there are.
#[tokio::test]
async fn a_herd_is_refused_in_one_time_limit() {
    let issuer = Issuer::start(&active()).await;
    issuer.replies(Reply::Silence);
    let by = quick(issuer.introspection());
    let begun = tokio::time::Instant::now();
    let mut herd = tokio::task::JoinSet::new();
    for nth in 0..500 {
        let by = by.clone();
        herd.spawn(async move { cause(&by, &format!("t{nth}")).await });
    }
    let causes = herd.join_all().await;
    assert!(causes.into_iter().all(|cause| cause == Some(Cause::AuthenticationUnavailable)));
    assert!(begun.elapsed() < 3 * LIMIT + Duration::from_secs(1), "{:?}", begun.elapsed());
    assert!(issuer.asked() <= 64, "{}", issuer.asked());
}
