//! JWS Compact Serialization (RFC 7515 7.1) and the verification of its signature.

use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use serde_json::{Map, Value};

use super::{algorithm::Algorithm, error::TokenError, key::Key};
use crate::authenticate::json;

/// How many keys of its algorithm are tried for a token that names none of them. Each costs whoever checks it more than
/// whoever sends it.
const TRIES: usize = 4;

/// A token that none of the keys verifies.
#[derive(Debug)]
pub(super) struct Unverified {
    pub(super) error: TokenError,
    /// Whether one that is not among them might: the token names none of them.
    pub(super) key_open: bool,
}

impl From<TokenError> for Unverified {
    fn from(error: TokenError) -> Self {
        Self { error, key_open: false }
    }
}

/// The payload of `token`, once the signature of one of `keys` over it has verified.
///
/// The order: size, structure, header, algorithm, key, signature. Of the payload only the alphabet is looked at.
pub(super) fn verify(token: &str, keys: [&[Key]; 2], limit: usize) -> Result<Vec<u8>, Unverified> {
    let jws = Jws::parse(token, limit)?;
    let header = Header::parse(&jws.header)?;
    match header.select(keys).and_then(|keys| jws.check_signature(&keys, header.key_id.as_deref())) {
        Ok(()) => Ok(jws.payload),
        Err(error) => {
            let about_keys = matches!(
                error,
                TokenError::KeyUnknown
                    | TokenError::AlgorithmDenied(_)
                    | TokenError::SignatureLength
                    | TokenError::SignatureWrong
            );
            Err(Unverified { error, key_open: about_keys && !header.names_one_of(keys) })
        }
    }
}

/// The parts of a token, of which nothing has been believed yet.
struct Jws<'a> {
    header: Vec<u8>,
    payload: Vec<u8>,
    signing_input: &'a [u8],
    signature: &'a str,
}

impl<'a> Jws<'a> {
    fn parse(token: &'a str, limit: usize) -> Result<Self, TokenError> {
        if token.len() > limit {
            return Err(TokenError::TooLong { limit });
        }
        let (signing_input, signature) = token.rsplit_once('.').ok_or(TokenError::Parts)?;
        let (header, payload) = signing_input.split_once('.').ok_or(TokenError::Parts)?;
        if payload.contains('.') || header.is_empty() {
            return Err(TokenError::Parts);
        }
        // RFC 7515 2: no padding, line breaks or other characters; the unused bits of the last one are zero.
        let header = URL_SAFE_NO_PAD.decode(header).map_err(|_| TokenError::HeaderEncoding)?;
        let payload = URL_SAFE_NO_PAD.decode(payload).map_err(|_| TokenError::PayloadEncoding)?;
        Ok(Self { header, payload, signing_input: signing_input.as_bytes(), signature })
    }

    /// Those that the token names, all of them, then some of the others.
    fn check_signature(&self, keys: &[&Key], key_id: Option<&str>) -> Result<(), TokenError> {
        // RFC 7515 5.2: the signature is over the two encoded parts as they came.
        let signature = URL_SAFE_NO_PAD.decode(self.signature).map_err(|_| TokenError::SignatureEncoding)?;
        let (named, others): (Vec<&Key>, Vec<&Key>) = keys
            .iter()
            .filter(|key| key.signature_length() == signature.len())
            .partition(|key| key_id.is_some() && key.id() == key_id);
        if named.is_empty() && others.is_empty() {
            return Err(TokenError::SignatureLength);
        }
        let mut tried = named.iter().chain(others.iter().take(TRIES));
        if tried.any(|key| key.verifies(self.signing_input, &signature)) {
            Ok(())
        } else {
            Err(TokenError::SignatureWrong)
        }
    }
}

/// What the JOSE header says that concerns us. Keys that it carries or points to (`jwk`, `jku`, `x5c`, `x5u`)
/// are never looked at: they are the sender's word (RFC 8725 3.10).
struct Header {
    algorithm: String,
    key_id: Option<String>,
}

impl Header {
    fn parse(bytes: &[u8]) -> Result<Self, TokenError> {
        let mut members = json::parse_object(bytes).map_err(TokenError::HeaderJson)?;
        // RFC 7515 4.1.1: "alg" must be present.
        let algorithm = string(&mut members, "alg")?.ok_or(TokenError::HeaderParameter("alg"))?;
        let key_id = string(&mut members, "kid")?;
        // RFC 7515 4.1.2 to 4.1.10: unused here, but a token that misstates its form is not looked at further.
        for name in ["jku", "x5u", "x5t", "x5t#S256", "typ", "cty"] {
            string(&mut members, name)?;
        }
        typed(&members, "jwk", Value::is_object)?;
        typed(&members, "x5c", Value::is_array)?;
        // RFC 7515 4.1.11: a critical extension that is not understood makes the token invalid; none is.
        if members.contains_key("crit") {
            return Err(TokenError::CriticalExtension);
        }
        Ok(Self { algorithm, key_id })
    }

    /// Whether the token says by which of these keys it was signed.
    fn names_one_of(&self, keys: [&[Key]; 2]) -> bool {
        self.key_id.is_some() && keys.into_iter().flatten().any(|key| key.id() == self.key_id.as_deref())
    }

    /// The keys that may have signed this token: those of its `kid`, then those of its `alg`.
    fn select<'k>(&self, keys: [&'k [Key]; 2]) -> Result<Vec<&'k Key>, TokenError> {
        // RFC 8725 3.2: a token without a signature is refused, in whichever case it says so.
        if self.algorithm.eq_ignore_ascii_case("none") {
            return Err(TokenError::AlgorithmNone);
        }
        let algorithm = Algorithm::from_name(&self.algorithm).ok_or(TokenError::AlgorithmUnknown)?;
        let mut keys: Vec<&Key> = keys
            .into_iter()
            .flatten()
            .filter(|key| match (key.id(), &self.key_id) {
                (Some(ours), Some(theirs)) => ours == theirs,
                _ => true,
            })
            .collect();
        if keys.is_empty() {
            return Err(TokenError::KeyUnknown);
        }
        // RFC 8725 3.1: the algorithm is the key's.
        keys.retain(|key| key.algorithm() == algorithm);
        if keys.is_empty() { Err(TokenError::AlgorithmDenied(algorithm)) } else { Ok(keys) }
    }
}

fn string(members: &mut Map<String, Value>, name: &'static str) -> Result<Option<String>, TokenError> {
    match members.remove(name) {
        None => Ok(None),
        Some(Value::String(text)) => Ok(Some(text)),
        Some(_) => Err(TokenError::HeaderParameter(name)),
    }
}

fn typed(members: &Map<String, Value>, name: &'static str, is: fn(&Value) -> bool) -> Result<(), TokenError> {
    if members.get(name).is_none_or(is) { Ok(()) } else { Err(TokenError::HeaderParameter(name)) }
}
