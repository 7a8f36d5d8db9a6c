//! JWT access tokens, and the keys that verify them.

use serde_json::json;
use ws_core::refusal::Cause;
use ws_server::authenticate::bearer::{Algorithm, Bearer, KeySource, Verifier};

use crate::provider::{ALGORITHMS, AUDIENCE, Provider};
use crate::support::{bearer, cause, connect, keys, server};

#[tokio::test]
async fn keys_are_discovered_by_the_issuer() {
    let Some(provider) = Provider::start("OpenID discovery") else { return };
    let verifier = Verifier::with_source(keys(&provider));
    verifier.ready().await.expect("the keys are found");
    let server = server(Bearer::new("chat", verifier.audience(AUDIENCE))).await;
    for algorithm in ALGORITHMS {
        let who = connect(&server, &provider.signed(algorithm).await).await.expect(algorithm);
        // RFC 9068 2.2: of a client that is not somebody's, the subject is its own id.
        for (member, value) in [
            ("subject", json!("app")),
            ("issuer", json!(provider.issuer)),
            ("scopes", json!(["chat:read"])),
            ("expires", json!(true)),
            ("client", json!("app")),
        ] {
            assert_eq!(who[member], value, "{algorithm}");
        }
        assert!(who["credential"].is_string(), "{who}");
    }
    // Whatever is not such a token is told what it is.
    let token = provider.signed("ES256").await;
    let (input, signature) = token.rsplit_once('.').expect("a signature");
    let (header, payload) = input.split_once('.').expect("a payload");
    assert_eq!(cause(&server, &provider.opaque().await).await, Some(Cause::TokenMalformed));
    let forged = format!("{header}.{}.{signature}", payload.replacen('e', "f", 1));
    assert_eq!(cause(&server, &forged).await, Some(Cause::TokenSignatureInvalid));
}

#[tokio::test]
async fn keys_are_fetched_from_their_address() {
    let Some(provider) = Provider::start("a JWKS address") else { return };
    let address = format!("{}/jwks", provider.issuer);
    let source = || KeySource::address(&address).expect("an address");
    let token = provider.signed("RS256").await;
    assert_eq!(cause(&server(bearer(source())).await, &token).await, None);
    // Each claim still counts, and so does what the operator allows.
    let verifier = || Verifier::with_source(source());
    let refused =
        async |verifier: Verifier| cause(&server(Bearer::new("chat", verifier)).await, &token).await;
    assert_eq!(refused(verifier().audience("mail")).await, Some(Cause::TokenAudienceWrong));
    let other = "https://id.example";
    assert_eq!(refused(verifier().audience(AUDIENCE).issuer(other)).await, Some(Cause::TokenIssuerWrong));
    let only_es256 = Verifier::with_source(source().algorithms([Algorithm::Es256]));
    assert_eq!(refused(only_es256.audience(AUDIENCE)).await, Some(Cause::TokenKeyUnknown));
}
