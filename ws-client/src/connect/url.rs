//! The address: what a `ws://` or `wss://` URL must be before anything is looked up.

use std::fmt::{self, Write as _};
use std::net::{Ipv4Addr, Ipv6Addr};

use thiserror::Error;
use url::{ParseError, Url};
use ws_core::head::Authority;

/// The longest URL that is taken, in bytes; servers refuse much shorter targets.
const LONGEST: usize = 64 * 1024;

/// The host part of a WebSocket URL.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum Host {
    /// A name, in lower case, internationalised names in their ASCII form.
    Name(String),
    /// An IPv4 address.
    V4(Ipv4Addr),
    /// An IPv6 address; in a URL it stands in square brackets.
    V6(Ipv6Addr),
}

impl fmt::Display for Host {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Name(name) => f.write_str(name),
            Self::V4(address) => write!(f, "{address}"),
            Self::V6(address) => write!(f, "[{address}]"),
        }
    }
}

/// A valid WebSocket address: where to connect, and what to ask for there.
///
/// ```
/// use ws_client::{Host, WsUrl};
///
/// let url = WsUrl::parse("ws://Example.com/rooms/lobby?token=1")?;
/// assert_eq!(url.host(), &Host::Name("example.com".into()));
/// assert_eq!(url.port(), 80);
/// assert_eq!(url.host_field(), "example.com");
/// assert_eq!(url.resource(), "/rooms/lobby?token=1");
/// # Ok::<(), ws_client::UrlError>(())
/// ```
#[derive(Clone, PartialEq, Eq, Hash)]
pub struct WsUrl {
    secure: bool,
    host: Host,
    port: u16,
    resource: String,
}

impl WsUrl {
    /// Parses a `ws://` or `wss://` URL.
    ///
    /// # Errors
    ///
    /// One variant of [`UrlError`] for each way in which it is not one; its text names the fix.
    pub fn parse(text: &str) -> Result<Self, UrlError> {
        check_characters(text)?;
        let secure = check_scheme(text)?;
        // RFC 6455 3: fragments are meaningless here and must not be used.
        if text.contains('#') {
            return Err(UrlError::Fragment);
        }
        check_percent_encoding(text)?;
        check_authority(text)?;
        let url = Url::parse(text).map_err(|error| match error {
            ParseError::EmptyHost => UrlError::HostMissing,
            ParseError::InvalidPort => UrlError::Port,
            error => UrlError::Host { reason: error },
        })?;
        let host = match url.host().ok_or(UrlError::HostMissing)? {
            url::Host::Domain(name) => Host::Name(name.to_owned()),
            url::Host::Ipv4(address) => Host::V4(address),
            url::Host::Ipv6(address) => Host::V6(address),
        };
        let ascii = host.to_string();
        Authority::parse(ascii.as_bytes())
            .map_err(|_| UrlError::Host { reason: ParseError::InvalidDomainCharacter })?;
        let port = url.port_or_known_default().filter(|&port| port != 0).ok_or(UrlError::Port)?;
        Ok(Self { secure, host, port, resource: resource(&url) })
    }

    /// The root of a server.
    #[cfg(all(feature = "proxy", feature = "tls"))]
    pub(crate) fn root(secure: bool, host: Host, port: u16) -> Self {
        Self { secure, host, port, resource: "/".to_owned() }
    }

    /// Whether the connection is secured by TLS: the scheme is `wss` (RFC 6455 3).
    pub fn is_secure(&self) -> bool {
        self.secure
    }

    /// `wss` or `ws`.
    pub fn scheme(&self) -> &'static str {
        if self.secure { "wss" } else { "ws" }
    }

    /// The host to connect to.
    pub fn host(&self) -> &Host {
        &self.host
    }

    /// The TCP port; where the URL names none, 443 for `wss` and 80 for `ws` (RFC 6455 3).
    pub fn port(&self) -> u16 {
        self.port
    }

    /// The value of the `Host` field: the port is left out where it is the default (RFC 6455 4.1).
    pub fn host_field(&self) -> String {
        let default = if self.secure { 443 } else { 80 };
        if self.port == default { self.host.to_string() } else { format!("{}:{}", self.host, self.port) }
    }

    /// Whether scheme, host and port are the same (RFC 6454 5).
    pub(crate) fn same_origin(&self, other: &Self) -> bool {
        (self.secure, &self.host, self.port) == (other.secure, &other.host, other.port)
    }

    /// The same server, and there this resource: a path, and a query if there is one, as they are. A resource that
    /// cannot be asked for is told when the handshake is made.
    pub(crate) fn at(self, resource: String) -> Self {
        Self { resource, ..self }
    }

    /// The same without this parameter of the query, `NAME=VALUE` as it stands there.
    pub(crate) fn without_parameter(self, parameter: &str) -> Self {
        let Some((path, query)) = self.resource.split_once('?') else { return self };
        let kept: Vec<&str> = query.split('&').filter(|other| *other != parameter).collect();
        let resource = if kept.is_empty() { path.to_owned() } else { format!("{path}?{}", kept.join("&")) };
        Self { resource, ..self }
    }

    /// The resource name (RFC 6455 3): the path, `/` where it is empty, and the query if there is one.
    pub fn resource(&self) -> &str {
        &self.resource
    }
}

/// Shows the address without its query, which may hold a credential.
impl fmt::Debug for WsUrl {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (path, query) = self.resource.split_once('?').unwrap_or((&self.resource, ""));
        write!(
            f,
            "{}://{}{path}{}",
            self.scheme(),
            self.host_field(),
            if query.is_empty() { "" } else { "?…" }
        )
    }
}

/// Why a text is not the address of a WebSocket server that we can connect to.
///
/// No variant repeats the URL: it may hold a password or a token.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
#[non_exhaustive]
pub enum UrlError {
    /// The text is empty.
    #[error("the URL is empty: write ws://HOST/PATH")]
    Empty,
    /// The text is longer than 64 KiB.
    #[error(
        "the URL has {length} bytes, more than the {LONGEST} that are taken: send large values in a message"
    )]
    TooLong {
        /// Its length in bytes.
        length: usize,
    },
    /// A space, a tab, a line break or another control character stands in it.
    #[error(
        "the URL has a space or control character at byte {position}: remove it, or write a space as %20"
    )]
    ControlOrSpace {
        /// Where, in bytes from the start.
        position: usize,
    },
    /// A backslash stands in it; some parsers take it for a slash, others do not.
    #[error("the URL has a backslash at byte {position}: write / or %5C")]
    Backslash {
        /// Where, in bytes from the start.
        position: usize,
    },
    /// It does not begin with a scheme and `://`.
    #[error("the URL has no scheme: write ws:// or wss:// before the host")]
    SchemeMissing,
    /// The scheme is `http` or `https`.
    #[error("{scheme}:// is not a WebSocket scheme: write {instead}:// in its place")]
    SchemeHttp {
        /// The scheme found.
        scheme: &'static str,
        /// The scheme to write in its place.
        instead: &'static str,
    },
    /// The scheme is none of the web's.
    #[error("{scheme}:// is not a WebSocket scheme: write ws:// or wss://")]
    SchemeUnsupported {
        /// The scheme found.
        scheme: String,
    },
    /// The scheme is `wss`, and the feature `tls` is off.
    #[error("this program was built without TLS: switch on the feature `tls` of ws-client")]
    TlsNotBuiltIn,
    /// There is no host after `//`.
    #[error("the URL names no host: write ws://HOST/PATH, an IPv6 address in square brackets")]
    HostMissing,
    /// The host is neither a name nor an IP address.
    #[error("the host is not valid: {reason}; an IPv6 address stands in square brackets")]
    Host {
        /// What the URL standard finds wrong with it.
        reason: ParseError,
    },
    /// The port is not a number from 1 to 65535.
    #[error(
        "the port is not a number from 1 to 65535: write ws://HOST:PORT/PATH, or leave it out for the default"
    )]
    Port,
    /// A user name or a password stands before the host.
    #[error(
        "the URL holds a user name or password: take it out and send it in a header instead \
         (Builder::basic_auth or Builder::bearer_token)"
    )]
    Userinfo,
    /// There is a fragment (RFC 6455 3).
    #[error("the URL has a fragment, which is never sent: take it out, or write # as %23")]
    Fragment,
    /// A `%` is not followed by two hexadecimal digits.
    #[error("the URL has a % without two hexadecimal digits at byte {position}: write % itself as %25")]
    PercentEncoding {
        /// Where, in bytes from the start.
        position: usize,
    },
}

fn check_characters(text: &str) -> Result<(), UrlError> {
    if text.is_empty() {
        return Err(UrlError::Empty);
    }
    if text.len() > LONGEST {
        return Err(UrlError::TooLong { length: text.len() });
    }
    let bad = |byte: u8| byte <= b' ' || byte == 0x7f;
    if let Some(position) = text.bytes().position(bad) {
        return Err(UrlError::ControlOrSpace { position });
    }
    match text.bytes().position(|byte| byte == b'\\') {
        Some(position) => Err(UrlError::Backslash { position }),
        None => Ok(()),
    }
}

/// Whether the scheme is the one with TLS.
fn check_scheme(text: &str) -> Result<bool, UrlError> {
    let scheme = text.split_once("://").map(|(scheme, _)| scheme).ok_or(UrlError::SchemeMissing)?;
    // RFC 3986 3.1: a letter, then letters, digits, "+", "-" and ".".
    let valid = scheme.starts_with(|first: char| first.is_ascii_alphabetic())
        && scheme.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"+-.".contains(&byte));
    if !valid {
        return Err(UrlError::SchemeMissing);
    }
    match scheme.to_ascii_lowercase().as_str() {
        "ws" => Ok(false),
        "wss" if cfg!(feature = "tls") => Ok(true),
        "wss" => Err(UrlError::TlsNotBuiltIn),
        "http" => Err(UrlError::SchemeHttp { scheme: "http", instead: "ws" }),
        "https" => Err(UrlError::SchemeHttp { scheme: "https", instead: "wss" }),
        other => Err(UrlError::SchemeUnsupported { scheme: other.to_owned() }),
    }
}

// RFC 3986 2.1: pct-encoded = "%" HEXDIG HEXDIG
fn check_percent_encoding(text: &str) -> Result<(), UrlError> {
    let mut rest = text.as_bytes();
    while let Some(at) = rest.iter().position(|&byte| byte == b'%') {
        match rest.get(at + 1..at + 3) {
            Some(digits) if digits.iter().all(u8::is_ascii_hexdigit) => rest = &rest[at + 3..],
            _ => return Err(UrlError::PercentEncoding { position: text.len() - rest.len() + at }),
        }
    }
    Ok(())
}

// RFC 6455 3: the authority is a host and a port; there is no user information in it. This looks at the
// text itself, since the URL standard drops an empty user name and forgives missing or extra slashes.
fn check_authority(text: &str) -> Result<(), UrlError> {
    let rest = text.split_once("://").map_or("", |(_, rest)| rest);
    let authority = rest.split(['/', '?']).next().unwrap_or("");
    if authority.contains('@') {
        return Err(UrlError::Userinfo);
    }
    if authority.is_empty() || authority.starts_with(':') {
        return Err(UrlError::HostMissing);
    }
    Ok(())
}

// RFC 6455 3: "/" if the path is empty, the path, and "?" and the query if the query is not empty.
fn resource(url: &Url) -> String {
    let path = if url.path().is_empty() { "/" } else { url.path() };
    let resource = match url.query() {
        Some(query) if !query.is_empty() => format!("{path}?{query}"),
        _ => path.to_owned(),
    };
    // RFC 3986 3.3, 3.4: a few characters that the URL standard lets stand are not valid in a request target.
    let valid = |byte: u8| byte.is_ascii_alphanumeric() || b"-._~!$&'()*+,;=:@/?%".contains(&byte);
    let mut target = String::with_capacity(resource.len());
    for byte in resource.bytes() {
        if valid(byte) {
            target.push(char::from(byte));
        } else {
            let _ = write!(target, "%{byte:02X}");
        }
    }
    target
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use ws_core::handshake::ClientHandshake;

    use super::*;

    fn error(text: &str) -> UrlError {
        WsUrl::parse(text).expect_err(text)
    }

    // RFC 6455 3: ws-URI = "ws:" "//" host [ ":" port ] path [ "?" query ]
    #[test]
    fn takes_addresses_apart() {
        for (text, host, port, field, resource) in [
            ("ws://example.com", "example.com", 80, "example.com", "/"),
            ("WS://EXAMPLE.com:80/", "example.com", 80, "example.com", "/"),
            ("ws://example.com:9001/a/b?c=d&e", "example.com", 9001, "example.com:9001", "/a/b?c=d&e"),
            ("ws://example.com?x=/y", "example.com", 80, "example.com", "/?x=/y"),
            ("ws://example.com/?", "example.com", 80, "example.com", "/"),
            ("ws://127.0.0.1:1/x%2Fy", "127.0.0.1", 1, "127.0.0.1:1", "/x%2Fy"),
            ("ws://[::1]:65535/", "[::1]", 65535, "[::1]:65535", "/"),
            ("ws://[::1]", "[::1]", 80, "[::1]", "/"),
            (
                "ws://bücher.example/ü?ü",
                "xn--bcher-kva.example",
                80,
                "xn--bcher-kva.example",
                "/%C3%BC?%C3%BC",
            ),
            ("ws://example.com/@?a@b:c", "example.com", 80, "example.com", "/@?a@b:c"),
            ("ws://example.com/a|b[?{c}^", "example.com", 80, "example.com", "/a%7Cb%5B?%7Bc%7D%5E"),
        ] {
            let url = WsUrl::parse(text).expect(text);
            assert_eq!(url.host().to_string(), host, "{text}");
            assert_eq!(url.port(), port, "{text}");
            assert_eq!(url.host_field(), field, "{text}");
            assert_eq!(url.resource(), resource, "{text}");
        }
    }

    #[test]
    fn each_fault_has_its_own_error() {
        assert_eq!(error(""), UrlError::Empty);
        assert_eq!(
            error(&format!("ws://h/{}", "a".repeat(LONGEST))),
            UrlError::TooLong { length: LONGEST + 7 }
        );
        assert_eq!(error(" ws://h/"), UrlError::ControlOrSpace { position: 0 });
        assert_eq!(error("ws://h/a b"), UrlError::ControlOrSpace { position: 8 });
        assert_eq!(error("ws://h/\r\nX: y"), UrlError::ControlOrSpace { position: 7 });
        assert_eq!(error("ws://h/\u{7f}"), UrlError::ControlOrSpace { position: 7 });
        assert_eq!(error("ws://h\\a"), UrlError::Backslash { position: 6 });
        assert_eq!(error("localhost:9001/x"), UrlError::SchemeMissing);
        assert_eq!(error("ws:h/x"), UrlError::SchemeMissing);
        assert_eq!(error("//h/x"), UrlError::SchemeMissing);
        assert_eq!(error("/x?to=ws://h"), UrlError::SchemeMissing);
        assert_eq!(error("http://h/"), UrlError::SchemeHttp { scheme: "http", instead: "ws" });
        assert_eq!(error("HTTPS://h/"), UrlError::SchemeHttp { scheme: "https", instead: "wss" });
        assert_eq!(error("ftp://h/"), UrlError::SchemeUnsupported { scheme: "ftp".into() });
        #[cfg(not(feature = "tls"))]
        assert_eq!(error("wss://h/"), UrlError::TlsNotBuiltIn);
        assert_eq!(error("ws://"), UrlError::HostMissing);
        assert_eq!(error("ws:///x"), UrlError::HostMissing);
        assert_eq!(error("ws://:80/x"), UrlError::HostMissing);
        assert_eq!(error("ws://?x"), UrlError::HostMissing);
        assert!(matches!(error("ws://a b/").clone(), UrlError::ControlOrSpace { .. }));
        assert!(matches!(error("ws://a,b/"), UrlError::Host { .. }));
        assert!(matches!(error("ws://a<b/"), UrlError::Host { .. }));
        assert!(matches!(error("ws://[::1/"), UrlError::Host { .. }));
        assert!(matches!(error("ws://1.2.3.256/"), UrlError::Host { .. }));
        assert!(matches!(error("ws://a%00b/"), UrlError::Host { .. }));
        assert_eq!(error("ws://h:0/"), UrlError::Port);
        assert_eq!(error("ws://h:65536/"), UrlError::Port);
        assert_eq!(error("ws://h:x/"), UrlError::Port);
        assert_eq!(error("ws://u:p@h/"), UrlError::Userinfo);
        assert_eq!(error("ws://@h/"), UrlError::Userinfo);
        assert_eq!(error("ws://h/#"), UrlError::Fragment);
        assert_eq!(error("ws://h/a#b"), UrlError::Fragment);
        assert_eq!(error("ws://h/%"), UrlError::PercentEncoding { position: 7 });
        assert_eq!(error("ws://h/%41%4"), UrlError::PercentEncoding { position: 10 });
        assert_eq!(error("ws://h/%zz"), UrlError::PercentEncoding { position: 7 });
    }

    #[test]
    fn no_error_and_no_debug_text_repeats_a_secret() {
        let shown = format!("{:?} {}", error("ws://ann:hunter2@h/"), error("ws://ann:hunter2@h/"));
        assert!(!shown.contains("hunter2"), "{shown}");
        let url = WsUrl::parse("ws://h:1/a?token=hunter2").expect("valid");
        assert_eq!(format!("{url:?}"), "ws://h:1/a?…");
    }

    proptest! {
        #[test]
        fn what_is_accepted_can_stand_in_a_request_line(text in "ws://(\\[::1\\]|[a-zé0-9.-]{1,12})(:[0-9]{1,5})?([/?]\\PC{0,30})?") {
            if let Ok(url) = WsUrl::parse(&text) {
                prop_assert!(ClientHandshake::new(&url.host_field(), url.resource()).is_ok(), "{url:?}");
                // What was understood is understood the same way again.
                let again = format!("ws://{}{}", url.host_field(), url.resource());
                prop_assert_eq!(WsUrl::parse(&again).expect("valid"), url);
            }
        }

        #[test]
        fn no_text_panics(text in ".{0,60}") {
            let _ = WsUrl::parse(&text);
        }
    }
}
