//! The places of a request that credentials stand in.

use std::borrow::Cow;

use url::form_urlencoded;
use ws_core::{head::RequestHead, refusal::Challenge};

use super::{AuthenticationError, CredentialsFault};
use crate::token::is_token;

/// `Authorization`: the scheme and what follows it, which may be nothing.
pub(super) fn authorization(head: &RequestHead) -> Result<Option<(&str, &str)>, AuthenticationError> {
    // RFC 9110 5.3, 11.6.2: not a list, so it stands once.
    let value = match head.fields().single("Authorization") {
        Ok(Some(value)) => value,
        Ok(None) => return Ok(None),
        Err(_) => return Err(malformed(CredentialsFault::HeaderRepeated)),
    };
    let syntax = || malformed(CredentialsFault::HeaderSyntax);
    let value = str::from_utf8(value).map_err(|_| syntax())?;
    let (scheme, credentials) = value.split_once(' ').unwrap_or((value, ""));
    // RFC 9110 11.4: credentials = auth-scheme [ 1*SP ( token68 / #auth-param ) ], and a scheme is a token.
    if !is_token(scheme) {
        return Err(syntax());
    }
    Ok(Some((scheme, credentials.trim_start_matches(' '))))
}

/// The one parameter of this name in the query, decoded.
pub(super) fn query<'a>(
    head: &'a RequestHead,
    name: &str,
) -> Result<Option<Cow<'a, str>>, AuthenticationError> {
    let pairs = form_urlencoded::parse(head.query().unwrap_or_default().as_bytes());
    only(pairs.filter(|(key, _)| key == name).map(|(_, value)| value), CredentialsFault::ParameterRepeated)
}

/// The one cookie of this name. RFC 6265 4.2.1: name=value pairs with semicolons between them; the value may stand
/// in quotes.
pub(super) fn cookie<'a>(head: &'a RequestHead, name: &str) -> Result<Option<&'a str>, AuthenticationError> {
    let values =
        head.fields().get_all("Cookie").flat_map(|cookies| cookies.split(|&byte| byte == b';')).filter_map(
            |pair| {
                let (key, value) = str::from_utf8(pair).ok()?.trim_ascii().split_once('=')?;
                let quoted = value.strip_prefix('"').and_then(|value| value.strip_suffix('"'));
                (key == name).then(|| quoted.unwrap_or(value))
            },
        );
    only(values, CredentialsFault::CookieRepeated)
}

/// The only one of them, if there is one.
pub(super) fn only<T>(
    mut values: impl Iterator<Item = T>,
    repeated: CredentialsFault,
) -> Result<Option<T>, AuthenticationError> {
    match (values.next(), values.next()) {
        (_, Some(_)) => Err(malformed(repeated)),
        (value, None) => Ok(value),
    }
}

/// RFC 6750 2.1, RFC 9110 11.2: 1*( ALPHA / DIGIT / "-" / "." / "_" / "~" / "+" / "/" ) *"=".
pub(super) fn is_token68(text: &str) -> bool {
    let body = text.trim_end_matches('=');
    !body.is_empty() && body.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"-._~+/".contains(&byte))
}

pub(super) const fn malformed(fault: CredentialsFault) -> AuthenticationError {
    AuthenticationError::CredentialsMalformed(fault)
}

/// Tells where the credentials go, by a parameter of this name, which is a token.
pub(super) fn challenge(challenge: Challenge, name: &str, place: &str) -> Challenge {
    match challenge.clone().param(name, place) {
        Ok(telling) => telling,
        Err(_) => challenge,
    }
}
