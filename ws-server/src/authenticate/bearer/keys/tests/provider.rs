use std::{
    sync::{Arc, Mutex},
    time::{Duration, SystemTime},
};

use serde_json::json;
use tokio::task::JoinSet;
use ws_core::{
    head::{RequestHead, Version},
    refusal::Cause,
};

use super::{set_json, token};
use crate::{
    authenticate::{
        Authenticator, HandshakeContext, JsonFault,
        bearer::{
            Bearer, JwkSetError, KeySource, KeysError, Verifier,
            keys::provider::{jwks_uri, metadata_address},
        },
    },
    fetch::{
        EndpointError, FetchConfig, FetchError,
        scripted::{Reply, Scripted},
    },
};

/// No time for an answer.
const LIMIT: Duration = Duration::from_millis(300);

/// Time enough for every answer, on a machine as busy as it likes.
fn config() -> FetchConfig {
    FetchConfig::new().time_limit(Duration::from_secs(20)).body_limit(10_000)
}

async fn error_by(config: FetchConfig, reply: Reply) -> KeysError {
    let server = Scripted::start(move |_| reply.clone()).await;
    let source = KeySource::address(&server.url("/jwks")).unwrap().fetch(config);
    Verifier::with_source(source).ready().await.unwrap_err()
}

async fn error(reply: Reply) -> KeysError {
    error_by(config(), reply).await
}

/// What a bearer authenticator says to a token that the key with this id has signed.
async fn cause(bearer: &Bearer, id: &str) -> Option<Cause> {
    let authorization = format!("Bearer {}", token(id));
    let fields = [("Host", "example.com"), ("Authorization", &authorization)];
    let head = RequestHead::from_parts("GET", "/", Version::HTTP_11, fields).unwrap();
    let context = HandshakeContext::new(&head, ([127, 0, 0, 1], 1).into(), SystemTime::now());
    bearer.authenticate(&context).await.err().map(|error| error.cause())
}

#[tokio::test]
async fn an_address_that_brings_no_set_says_why() {
    let what = "key set";
    assert_eq!(error(Reply::Answer(500, set_json(&["a"]))).await, KeysError::Status { what, status: 500 });
    assert_eq!(error(Reply::Answer(204, String::new())).await, KeysError::Status { what, status: 204 });
    let moved = b"HTTP/1.1 302 Found\r\nLocation: /there\r\nContent-Length: 0\r\n\r\n".to_vec();
    assert_eq!(error(Reply::Raw(moved)).await, KeysError::Status { what, status: 302 });
    assert_eq!(
        error(Reply::Answer(200, "<html>".to_owned())).await,
        KeysError::Set(JwkSetError::Json(JsonFault::Syntax))
    );
    let fetch = |error| KeysError::Fetch { what, error };
    assert_eq!(
        error(Reply::Answer(200, " ".repeat(10_001))).await,
        fetch(FetchError::TooLarge { limit: 10_000 })
    );
    let silent = error_by(config().time_limit(LIMIT), Reply::Silence).await;
    assert_eq!(silent, fetch(FetchError::Timeout { limit: LIMIT }));
    assert_eq!(error(Reply::Raw(b"garbage".to_vec())).await, fetch(FetchError::Broken));
}

#[tokio::test]
async fn a_herd_with_unknown_keys_makes_one_fetch() {
    let ids = Arc::new(Mutex::new(vec!["a"]));
    let published = Arc::clone(&ids);
    let server = Scripted::start(move |_| Reply::Answer(200, set_json(&published.lock().unwrap()))).await;
    let limit = Duration::from_millis(400);
    let source = KeySource::address(&server.url("/jwks")).unwrap().refetch_limit(limit).fetch(config());
    let bearer = Bearer::new("chat", Verifier::with_source(source));
    assert_eq!(cause(&bearer, "a").await, None);

    *ids.lock().unwrap() = vec!["b"];
    tokio::time::sleep(limit).await;
    let mut herd = JoinSet::new();
    for _ in 0..200 {
        let bearer = bearer.clone();
        herd.spawn(async move { cause(&bearer, "b").await });
    }
    assert!(herd.join_all().await.into_iter().all(|cause| cause.is_none()));
    assert_eq!(server.asked().len(), 2);
    assert_eq!(cause(&bearer, "a").await, Some(Cause::TokenKeyUnknown));
}

#[tokio::test]
async fn a_server_that_is_gone_is_nobodys_fault_and_comes_back() {
    let server = Scripted::start(|_| Reply::Answer(200, set_json(&["a"]))).await;
    let address = server.address();
    let source = KeySource::address(&server.url("/jwks")).unwrap().refetch_limit(LIMIT).fetch(config());
    let bearer = Bearer::new("chat", Verifier::with_source(source));
    assert_eq!(cause(&bearer, "a").await, None);
    drop(server);
    tokio::time::sleep(LIMIT).await;
    assert_eq!(cause(&bearer, "b").await, Some(Cause::AuthenticationUnavailable));
    assert_eq!(cause(&bearer, "a").await, None, "a key that is at hand");

    let _server = Scripted::start_at(address, |_| Reply::Answer(200, set_json(&["b"]))).await;
    let back = async {
        while let Some(cause) = cause(&bearer, "b").await {
            assert_eq!(cause, Cause::AuthenticationUnavailable);
            tokio::time::sleep(LIMIT / 10).await;
        }
    };
    tokio::time::timeout(Duration::from_secs(10), back).await.unwrap();
    assert_eq!(cause(&bearer, "a").await, Some(Cause::TokenKeyUnknown));
}

/// An OpenID provider whose metadata are what `metadata` makes of its own address.
async fn provider(metadata: impl Fn(&str) -> String + Send + Sync + 'static) -> (Scripted, KeySource) {
    let server = Scripted::start(move |asked| {
        let host = asked.head.lines().find_map(|line| line.strip_prefix("host: ")).unwrap();
        match asked.head.split(' ').nth(1).unwrap() {
            "/tenant/.well-known/openid-configuration" => {
                Reply::Answer(200, metadata(&format!("http://{host}")))
            }
            "/keys" => Reply::Answer(200, set_json(&["a"])),
            path => Reply::Answer(404, path.to_owned()),
        }
    })
    .await;
    let source = KeySource::openid(&server.url("/tenant")).unwrap().fetch(config());
    (server, source)
}

#[tokio::test]
async fn a_provider_is_found_by_its_issuer() {
    let (server, source) = provider(|own| {
        json!({ "issuer": format!("{own}/tenant"), "jwks_uri": format!("{own}/keys"), "x": [1] }).to_string()
    })
    .await;
    let verifier = Verifier::with_source(source);
    verifier.ready().await.unwrap();
    assert_eq!(server.asked().len(), 2);
    // Tokens of other issuers are not taken, whoever has signed them.
    let bearer = Bearer::new("chat", verifier);
    assert_eq!(cause(&bearer, "a").await, Some(Cause::TokenIssuerWrong));
}

/// What a provider says of itself, by its own address.
type Metadata = fn(&str) -> String;

// OpenID Connect Discovery 4.3: the issuer is exactly the one that was asked.
#[tokio::test]
async fn metadata_have_to_be_right() {
    let own = |issuer: &'static str| {
        move |own: &str| {
            json!({ "issuer": format!("{own}{issuer}"), "jwks_uri": format!("{own}/keys") }).to_string()
        }
    };
    for issuer in ["", "/tenant/", "/Tenant", "/tenant?x", "/tenants"] {
        let (_server, source) = provider(own(issuer)).await;
        assert_eq!(Verifier::with_source(source).ready().await, Err(KeysError::IssuerMismatch), "{issuer}");
    }
    let cases: [(Metadata, KeysError); 6] = [
        (|_| "<html>".to_owned(), KeysError::MetadataJson(JsonFault::Syntax)),
        (|_| "[]".to_owned(), KeysError::MetadataJson(JsonFault::NotAnObject)),
        (|_| "{}".to_owned(), KeysError::MetadataMember("issuer")),
        (
            |own| json!({ "issuer": format!("{own}/tenant") }).to_string(),
            KeysError::MetadataMember("jwks_uri"),
        ),
        (
            |own| json!({ "issuer": format!("{own}/tenant"), "jwks_uri": "file:///x" }).to_string(),
            KeysError::JwksUri(EndpointError::Scheme),
        ),
        (
            |own| json!({ "issuer": format!("{own}/tenant"), "jwks_uri": format!("{own}/no") }).to_string(),
            KeysError::Status { what: "key set", status: 404 },
        ),
    ];
    for (metadata, error) in cases {
        let (_server, source) = provider(metadata).await;
        assert_eq!(Verifier::with_source(source).ready().await, Err(error));
    }
}

// OpenID Connect Discovery 3: `jwks_uri` must use https; plain issuers are for tests.
#[test]
fn a_provider_with_tls_has_its_keys_there_too() {
    let metadata = |keys| json!({ "issuer": "i", "jwks_uri": keys }).to_string();
    let uri =
        |keys, secure| jwks_uri(metadata(keys).as_bytes(), "i", secure).map(|endpoint| endpoint.to_string());
    let plain = "http://id.example/keys";
    assert_eq!(uri(plain, true), Err(KeysError::JwksUriInsecure));
    assert_eq!(uri(plain, false), Ok(plain.to_owned()));
    let secure = "https://keys.example/";
    assert_eq!((uri(secure, true), uri(secure, false)), (Ok(secure.to_owned()), Ok(secure.to_owned())));
}

// OpenID Connect Discovery 3, 4
#[test]
fn the_place_of_the_metadata_follows_from_the_issuer() {
    let address = |issuer: &str| metadata_address(issuer).map(|endpoint| endpoint.to_string());
    let own = "/.well-known/openid-configuration";
    assert_eq!(address("https://id.example"), Ok(format!("https://id.example{own}")));
    assert_eq!(address("https://id.example/"), Ok(format!("https://id.example{own}")));
    assert_eq!(address("https://id.example/a/b"), Ok(format!("https://id.example/a/b{own}")));
    assert_eq!(address("https://id.example/?a=b"), Err(EndpointError::Query));
    assert_eq!(address("https://id.example/#a"), Err(EndpointError::Fragment));
    assert_eq!(address("id.example"), Err(EndpointError::Syntax));
}
