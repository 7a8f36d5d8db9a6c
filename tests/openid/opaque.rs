//! Opaque access tokens, about which the provider is asked (RFC 7662).

use std::time::Duration;

use serde_json::json;
use ws_client::ConnectError;
use ws_core::refusal::Cause;
use ws_server::authenticate::AnyOf;

use crate::provider::Provider;
use crate::support::{bearer, cause, connect, introspection, keys, server};

#[tokio::test]
async fn the_provider_says_what_a_token_is_worth() {
    let Some(provider) = Provider::start("token introspection") else { return };
    let server = server(introspection(&provider).remember_active(Duration::ZERO)).await;
    let token = provider.opaque().await;
    let who = connect(&server, &token).await.expect("an active token");
    assert_eq!(
        (&who["issuer"], &who["scopes"], &who["client"], &who["expires"]),
        (&json!(provider.issuer), &json!(["chat:read"]), &json!("app"), &json!(true))
    );
    // Of a token that was good, and would be still, it is known that it was withdrawn.
    provider.revoke(&token).await;
    assert_eq!(cause(&server, &token).await, Some(Cause::TokenRevoked));
    // Of any other nothing is known.
    let Err(ConnectError::Refused(refused)) = connect(&server, "neverIssuedToAnybody").await else {
        panic!("not refused")
    };
    assert_eq!((refused.status, refused.cause()), (401, Some(Cause::CredentialsRejected)));
    let withdrawn_before = provider.opaque().await;
    provider.revoke(&withdrawn_before).await;
    assert_eq!(cause(&server, &withdrawn_before).await, Some(Cause::CredentialsRejected));
}

#[tokio::test]
async fn an_answer_is_remembered() {
    let Some(provider) = Provider::start("remembered introspection") else { return };
    let server = server(introspection(&provider)).await;
    let token = provider.opaque().await;
    assert_eq!(cause(&server, &token).await, None);
    provider.revoke(&token).await;
    assert_eq!(cause(&server, &token).await, None, "for the 30 s that it is remembered");
}

// Whom the provider does not let ask has a fault of the operator, not of the caller.
#[tokio::test]
async fn our_own_credentials_have_to_be_right() {
    let Some(provider) = Provider::start("introspection with a wrong secret") else { return };
    let wrong = introspection(&provider).client("chat-server", "wrong").expect("a secret");
    let token = provider.opaque().await;
    let error = connect(&server(wrong).await, &token).await.expect_err("nobody can tell");
    assert_eq!(error.cause(), Some(Cause::AuthenticationUnavailable));
    assert!(error.retry_after().is_some() && error.is_worth_retrying());
}

#[tokio::test]
async fn both_kinds_of_token_on_one_route() {
    let Some(provider) = Provider::start("both kinds of token") else { return };
    let either = AnyOf::new().or(bearer(keys(&provider))).or(introspection(&provider));
    let server = server(either).await;
    for token in [provider.signed("RS256").await, provider.opaque().await] {
        assert_eq!(cause(&server, &token).await, None);
    }
    assert_eq!(cause(&server, "neverIssuedToAnybody").await, Some(Cause::CredentialsRejected));
}
