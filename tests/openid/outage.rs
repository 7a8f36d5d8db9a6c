//! A provider that is stopped, and started again.

use tokio::time::sleep;
use ws_client::Responsible;
use ws_core::refusal::Cause;

use crate::provider::Provider;
use crate::support::{REFETCH_LIMIT, bearer, cause, connect, introspection, keys, server, until};

#[tokio::test]
async fn known_keys_go_on_and_unknown_ones_are_nobodys_fault() {
    let Some(mut provider) = Provider::start("a provider that is stopped") else { return };
    let running = server(bearer(keys(&provider))).await;
    let known = provider.signed("ES256").await;
    assert_eq!(cause(&running, &known).await, None);
    provider.use_keys("b").await;
    let unknown = provider.signed("ES256").await;
    provider.stop();

    sleep(REFETCH_LIMIT).await;
    for _ in 0..3 {
        let error = connect(&running, &unknown).await.expect_err("nobody can tell");
        assert_eq!(error.cause(), Some(Cause::AuthenticationUnavailable));
        assert_eq!(error.responsible(), Responsible::Server);
        assert!(error.retry_after().is_some() && error.is_worth_retrying());
        assert_eq!(cause(&running, &known).await, None);
    }
    // Without any keys nobody is let in, and nobody blamed.
    let late = server(bearer(keys(&provider))).await;
    assert_eq!(cause(&late, &known).await, Some(Cause::AuthenticationUnavailable));
    assert_eq!(cause(&late, "x").await, Some(Cause::TokenMalformed));

    // It comes back with the new keys alone.
    provider.start_again();
    for server in [&running, &late] {
        until(server, &unknown, None).await;
        assert_eq!(cause(server, &known).await, Some(Cause::TokenKeyUnknown));
        assert_eq!(cause(server, &provider.signed("RS256").await).await, None);
    }
}

#[tokio::test]
async fn remembered_answers_go_on() {
    let Some(mut provider) = Provider::start("a provider that cannot be asked") else { return };
    let server = server(introspection(&provider)).await;
    let (asked, other) = (provider.opaque().await, provider.opaque().await);
    assert_eq!(cause(&server, &asked).await, None);
    provider.stop();
    let error = connect(&server, &other).await.expect_err("nobody can tell");
    assert_eq!(error.cause(), Some(Cause::AuthenticationUnavailable));
    assert!(error.retry_after().is_some());
    assert_eq!(cause(&server, &asked).await, None);

    provider.start_again();
    let fresh = provider.opaque().await;
    until(&server, &fresh, None).await;
    // This provider keeps such tokens in its memory alone.
    assert_eq!(cause(&server, &other).await, Some(Cause::CredentialsRejected));
}
