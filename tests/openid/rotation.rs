//! Keys that change while everything runs.

use std::time::Duration;

use tokio::time::sleep;
use ws_core::refusal::Cause;

use crate::provider::Provider;
use crate::support::{REFETCH_LIMIT, bearer, cause, keys, server, until};

#[tokio::test]
async fn a_new_key_is_good_at_once_and_an_old_one_until_it_is_removed() {
    let Some(provider) = Provider::start("key rotation") else { return };
    let server = server(bearer(keys(&provider))).await;
    let first = provider.signed("ES256").await;
    assert_eq!(cause(&server, &first).await, None);

    // As a provider rotates: the new key signs, the old one stays for the tokens that are still about.
    sleep(REFETCH_LIMIT).await;
    provider.use_keys("b,a").await;
    let second = provider.signed("ES256").await;
    assert_eq!(cause(&server, &second).await, None, "the first attempt");
    assert_eq!(cause(&server, &first).await, None);

    // As one does whose key was stolen.
    sleep(REFETCH_LIMIT).await;
    provider.use_keys("c").await;
    let third = provider.signed("ES256").await;
    assert_eq!(cause(&server, &third).await, None, "the first attempt");
    for withdrawn in [&first, &second] {
        assert_eq!(cause(&server, withdrawn).await, Some(Cause::TokenKeyUnknown));
    }
}

#[tokio::test]
async fn a_key_that_is_removed_goes_in_the_background() {
    let Some(provider) = Provider::start("removed keys") else { return };
    let server = server(bearer(keys(&provider).refresh_every(Duration::from_millis(300)))).await;
    let token = provider.signed("EdDSA").await;
    assert_eq!(cause(&server, &token).await, None);
    // Nobody brings a token of the new key.
    provider.use_keys("b").await;
    until(&server, &token, Some(Cause::TokenKeyUnknown)).await;
}
