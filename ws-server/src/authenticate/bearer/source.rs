use std::borrow::Cow;

use url::form_urlencoded;
use ws_core::head::RequestHead;

use crate::authenticate::{AuthenticationError, CredentialsFault, HandshakeContext};

/// Where a token may come from.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Source {
    /// `Authorization: Bearer TOKEN` (RFC 6750 2.1).
    Header,
    /// A parameter of the query with this name (RFC 6750 2.3). Addresses end up in logs and histories, so that this
    /// is for tokens that do not live long.
    Query(String),
    /// A cookie with this name. A browser sends it by itself: have the origin checked, as it is by default. A cookie
    /// is looked at only where no other place has a token.
    Cookie(String),
    /// The pair `bearer, TOKEN` among the subprotocols, for browsers, that can set no other field.
    Subprotocol,
}

/// The subprotocol that a token follows.
pub(super) const SUBPROTOCOL: &str = "bearer";

/// The only token of the request, from one of these places.
pub(super) fn find<'a>(
    sources: &[Source],
    request: &HandshakeContext<'a>,
) -> Result<Cow<'a, str>, AuthenticationError> {
    let (mut explicit, mut other_scheme) = (None, false);
    for source in sources {
        let found = match source {
            Source::Header => match header(request.head())? {
                Header::Absent => None,
                Header::OtherScheme => {
                    other_scheme = true;
                    None
                }
                Header::Bearer(token) => Some(Cow::Borrowed(token)),
            },
            Source::Query(name) => query(request.head(), name)?,
            Source::Subprotocol => subprotocol(request.subprotocols())?.map(Cow::Borrowed),
            Source::Cookie(_) => None,
        };
        // RFC 6750 2: clients must not use more than one method in one request.
        if found.is_some() && explicit.is_some() {
            return Err(malformed(CredentialsFault::TwoPlaces));
        }
        explicit = explicit.or(found);
    }
    // What a browser sends by itself is not even read beside what somebody has said.
    let token = match explicit {
        None => cookie(sources, request.head())?,
        explicit => explicit,
    };
    let token = match token {
        Some(token) => token,
        None if other_scheme => return Err(AuthenticationError::SchemeUnsupported),
        None => return Err(AuthenticationError::CredentialsMissing),
    };
    if is_token(&token) { Ok(token) } else { Err(malformed(CredentialsFault::TokenSyntax)) }
}

enum Header<'a> {
    Absent,
    OtherScheme,
    Bearer(&'a str),
}

fn header(head: &RequestHead) -> Result<Header<'_>, AuthenticationError> {
    // RFC 9110 5.3, 11.6.2: not a list, so it stands once.
    let value = match head.fields().single("Authorization") {
        Ok(Some(value)) => value,
        Ok(None) => return Ok(Header::Absent),
        Err(_) => return Err(malformed(CredentialsFault::HeaderRepeated)),
    };
    let syntax = || malformed(CredentialsFault::HeaderSyntax);
    let value = str::from_utf8(value).map_err(|_| syntax())?;
    let (scheme, credentials) = value.split_once(' ').unwrap_or((value, ""));
    // RFC 9110 11.4: credentials = auth-scheme [ 1*SP ( token68 / #auth-param ) ], and a scheme is a token.
    if scheme.is_empty() || !scheme.bytes().all(is_tchar) {
        return Err(syntax());
    }
    // RFC 9110 11.1: schemes have no case.
    if !scheme.eq_ignore_ascii_case("Bearer") {
        return Ok(Header::OtherScheme);
    }
    // RFC 6750 2.1: credentials = "Bearer" 1*SP b64token.
    match credentials.trim_start_matches(' ') {
        token if is_token(token) => Ok(Header::Bearer(token)),
        _ => Err(syntax()),
    }
}

fn query<'a>(head: &'a RequestHead, name: &str) -> Result<Option<Cow<'a, str>>, AuthenticationError> {
    let pairs = form_urlencoded::parse(head.query().unwrap_or_default().as_bytes());
    only(pairs.filter(|(key, _)| key == name).map(|(_, value)| value), CredentialsFault::ParameterRepeated)
}

/// The token of the first of the cookies that is there.
fn cookie<'a>(
    sources: &[Source],
    head: &'a RequestHead,
) -> Result<Option<Cow<'a, str>>, AuthenticationError> {
    for source in sources {
        if let Source::Cookie(name) = source
            && let Some(token) = cookie_named(head, name)?
        {
            return Ok(Some(token));
        }
    }
    Ok(None)
}

/// RFC 6265 4.2.1: name=value pairs with semicolons between them; the value may stand in quotes.
fn cookie_named<'a>(head: &'a RequestHead, name: &str) -> Result<Option<Cow<'a, str>>, AuthenticationError> {
    let values =
        head.fields().get_all("Cookie").flat_map(|cookies| cookies.split(|&byte| byte == b';')).filter_map(
            |pair| {
                let (key, value) = str::from_utf8(pair).ok()?.trim_ascii().split_once('=')?;
                let quoted = value.strip_prefix('"').and_then(|value| value.strip_suffix('"'));
                (key == name).then(|| Cow::Borrowed(quoted.unwrap_or(value)))
            },
        );
    only(values, CredentialsFault::CookieRepeated)
}

fn subprotocol(offered: &[String]) -> Result<Option<&str>, AuthenticationError> {
    let mut offered = offered.iter().skip_while(|offer| *offer != SUBPROTOCOL);
    match (offered.next(), offered.next()) {
        (None, _) => Ok(None),
        (Some(_), Some(token)) => Ok(Some(token)),
        (Some(_), None) => Err(malformed(CredentialsFault::SubprotocolAlone)),
    }
}

fn only<T>(
    mut values: impl Iterator<Item = T>,
    repeated: CredentialsFault,
) -> Result<Option<T>, AuthenticationError> {
    match (values.next(), values.next()) {
        (_, Some(_)) => Err(malformed(repeated)),
        (value, None) => Ok(value),
    }
}

/// RFC 6750 2.1: b64token = 1*( ALPHA / DIGIT / "-" / "." / "_" / "~" / "+" / "/" ) *"=".
fn is_token(text: &str) -> bool {
    let body = text.trim_end_matches('=');
    !body.is_empty() && body.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"-._~+/".contains(&byte))
}

/// RFC 9110 5.6.2.
fn is_tchar(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || b"!#$%&'*+-.^_`|~".contains(&byte)
}

const fn malformed(fault: CredentialsFault) -> AuthenticationError {
    AuthenticationError::CredentialsMalformed(fault)
}
