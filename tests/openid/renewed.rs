//! Tokens that the client gets by itself, and gets anew.

use std::sync::{Arc, Mutex};
use std::time::Duration;

use tests::suites::say;
use tests::wire::{PATIENCE, Running};
use tokio::task::JoinSet;
use tokio::time::{sleep, timeout};
use ws_client::credentials::{CredentialsError, TokenProvider as _};
use ws_client::{Client, ConnectError};
use ws_core::refusal::Cause;

use crate::numbers::{server, talk};
use crate::provider::Provider;
use crate::support::{bearer, keys};
use crate::tokens::{client, endpoint, watched};

#[tokio::test]
async fn a_hundred_connects_cause_one_token_request() {
    let Some(provider) = Provider::start("a hundred connects at once") else { return };
    let server = server(bearer(keys(&provider))).await;
    let (credentials, requests) = watched(endpoint(&provider, "app").client_credentials());
    let client = client(&server, &credentials).build();
    assert_eq!(provider.requests().await, 0);
    let mut connecting = JoinSet::new();
    for _ in 0..100 {
        let client = client.clone();
        connecting.spawn(async move { client.connect().await.expect("let in") });
    }
    let open = connecting.join_all().await;
    assert_eq!(open.len(), 100);
    assert_eq!(provider.requests().await, 1, "counted by the provider");
    assert_eq!(requests.now().answered, 1);
    say(format_args!("openid: 100 connects at once: 1 token request"));
}

#[tokio::test]
async fn a_token_that_is_not_accepted_any_more_is_renewed_unseen() {
    let Some(provider) = Provider::start("a key that is withdrawn") else { return };
    let running = server(bearer(keys(&provider).refresh_every(Duration::from_millis(300)))).await;
    let (credentials, requests) = watched(endpoint(&provider, "app").client_credentials());
    let client = client(&running, &credentials).build();
    client.connect().await.expect("let in");
    let token = credentials.current().await.expect("a token");
    provider.use_keys("b").await;
    timeout(PATIENCE, refused(&running, token.text())).await.expect("in time");

    client.connect().await.expect("let in by a fresh token");
    assert_eq!(requests.now().answered, 2);
    let fresh = credentials.current().await.expect("a token");
    assert_ne!(fresh.text(), token.text());
}

/// Waits until the server does not accept a token any more, since it does not know its key.
async fn refused(server: &Running, token: &str) {
    let client = Client::builder(format!("ws://{}/numbers", server.address)).expect("valid");
    let client = client.bearer_token(token).expect("a token").build();
    loop {
        match client.connect().await {
            Ok(_) => sleep(Duration::from_millis(50)).await,
            Err(error) => return assert_eq!(error.cause(), Some(Cause::TokenKeyUnknown), "{error}"),
        }
    }
}

// RFC 6749 6, 10.4: rotation.
#[tokio::test]
async fn a_refresh_token_that_is_replaced_each_time() {
    let lifetime = Duration::from_secs(6);
    let Some(provider) = Provider::start_with("refresh tokens that are replaced", lifetime) else { return };
    let server = server(bearer(keys(&provider))).await;
    let first = provider.refresh_token().await;
    let kept = Arc::new(Mutex::new(Vec::new()));
    let keep = Arc::clone(&kept);
    let refresh = endpoint(&provider, "web").refresh_token(first.as_str());
    let refresh = refresh.on_rotation(move |token| keep.lock().expect("whole").push(token.to_owned()));
    let (credentials, mut requests) = watched(refresh);
    let socket = client(&server, &credentials).connect().await.expect("let in");
    let counted = talk(socket, requests.until(|requests| requests.answered == 4)).await;
    assert_eq!(requests.now().failed, 0);
    let kept = kept.lock().expect("whole").clone();
    assert_eq!(kept.len(), 4, "each of them another one");
    assert!(!kept.contains(&first) && kept.windows(2).all(|pair| pair[0] != pair[1]));
    say(format_args!("openid: 4 refresh tokens in turn, {counted:?}"));

    // The last one is what a program begins with that is started again, and the others are taken for stolen.
    let again = |token: &str| endpoint(&provider, "web").refresh_token(token);
    again(kept.last().expect("four")).token().await.expect("a token");
    let error = again(&first).token().await.expect_err("used already");
    assert!(matches!(&error, CredentialsError::Denied { error, .. } if error == "invalid_grant"), "{error}");
    let stopped = watched(again(&first)).0;
    let error = client(&server, &stopped).connect().await.expect_err("no token");
    assert!(matches!(error, ConnectError::Credentials(_)) && !error.is_worth_retrying(), "{error}");
}

#[tokio::test]
async fn a_provider_may_be_away_while_the_token_lasts() {
    // Long enough for a process to be started again between the first renewal that fails and the token's end.
    let lifetime = Duration::from_secs(24);
    let Some(mut provider) = Provider::start_with("a provider that is away for a while", lifetime) else {
        return;
    };
    let server = server(bearer(keys(&provider))).await;
    let (credentials, mut requests) = watched(endpoint(&provider, "app").client_credentials());
    let socket = client(&server, &credentials).connect().await.expect("let in");
    provider.stop();
    let away = async {
        requests.until(|requests| requests.failed >= 2).await;
        provider.start_again();
        requests.until(|requests| requests.answered == 3).await;
    };
    let counted = talk(socket, away).await;
    say(format_args!("openid: away and back, {:?}, {counted:?}", requests.now()));
}
