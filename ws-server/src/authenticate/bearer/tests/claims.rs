use std::time::{Duration, UNIX_EPOCH};

use serde_json::json;
use ws_core::refusal::Cause;

use super::{super::*, NOW, claiming, hs256, now, verifier};
use crate::authenticate::{JsonFault, Scheme};

/// The payload that `verifier()` accepts, with some members replaced; `null` removes one.
fn payload(changes: &serde_json::Value) -> String {
    let mut claims = json!({
        "iss": "https://id.example", "aud": "chat", "sub": "ann", "exp": NOW + 60, "scope": "chat:read chat:write",
        "roles": ["member"],
    });
    for (name, value) in changes.as_object().unwrap() {
        if value.is_null() {
            claims.as_object_mut().unwrap().remove(name);
        } else {
            claims[name] = value.clone();
        }
    }
    claims.to_string()
}

fn refused(verifier: &Verifier, changes: &serde_json::Value) -> TokenError {
    verifier.verify(&claiming(payload(changes)), now()).expect_err(&changes.to_string())
}

fn accepted(verifier: &Verifier, changes: &serde_json::Value) {
    let outcome = verifier.verify(&claiming(payload(changes)), now());
    assert_eq!(outcome.err(), None, "{changes}");
}

#[test]
fn an_identity_has_what_was_claimed() {
    let identity = verifier().verify(&claiming(payload(&json!({ "extra": [1] }))), now()).unwrap();
    assert_eq!(identity.scheme(), &Scheme::Bearer);
    assert_eq!(identity.subject(), Some("ann"));
    assert_eq!(identity.issuer(), Some("https://id.example"));
    assert_eq!(identity.scopes(), ["chat:read", "chat:write"]);
    assert_eq!(identity.roles(), ["member"]);
    assert_eq!(identity.expires(), Some(UNIX_EPOCH + Duration::from_secs(NOW + 60)));
    assert_eq!(identity.claims()["extra"], json!([1]));
}

// RFC 7519 4.1.4: "on or after" the expiration time the token must not be accepted.
#[test]
fn expiry_is_exact_to_the_second() {
    accepted(&verifier(), &json!({ "exp": NOW + 1 }));
    accepted(&verifier(), &json!({ "exp": 1_764_000_000.5 }));
    for ago in [0, 1, 60, NOW] {
        let error = refused(&verifier(), &json!({ "exp": NOW - ago }));
        assert_eq!(error, TokenError::Expired { ago: Duration::from_secs(ago) });
        assert_eq!(error.cause(), Cause::TokenExpired);
    }
}

#[test]
fn leeway_moves_both_ends_and_no_more() {
    let lenient = verifier().leeway(Duration::from_secs(30));
    accepted(&lenient, &json!({ "exp": NOW - 29 }));
    assert!(matches!(refused(&lenient, &json!({ "exp": NOW - 30 })), TokenError::Expired { .. }));
    accepted(&lenient, &json!({ "nbf": NOW + 30 }));
    assert!(matches!(refused(&lenient, &json!({ "nbf": NOW + 31 })), TokenError::NotYetValid { .. }));

    let identity = lenient.verify(&claiming(payload(&json!({ "exp": NOW - 29 }))), now()).unwrap();
    assert_eq!(identity.expires(), Some(UNIX_EPOCH + Duration::from_secs(NOW + 1)), "the leeway counts");
}

// RFC 7519 4.1.5: "before" this time it must not be accepted; at the time itself it is.
#[test]
fn not_before_is_exact_to_the_second() {
    accepted(&verifier(), &json!({ "nbf": NOW }));
    let error = refused(&verifier(), &json!({ "nbf": NOW + 1 }));
    assert_eq!(error, TokenError::NotYetValid { wait: Duration::from_secs(1) });
    assert_eq!(error.cause(), Cause::TokenNotYetValid);
    assert_eq!(error.to_string(), "the token is not valid before 1 s from now");
}

#[test]
fn dates_may_be_as_late_as_64_bits_go() {
    for exp in [json!(u64::MAX - 1024), json!(1e18), json!(i64::MAX)] {
        accepted(&verifier(), &json!({ "exp": exp }));
    }
    let wide = verifier().leeway(Duration::MAX);
    accepted(&wide, &json!({ "exp": 0 }));
}

// RFC 7519 4.1.1: compared as case-sensitive strings.
#[test]
fn issuers_are_exact() {
    for issuer in ["https://id.example/", "HTTPS://id.example", "https://id.exampl", ""] {
        let error = refused(&verifier(), &json!({ "iss": issuer }));
        assert_eq!(error, TokenError::IssuerWrong, "{issuer}");
        assert_eq!(error.cause(), Cause::TokenIssuerWrong);
    }
    accepted(&verifier().issuer("https://old.example"), &json!({ "iss": "https://old.example" }));
    let any = Verifier::new(hs256()).audience("chat");
    accepted(&any, &json!({ "iss": "anybody" }));
}

// RFC 7519 4.1.3: a string or a list; it must contain us.
#[test]
fn audiences_are_exact() {
    for audience in [json!("chat"), json!(["chat"]), json!(["mail", "chat"])] {
        accepted(&verifier(), &json!({ "aud": audience }));
    }
    for audience in [json!("mail"), json!([]), json!(["mail"]), json!("Chat"), json!("chat "), json!("")] {
        let error = refused(&verifier(), &json!({ "aud": audience }));
        assert_eq!(error, TokenError::AudienceWrong, "{audience}");
        assert_eq!(error.cause(), Cause::TokenAudienceWrong);
    }
    accepted(&verifier().audience("mail"), &json!({ "aud": "mail" }));
}

// RFC 7519 4.1.3: who has no name that an audience could contain must reject every token that has one.
#[test]
fn an_audience_counts_where_none_is_configured() {
    let nameless = Verifier::new(hs256());
    assert_eq!(refused(&nameless, &json!({})), TokenError::AudienceWrong);
    accepted(&nameless, &json!({ "aud": null }));
    accepted(&nameless.any_audience(), &json!({}));
}

#[test]
fn claims_that_are_needed_are_missed() {
    for claim in ["exp", "iss", "aud"] {
        let error = refused(&verifier(), &json!({ claim: null }));
        assert_eq!(error, TokenError::ClaimMissing(claim.to_owned()));
        assert_eq!(error.cause(), Cause::TokenClaimMissing);
    }
    accepted(&verifier(), &json!({ "sub": null }));
    assert_eq!(
        refused(&verifier().require("sub"), &json!({ "sub": null })),
        TokenError::ClaimMissing("sub".to_owned())
    );
    let eternal = verifier().allow_without_expiry();
    accepted(&eternal, &json!({ "exp": null }));
    assert!(
        matches!(refused(&eternal, &json!({ "exp": NOW })), TokenError::Expired { .. }),
        "it still counts"
    );
}

#[test]
fn scopes_and_roles_are_words_or_lists() {
    let verifier = verifier().scope_claim("scp").roles_claim("groups");
    let claims = json!({ "scp": ["a", "b"], "groups": "x  y" });
    let identity = verifier.verify(&claiming(payload(&claims)), now()).unwrap();
    assert_eq!(identity.scopes(), ["a", "b"]);
    assert_eq!(identity.roles(), ["x", "y"]);
    for wrong in [json!(1), json!({}), json!(["a", 1]), json!(true)] {
        let error = refused(&verifier, &json!({ "scp": wrong }));
        assert_eq!(error.cause(), Cause::TokenMalformed, "{wrong}");
    }
}

// The order is types, presence, exp, nbf, iss, aud: each fault hides those that come after it.
#[test]
fn the_first_fault_is_the_one_that_is_told() {
    let all = json!({ "jti": 1, "sub": null, "exp": NOW, "nbf": NOW + 9, "iss": "x", "aud": "x" });
    let verifier = verifier().require("sub");
    let mut causes = Vec::new();
    let mut changes = all;
    for repaired in ["jti", "sub", "exp", "nbf", "iss", "aud"] {
        causes.push(refused(&verifier, &changes).cause());
        changes[repaired] = match repaired {
            "jti" | "sub" => json!("x"),
            "exp" => json!(NOW + 1),
            "nbf" => json!(NOW),
            "iss" => json!("https://id.example"),
            _ => json!("chat"),
        };
    }
    accepted(&verifier, &changes);
    assert_eq!(
        causes,
        [
            Cause::TokenMalformed,
            Cause::TokenClaimMissing,
            Cause::TokenExpired,
            Cause::TokenNotYetValid,
            Cause::TokenIssuerWrong,
            Cause::TokenAudienceWrong
        ]
    );
}

#[test]
fn a_payload_is_one_object_without_repeats() {
    for (text, fault) in [
        ("", JsonFault::Syntax),
        ("{", JsonFault::Syntax),
        ("[]", JsonFault::NotAnObject),
        (r#"{"exp":9,"exp":9999999999}"#, JsonFault::DuplicateMember),
    ] {
        let error = verifier().verify(&claiming(text), now()).unwrap_err();
        assert_eq!(error, TokenError::PayloadJson(fault), "{text}");
        assert_eq!(error.cause(), Cause::TokenMalformed);
    }
}
