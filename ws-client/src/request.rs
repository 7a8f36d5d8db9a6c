//! What the caller adds to the request, checked before anything is sent.

use std::fmt;

use thiserror::Error;
use url::Url;
use ws_core::handshake;
use ws_core::head::{InvalidField, OutgoingFields};

use crate::connect::WsUrl;

/// Why a request cannot be sent as it is: a mistake on this side, and its fix.
///
/// No variant repeats a value that may be a secret.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
#[non_exhaustive]
pub enum RequestError {
    /// The name of a header is not a token (RFC 9110 5.1).
    #[error("{name:?} cannot be the name of a header: use letters, digits and hyphens")]
    HeaderName {
        /// The name.
        name: String,
    },
    /// The value of a header has a control character, such as CR or LF (RFC 9110 5.5).
    #[error(
        "the value of {name} has the control character {byte:#04x}: remove it (a line break at the end?)"
    )]
    HeaderValue {
        /// The header's name.
        name: String,
        /// The character.
        byte: u8,
    },
    /// The client sets this header itself.
    #[error("{name} cannot be set as a header: {instead}")]
    HeaderReserved {
        /// The header's name.
        name: String,
        /// What to do instead.
        instead: &'static str,
    },
    /// A header that must not be repeated is set twice.
    #[error("{name} is set twice: set it once")]
    HeaderRepeated {
        /// The header's name.
        name: String,
    },
    /// The token is not one that can follow `Bearer` (RFC 6750 2.1).
    #[error(
        "the bearer token has a character that no token has at byte {position}: \
         pass the token alone, without \"Bearer \", quotes or a line break"
    )]
    BearerToken {
        /// Where, in bytes from the start; at the length of an empty token.
        position: usize,
    },
    /// The origin is not of the form `scheme://host[:port]`, or `null` (RFC 6454 7).
    #[error(
        "the origin is not valid: write it as a browser does, for example https://app.example.com, without a path"
    )]
    Origin,
    /// A subprotocol is not a token (RFC 6455 4.1).
    #[error(
        "subprotocol number {number} is not a token: use letters, digits, dots and hyphens, one name for each"
    )]
    SubprotocolName {
        /// Which of those offered, counted from one.
        number: usize,
    },
    /// A subprotocol is offered twice (RFC 6455 4.1).
    #[error("subprotocol number {number} is offered a second time: offer it once")]
    SubprotocolRepeated {
        /// Which of those offered is the second one, counted from one.
        number: usize,
    },
    /// The handshake cannot be made for another reason.
    #[error("the handshake cannot be made")]
    Handshake(#[source] handshake::RequestError),
}

/// The parts of a request that the caller chooses.
#[derive(Clone, Default)]
pub(crate) struct Request {
    headers: Vec<(String, String)>,
    origin: Option<String>,
    subprotocols: Vec<String>,
}

impl Request {
    pub(crate) fn header(&mut self, name: &str, value: &str) -> Result<(), RequestError> {
        let named = |name: &str| name.to_owned();
        if let Some(instead) = reserved(name) {
            return Err(RequestError::HeaderReserved { name: named(name), instead });
        }
        OutgoingFields::new().push(name, value).map_err(|error| match error {
            InvalidField::Value(byte) => RequestError::HeaderValue { name: named(name), byte },
            _ => RequestError::HeaderName { name: named(name) },
        })?;
        // RFC 9110 5.3, 11.6.2: credentials are one value, and two of them are none.
        let repeated = self.headers.iter().any(|(other, _)| other.eq_ignore_ascii_case(name));
        if repeated && name.eq_ignore_ascii_case("Authorization") {
            return Err(RequestError::HeaderRepeated { name: named(name) });
        }
        self.headers.push((named(name), value.to_owned()));
        Ok(())
    }

    // RFC 6750 2.1: b64token = 1*( ALPHA / DIGIT / "-" / "." / "_" / "~" / "+" / "/" ) *"="
    pub(crate) fn bearer_token(&mut self, token: &str) -> Result<(), RequestError> {
        let body = token.trim_end_matches('=');
        let valid = |byte: u8| byte.is_ascii_alphanumeric() || b"-._~+/".contains(&byte);
        match body.bytes().position(|byte| !valid(byte)) {
            None if !body.is_empty() => self.header("Authorization", &format!("Bearer {token}")),
            position => Err(RequestError::BearerToken { position: position.unwrap_or(0) }),
        }
    }

    pub(crate) fn origin(&mut self, origin: &str) -> Result<(), RequestError> {
        if !is_origin(origin) {
            return Err(RequestError::Origin);
        }
        self.origin = Some(origin.to_owned());
        Ok(())
    }

    pub(crate) fn subprotocol(&mut self, name: String) -> Result<(), RequestError> {
        let number = self.subprotocols.len() + 1;
        if OutgoingFields::new().push(&name, "").is_err() {
            return Err(RequestError::SubprotocolName { number });
        }
        if self.subprotocols.contains(&name) {
            return Err(RequestError::SubprotocolRepeated { number });
        }
        self.subprotocols.push(name);
        Ok(())
    }

    /// The handshake for `url`, with a fresh key.
    pub(crate) fn handshake(
        &self,
        url: &WsUrl,
        extensions: Option<&str>,
    ) -> Result<handshake::ClientHandshake, RequestError> {
        let build = || {
            let mut handshake = handshake::ClientHandshake::new(&url.host_field(), url.resource())?
                .subprotocols(&self.subprotocols)?;
            if let Some(origin) = &self.origin {
                handshake = handshake.origin(origin)?;
            }
            if let Some(extensions) = extensions {
                handshake = handshake.extensions(extensions)?;
            }
            self.headers.iter().try_fold(handshake, |handshake, (name, value)| handshake.field(name, value))
        };
        build().map_err(RequestError::Handshake)
    }
}

/// The names of the headers alone: their values, and subprotocols, may be credentials.
impl fmt::Debug for Request {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let names: Vec<&str> = self.headers.iter().map(|(name, _)| name.as_str()).collect();
        f.debug_struct("Request")
            .field("headers", &names)
            .field("origin", &self.origin)
            .field("subprotocols", &self.subprotocols.len())
            .finish()
    }
}

/// What to do in place of setting this header, where it is not the caller's to set.
fn reserved(name: &str) -> Option<&'static str> {
    const INSTEAD: [(&str, &str); 10] = [
        ("Host", "it follows from the URL"),
        ("Upgrade", "the handshake sets it"),
        ("Connection", "the handshake sets it"),
        ("Origin", "use Builder::origin"),
        ("Sec-WebSocket-Protocol", "use Builder::subprotocols"),
        ("Sec-WebSocket-Extensions", "use Builder::compression"),
        ("Content-Length", "a handshake has no body"),
        ("Transfer-Encoding", "a handshake has no body"),
        ("Trailer", "a handshake has no body"),
        ("HTTP2-Settings", "it belongs to another upgrade"),
    ];
    let known = INSTEAD.iter().find(|(reserved, _)| name.eq_ignore_ascii_case(reserved));
    let prefix = name.get(..14).is_some_and(|start| start.eq_ignore_ascii_case("Sec-WebSocket-"));
    known.map(|(_, instead)| *instead).or(prefix.then_some("the handshake sets it"))
}

// RFC 6454 7: "null" or scheme "://" host [ ":" port ]; here as browsers write it, so that a server's list matches.
fn is_origin(text: &str) -> bool {
    if text == "null" {
        return true;
    }
    let Ok(url) = Url::parse(text) else { return false };
    if url.origin().is_tuple() {
        return url.origin().ascii_serialization() == text;
    }
    // The origin of another scheme, such as that of a browser extension.
    let authority = text.strip_prefix(url.scheme()).and_then(|rest| rest.strip_prefix("://"));
    authority.is_some_and(|authority| {
        !authority.is_empty()
            && authority.bytes().all(|byte| byte.is_ascii_graphic() && !b"/?#@".contains(&byte))
    })
}

#[cfg(test)]
mod tests {
    use bytes::BytesMut;

    use super::*;

    fn header(name: &str, value: &str) -> Result<(), RequestError> {
        Request::default().header(name, value)
    }

    fn encoded(request: &Request) -> String {
        let url = WsUrl::parse("ws://h:9001/rooms?a=b").expect("valid");
        let mut out = BytesMut::new();
        request.handshake(&url, Some("permessage-deflate")).expect("valid").encode(&mut out);
        String::from_utf8(out.to_vec()).expect("text")
    }

    #[test]
    fn everything_that_was_asked_for_is_sent() {
        let mut request = Request::default();
        request.header("X-Trace", "1").expect("valid");
        request.bearer_token("abc.def-_~+/==").expect("valid");
        request.origin("https://app.example.com").expect("valid");
        request.subprotocol("chat.v2".into()).expect("valid");
        request.subprotocol("chat.v1".into()).expect("valid");
        let text = encoded(&request);
        assert!(text.starts_with("GET /rooms?a=b HTTP/1.1\r\nHost: h:9001\r\n"), "{text}");
        for line in [
            "X-Trace: 1",
            "Authorization: Bearer abc.def-_~+/==",
            "Origin: https://app.example.com",
            "Sec-WebSocket-Protocol: chat.v2, chat.v1",
            "Sec-WebSocket-Extensions: permessage-deflate",
        ] {
            assert!(text.contains(&format!("\r\n{line}\r\n")), "{line} in {text}");
        }
    }

    // RFC 6455 4.1: the key is chosen anew for each connection.
    #[test]
    fn each_handshake_has_its_own_key() {
        assert_ne!(encoded(&Request::default()), encoded(&Request::default()));
    }

    #[test]
    fn headers_of_the_handshake_are_refused_with_the_way_to_set_them() {
        for name in
            ["Host", "upgrade", "CONNECTION", "Origin", "Content-Length", "transfer-encoding", "Trailer"]
                .into_iter()
                .chain([
                    "Sec-WebSocket-Key",
                    "sec-websocket-version",
                    "Sec-WebSocket-Protocol",
                    "HTTP2-Settings",
                ])
        {
            assert!(matches!(header(name, "x"), Err(RequestError::HeaderReserved { .. })), "{name}");
        }
        for name in ["Sec-WebSocke", "Hosts", "Authorization", "Cookie", "User-Agent"] {
            assert_eq!(header(name, "x"), Ok(()), "{name}");
        }
    }

    #[test]
    fn a_header_that_could_split_cannot_be_built() {
        for (value, byte) in [("a\r\nB: c", 13), ("a\nb", 10), ("a\0", 0), ("a\u{7f}", 127)] {
            assert_eq!(header("X", value), Err(RequestError::HeaderValue { name: "X".into(), byte }));
        }
        for name in ["", "A B", "A:", "A\r\n", "ä"] {
            assert!(matches!(header(name, "x"), Err(RequestError::HeaderName { .. })), "{name:?}");
        }
    }

    #[test]
    fn credentials_are_set_once() {
        let mut request = Request::default();
        request.bearer_token("a").expect("valid");
        let repeated = RequestError::HeaderRepeated { name: "Authorization".into() };
        assert_eq!(request.bearer_token("b"), Err(repeated));
        request.header("Cookie", "a=1").expect("valid");
        request.header("Cookie", "b=2").expect("cookies may come in several fields");
    }

    // RFC 6750 2.1.
    #[test]
    fn a_token_is_a_token() {
        for (token, position) in
            [("", 0), ("=", 0), ("Bearer a", 6), ("a\n", 1), ("\"a\"", 0), ("a=b", 1), ("ab,c", 2)]
        {
            let error = Request::default().bearer_token(token).expect_err(token);
            assert_eq!(error, RequestError::BearerToken { position }, "{token:?}");
        }
    }

    // RFC 6454 7.
    #[test]
    fn an_origin_is_written_as_browsers_write_it() {
        for origin in
            ["null", "https://a.example", "http://a.example:8080", "http://[::1]:1", "moz-extension://0a-1b"]
        {
            assert_eq!(Request::default().origin(origin), Ok(()), "{origin}");
        }
        for origin in [
            "",
            "a.example",
            "https://",
            "https://a.example/",
            "https://a.example:443",
            "https://A.example",
            "https://u@a.example",
            "https://a.example\r\nX: y",
            "moz-extension://a/b",
            "data:x",
        ] {
            assert_eq!(Request::default().origin(origin), Err(RequestError::Origin), "{origin}");
        }
    }

    // RFC 6455 4.1: the elements are non-empty tokens, and all unique.
    #[test]
    fn subprotocols_are_unique_tokens() {
        let mut request = Request::default();
        request.subprotocol("a".into()).expect("valid");
        assert_eq!(request.subprotocol("a".into()), Err(RequestError::SubprotocolRepeated { number: 2 }));
        for name in ["", "a b", "a,b", "a\r\n"] {
            let expected = RequestError::SubprotocolName { number: 2 };
            assert_eq!(request.subprotocol(name.into()), Err(expected));
        }
    }

    #[test]
    fn no_debug_text_has_a_secret() {
        let mut request = Request::default();
        request.bearer_token("hunter2").expect("valid");
        // Some servers take a credential in the company of a subprotocol.
        request.subprotocol("bearer".into()).expect("valid");
        request.subprotocol("hunter2".into()).expect("valid");
        let text = format!("{request:?}");
        assert!(text.contains("Authorization") && !text.contains("hunter2"), "{text}");
        for name in ["hunter2", "hunter2\n"] {
            let error = request.subprotocol(name.into()).expect_err(name);
            assert!(!format!("{error} {error:?}").contains("hunter2"), "{error:?}");
        }
    }
}
