//! What has gone wrong elsewhere, by name.

use serde_json::json;
use ws_core::refusal::Cause;

use super::{super::*, NOW, claiming, now, pem, token, verifier};

fn payload() -> String {
    json!({ "iss": "https://id.example", "aud": "chat", "exp": NOW + 60 }).to_string()
}

/// CVE-2015-9235: `alg` of `none` lets anybody in. RFC 8725 3.2.
#[test]
fn cve_2015_9235_unsigned_tokens() {
    for none in ["none", "None", "NONE", "nOnE"] {
        let signed = token(format!(r#"{{"alg":"{none}"}}"#), payload());
        let (input, _) = signed.rsplit_once('.').unwrap();
        for text in [format!("{input}."), signed.clone()] {
            let error = verifier().verify(&text, now()).unwrap_err();
            assert_eq!(error, TokenError::AlgorithmNone, "{none}");
            assert_eq!(error.cause(), Cause::TokenAlgorithmDenied);
        }
    }
}

/// CVE-2015-9235: an RSA public key taken as an HMAC secret. RFC 8725 3.1.
#[test]
fn cve_2015_9235_public_key_as_a_secret() {
    let public = pem("rsa_public");
    let verifier = Verifier::new(Key::public_pem(Algorithm::Rs256, &public).unwrap()).audience("chat");
    for text in [&public[..], public.trim_ascii_end()] {
        let signed = jsonwebtoken::encode(
            &jsonwebtoken::Header::new(jsonwebtoken::Algorithm::HS256),
            &json!({ "aud": "chat", "exp": NOW + 60 }),
            &jsonwebtoken::EncodingKey::from_secret(text),
        )
        .unwrap();
        let error = verifier.verify(&signed, now()).unwrap_err();
        assert_eq!(error, TokenError::AlgorithmDenied(Algorithm::Hs256));
        assert_eq!(error.cause(), Cause::TokenAlgorithmDenied);
    }
    // And the mistake of configuring it so cannot be made.
    assert_eq!(Key::secret(Algorithm::Hs256, &public).unwrap_err(), KeyError::SecretIsPem);
}

/// The same class: a right signature under a name of another algorithm.
#[test]
fn another_algorithm_than_the_keys_is_denied() {
    for algorithm in Algorithm::ALL.into_iter().filter(|&algorithm| algorithm != Algorithm::Hs256) {
        let error =
            verifier().verify(&token(format!(r#"{{"alg":"{algorithm}"}}"#), payload()), now()).unwrap_err();
        assert_eq!(error, TokenError::AlgorithmDenied(algorithm));
        assert_eq!(error.cause(), Cause::TokenAlgorithmDenied);
    }
    for unknown in ["HS1", "ES512", "hs256", "", "HS256\\u0000", "A256GCM"] {
        let error =
            verifier().verify(&token(format!(r#"{{"alg":"{unknown}"}}"#), payload()), now()).unwrap_err();
        assert_eq!(error, TokenError::AlgorithmUnknown, "{unknown}");
        assert_eq!(error.cause(), Cause::TokenAlgorithmDenied);
    }
}

/// CVE-2026-25537: a date of the wrong type counted as absent, and so as no limit.
#[test]
fn cve_2026_25537_dates_of_the_wrong_type() {
    for claim in ["exp", "nbf", "iat"] {
        for wrong in [
            json!("1"),
            json!((NOW + 60).to_string()),
            json!(null),
            json!(true),
            json!([NOW + 60]),
            json!({ "$date": NOW }),
            json!(-1),
            json!(1e30),
        ] {
            let mut claims = json!({ "iss": "https://id.example", "aud": "chat", "exp": NOW + 60 });
            claims[claim] = wrong.clone();
            for verifier in [verifier(), verifier().allow_without_expiry()] {
                let error = verifier.verify(&claiming(claims.to_string()), now()).unwrap_err();
                assert!(
                    matches!(&error, TokenError::ClaimType { claim: named, .. } if named == claim),
                    "{wrong}"
                );
                assert_eq!(error.cause(), Cause::TokenMalformed);
            }
        }
    }
}

/// The same class: the claims that are strings.
#[test]
fn strings_of_the_wrong_type() {
    for claim in ["iss", "sub", "jti", "aud"] {
        for wrong in [json!(1), json!(null), json!(true), json!({}), json!([1]), json!(["chat", null])] {
            let mut claims = json!({ "iss": "https://id.example", "aud": "chat", "exp": NOW + 60 });
            claims[claim] = wrong.clone();
            let error = verifier().verify(&claiming(claims.to_string()), now()).unwrap_err();
            assert!(
                matches!(&error, TokenError::ClaimType { claim: named, .. } if named == claim),
                "{wrong}"
            );
            assert_eq!(error.cause(), Cause::TokenMalformed);
        }
    }
}

/// CVE-2018-0114: a key that the token brings along. RFC 8725 3.10.
#[test]
fn cve_2018_0114_keys_inside_the_token() {
    let theirs = Signer::ed25519(&[1; 32]).unwrap();
    let ours = Signer::ed25519(&[2; 32]).unwrap();
    let signed = theirs.sign(&json!({ "exp": NOW + 60 })).unwrap();
    let verifier = Verifier::new(ours.verifying_key());
    assert_eq!(verifier.verify(&signed, now()), Err(TokenError::SignatureWrong));

    let key =
        r#""jwk":{"kty":"oct","k":"AAAA"},"jku":"https://evil.example/jwks","x5u":"https://evil.example/c""#;
    let header = format!(r#"{{"alg":"HS256",{key}}}"#);
    assert!(super::verifier().verify(&token(&header, payload()), now()).is_ok(), "not looked at");
}

/// CVE-2022-21449: a signature of zeros.
#[test]
fn cve_2022_21449_blank_signatures() {
    for (algorithm, name, length) in [
        (Algorithm::Es256, "p256_public", 64),
        (Algorithm::Es384, "p384_public", 96),
        (Algorithm::EdDsa, "ed25519_public", 64),
        (Algorithm::Rs256, "rsa_public", 256),
        (Algorithm::Ps256, "rsa_public", 256),
    ] {
        use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
        let verifier = Verifier::new(Key::public_pem(algorithm, &pem(name)).unwrap()).any_audience();
        let signed = token(format!(r#"{{"alg":"{algorithm}"}}"#), payload());
        let (input, _) = signed.rsplit_once('.').unwrap();
        for byte in [0x00, 0xff] {
            let blank = URL_SAFE_NO_PAD.encode(vec![byte; length]);
            let error = verifier.verify(&format!("{input}.{blank}"), now()).unwrap_err();
            assert_eq!(error, TokenError::SignatureWrong, "{algorithm}");
        }
    }
}
