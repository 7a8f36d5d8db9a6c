use std::borrow::Cow;

use ws_core::head::RequestHead;

use crate::authenticate::{
    AuthenticationError, CredentialsFault, HandshakeContext,
    places::{self, malformed},
};

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
    /// is looked at only where the request has no other credentials that the route takes.
    Cookie(String),
    /// The pair `bearer, TOKEN` among the subprotocols, for browsers, that can set no other field.
    Subprotocol,
    /// The first message: `{"type":"authenticate","token":"TOKEN"}`, for clients that can set nothing, and for tokens
    /// that are to stay out of logs. It is looked for only where the handshake has no credentials that the route takes;
    /// otherwise those decide. It is answered with `{"type":"authenticated","expires":SECONDS}`, or the connection is
    /// closed with 3000 and the cause. Nobody learns before that whether the route would let them in.
    FirstMessage,
}

/// The subprotocol that a token follows.
pub(in crate::authenticate) const SUBPROTOCOL: &str = "bearer";

/// The only token of the request, from one of these places.
pub(in crate::authenticate) fn find<'a>(
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
            Source::Query(name) => places::query(request.head(), name)?,
            Source::Subprotocol => subprotocol(request.subprotocols())?.map(Cow::Borrowed),
            Source::Cookie(_) | Source::FirstMessage => None,
        };
        // RFC 6750 2: clients must not use more than one method in one request.
        if found.is_some() && explicit.is_some() {
            return Err(malformed(CredentialsFault::TwoPlaces));
        }
        explicit = explicit.or(found);
    }
    // What a browser sends by itself is not even read beside what somebody has said.
    let token = match explicit {
        None if request.ambient_credentials_count() => cookie(sources, request.head())?,
        explicit => explicit,
    };
    let token = match token {
        Some(token) => token,
        None if other_scheme => return Err(AuthenticationError::SchemeUnsupported),
        None => return Err(AuthenticationError::CredentialsMissing),
    };
    if places::is_token68(&token) { Ok(token) } else { Err(malformed(CredentialsFault::TokenSyntax)) }
}

enum Header<'a> {
    Absent,
    OtherScheme,
    Bearer(&'a str),
}

fn header(head: &RequestHead) -> Result<Header<'_>, AuthenticationError> {
    // RFC 9110 11.1: schemes have no case. RFC 6750 2.1: credentials = "Bearer" 1*SP b64token.
    match places::authorization(head)? {
        None => Ok(Header::Absent),
        Some((scheme, _)) if !scheme.eq_ignore_ascii_case("Bearer") => Ok(Header::OtherScheme),
        Some((_, token)) if places::is_token68(token) => Ok(Header::Bearer(token)),
        Some(_) => Err(malformed(CredentialsFault::HeaderSyntax)),
    }
}

/// The token of the first of the cookies that is there.
fn cookie<'a>(
    sources: &[Source],
    head: &'a RequestHead,
) -> Result<Option<Cow<'a, str>>, AuthenticationError> {
    for source in sources {
        if let Source::Cookie(name) = source
            && let Some(token) = places::cookie(head, name)?
        {
            return Ok(Some(Cow::Borrowed(token)));
        }
    }
    Ok(None)
}

fn subprotocol(offered: &[String]) -> Result<Option<&str>, AuthenticationError> {
    let mut offered = offered.iter().skip_while(|offer| *offer != SUBPROTOCOL);
    match (offered.next(), offered.next()) {
        (None, _) => Ok(None),
        (Some(_), Some(token)) => Ok(Some(token)),
        (Some(_), None) => Err(malformed(CredentialsFault::SubprotocolAlone)),
    }
}
