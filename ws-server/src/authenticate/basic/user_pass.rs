//! `user-pass = user-id ":" password` in base64 (RFC 7617 2).

use base64::{Engine, engine::general_purpose::STANDARD};
use ws_core::head::RequestHead;
use zeroize::Zeroizing;

use crate::authenticate::{
    AuthenticationError, CredentialsFault,
    places::{self, malformed},
};

/// What somebody claims, and by what.
pub(super) struct UserPass {
    pub(super) user: String,
    pub(super) password: Zeroizing<Vec<u8>>,
}

impl UserPass {
    pub(super) fn find(head: &RequestHead) -> Result<Self, AuthenticationError> {
        // RFC 9110 11.1: schemes have no case.
        match places::authorization(head)? {
            None => Err(AuthenticationError::CredentialsMissing),
            Some((scheme, _)) if !scheme.eq_ignore_ascii_case("Basic") => {
                Err(AuthenticationError::SchemeUnsupported)
            }
            Some((_, "")) => Err(malformed(CredentialsFault::HeaderSyntax)),
            Some((_, credentials)) => Self::parse(credentials).map_err(malformed),
        }
    }

    fn parse(credentials: &str) -> Result<Self, CredentialsFault> {
        // Decoded in one place that is wiped afterwards, and never grows.
        let mut decoded = Zeroizing::new(vec![0; base64::decoded_len_estimate(credentials.len())]);
        let length = STANDARD
            .decode_slice(credentials, &mut decoded)
            .map_err(|_| CredentialsFault::UserPassEncoding)?;
        decoded.truncate(length);
        // RFC 7617 2: the first colon ends the user-id, which cannot have one; the password can.
        let mut parts = decoded.splitn(2, |&byte| byte == b':');
        let (user, password) = (parts.next().unwrap_or_default(), parts.next());
        let password = password.ok_or(CredentialsFault::UserPassColon)?;
        // RFC 7617 2.1: the challenge asks for UTF-8. RFC 7617 2: neither part has control characters.
        let fit = |part: &[u8]| {
            str::from_utf8(part).is_ok_and(|text| !text.contains(|c: char| c.is_ascii_control()))
        };
        if !fit(user) || !fit(password) {
            return Err(CredentialsFault::UserPassCharacters);
        }
        let user = String::from_utf8_lossy(user).into_owned();
        Ok(Self { user, password: Zeroizing::new(password.to_vec()) })
    }
}
