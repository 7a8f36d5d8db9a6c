use std::time::{Duration, SystemTime};

use serde_json::json;
use ws_core::refusal::Cause;

use super::{Issuer, LONG, active, cause, identify, identify_at, inactive, seconds_from_now};
use crate::authenticate::Scheme;

// RFC 7662 2.2
#[tokio::test]
async fn an_identity_has_what_was_said() {
    let exp = seconds_from_now(60);
    let issuer = Issuer::start(&json!({
        "active": true, "sub": "ann", "iss": "https://id.example", "aud": ["chat"], "scope": "chat:read chat:write",
        "roles": ["member"], "jti": "j1", "exp": exp, "client_id": "web", "username": "Ann", "token_type": "Bearer",
    }))
    .await;
    let ann = identify(&issuer.introspection().audience("chat"), "t").await.unwrap();
    assert_eq!(ann.scheme(), &Scheme::Bearer);
    assert_eq!((ann.subject(), ann.issuer()), (Some("ann"), Some("https://id.example")));
    assert_eq!(
        (ann.scopes(), ann.roles()),
        (&["chat:read", "chat:write"].map(str::to_owned)[..], &["member".to_owned()][..])
    );
    assert_eq!(ann.credential_id(), Some("j1"));
    assert_eq!(ann.expires(), Some(SystemTime::UNIX_EPOCH + Duration::from_secs(exp.unsigned_abs())));
    assert_eq!(ann.claims()["client_id"], "web");
    // A client that may choose its id must not become somebody by it.
    issuer.says(&json!({ "active": true, "client_id": "ann" }));
    assert_eq!(identify(&issuer.introspection(), "t").await.unwrap().subject(), None);
}

#[tokio::test]
async fn what_is_said_of_an_active_token_counts() {
    let issuer = Issuer::start(&active()).await;
    for (more, expected) in [
        (json!({}), None),
        (json!({ "exp": seconds_from_now(-1) }), Some(Cause::TokenExpired)),
        (json!({ "nbf": seconds_from_now(60) }), Some(Cause::TokenNotYetValid)),
        (json!({ "aud": "mail" }), Some(Cause::TokenAudienceWrong)),
        (json!({ "aud": ["mail", "chat"] }), None),
    ] {
        let mut says = active();
        for (name, value) in more.as_object().unwrap() {
            says[name] = value.clone();
        }
        says["aud"] = more.get("aud").cloned().unwrap_or(json!("chat"));
        issuer.says(&says);
        assert_eq!(cause(&issuer.introspection().audience("chat"), "t").await, expected, "{more}");
    }
    issuer.says(&active());
    assert_eq!(cause(&issuer.introspection().audience("chat"), "t").await, Some(Cause::TokenClaimMissing));
    assert_eq!(cause(&issuer.introspection().require("exp"), "t").await, Some(Cause::TokenClaimMissing));
    issuer.says(&json!({ "active": true, "iss": "a", "aud": "mail" }));
    assert_eq!(cause(&issuer.introspection().any_audience().issuer("a"), "t").await, None);
    assert_eq!(
        cause(&issuer.introspection().any_audience().issuer("b"), "t").await,
        Some(Cause::TokenIssuerWrong)
    );
    // RFC 7519 4.1.3: an audience, and no name of ours that it could be.
    assert_eq!(cause(&issuer.introspection(), "t").await, Some(Cause::TokenAudienceWrong));
}

// Each route judges by its own rules what both remember.
#[tokio::test]
async fn clones_share_answers_and_not_rules() {
    let issuer = Issuer::start(&json!({ "active": true, "aud": "chat" })).await;
    let chat = issuer.introspection().audience("chat");
    let mail = issuer.introspection();
    let other = chat.clone().issuer("https://id.example");
    assert_eq!(cause(&chat, "t").await, None);
    assert_eq!(cause(&other, "t").await, Some(Cause::TokenClaimMissing));
    assert_eq!(issuer.asked(), 1);
    assert_eq!(cause(&mail, "t").await, Some(Cause::TokenAudienceWrong));
}

#[tokio::test]
async fn a_token_expires_while_it_is_remembered() {
    let exp = seconds_from_now(60);
    let issuer = Issuer::start(&json!({ "active": true, "exp": exp })).await;
    let by = issuer.introspection().remember_active(LONG);
    let at = |seconds: i64| SystemTime::UNIX_EPOCH + Duration::from_secs((exp + seconds).unsigned_abs());
    assert!(identify_at(&by, "t", at(-60)).await.is_ok());
    assert!(identify_at(&by, "t", at(-1)).await.is_ok());
    let expired = identify_at(&by, "t", at(0)).await.unwrap_err();
    assert_eq!((expired.cause(), issuer.asked()), (Cause::TokenExpired, 1));
    let lenient = by.clone().leeway(Duration::from_secs(2));
    assert!(identify_at(&lenient, "t", at(1)).await.is_ok());
}

// RFC 7662 2.2: the endpoint does not say why; what was known before may.
#[tokio::test]
async fn an_inactive_token_is_told_what_is_known_of_it() {
    let exp = seconds_from_now(60);
    let at = |seconds: i64| SystemTime::UNIX_EPOCH + Duration::from_secs((exp + seconds).unsigned_abs());
    let issuer = Issuer::start(&json!({ "active": true, "exp": exp })).await;
    let by = issuer.introspection().remember_active(Duration::ZERO).remember_inactive(LONG);
    let cause_at =
        async |token, seconds| identify_at(&by, token, at(seconds)).await.err().map(|error| error.cause());
    assert_eq!(cause_at("known", -60).await, None);
    issuer.says(&active());
    assert_eq!(cause_at("endless", -60).await, None);
    issuer.says(&inactive());
    // Nothing was known.
    assert_eq!(cause_at("unknown", -30).await, Some(Cause::CredentialsRejected));
    // It would still be good.
    assert_eq!(cause_at("known", -30).await, Some(Cause::TokenRevoked));
    // It would not be good any more in any case.
    assert_eq!(cause_at("known", 0).await, Some(Cause::TokenExpired));
    // Whether it expired or was withdrawn, nobody can tell.
    assert_eq!(cause_at("endless", -30).await, Some(Cause::CredentialsRejected));
    assert_eq!(issuer.asked(), 5);
}
