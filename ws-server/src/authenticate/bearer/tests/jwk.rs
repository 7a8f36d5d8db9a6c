//! JSON Web Keys: what `jsonwebtoken` makes of a key we read, and each purpose and limit of RFC 7517.

use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use jsonwebtoken::{DecodingKey, EncodingKey, Header, Validation};
use proptest::prelude::*;
use serde_json::{Value, json};

use super::{super::*, NOW, SECRET, now, pem};
use crate::authenticate::JsonFault;

const RSA: [Algorithm; 6] = [
    Algorithm::Rs256,
    Algorithm::Rs384,
    Algorithm::Rs512,
    Algorithm::Ps256,
    Algorithm::Ps384,
    Algorithm::Ps512,
];

fn private(algorithm: Algorithm) -> EncodingKey {
    match algorithm {
        Algorithm::Hs256 | Algorithm::Hs384 | Algorithm::Hs512 => EncodingKey::from_secret(SECRET),
        Algorithm::Es256 => EncodingKey::from_ec_pem(&pem("p256")).unwrap(),
        Algorithm::Es384 => EncodingKey::from_ec_pem(&pem("p384")).unwrap(),
        Algorithm::EdDsa => EncodingKey::from_ed_pem(&pem("ed25519")).unwrap(),
        _ => EncodingKey::from_rsa_pem(&pem("rsa")).unwrap(),
    }
}

fn theirs(algorithm: Algorithm) -> jsonwebtoken::Algorithm {
    algorithm.name().parse().unwrap()
}

/// The JWK of the test key for this algorithm, as `jsonwebtoken` writes it.
fn jwk(algorithm: Algorithm) -> Value {
    let jwk = jsonwebtoken::jwk::Jwk::from_encoding_key(&private(algorithm), theirs(algorithm)).unwrap();
    serde_json::to_value(jwk).unwrap()
}

fn with(mut jwk: Value, members: &[(&str, Value)]) -> Value {
    for (name, value) in members {
        jwk[*name] = value.clone();
    }
    jwk
}

fn without(mut jwk: Value, member: &str) -> Value {
    jwk.as_object_mut().unwrap().remove(member);
    jwk
}

fn parse(keys: &[Value], allowed: &[Algorithm]) -> Result<JwkSet, JwkSetError> {
    JwkSet::parse(json!({ "keys": keys, "more": 1 }).to_string().as_bytes(), allowed)
}

fn fault(jwk: Value) -> JwkFault {
    let good = with(self::jwk(Algorithm::EdDsa), &[("kid", "good".into())]);
    let set = parse(&[good, jwk], &Algorithm::ALL).unwrap();
    assert_eq!((set.keys().len(), set.skipped()[0].index), (1, 1));
    set.skipped()[0].fault
}

fn sign(algorithm: Algorithm, id: Option<&str>) -> String {
    let header = Header { kid: id.map(str::to_owned), ..Header::new(theirs(algorithm)) };
    jsonwebtoken::encode(&header, &json!({ "sub": "ann", "exp": NOW + 60 }), &private(algorithm)).unwrap()
}

#[test]
fn what_it_writes_we_read() {
    for algorithm in Algorithm::ALL {
        let jwk = with(jwk(algorithm), &[("kid", "a".into()), ("use", "sig".into()), ("x5t", "?".into())]);
        let verifier = Verifier::with_keys(parse(&[jwk], &[algorithm]).unwrap());
        let token = sign(algorithm, Some("a"));
        assert_eq!(verifier.verify(&token, now()).unwrap().subject(), Some("ann"), "{algorithm}");
        assert_eq!(verifier.verify(&sign(algorithm, Some("b")), now()), Err(TokenError::KeyUnknown));
        let (input, signature) = token.rsplit_once('.').unwrap();
        let other = format!("{}xxxx.{signature}", &input[..input.len() - 4]);
        assert_eq!(verifier.verify(&other, now()), Err(TokenError::SignatureWrong), "{algorithm}");
    }
}

// RFC 7515 A.2.2, and the key of RFC 7517 A.1
#[test]
fn example_of_rs256() {
    let set = json!({ "keys": [{
        "kty": "RSA", "e": "AQAB", "key_ops": ["verify"],
        "n": "ofgWCuLjybRlzo0tZWJjNiuSfb4p4fAkd_wWJcyQoTbji9k0l8W26mPddxHmfHQp-Vaw-4qPCJrcS2mJPMEzP1Pt0Bm4d4QlL-yRT-SFd2\
              lZS-pCgNMsD1W_YpRPEwOWvG6b32690r2jZ47soMZo9wGzjb_7OMg0LOL-bSf63kpaSHSXndS5z5rexMdbBYUsLA9e-KXBdQOS-UTo7W\
              TBEMa2R2CapHg665xsmtdVMTBQY4uDZlxvb3qCo5ZwKh9kG4LT6_I5IhlJH7aGhyxXFvUK-DWNmoudF8NAco9_h9iaGNj8q2ethFkMLs\
              91kzk2PAcDTW9gb54h4FRWyuXpoQ",
    }] });
    let token = "eyJhbGciOiJSUzI1NiJ9.\
                 eyJpc3MiOiJqb2UiLA0KICJleHAiOjEzMDA4MTkzODAsDQogImh0dHA6Ly9leGFtcGxlLmNvbS9pc19yb290Ijp0cnVlfQ.\
                 cC4hiUPoj9Eetdgtv3hF80EGrhuB__dzERat0XF9g2VtQgr9PJbu3XOiZj5RZmh7AAuHIm4Bh-0Qc_lF5YKt_O8W\
                 2Fp5jujGbds9uJdbF9CUAr7t1dnZcAcQjbKBYNX4BAynRFdiuB--f_nZLgrnbyTyWzO75vRK5h6xBArLIARNPvkS\
                 jtQBMHlb1L07Qe7K0GarZRmB_eSN9383LcOLn6_dO--xi12jzDwusC-eOkHWEsqtFZESc6BfI7noOPqvhJ1phCnv\
                 Wh6IeYI2w9QOYEUipUTI8np6LbgGY9Fs98rqVt5AXLIhWkWywlVmtVrBp0igcN_IoypGlUPQGe77Rw";
    let set = JwkSet::parse(set.to_string().as_bytes(), &[Algorithm::Rs256]).unwrap();
    let payload = super::super::jws::verify(token, [set.keys(), &[]], 1000).unwrap();
    assert!(payload.starts_with(b"{\"iss\":\"joe\""));
}

// RFC 9864 2.2: both names mean the same for keys on this curve, in keys and in tokens.
#[test]
fn ed25519_has_two_names() {
    let pair = ring::signature::Ed25519KeyPair::from_seed_unchecked(&[5; 32]).unwrap();
    let jwk = Signer::ed25519(&[5; 32]).unwrap().verifying_jwk().unwrap();
    for in_key in ["EdDSA", "Ed25519"] {
        let jwk = with(jwk.clone(), &[("alg", in_key.into())]);
        let verifier = Verifier::with_keys(parse(&[jwk], &[Algorithm::EdDsa]).unwrap());
        for in_token in ["EdDSA", "Ed25519"] {
            let header = URL_SAFE_NO_PAD.encode(json!({ "alg": in_token }).to_string());
            let claims = URL_SAFE_NO_PAD.encode(json!({ "sub": "ann", "exp": NOW + 60 }).to_string());
            let input = format!("{header}.{claims}");
            let token = format!("{input}.{}", URL_SAFE_NO_PAD.encode(pair.sign(input.as_bytes())));
            assert_eq!(verifier.verify(&token, now()).unwrap().subject(), Some("ann"), "{in_key} {in_token}");
        }
    }
}

// RFC 8725 3.1: a key without `alg` serves for what the operator allows, and only for its own kind.
#[test]
fn a_key_without_an_algorithm_gets_it_from_its_kind_and_the_operator() {
    let algorithms = |set: JwkSet| set.keys().iter().map(Key::algorithm).collect::<Vec<_>>();
    let rsa = without(jwk(Algorithm::Rs256), "alg");
    assert_eq!(algorithms(parse(std::slice::from_ref(&rsa), &Algorithm::ALL).unwrap()), RSA);
    let some = [Algorithm::Ps256, Algorithm::Es256, Algorithm::Ps256, Algorithm::Hs256];
    let set = parse(&[with(rsa.clone(), &[("kid", "a".into())])], &some).unwrap();
    assert_eq!(algorithms(set.clone()), [Algorithm::Ps256]);
    let verifier = Verifier::with_keys(set);
    assert!(verifier.verify(&sign(Algorithm::Ps256, Some("a")), now()).is_ok());
    for denied in [Algorithm::Rs256, Algorithm::Ps384, Algorithm::Hs256, Algorithm::Es256] {
        let error = verifier.verify(&sign(denied, Some("a")), now()).unwrap_err();
        assert_eq!(error, TokenError::AlgorithmDenied(denied));
    }
    for (algorithm, own) in [
        (Algorithm::Es256, &[Algorithm::Es256][..]),
        (Algorithm::Es384, &[Algorithm::Es384]),
        (Algorithm::EdDsa, &[Algorithm::EdDsa]),
        (Algorithm::Hs256, &[Algorithm::Hs256, Algorithm::Hs384, Algorithm::Hs512]),
    ] {
        let set = parse(&[without(jwk(algorithm), "alg")], &Algorithm::ALL).unwrap();
        assert_eq!(algorithms(set), own);
    }
}

// CVE-2015-9235 and its kin: whatever a set says, a key serves for its own kind alone.
#[test]
fn algorithms_are_not_confused() {
    for kind in Algorithm::ALL {
        for name in Algorithm::ALL {
            let of_kind = |algorithm: Algorithm| (algorithm.family(), kind.family());
            let mislabelled = with(jwk(kind), &[("alg", name.name().into())]);
            let (named, own) = of_kind(name);
            if named == own {
                assert_eq!(parse(&[mislabelled], &[name]).unwrap().keys()[0].algorithm(), name);
            } else {
                assert_eq!(fault(mislabelled), JwkFault::AlgorithmMismatched(name), "{kind}");
            }
        }
    }
    // The public members of a key as the secret of an HMAC: the verifier never has such a key.
    let public = with(jwk(Algorithm::Rs256), &[("kid", "a".into())]);
    let modulus = URL_SAFE_NO_PAD.decode(public["n"].as_str().unwrap()).unwrap();
    let verifier = Verifier::with_keys(parse(&[public], &Algorithm::ALL).unwrap());
    let header = Header { kid: Some("a".into()), ..Header::new(jsonwebtoken::Algorithm::HS256) };
    let claims = json!({ "exp": NOW + 60 });
    let forged = jsonwebtoken::encode(&header, &claims, &EncodingKey::from_secret(&modulus)).unwrap();
    assert_eq!(verifier.verify(&forged, now()), Err(TokenError::AlgorithmDenied(Algorithm::Hs256)));
}

#[test]
fn secrets_are_for_those_who_ask_for_them() {
    let secret = jwk(Algorithm::Hs256);
    let error = parse(std::slice::from_ref(&secret), &Algorithm::ASYMMETRIC).unwrap_err();
    assert_eq!(error, JwkSetError::NoneUsable { skipped: 1 });
    let set = parse(&[secret], &[Algorithm::Hs256]).unwrap();
    assert!(!format!("{set:?}").contains(&URL_SAFE_NO_PAD.encode(SECRET)));
}

// RFC 7517 5: what is not understood, incomplete or out of range is left out, and the rest serves.
#[test]
fn what_cannot_be_used_is_skipped() {
    let rsa = || jwk(Algorithm::Rs256);
    let ec = || jwk(Algorithm::Es256);
    let ed = || jwk(Algorithm::EdDsa);
    let short = |bytes| URL_SAFE_NO_PAD.encode(vec![1; bytes]).into();
    let x = URL_SAFE_NO_PAD.decode(ec()["x"].as_str().unwrap()).unwrap();
    let modulus = URL_SAFE_NO_PAD.decode(rsa()["n"].as_str().unwrap()).unwrap();
    let zero_and = |number: &[u8]| Value::from(URL_SAFE_NO_PAD.encode([&[0], number].concat()));
    for (jwk, expected) in [
        (json!(1), JwkFault::NotAnObject),
        (json!({}), JwkFault::Member("kty")),
        // RFC 7517 4.1: kinds have case.
        (with(rsa(), &[("kty", "rsa".into())]), JwkFault::KindUnknown),
        (with(rsa(), &[("kty", 1.into())]), JwkFault::Member("kty")),
        (with(ec(), &[("crv", "P-521".into())]), JwkFault::CurveUnknown),
        (with(ec(), &[("crv", "secp256k1".into())]), JwkFault::CurveUnknown),
        (with(ed(), &[("crv", "X25519".into())]), JwkFault::CurveUnknown),
        (without(ec(), "crv"), JwkFault::Member("crv")),
        // RFC 7517 4.2, 4.3
        (with(rsa(), &[("use", "enc".into())]), JwkFault::NotForSignatures),
        (with(rsa(), &[("use", 1.into())]), JwkFault::Member("use")),
        (with(rsa(), &[("key_ops", json!(["sign", "encrypt"]))]), JwkFault::NotForVerifying),
        (with(rsa(), &[("key_ops", json!([]))]), JwkFault::NotForVerifying),
        (with(rsa(), &[("key_ops", "verify".into())]), JwkFault::Member("key_ops")),
        (with(rsa(), &[("key_ops", json!(["verify", 1]))]), JwkFault::Member("key_ops")),
        // RFC 7517 4.4, 4.5
        (with(rsa(), &[("alg", "RSA-OAEP".into())]), JwkFault::AlgorithmUnknown),
        (with(rsa(), &[("alg", "none".into())]), JwkFault::AlgorithmUnknown),
        (with(rsa(), &[("alg", Value::Null)]), JwkFault::Member("alg")),
        (with(rsa(), &[("kid", 1.into())]), JwkFault::Member("kid")),
        // RFC 7518 6.3.1, 2
        (without(rsa(), "n"), JwkFault::Member("n")),
        (with(rsa(), &[("n", "".into())]), JwkFault::Member("n")),
        (with(rsa(), &[("n", "AQAB=".into())]), JwkFault::Member("n")),
        (with(rsa(), &[("n", zero_and(&modulus))]), JwkFault::Member("n")),
        (with(rsa(), &[("e", "AAEAAQ".into())]), JwkFault::Member("e")),
        (with(rsa(), &[("e", "AQ".into())]), JwkFault::Key(KeyError::Der)),
        (with(rsa(), &[("n", short(128))]), JwkFault::Key(KeyError::ModulusSize(1017))),
        (with(rsa(), &[("n", short(1025))]), JwkFault::Key(KeyError::ModulusSize(8193))),
        (with(rsa(), &[("n", short(70_000))]), JwkFault::Key(KeyError::Der)),
        // RFC 7518 6.2.1.2: all octets of the coordinate.
        (with(ec(), &[("x", URL_SAFE_NO_PAD.encode(&x[1..]).into())]), JwkFault::Member("x")),
        (with(ec(), &[("x", zero_and(&x))]), JwkFault::Member("x")),
        (without(ec(), "y"), JwkFault::Member("y")),
        (with(ec(), &[("y", ec()["x"].clone())]), JwkFault::Key(KeyError::Point)),
        (with(ed(), &[("x", short(31))]), JwkFault::Member("x")),
        // RFC 7518 6.2.2, 6.3.2, RFC 8037 2
        (with(rsa(), &[("d", "AQ".into())]), JwkFault::PrivateKey),
        (with(ec(), &[("d", "AQ".into())]), JwkFault::PrivateKey),
        (with(ed(), &[("d", 1.into())]), JwkFault::PrivateKey),
        // RFC 7518 6.4, 3.2
        (json!({ "kty": "oct" }), JwkFault::Member("k")),
        (json!({ "kty": "oct", "k": "a b" }), JwkFault::Member("k")),
    ] {
        assert_eq!(fault(jwk.clone()), expected, "{jwk}");
    }
    let error = fault(json!({ "kty": "oct", "alg": "HS256", "k": "AAAA" }));
    let needed = KeyError::SecretTooShort { algorithm: Algorithm::Hs256, needed: 32, actual: 3 };
    assert_eq!(error, JwkFault::Key(needed));
}

#[test]
fn a_set_is_strict() {
    let set = |text: &str| JwkSet::parse(text.as_bytes(), &Algorithm::ALL).unwrap_err();
    assert_eq!(set(""), JwkSetError::Json(JsonFault::Syntax));
    assert_eq!(set("[]"), JwkSetError::Json(JsonFault::NotAnObject));
    assert_eq!(set(r#"{"keys":[],"keys":[]}"#), JwkSetError::Json(JsonFault::DuplicateMember));
    assert_eq!(set(r#"{"keys":[{"kid":"a","kid":"a"}]}"#), JwkSetError::Json(JsonFault::DuplicateMember));
    assert_eq!(set("{}"), JwkSetError::NoList);
    assert_eq!(set(r#"{"keys":{}}"#), JwkSetError::NoList);
    assert_eq!(set(r#"{"keys":[]}"#), JwkSetError::NoneUsable { skipped: 0 });
    assert_eq!(set(r#"{"keys":[{},1]}"#), JwkSetError::NoneUsable { skipped: 2 });
}

#[test]
fn a_set_is_bounded() {
    let key = jwk(Algorithm::EdDsa);
    let of = |count| parse(&vec![key.clone(); count], &Algorithm::ALL).map(|set| set.keys().len());
    assert_eq!(of(100), Ok(100));
    assert_eq!(of(101), Err(JwkSetError::TooMany { limit: 100 }));
    let text = json!({ "keys": [key] }).to_string();
    let padded = |size: usize| {
        let text = format!("{text}{}", " ".repeat(size - text.len()));
        JwkSet::parse(text.as_bytes(), &Algorithm::ALL).map(|set| set.keys().len())
    };
    assert_eq!(padded(256 * 1024), Ok(1));
    assert_eq!(padded(256 * 1024 + 1), Err(JwkSetError::TooLong { limit: 256 * 1024 }));
}

// RFC 7517 4.5: distinct ids, but for equivalent keys of different kinds.
#[test]
fn ids_tell_keys_apart() {
    let named = |algorithm| with(jwk(algorithm), &[("kid", "a".into())]);
    let twice = parse(&[named(Algorithm::Es256), named(Algorithm::Es256)], &Algorithm::ALL);
    assert_eq!(twice.unwrap_err(), JwkSetError::Duplicate(Algorithm::Es256));
    let set = parse(&[named(Algorithm::Es256), named(Algorithm::EdDsa)], &Algorithm::ALL).unwrap();
    let verifier = Verifier::with_keys(set);
    for algorithm in [Algorithm::Es256, Algorithm::EdDsa] {
        assert!(verifier.verify(&sign(algorithm, Some("a")), now()).is_ok(), "{algorithm}");
    }
}

/// Members of keys, right and wrong, in any company.
fn any_jwk() -> impl Strategy<Value = Value> {
    let base = prop::sample::select(Algorithm::ALL.to_vec()).prop_map(jwk);
    let member = prop::sample::select(vec![
        "kty", "crv", "alg", "use", "key_ops", "kid", "n", "e", "x", "y", "k", "d",
    ]);
    let value = prop_oneof![
        prop::sample::select(vec![
            "RSA", "EC", "oct", "P-256", "RS256", "ES384", "HS512", "sig", "enc", "AQAB", "", "=", "AA"
        ])
        .prop_map(Value::from),
        Just(json!(["verify"])),
        Just(Value::Null),
    ];
    let change = prop_oneof![
        3 => Just(None),
        1 => (member, prop::option::of(value)).prop_map(Some),
    ];
    (base, prop::collection::vec(change, 0..3)).prop_map(|(mut jwk, changes)| {
        for (member, value) in changes.into_iter().flatten() {
            match value {
                Some(value) => jwk[member] = value,
                None => drop(jwk.as_object_mut().unwrap().remove(member)),
            }
        }
        jwk
    })
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(48))]

    // Whatever we take of a set, `jsonwebtoken` takes as well, and for the same signatures.
    #[test]
    fn what_we_read_it_reads(jwk in any_jwk()) {
        let Ok(set) = parse(std::slice::from_ref(&jwk), &Algorithm::ALL) else { return Ok(()) };
        let theirs_of = serde_json::from_value::<jsonwebtoken::jwk::Jwk>(jwk.clone()).unwrap();
        let their_key = DecodingKey::from_jwk(&theirs_of).unwrap();
        let verifier = Verifier::with_keys(set.clone());
        for key in set.keys() {
            let token = sign(key.algorithm(), key.id());
            let mut validation = Validation::new(theirs(key.algorithm()));
            validation.validate_exp = false;
            let theirs = jsonwebtoken::decode::<Value>(&token, &their_key, &validation).is_ok();
            prop_assert_eq!(verifier.verify(&token, now()).is_ok(), theirs, "{}", jwk);
        }
    }

    #[test]
    fn no_set_panics(bytes in prop::collection::vec(any::<u8>(), 0..200), jwks in prop::collection::vec(any_jwk(), 0..4)) {
        let _ = JwkSet::parse(&bytes, &Algorithm::ALL);
        let _ = parse(&jwks, &Algorithm::ALL);
    }
}
