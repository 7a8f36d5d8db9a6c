//! Bearer tokens: whatever the token is, verifying it ends with a verdict, and nobody is let in whose token
//! does not say so, signed.

use std::time::{Duration, SystemTime};

use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use ring::hmac;
use serde_json::Value;
use ws_server::authenticate::{
    Identity,
    bearer::{Algorithm, Key, Verifier},
};

const SECRET: &[u8] = b"thirty-two bytes, at the least..";
const ISSUER: &str = "https://id.example";
const AUDIENCE: &str = "chat";
/// The time of the check, in seconds since 1970.
const NOW: u64 = 1_764_000_000;

/// The input: a byte, then a token as it is (`t`), or a header, a line end and a payload that are signed
/// here (any other byte).
pub fn check(data: &[u8]) {
    let Some((kind, rest)) = data.split_first() else { return };
    let token = if *kind == b't' { String::from_utf8_lossy(rest).into_owned() } else { signed(rest) };
    let key = Key::secret(Algorithm::Hs256, SECRET).expect("a key");
    let verifier = Verifier::new(key).issuer(ISSUER).audience(AUDIENCE);
    let now = SystemTime::UNIX_EPOCH + Duration::from_secs(NOW);
    if let Ok(identity) = verifier.verify(&token, now) {
        check_admitted(&token, &identity);
    }
}

fn signed(parts: &[u8]) -> String {
    let end = parts.iter().position(|byte| *byte == b'\n').unwrap_or(parts.len());
    let (header, payload) = (&parts[..end], parts.get(end + 1..).unwrap_or_default());
    let input = format!("{}.{}", URL_SAFE_NO_PAD.encode(header), URL_SAFE_NO_PAD.encode(payload));
    let signature = hmac::sign(&hmac::Key::new(hmac::HMAC_SHA256, SECRET), input.as_bytes());
    format!("{input}.{}", URL_SAFE_NO_PAD.encode(signature))
}

/// What an admitted token must be, read again without our own parser.
fn check_admitted(token: &str, identity: &Identity) {
    let parts: Vec<&str> = token.split('.').collect();
    let [header, payload, signature] = parts[..] else { panic!("a token has three parts: {token}") };
    let decode = |part| URL_SAFE_NO_PAD.decode(part).expect("base64url");
    // RFC 7515 5.2
    let key = hmac::Key::new(hmac::HMAC_SHA256, SECRET);
    let input = format!("{header}.{payload}");
    assert!(hmac::verify(&key, input.as_bytes(), &decode(signature)).is_ok(), "the signature holds");
    let header: Value = serde_json::from_slice(&decode(header)).expect("a header");
    let claims: Value = serde_json::from_slice(&decode(payload)).expect("claims");
    // RFC 8725 3.1: the algorithm of the key, no other.
    assert_eq!(header["alg"], "HS256");
    assert!(header.get("crit").is_none(), "RFC 7515 4.1.11: no extension is understood");
    // RFC 7519 4.1
    assert_eq!(claims["iss"], ISSUER);
    let audience = &claims["aud"];
    assert!(
        audience == AUDIENCE || audience.as_array().is_some_and(|all| all.iter().any(|one| one == AUDIENCE))
    );
    let seconds = |name: &str| claims.get(name).map(|claim| claim.as_f64().expect("a number"));
    #[expect(clippy::cast_precision_loss, reason = "seconds of this century are exact")]
    let now = NOW as f64;
    assert!(seconds("exp").is_some_and(|exp| exp > now));
    assert!(seconds("nbf").is_none_or(|nbf| nbf < now + 1.0));
    assert_eq!(identity.subject(), claims.get("sub").and_then(Value::as_str));
    assert_eq!(identity.issuer(), Some(ISSUER));
}
