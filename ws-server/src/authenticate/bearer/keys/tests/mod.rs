//! Keys that come from somewhere: by a scripted origin in a clock of its own, and by real HTTP.

mod kept;
#[cfg(feature = "remote")]
mod provider;

use std::time::{Duration, SystemTime};

use serde_json::json;

use crate::authenticate::bearer::{Algorithm, JwkSet, Signer};

fn signer(id: &str) -> Signer {
    let mut seed = [7; 32];
    seed[..id.len()].copy_from_slice(id.as_bytes());
    Signer::ed25519(&seed).unwrap().with_id(id)
}

/// A good token, signed by the key with this id.
fn token(id: &str) -> String {
    let exp = SystemTime::now() + Duration::from_secs(3600);
    let exp = exp.duration_since(SystemTime::UNIX_EPOCH).unwrap().as_secs();
    signer(id).sign(&json!({ "iss": "https://id.example", "sub": "ann", "exp": exp })).unwrap()
}

/// A JWK Set of the keys with these ids.
fn set_json(ids: &[&str]) -> String {
    let keys: Vec<_> = ids.iter().map(|id| signer(id).verifying_jwk()).collect();
    json!({ "keys": keys }).to_string()
}

fn set(ids: &[&str]) -> JwkSet {
    JwkSet::parse(set_json(ids).as_bytes(), &Algorithm::ALL).unwrap()
}
