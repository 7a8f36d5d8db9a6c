use std::time::{Duration, UNIX_EPOCH};

use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use serde_json::json;
use ws_core::refusal::Cause;

use super::{
    super::{jws, *},
    NOW, SECRET, claiming, hs256, now, pem, token, verifier,
};
use crate::authenticate::JsonFault;

fn decode(text: &str) -> Vec<u8> {
    URL_SAFE_NO_PAD.decode(text).unwrap()
}

fn payload() -> String {
    json!({ "iss": "https://id.example", "aud": "chat", "exp": NOW + 60 }).to_string()
}

fn refused(token: &str) -> TokenError {
    verifier().verify(token, now()).expect_err(token)
}

// RFC 7515 A.1
#[test]
fn example_of_hs256() {
    let secret =
        decode("AyM1SysPpbyDfgZld3umj1qzKObwVMkoqQ-EstJQLr_T-1qS0gZH75aKtMN3Yj0iPS4hcgUuTwjAzZr1Z9CAow");
    let token = "eyJ0eXAiOiJKV1QiLA0KICJhbGciOiJIUzI1NiJ9.\
                 eyJpc3MiOiJqb2UiLA0KICJleHAiOjEzMDA4MTkzODAsDQogImh0dHA6Ly9leGFtcGxlLmNvbS9pc19yb290Ijp0cnVlfQ.\
                 dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk";
    let verifier = Verifier::new(Key::secret(Algorithm::Hs256, &secret).unwrap()).issuer("joe");
    let at = |seconds| UNIX_EPOCH + Duration::from_secs(seconds);
    assert_eq!(verifier.verify(token, at(1_300_819_379)).unwrap().issuer(), Some("joe"));
    assert_eq!(verifier.verify(token, at(1_300_819_380)).unwrap_err().cause(), Cause::TokenExpired);
}

// RFC 7515 A.3
#[test]
fn example_of_es256() {
    let mut der = super::super::pem::public_key(&pem("p256_public")).unwrap();
    der.truncate(27);
    der.extend(decode("f83OJ3D2xF1Bg8vub9tLe1gHMzV76e8Tus9uPHvRVEU"));
    der.extend(decode("x_FEzRu9m36HLN_tue659LNpXW6pCyStikYjKIWI5a0"));
    let token = "eyJhbGciOiJFUzI1NiJ9.\
                 eyJpc3MiOiJqb2UiLA0KICJleHAiOjEzMDA4MTkzODAsDQogImh0dHA6Ly9leGFtcGxlLmNvbS9pc19yb290Ijp0cnVlfQ.\
                 DtEhU3ljbEg8L38VWAfUAqOyKAM6-Xx-F4GawxaepmXFCgfTjDxw5djxLa8ISlSApmWQxfKTUJqPP3-Kg6NU1Q";
    let verifier = Verifier::new(Key::public_der(Algorithm::Es256, &der).unwrap());
    assert_eq!(verifier.verify(token, UNIX_EPOCH).unwrap().issuer(), Some("joe"));
}

// RFC 8037 A.1, A.2, A.4
#[test]
fn example_of_eddsa() {
    let seed = decode("nWGxne_9WmC6hEr0kuwsxERJxWl7MmkZcDusAxyuf2A").try_into().unwrap();
    let public = decode("11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo").try_into().unwrap();
    let token = "eyJhbGciOiJFZERTQSJ9.RXhhbXBsZSBvZiBFZDI1NTE5IHNpZ25pbmc.\
                 hgyY0il_MGCjP0JzlnLWG1PPOt7-09PGcvMg3AIbQR6dWbhijcNR4ki4iylGjg5BhVsPt9g7sVvpAr_MuM0KAg";
    for key in [Key::ed25519(&public), Signer::ed25519(&seed).unwrap().verifying_key()] {
        assert_eq!(jws::verify(token, [&[key], &[]], 1000).unwrap(), b"Example of Ed25519 signing");
    }
}

#[test]
fn what_we_sign_we_accept() {
    let claims = json!({ "sub": "ann", "exp": NOW + 60 });
    for signer in [Signer::hs256(SECRET).unwrap(), Signer::ed25519(&[5; 32]).unwrap()] {
        let signer = signer.with_id("k1");
        let token = signer.sign(&claims).unwrap();
        let identity = Verifier::new(signer.verifying_key()).verify(&token, now()).unwrap();
        assert_eq!(identity.subject(), Some("ann"));
    }
    assert!(matches!(Signer::hs256(SECRET).unwrap().sign(&[1]), Err(SignError::NotAnObject)));
}

// RFC 7515 7.1
#[test]
fn a_token_has_three_parts() {
    let good = claiming(payload());
    verifier().verify(&good, now()).unwrap();
    for text in
        ["", ".", "a", "a.b", "..", "...", &format!("{good}."), &format!(".{good}"), &format!("{good}.x.y")]
    {
        assert_eq!(refused(text), TokenError::Parts, "{text}");
    }
}

// RFC 7515 2: base64url with all trailing '=' omitted, no line breaks or white space.
#[test]
fn parts_are_strict_base64url() {
    let good = claiming(payload());
    let parts: Vec<&str> = good.split('.').collect();
    for damage in ["=", "+", "/", " ", "\n", "é", "\0"] {
        let [header, payload, signature] = [0, 1, 2].map(|place| {
            let mut parts: Vec<String> = parts.iter().map(|&part| part.to_owned()).collect();
            parts[place].push_str(damage);
            refused(&parts.join("."))
        });
        assert_eq!(header, TokenError::HeaderEncoding);
        assert_eq!(payload, TokenError::PayloadEncoding);
        assert_eq!(signature, TokenError::SignatureEncoding);
        assert_eq!(signature.cause(), Cause::TokenSignatureInvalid);
    }
    // The four unused bits of the last character are zero: another would be another text for the same signature.
    let (rest, last) = good.split_at(good.len() - 1);
    let sibling = char::from(last.as_bytes()[0] + 1);
    assert_eq!(refused(&format!("{rest}{sibling}")), TokenError::SignatureEncoding);
}

#[test]
fn size_is_limited() {
    let good = claiming(payload());
    let at = |limit| verifier().limit(limit).verify(&good, now());
    assert!(at(good.len()).is_ok() && at(good.len() + 1).is_ok());
    let limit = good.len() - 1;
    assert_eq!(at(limit), Err(TokenError::TooLong { limit }));
}

#[test]
fn headers_are_strict() {
    for (header, error) in [
        ("", TokenError::Parts),
        ("x", TokenError::HeaderJson(JsonFault::Syntax)),
        ("[]", TokenError::HeaderJson(JsonFault::NotAnObject)),
        (r#"{"alg":"HS256","alg":"HS256"}"#, TokenError::HeaderJson(JsonFault::DuplicateMember)),
        (r#"{"alg":"HS256","x":{"y":1,"y":1}}"#, TokenError::HeaderJson(JsonFault::DuplicateMember)),
        ("{}", TokenError::HeaderParameter("alg")),
        (r#"{"alg":256}"#, TokenError::HeaderParameter("alg")),
        (r#"{"alg":null}"#, TokenError::HeaderParameter("alg")),
        (r#"{"alg":["HS256"]}"#, TokenError::HeaderParameter("alg")),
        (r#"{"alg":"HS256","kid":1}"#, TokenError::HeaderParameter("kid")),
        (r#"{"alg":"HS256","typ":null}"#, TokenError::HeaderParameter("typ")),
        (r#"{"alg":"HS256","jwk":"x"}"#, TokenError::HeaderParameter("jwk")),
        (r#"{"alg":"HS256","x5c":"x"}"#, TokenError::HeaderParameter("x5c")),
    ] {
        let found = refused(&token(header, payload()));
        assert_eq!(found, error, "{header}");
        assert_eq!(found.cause(), Cause::TokenMalformed);
    }
    // RFC 7515 4: header parameters that are not understood are ignored.
    verifier().verify(&token(r#"{"alg":"HS256","whatever":[1,{}]}"#, payload()), now()).unwrap();
}

// RFC 7515 4.1.11: what is critical must be understood; an empty list must not occur either.
#[test]
fn critical_extensions_are_refused() {
    for crit in [r#"["b64"]"#, r#"["exp"]"#, "[]", "null", "1"] {
        let header = format!(r#"{{"alg":"HS256","b64":false,"crit":{crit}}}"#);
        assert_eq!(refused(&token(header, payload())), TokenError::CriticalExtension, "{crit}");
    }
}

#[test]
fn keys_are_found_by_id() {
    let with_kid = |kid: &str| token(format!(r#"{{"alg":"HS256","kid":"{kid}"}}"#), payload());
    let none = claiming(payload());
    let other = Key::secret(Algorithm::Hs256, &[9; 32]).unwrap();
    let rules = |verifier: Verifier| verifier.issuer("https://id.example").audience("chat");
    let named = rules(Verifier::new(other.clone().with_id("new")).key(hs256().with_id("old")));

    assert!(named.verify(&with_kid("old"), now()).is_ok());
    assert!(named.verify(&none, now()).is_ok(), "without kid, every key is tried");
    assert_eq!(
        named.verify(&with_kid("new"), now()),
        Err(TokenError::SignatureWrong),
        "and with one, no other"
    );
    for kid in ["", "older", "OLD", "../old"] {
        let error = named.verify(&with_kid(kid), now()).unwrap_err();
        assert_eq!(error, TokenError::KeyUnknown, "{kid}");
        assert_eq!(error.cause(), Cause::TokenKeyUnknown);
    }
    // A key without an id is a candidate whatever the token says.
    assert!(verifier().verify(&with_kid("anything"), now()).is_ok());
}

/// A forged token costs four verifications at the most, however many keys there are.
#[test]
fn of_the_keys_that_a_token_does_not_name_four_are_tried() {
    let other = |number: u8| Key::secret(Algorithm::Hs256, &[number; 32]).unwrap();
    let with_id = |number: u8| other(number).with_id(format!("k{number}"));
    let kinds: [&dyn Fn(u8) -> Key; 2] = [&other, &with_id];
    let after = |others: Vec<Key>, ours: Key| {
        let mut keys = others.into_iter().chain([ours]);
        let first = Verifier::new(keys.next().unwrap());
        keys.fold(first, Verifier::key).issuer("https://id.example").audience("chat")
    };
    let plain = claiming(payload());
    let named = token(r#"{"alg":"HS256","kid":"ours"}"#, payload());
    let ours = || hs256().with_id("ours");
    for others in kinds {
        assert!(after((1..=3).map(others).collect(), hs256()).verify(&plain, now()).is_ok());
        assert!(after((1..=3).map(others).collect(), ours()).verify(&plain, now()).is_ok());
        for ours in [hs256(), ours()] {
            let error = after((1..=4).map(others).collect(), ours).verify(&plain, now()).unwrap_err();
            assert_eq!(error.cause(), Cause::TokenSignatureInvalid);
        }
        // Named, it is found among however many.
        assert!(after((1..=100).map(others).collect(), ours()).verify(&named, now()).is_ok());
    }
    // Those of another algorithm do not count.
    let longer = |number| Key::secret(Algorithm::Hs512, &[number; 64]).unwrap();
    assert!(after((1..=100).map(longer).collect(), hs256()).verify(&plain, now()).is_ok());
}

#[test]
fn signatures_have_the_length_of_their_key() {
    let good = claiming(payload());
    let (input, signature) = good.rsplit_once('.').unwrap();
    let bytes = decode(signature);
    for wrong in [&[][..], &bytes[..31], &[&bytes[..], &[0]].concat()] {
        let error = refused(&format!("{input}.{}", URL_SAFE_NO_PAD.encode(wrong)));
        assert_eq!(error, TokenError::SignatureLength);
        assert_eq!(error.cause(), Cause::TokenSignatureInvalid);
    }
}

#[test]
fn every_changed_bit_of_a_signature_is_noticed() {
    let good = claiming(payload());
    let (input, signature) = good.rsplit_once('.').unwrap();
    for bit in 0..256 {
        let mut bytes = decode(signature);
        bytes[bit / 8] ^= 1 << (bit % 8);
        assert_eq!(
            refused(&format!("{input}.{}", URL_SAFE_NO_PAD.encode(bytes))),
            TokenError::SignatureWrong
        );
    }
}

// Whoever cannot sign learns nothing of what would be wrong with the claims.
#[test]
fn no_claim_is_told_before_the_signature() {
    let (_, foreign) = claiming("{}").rsplit_once('.').map(|(a, b)| (a.to_owned(), b.to_owned())).unwrap();
    for payload in ["", "[]", "{}", r#"{"exp":1}"#, r#"{"exp":"x"}"#, r#"{"exp":9999999999,"aud":"mail"}"#] {
        let good = token(r#"{"alg":"HS256" }"#, payload);
        let (input, _) = good.rsplit_once('.').unwrap();
        assert_eq!(refused(&format!("{input}.{foreign}")), TokenError::SignatureWrong, "{payload}");
    }
}
