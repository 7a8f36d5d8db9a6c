use proptest::prelude::*;
use serde_json::{Value, json};

use super::*;
use crate::authenticate::JsonFault;

const SECRET: &[u8] = b"thirty-two bytes, at the least..";
const OLD: &[u8] = b"another secret, of the last year";

fn keys() -> SecretKeys {
    SecretKeys::new(SECRET).unwrap()
}

/// A value of these very bytes, rightly signed whatever they are.
fn signed(payload: impl AsRef<[u8]>) -> String {
    let mut value = BASE64URL.encode(payload);
    let tag = hmac::sign(&hmac::Key::new(hmac::HMAC_SHA256, SECRET), value.as_bytes());
    value.push('.');
    value + &BASE64URL.encode(tag)
}

fn fault(value: &str) -> SignedFault {
    keys().open(value).expect_err(value)
}

/// Made with Python: `base64.urlsafe_b64encode` and `hmac.new(secret, text, "sha256")`, without padding.
#[test]
fn agrees_with_another_implementation() {
    let value = "eyJzdWIiOiJhbm4ifQ.p-7ygeckyBEtMq1KDFGgHAXwKjJ0WfxHmw1VCM9Qzsc";
    let claims = keys().open(value).unwrap();
    assert_eq!(claims.subject.as_deref(), Some("ann"));
    assert_eq!(keys().sign(&json!({ "sub": "ann" })).unwrap(), value);
}

#[test]
fn padding_may_be_there() {
    let padded = GeneralPurpose::new(&URL_SAFE, base64::engine::general_purpose::PAD);
    let mut value = padded.encode(r#"{"sub":"ann"}"#);
    assert!(value.ends_with('='));
    let tag = hmac::sign(&hmac::Key::new(hmac::HMAC_SHA256, SECRET), value.as_bytes());
    value = format!("{value}.{}", padded.encode(tag));
    assert_eq!(keys().open(&value).unwrap().subject.as_deref(), Some("ann"));
}

#[test]
fn each_fault_of_form_has_a_name() {
    let good = signed("{}");
    let (payload, signature) = good.split_once('.').unwrap();
    for (value, expected) in [
        (String::new(), SignedFault::Parts),
        (payload.to_owned(), SignedFault::Parts),
        (format!("{good}."), SignedFault::Parts),
        (format!("a.{good}"), SignedFault::Parts),
        (format!(" {good}"), SignedFault::PayloadEncoding),
        (format!("*.{signature}"), SignedFault::PayloadEncoding),
        (format!("{payload}.*"), SignedFault::SignatureEncoding),
        (format!("{payload}.{signature}AA"), SignedFault::SignatureEncoding),
        (format!("{payload}."), SignedFault::SignatureLength),
        (format!("{payload}.AAAA"), SignedFault::SignatureLength),
        (format!("e30A.{signature}"), SignedFault::SignatureWrong),
        (format!(".{signature}"), SignedFault::SignatureWrong),
        ("x".repeat(SIGNED_LIMIT), SignedFault::Parts),
        ("x".repeat(SIGNED_LIMIT + 1), SignedFault::TooLong),
    ] {
        assert_eq!(fault(&value), expected, "{value}");
    }
}

// RFC 7519 4.1: a claim of the wrong type is neither right nor absent.
#[test]
fn claims_have_types() {
    for (payload, expected) in [
        ("", ClaimsFault::Json(JsonFault::Syntax)),
        ("[]", ClaimsFault::Json(JsonFault::NotAnObject)),
        (r#"{"sub":"a","sub":"b"}"#, ClaimsFault::Json(JsonFault::DuplicateMember)),
    ] {
        assert_eq!(fault(&signed(payload)), SignedFault::Claims(expected), "{payload}");
    }
    for claim in ["sub", "iss", "jti", "exp", "nbf", "iat", "scope", "roles"] {
        for wrong in [Value::Null, json!(true), json!({}), json!([1]), json!(-1)] {
            let value = keys().sign(&json!({ claim: wrong })).unwrap();
            assert!(
                matches!(fault(&value), SignedFault::Claims(ClaimsFault::Type { claim: named, .. }) if named == claim),
                "{claim} {wrong}"
            );
        }
    }
}

#[test]
fn several_keys_verify_and_the_first_signs() {
    let rotated = SecretKeys::new(SECRET).unwrap().and(OLD).unwrap();
    let (ours, theirs) = (SecretKeys::new(SECRET).unwrap(), SecretKeys::new(OLD).unwrap());
    let claims = json!({ "sub": "ann" });
    for keys in [&rotated, &ours] {
        assert!(rotated.open(&keys.sign(&claims).unwrap()).is_ok());
        assert_eq!(theirs.open(&keys.sign(&claims).unwrap()).unwrap_err(), SignedFault::SignatureWrong);
    }
    assert!(rotated.open(&theirs.sign(&claims).unwrap()).is_ok());
}

#[test]
fn secrets_are_long_enough_and_never_shown() {
    assert_eq!(SecretKeys::new(&[7; 15]).unwrap_err(), SecretTooShort { actual: 15 });
    assert!(SecretKeys::new(&[7; 16]).is_ok());
    assert!(keys().and(b"").is_err());
    assert_eq!(format!("{:?}", keys().and(OLD).unwrap()), "SecretKeys { keys: 2, .. }");
}

#[test]
fn only_objects_are_signed() {
    for claims in [json!([]), json!("x"), Value::Null] {
        assert!(matches!(keys().sign(&claims), Err(SignError::NotAnObject)));
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(96))]

    #[test]
    fn what_is_signed_is_read_back(subject: String, roles: Vec<String>, expires in 0_u32..) {
        let value = keys().sign(&json!({ "sub": subject, "roles": roles, "exp": expires })).unwrap();
        let claims = keys().open(&value).unwrap();
        prop_assert_eq!(claims.subject, Some(subject));
        prop_assert_eq!(claims.roles, roles);
        prop_assert_eq!(claims.expires, Some(f64::from(expires)));
    }

    #[test]
    fn no_byte_can_be_changed(subject in "[a-z]{0,9}", place: prop::sample::Index, byte in 0_u8..0x80) {
        let good = keys().sign(&json!({ "sub": subject })).unwrap();
        let mut value = good.clone().into_bytes();
        let place = place.index(value.len());
        value[place] = byte;
        let value = String::from_utf8(value).unwrap();
        prop_assert_eq!(keys().open(&value).is_ok(), value == good, "{}", value);
    }

    #[test]
    fn nothing_can_be_left_out_or_put_in(subject in "[a-z]{0,9}", place: prop::sample::Index, new in "[ -~]") {
        let good = keys().sign(&json!({ "sub": subject })).unwrap();
        for end in 0..good.len() {
            prop_assert!(keys().open(&good[..end]).is_err());
        }
        for start in 1..good.len() {
            prop_assert!(keys().open(&good[start..]).is_err());
        }
        let place = place.index(good.len());
        let (before, after) = good.split_at(place);
        for changed in [[before, &new, after].concat(), [before, &after[1..]].concat()] {
            prop_assert!(keys().open(&changed).is_err(), "{}", changed);
        }
    }

    #[test]
    fn no_other_secret_will_do(secret in prop::collection::vec(any::<u8>(), 16..80), subject in "[a-z]{0,9}") {
        prop_assume!(secret != SECRET);
        let value = SecretKeys::new(&secret).unwrap().sign(&json!({ "sub": subject })).unwrap();
        prop_assert_eq!(keys().open(&value).unwrap_err(), SignedFault::SignatureWrong);
    }

    #[test]
    fn any_text_is_read_or_refused(value: String) {
        prop_assert!(keys().open(&value).is_err());
    }
}
