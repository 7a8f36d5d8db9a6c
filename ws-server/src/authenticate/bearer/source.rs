use std::borrow::Cow;

use ws_core::head::RequestHead;

use crate::authenticate::{
    AuthenticationError, CredentialsFault, HandshakeContext,
    places::{self, malformed},
};

/// Where a token may come from.
///
/// In a client's first message, for example:
///
/// ```
/// use serde_json::json;
/// use ws_core::message::Message;
/// use ws_server::authenticate::bearer::{Bearer, Signer, Source, Verifier};
/// use ws_server::embed::InMemory;
/// use ws_server::{Route, Server, Session};
///
/// async fn greet(mut session: Session) -> Result<(), ws_core::net::Error> {
///     let who = session.identity(); // known by now: the handler begins when the token is accepted
///     session.send(format!("Welcome, {}.", who.subject().unwrap_or("stranger"))).await
/// }
///
/// # tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap().block_on(async {
/// let signer = Signer::hs256(b"thirty-two bytes, at the least..")?;
/// let verifier = Verifier::new(signer.verifying_key()).audience("chat");
/// let bearer = Bearer::new("chat", verifier).sources([Source::Header, Source::FirstMessage]);
/// let server = InMemory::new(Server::builder().route("/", Route::new(greet).authenticate(bearer)).embed()?);
///
/// // What the client does:
/// let mut socket = server.handshake("/").send().await.into_socket().expect("let in, for now");
/// let token = signer.sign(&json!({ "aud": "chat", "sub": "ann", "exp": 4_000_000_000_u64 }))?;
/// socket.send(json!({ "type": "authenticate", "token": token }).to_string()).await?;
///
/// let answer = socket.recv().await?;
/// assert_eq!(answer, Some(Message::text(r#"{"type":"authenticated","expires":4000000000}"#)));
/// assert_eq!(socket.recv().await?, Some(Message::text("Welcome, ann.")));
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// # }).unwrap();
/// ```
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
