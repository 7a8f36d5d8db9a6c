//! The address of a proxy, and who to be there.

use std::fmt;

use url::ParseError;
use ws_core::head::Authority;
use zeroize::Zeroizing;

use super::ProxyUrlError;
use crate::connect::Host;

/// What kind of proxy it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Kind {
    /// RFC 9110 9.3.6: CONNECT.
    Http,
    /// The same over TLS.
    #[cfg(feature = "tls")]
    Https,
    /// RFC 1928, the server's name being resolved here.
    Socks5,
    /// RFC 1928, the server's name being resolved there.
    Socks5h,
}

/// A proxy. It is shown without its credentials.
#[derive(Clone)]
pub(crate) struct ProxyUrl {
    pub(crate) kind: Kind,
    pub(crate) host: Host,
    pub(crate) port: u16,
    pub(crate) credentials: Option<ProxyCredentials>,
}

/// A user name and a password, which may be empty.
#[derive(Clone, PartialEq, Eq)]
pub(crate) struct ProxyCredentials {
    pub(crate) user: Zeroizing<String>,
    pub(crate) password: Zeroizing<String>,
}

impl ProxyUrl {
    /// Parses `[SCHEME://][USER[:PASSWORD]@]HOST[:PORT]`; without a scheme it is `http`.
    pub(crate) fn parse(text: &str) -> Result<Self, ProxyUrlError> {
        if text.is_empty() {
            return Err(ProxyUrlError::Empty);
        }
        if let Some(position) = text.bytes().position(|byte| byte <= b' ' || byte == 0x7f) {
            return Err(ProxyUrlError::ControlOrSpace { position });
        }
        let (kind, rest) = split_kind(text)?;
        // RFC 3986 3.2: the authority ends at the first slash, question mark or number sign.
        let end = rest.find(['/', '?', '#']).unwrap_or(rest.len());
        let (authority, tail) = rest.split_at(end);
        if !matches!(tail, "" | "/") {
            return Err(ProxyUrlError::Path);
        }
        let (userinfo, place) = match authority.rsplit_once('@') {
            Some((userinfo, place)) => (Some(userinfo), place),
            None => (None, authority),
        };
        let (host, port) = split_port(place)?;
        let port = port.unwrap_or(kind.default_port());
        let credentials = userinfo.map(|userinfo| ProxyCredentials::parse(userinfo, kind)).transpose()?;
        Ok(Self { kind, host: parse_host(host)?, port, credentials })
    }
}

impl ProxyUrl {
    /// Whether what goes to the proxy cannot be read on the way.
    pub(crate) fn is_encrypted(&self) -> bool {
        match self.kind {
            #[cfg(feature = "tls")]
            Kind::Https => true,
            Kind::Http | Kind::Socks5 | Kind::Socks5h => false,
        }
    }
}

impl Kind {
    fn scheme(self) -> &'static str {
        match self {
            Self::Http => "http",
            #[cfg(feature = "tls")]
            Self::Https => "https",
            Self::Socks5 => "socks5",
            Self::Socks5h => "socks5h",
        }
    }

    fn default_port(self) -> u16 {
        match self {
            Self::Http => 80,
            #[cfg(feature = "tls")]
            Self::Https => 443,
            Self::Socks5 | Self::Socks5h => 1080,
        }
    }
}

impl ProxyCredentials {
    // RFC 3986 3.2.1, and what is usual there: USER ":" PASSWORD, percent-encoded.
    fn parse(userinfo: &str, kind: Kind) -> Result<Self, ProxyUrlError> {
        let (user, password) = userinfo.split_once(':').unwrap_or((userinfo, ""));
        let (user, password) = (decode(user)?, decode(password)?);
        let is_socks = matches!(kind, Kind::Socks5 | Kind::Socks5h);
        let fits = |text: &str| (1..=255).contains(&text.len());
        if is_socks && !(fits(&user) && fits(&password)) {
            return Err(ProxyUrlError::SocksCredentials);
        }
        if !is_socks && user.contains(':') {
            return Err(ProxyUrlError::UserColon);
        }
        Ok(Self { user, password })
    }
}

/// Without the credentials.
impl fmt::Display for ProxyUrl {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}://{}:{}", self.kind.scheme(), self.host, self.port)
    }
}

/// Without the credentials.
impl fmt::Debug for ProxyUrl {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

fn split_kind(text: &str) -> Result<(Kind, &str), ProxyUrlError> {
    // As curl has it, and most variables of the environment are written.
    let Some((scheme, rest)) = text.split_once("://") else { return Ok((Kind::Http, text)) };
    let kind = match scheme.to_ascii_lowercase().as_str() {
        "http" => Kind::Http,
        #[cfg(feature = "tls")]
        "https" => Kind::Https,
        #[cfg(not(feature = "tls"))]
        "https" => return Err(ProxyUrlError::TlsNotBuiltIn),
        "socks5" => Kind::Socks5,
        "socks5h" => Kind::Socks5h,
        other => {
            // What is no scheme may be a part of a password.
            let is_scheme = other.len() <= 16 && other.bytes().all(|byte| byte.is_ascii_alphanumeric());
            let scheme = if is_scheme { other.to_owned() } else { String::new() };
            return Err(ProxyUrlError::SchemeUnsupported { scheme });
        }
    };
    Ok((kind, rest))
}

/// The host as it stands there, and the port if there is one.
fn split_port(place: &str) -> Result<(&str, Option<u16>), ProxyUrlError> {
    let colon = match place.rfind(']') {
        Some(bracket) => place.get(bracket..).and_then(|rest| rest.find(':')).map(|at| bracket + at),
        // A bracket that is not closed is a fault of the host.
        None if place.starts_with('[') => None,
        None => place.find(':'),
    };
    let Some(colon) = colon else { return Ok((place, None)) };
    let (host, port) = place.split_at(colon);
    let digits = port.strip_prefix(':').unwrap_or_default();
    if digits.is_empty() {
        return Ok((host, None));
    }
    match digits.parse::<u16>() {
        Ok(number) if number != 0 && digits.bytes().all(|byte| byte.is_ascii_digit()) => {
            Ok((host, Some(number)))
        }
        _ => Err(ProxyUrlError::Port),
    }
}

fn parse_host(text: &str) -> Result<Host, ProxyUrlError> {
    if text.is_empty() {
        return Err(ProxyUrlError::HostMissing);
    }
    let host = match url::Host::parse(text).map_err(|reason| ProxyUrlError::Host { reason })? {
        url::Host::Domain(name) => Host::Name(name),
        url::Host::Ipv4(address) => Host::V4(address),
        url::Host::Ipv6(address) => Host::V6(address),
    };
    match Authority::parse(host.to_string().as_bytes()) {
        Ok(_) => Ok(host),
        Err(_) => Err(ProxyUrlError::Host { reason: ParseError::InvalidDomainCharacter }),
    }
}

// RFC 3986 2.1: pct-encoded = "%" HEXDIG HEXDIG
fn decode(text: &str) -> Result<Zeroizing<String>, ProxyUrlError> {
    // It never grows, so that no copy of it stays behind.
    let mut bytes = Zeroizing::new(Vec::with_capacity(text.len()));
    let mut rest = text.as_bytes();
    loop {
        rest = match rest {
            [] => break,
            [b'%', high, low, rest @ ..] => {
                let digit =
                    |byte: u8| char::from(byte).to_digit(16).and_then(|digit| u8::try_from(digit).ok());
                let (Some(high), Some(low)) = (digit(*high), digit(*low)) else {
                    return Err(ProxyUrlError::PercentEncoding);
                };
                bytes.push(high << 4 | low);
                rest
            }
            [b'%', ..] => return Err(ProxyUrlError::PercentEncoding),
            [byte, rest @ ..] => {
                bytes.push(*byte);
                rest
            }
        };
    }
    match std::str::from_utf8(&bytes) {
        Ok(text) if !text.bytes().any(|byte| byte.is_ascii_control()) => Ok(Zeroizing::new(text.to_owned())),
        _ => Err(ProxyUrlError::Userinfo),
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn parsed(text: &str) -> (String, Option<(String, String)>) {
        let url = ProxyUrl::parse(text).expect(text);
        let pair = |credentials: ProxyCredentials| {
            (credentials.user.as_str().to_owned(), credentials.password.as_str().to_owned())
        };
        (url.to_string(), url.credentials.map(pair))
    }

    fn error(text: &str) -> ProxyUrlError {
        ProxyUrl::parse(text).expect_err(text)
    }

    #[test]
    fn takes_addresses_apart() {
        for (text, shown) in [
            ("http://Proxy.example", "http://proxy.example:80"),
            ("proxy:3128", "http://proxy:3128"),
            ("proxy", "http://proxy:80"),
            ("HTTP://proxy:3128/", "http://proxy:3128"),
            ("socks5://127.0.0.1", "socks5://127.0.0.1:1080"),
            ("socks5h://[::1]:9", "socks5h://[::1]:9"),
            ("http://[::1]", "http://[::1]:80"),
            ("http://proxy:", "http://proxy:80"),
        ] {
            assert_eq!(parsed(text), (shown.to_owned(), None), "{text}");
        }
        if cfg!(feature = "tls") {
            assert_eq!(parsed("https://proxy").0, "https://proxy:443");
        } else {
            assert_eq!(error("https://proxy"), ProxyUrlError::TlsNotBuiltIn);
        }
    }

    #[test]
    fn credentials_are_decoded_and_never_shown() {
        for (text, user, password) in [
            ("http://ann:hunter2@p", "ann", "hunter2"),
            ("ann:hunter2@p:1", "ann", "hunter2"),
            ("http://ann@p", "ann", ""),
            ("http://:hunter2@p", "", "hunter2"),
            ("http://ann:a:b@p", "ann", "a:b"),
            ("http://a%40b:%2F%3a%C3%BC%25@p", "a@b", "/:ü%"),
            ("http://ann:p@ss@p", "ann", "p@ss"),
            ("socks5h://a%3Ab:hunter2@p", "a:b", "hunter2"),
        ] {
            assert_eq!(parsed(text).1, Some((user.to_owned(), password.to_owned())), "{text}");
            let url = ProxyUrl::parse(text).expect(text);
            assert!(!format!("{url} {url:?}").contains("hunter2"), "{url:?}");
        }
    }

    #[test]
    fn each_fault_has_its_own_error() {
        use ProxyUrlError as E;
        let scheme = |scheme: &str| E::SchemeUnsupported { scheme: scheme.into() };
        for (text, expected) in [
            ("", E::Empty),
            ("http://p:1 ", E::ControlOrSpace { position: 10 }),
            ("http://p\r\nX: y", E::ControlOrSpace { position: 8 }),
            ("socks4://p", scheme("socks4")),
            ("ws://p", scheme("ws")),
            ("ann:hunter2@p://x", scheme("")),
            ("://p", scheme("")),
            ("http://", E::HostMissing),
            ("http://ann:hunter2@", E::HostMissing),
            ("http://:80", E::HostMissing),
            ("http://p:0", E::Port),
            ("http://p:65536", E::Port),
            ("http://p:+1", E::Port),
            ("http://p::1", E::Port),
            ("http://p:hunter2", E::Port),
            ("http://p/x", E::Path),
            ("http://p:1?x", E::Path),
            ("http://p#", E::Path),
            ("http://ann:hunter/2@p", E::Path),
            ("http://ann:%zz@p", E::PercentEncoding),
            ("http://ann:a%4@p", E::PercentEncoding),
            ("http://ann:%0a@p", E::Userinfo),
            ("http://ann:%ff@p", E::Userinfo),
            ("http://a%3Ab:c@p", E::UserColon),
            ("socks5://ann@p", E::SocksCredentials),
            ("socks5://:p@p", E::SocksCredentials),
        ] {
            assert_eq!(error(text), expected, "{text:?}");
        }
        let long = "a".repeat(256);
        assert_eq!(error(&format!("socks5://{long}:b@p")), E::SocksCredentials);
        for host in ["http://a,b", "http://[::1", "http://a%00b", "http://1.2.3.256"] {
            assert!(matches!(error(host), E::Host { .. }), "{host}: {:?}", error(host));
        }
    }

    proptest! {
        #[test]
        fn no_text_panics_and_no_error_tells_a_password(text in "(http://)?\\PC{0,9}:hunter2\\PC{0,9}@\\PC{0,9}") {
            if let Err(error) = ProxyUrl::parse(&text) {
                let shown = format!("{error} {error:?}");
                prop_assert!(!shown.contains("hunter2"), "{}", shown);
            }
        }
    }
}
