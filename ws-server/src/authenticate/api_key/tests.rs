use std::time::UNIX_EPOCH;

use ws_core::{
    head::{RequestHead, Version},
    refusal::Cause,
};

use super::*;
use crate::authenticate::{
    AuthenticationError, Authenticator, CredentialsFault, HandshakeContext, Identity, Scheme,
};

/// `printf %s k-1 | sha256sum`
const K_1: &str = "7c35c5a1785d20704e44d5de4beb81c1fce91b6fe48ed7c3159af6f7f832078b";

fn keys() -> ApiKeys {
    let probe = ApiKeyEntry::hashed("probe", K_1).unwrap().with_roles(["monitor"]).with_scopes(["chat:read"]);
    ApiKeys::new([probe, ApiKeyEntry::plain("robot", "k 2+%").unwrap()]).unwrap()
}

async fn ask(by: &ApiKey, target: &str, fields: &[(&str, &str)]) -> Result<Identity, AuthenticationError> {
    let fields = fields.iter().copied();
    let head = RequestHead::from_parts("GET", target, Version::HTTP_11, fields).unwrap();
    by.authenticate(&HandshakeContext::new(&head, ([192, 0, 2, 1], 1).into(), UNIX_EPOCH)).await
}

fn malformed(fault: CredentialsFault) -> Result<Identity, AuthenticationError> {
    Err(AuthenticationError::CredentialsMalformed(fault))
}

#[tokio::test]
async fn an_identity_is_named_as_its_key() {
    let identity = ask(&ApiKey::new("chat", keys()), "/", &[("x-api-key", "k-1")]).await.unwrap();
    assert_eq!(identity.scheme(), &Scheme::ApiKey);
    assert_eq!((identity.subject(), identity.credential_id()), (Some("probe"), Some("probe")));
    assert!(identity.has_role("monitor") && identity.has_scope("chat:read"));
    assert_eq!(identity.expires(), None);
    let robot = ask(&ApiKey::new("chat", keys()), "/", &[("X-Api-Key", "k 2+%")]).await.unwrap();
    assert_eq!(robot.subject(), Some("robot"));
}

#[tokio::test]
async fn unknown_keys_are_rejected() {
    let by = ApiKey::new("chat", keys());
    for key in ["k-2", "K-1", "k-1x", "k-", K_1, "Bearer k-1"] {
        let error = ask(&by, "/", &[("X-Api-Key", key)]).await.unwrap_err();
        assert_eq!(error, AuthenticationError::CredentialsRejected, "{key}");
        assert_eq!(error.cause(), Cause::CredentialsRejected);
    }
    assert!(ask(&ApiKey::new("chat", ApiKeys::default()), "/", &[("X-Api-Key", "k-1")]).await.is_err());
}

#[tokio::test]
async fn a_key_stands_in_one_place_and_once() {
    let both = ApiKey::new("chat", keys()).query("key");
    let header = ("X-Api-Key", "k-1");
    assert!(ask(&both, "/?key=k-1", &[]).await.is_ok());
    assert!(ask(&both, "/?a=b&key=k+2%2B%25", &[]).await.is_ok());
    assert!(ask(&both, "/", &[header]).await.is_ok());
    assert_eq!(ask(&both, "/?key=k-1", &[header]).await, malformed(CredentialsFault::TwoPlaces));
    assert_eq!(ask(&both, "/", &[header, header]).await, malformed(CredentialsFault::KeyRepeated));
    assert_eq!(ask(&both, "/?key=k-1&key=x", &[]).await, malformed(CredentialsFault::ParameterRepeated));
    assert_eq!(ask(&both, "/?key=", &[]).await, malformed(CredentialsFault::KeyEmpty));
    assert_eq!(ask(&both, "/", &[("X-Api-Key", "")]).await, malformed(CredentialsFault::KeyEmpty));
}

#[tokio::test]
async fn only_the_places_that_are_named_are_looked_at() {
    let missing = Err(AuthenticationError::CredentialsMissing);
    let by = ApiKey::new("chat", keys());
    assert_eq!(ask(&by, "/?X-Api-Key=k-1", &[("Authorization", "ApiKey k-1")]).await, missing);
    let elsewhere = ApiKey::new("chat", keys()).header("X-Other".to_owned());
    assert_eq!(ask(&elsewhere, "/", &[("X-Api-Key", "k-1")]).await, missing);
    assert!(ask(&elsewhere, "/", &[("X-Other", "k-1")]).await.is_ok());
    let query = ApiKey::new("chat", keys()).header(None).query("key");
    assert_eq!(ask(&query, "/", &[("X-Api-Key", "k-1")]).await, missing);
}

#[tokio::test]
async fn keys_are_replaced_while_in_use() {
    let by = ApiKey::new("chat", keys());
    by.clone().replace(ApiKeys::new([ApiKeyEntry::plain("next", "k-3").unwrap()]).unwrap());
    assert!(ask(&by, "/", &[("X-Api-Key", "k-1")]).await.is_err());
    assert!(ask(&by, "/", &[("X-Api-Key", "k-3")]).await.is_ok());
}

#[test]
fn a_list_is_checked_when_it_is_made() {
    let plain = |name: &str, key: &str| ApiKeyEntry::plain(name, key);
    let list = |entries: [ApiKeyEntry; 2]| ApiKeys::new(entries).unwrap_err().to_string();
    assert_eq!(
        list([plain("a", "1").unwrap(), plain("a", "2").unwrap()]),
        r#"two keys are named "a"; give each one a name of its own"#
    );
    assert_eq!(
        list([plain("a", "1").unwrap(), plain("b", "1").unwrap()]),
        r#""a" and "b" have the same key; give each one a key of its own"#
    );
    assert_eq!(plain("", "1").unwrap_err(), ApiKeysError::NameEmpty);
    let empty = ApiKeysError::KeyEmpty { name: "a".to_owned() };
    assert_eq!(plain("a", "").unwrap_err(), empty);
    let hash_of_nothing = "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855";
    assert_eq!(ApiKeyEntry::hashed("a", hash_of_nothing).unwrap_err(), empty);
    let syntax = ApiKeysError::HashSyntax { name: "a".to_owned() };
    for hash in ["", "k-1", &K_1.to_uppercase(), &K_1[1..], &format!("{K_1}0"), &K_1.replace('0', "g")] {
        assert_eq!(ApiKeyEntry::hashed("a", hash).unwrap_err(), syntax, "{hash}");
    }
    assert_eq!((keys().len(), ApiKeys::default().is_empty()), (2, true));
}

#[test]
fn nothing_shows_a_hash() {
    let shown = format!("{:?} {:?}", keys(), ApiKey::new("chat", keys()));
    let bytes = format!("{:?}", [0x7c, 0x35]);
    assert!(!shown.contains(&K_1[..8]) && !shown.contains(&bytes[1..bytes.len() - 1]), "{shown}");
}

#[test]
fn the_challenge_tells_where_the_key_goes() {
    let by = || ApiKey::new("chat", keys());
    for (by, expected) in [
        (by(), r#"ApiKey realm="chat", header="X-Api-Key""#),
        (by().query("key"), r#"ApiKey realm="chat", header="X-Api-Key", parameter="key""#),
        (by().header(None).query("key"), r#"ApiKey realm="chat", parameter="key""#),
    ] {
        assert_eq!(by.challenges()[0].to_string(), expected);
    }
}
