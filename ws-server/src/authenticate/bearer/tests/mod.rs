//! Tests of bearer tokens as a whole; what one file does is tested beside it.

mod claims;
mod jwk;
mod keys;
mod oracle;
mod signature;
mod vulnerabilities;

use std::time::{Duration, SystemTime, UNIX_EPOCH};

use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use ring::hmac;

use super::{Algorithm, Key, Verifier};

const SECRET: &[u8] = b"a secret that has sixty-four bytes, which is enough for HS512 as";
const NOW: u64 = 1_764_000_000;

fn now() -> SystemTime {
    UNIX_EPOCH + Duration::from_secs(NOW)
}

fn hs256() -> Key {
    Key::secret(Algorithm::Hs256, SECRET).unwrap()
}

fn verifier() -> Verifier {
    Verifier::new(hs256()).issuer("https://id.example").audience("chat")
}

/// A token of these very bytes, rightly signed with `SECRET` and HMAC-SHA-256 whatever its header says.
fn token(header: impl AsRef<[u8]>, payload: impl AsRef<[u8]>) -> String {
    let input = format!("{}.{}", URL_SAFE_NO_PAD.encode(header), URL_SAFE_NO_PAD.encode(payload));
    let tag = hmac::sign(&hmac::Key::new(hmac::HMAC_SHA256, SECRET), input.as_bytes());
    format!("{input}.{}", URL_SAFE_NO_PAD.encode(tag))
}

/// A token of these claims, rightly signed.
fn claiming(payload: impl AsRef<[u8]>) -> String {
    token(r#"{"alg":"HS256","typ":"JWT"}"#, payload)
}

fn pem(name: &str) -> Vec<u8> {
    std::fs::read(format!("{}/src/authenticate/bearer/testdata/{name}.pem", env!("CARGO_MANIFEST_DIR")))
        .unwrap()
}
