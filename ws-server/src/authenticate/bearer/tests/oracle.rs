//! The same tokens given to `jsonwebtoken`: what it signs we accept, what it refuses we refuse, and where we refuse
//! more, the difference is one of those that are listed in [`decided`].

use std::{cell::Cell, time::SystemTime};

use jsonwebtoken::{DecodingKey, EncodingKey, Header, Validation};
use proptest::{prelude::*, test_runner::TestRunner};
use ring::signature::KeyPair;
use serde_json::{Value, json};

use super::{super::*, SECRET, pem, token, verifier};
use crate::authenticate::JsonFault;

fn seconds_from_now(offset: i64) -> i64 {
    i64::try_from(jsonwebtoken::get_current_timestamp()).unwrap() + offset
}

fn theirs(token: &str) -> bool {
    let mut validation = Validation::new(jsonwebtoken::Algorithm::HS256);
    validation.leeway = 0;
    validation.validate_nbf = true;
    validation.set_issuer(&["https://id.example"]);
    validation.set_audience(&["chat"]);
    validation.set_required_spec_claims(&["exp", "iss", "aud"]);
    jsonwebtoken::decode::<Value>(token, &DecodingKey::from_secret(SECRET), &validation).is_ok()
}

/// Where we refuse what `jsonwebtoken` accepts, and by which rule.
fn decided(error: &TokenError) -> Option<&'static str> {
    Some(match error {
        TokenError::HeaderJson(JsonFault::DuplicateMember)
        | TokenError::PayloadJson(JsonFault::DuplicateMember) => {
            "RFC 7515 4, RFC 7519 4: names are unique; of the two answers allowed, refusing"
        }
        TokenError::CriticalExtension => {
            "RFC 7515 4.1.11: what is critical and not understood makes it invalid"
        }
        TokenError::HeaderParameter(_) => "RFC 7515 4.1: parameters are of their type; null is not absence",
        TokenError::ClaimType { .. } => "RFC 7519 4.1: claims are of their type; null is not absence",
        TokenError::Expired { .. } => {
            "RFC 7519 4.1.4: expired on the second itself; fractions are not rounded up"
        }
        _ => return None,
    })
}

#[test]
fn what_it_signs_we_accept() {
    let claims = json!({ "sub": "ann", "exp": seconds_from_now(60) });
    let rsa = || EncodingKey::from_rsa_pem(&pem("rsa")).unwrap();
    let ec = |name| EncodingKey::from_ec_pem(&pem(name)).unwrap();
    for (theirs, ours, signing, public) in [
        (jsonwebtoken::Algorithm::HS256, Algorithm::Hs256, EncodingKey::from_secret(SECRET), None),
        (jsonwebtoken::Algorithm::HS384, Algorithm::Hs384, EncodingKey::from_secret(SECRET), None),
        (jsonwebtoken::Algorithm::HS512, Algorithm::Hs512, EncodingKey::from_secret(SECRET), None),
        (jsonwebtoken::Algorithm::RS256, Algorithm::Rs256, rsa(), Some("rsa_public")),
        (jsonwebtoken::Algorithm::RS384, Algorithm::Rs384, rsa(), Some("rsa_public")),
        (jsonwebtoken::Algorithm::RS512, Algorithm::Rs512, rsa(), Some("rsa_public")),
        (jsonwebtoken::Algorithm::PS256, Algorithm::Ps256, rsa(), Some("rsa_public")),
        (jsonwebtoken::Algorithm::PS384, Algorithm::Ps384, rsa(), Some("rsa_public")),
        (jsonwebtoken::Algorithm::PS512, Algorithm::Ps512, rsa(), Some("rsa_public")),
        (jsonwebtoken::Algorithm::ES256, Algorithm::Es256, ec("p256"), Some("p256_public")),
        (jsonwebtoken::Algorithm::ES384, Algorithm::Es384, ec("p384"), Some("p384_public")),
        (
            jsonwebtoken::Algorithm::EdDSA,
            Algorithm::EdDsa,
            EncodingKey::from_ed_pem(&pem("ed25519")).unwrap(),
            Some("ed25519_public"),
        ),
    ] {
        let key = match public {
            Some(name) => Key::public_pem(ours, &pem(name)).unwrap(),
            None => Key::secret(ours, SECRET).unwrap(),
        };
        let verifier = Verifier::new(key.with_id("a"));
        let header = Header { kid: Some("a".to_owned()), ..Header::new(theirs) };
        let signed = jsonwebtoken::encode(&header, &claims, &signing).unwrap();
        let now = SystemTime::now();
        assert_eq!(verifier.verify(&signed, now).unwrap().subject(), Some("ann"), "{ours}");

        // The same signature over anything else is refused, for each algorithm.
        let (input, signature) = signed.rsplit_once('.').unwrap();
        let other = format!("{}x.{signature}", &input[..input.len() - 4]);
        assert!(verifier.verify(&other, now).is_err(), "{ours}");
    }
}

#[test]
fn what_we_sign_it_accepts() {
    let claims = json!({ "sub": "ann", "exp": seconds_from_now(60) });
    let signed = Signer::hs256(SECRET).unwrap().sign(&claims).unwrap();
    let validation = Validation::new(jsonwebtoken::Algorithm::HS256);
    let data =
        jsonwebtoken::decode::<Value>(&signed, &DecodingKey::from_secret(SECRET), &validation).unwrap();
    assert_eq!(data.claims, claims);

    let signed = Signer::ed25519(&[3; 32]).unwrap().sign(&claims).unwrap();
    let pair = ring::signature::Ed25519KeyPair::from_seed_unchecked(&[3; 32]).unwrap();
    let key = DecodingKey::from_ed_der(pair.public_key().as_ref());
    let validation = Validation::new(jsonwebtoken::Algorithm::EdDSA);
    assert_eq!(jsonwebtoken::decode::<Value>(&signed, &key, &validation).unwrap().claims, claims);
}

fn header() -> impl Strategy<Value = String> {
    let algorithm = prop_oneof![
        8 => Just(r#""alg":"HS256""#),
        1 => prop::sample::select(vec![
            r#""alg":"none""#, r#""alg":"HS384""#, r#""alg":"RS256""#, r#""alg":"hs256""#, r#""alg":1"#, r#""x":1"#,
        ]),
    ];
    let more = prop_oneof![
        8 => Just(""),
        2 => prop::sample::select(vec![
            r#","typ":"JWT""#, r#","kid":"a""#, r#","kid":1"#, r#","typ":null"#, r#","crit":["a"]"#, r#","alg":"HS256""#,
            r#","x":[1,{"y":null}]"#, r#","jwk":1"#, r#","jku":1"#, r#","x5c":["a"]"#, r#","cty":"JWT""#, ",",
        ]),
    ];
    (algorithm, more).prop_map(|(algorithm, more)| format!("{{{algorithm}{more}}}"))
}

/// Mostly one of the first list, now and then one of the second.
fn mostly(good: &[&'static str], odd: &[&'static str]) -> impl Strategy<Value = String> {
    let of = |list: &[&'static str]| prop::sample::select(list.to_vec()).prop_map(str::to_owned);
    prop_oneof![7 => of(good), 2 => of(odd)]
}

fn date(offsets: &[i64]) -> impl Strategy<Value = String> {
    let odd = [
        "1",
        "0",
        "-1",
        "1.5e10",
        "1e30",
        "null",
        "\"9999999999\"",
        "[]",
        "9999999999.7",
        "true",
        "1e400",
        "18446744073709551615",
        "18446744073709551616",
    ];
    let near = prop::sample::select(offsets.to_vec()).prop_map(|offset| seconds_from_now(offset).to_string());
    prop_oneof![8 => near, 1 => prop::sample::select(odd.to_vec()).prop_map(str::to_owned)]
}

fn claims() -> impl Strategy<Value = String> {
    let expiry = prop::option::weighted(0.95, date(&[-100, 100, 1000, 100_000]));
    let not_before = prop::option::weighted(0.2, date(&[-100_000, -1000, -100, 100]));
    let issuer = mostly(&[r#""https://id.example""#], &[r#""x""#, "1", "null", r#"["https://id.example"]"#]);
    let audience = mostly(
        &[r#""chat""#, r#"["chat"]"#, r#"["a","chat"]"#, r#""c\u0068at""#],
        &[r#"["a"]"#, "[]", "1", "null", r#"["chat",1]"#],
    );
    let more = mostly(
        &["", r#","iat":1"#, r#","sub":"a""#, r#","roles":["a"]"#],
        &[r#","iat":"x""#, r#","sub":1"#, r#","aud":"chat""#, r#","scope":5"#, ",", "}"],
    );
    (expiry, not_before, issuer, audience, more).prop_map(|(expiry, not_before, issuer, audience, more)| {
        let expiry = expiry.map(|date| format!(r#""exp":{date},"#)).unwrap_or_default();
        let not_before = not_before.map(|date| format!(r#""nbf":{date},"#)).unwrap_or_default();
        format!(r#"{{{expiry}{not_before}"iss":{issuer},"aud":{audience}{more}}}"#)
    })
}

#[derive(Clone, Debug)]
enum Mutation {
    None,
    Replace(prop::sample::Index, char),
    Insert(prop::sample::Index, char),
    Remove(prop::sample::Index),
    Cut(prop::sample::Index),
}

fn mutation() -> impl Strategy<Value = Mutation> {
    let character = || prop::sample::select("AaZz09-_.+/= \n\0é".chars().collect::<Vec<_>>());
    let place = any::<prop::sample::Index>;
    prop_oneof![
        6 => Just(Mutation::None),
        2 => (place(), character()).prop_map(|(at, with)| Mutation::Replace(at, with)),
        1 => (place(), character()).prop_map(|(at, with)| Mutation::Insert(at, with)),
        1 => place().prop_map(Mutation::Remove),
        1 => place().prop_map(Mutation::Cut),
    ]
}

fn mutate(token: &str, mutation: &Mutation) -> String {
    let mut text: Vec<char> = token.chars().collect();
    match mutation {
        Mutation::None => {}
        Mutation::Replace(at, with) => text[at.index(token.len())] = *with,
        Mutation::Insert(at, with) => text.insert(at.index(token.len()), *with),
        Mutation::Remove(at) => {
            text.remove(at.index(token.len()));
        }
        Mutation::Cut(at) => text.truncate(at.index(token.len())),
    }
    text.into_iter().collect()
}

#[test]
fn what_it_refuses_we_refuse() {
    let [mut both, mut neither, mut only_theirs] = [0, 0, 0].map(Cell::new);
    let mut runner = TestRunner::new(ProptestConfig::with_cases(3000));
    let result = runner.run(&(header(), claims(), mutation()), |(header, claims, mutation)| {
        let token = mutate(&token(&header, &claims), &mutation);
        let ours = verifier().verify(&token, SystemTime::now());
        match (&ours, theirs(&token)) {
            (Ok(_), true) => both.set(both.get() + 1),
            (Err(_), false) => neither.set(neither.get() + 1),
            (Ok(_), false) => prop_assert!(false, "only we accept {header} {claims} {token}"),
            (Err(error), true) => {
                only_theirs.set(only_theirs.get() + 1);
                prop_assert!(decided(error).is_some(), "only we refuse {header} {claims} {token}: {error}");
            }
        }
        Ok(())
    });
    result.unwrap();
    // The comparison is one of both kinds of token, and of those where we differ.
    assert!(*both.get_mut() > 50, "{both:?}");
    assert!(*neither.get_mut() > 500, "{neither:?}");
    assert!(*only_theirs.get_mut() > 10, "{only_theirs:?}");
}

proptest! {
    #[test]
    fn nothing_panics(text in "\\PC*", bytes in prop::collection::vec(any::<u8>(), 0..200)) {
        let _ = verifier().verify(&text, SystemTime::now()).unwrap_err();
        let _ = verifier().verify(&String::from_utf8_lossy(&bytes), SystemTime::now());
        let _ = verifier().verify(&token(&bytes, &bytes), SystemTime::now()).unwrap_err();
        for algorithm in Algorithm::ALL {
            let _ = Key::public_der(algorithm, &bytes);
            let _ = Key::public_pem(algorithm, &bytes);
        }
    }
}
