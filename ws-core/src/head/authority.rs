use std::net::Ipv6Addr;

use super::syntax::{is_unreserved_or_sub_delim, percent_encoding_is_whole};

/// A host with an optional port: the value of `Host`, or the authority of a request target
/// (RFC 9110 7.2, RFC 3986 3.2).
///
/// ```
/// use ws_core::head::Authority;
///
/// let authority = Authority::parse(b"[2001:db8::1]:9001").unwrap();
/// assert_eq!((authority.host(), authority.port()), ("[2001:db8::1]", Some(9001)));
/// assert!(Authority::parse(b"user@example.com").is_err());
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Authority<'a> {
    host: &'a str,
    port: Option<u16>,
}

/// Why something is not the authority of an `http` or `ws` URI.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum AuthorityError {
    /// No host at all; a URI of `http` must have one (RFC 9110 4.2.1).
    #[error("the host is empty")]
    HostEmpty,
    /// A user name before an `@`, to be treated as an error (RFC 9110 4.2.4).
    #[error("the authority names a user")]
    UserInfo,
    /// A byte that no host name holds (RFC 3986 3.2.2). The comma, though in the grammar, is one of
    /// them: it is what two `Host` lines look like once a proxy has joined them (RFC 9110 5.3).
    #[error("the host holds the byte {0:#04x}")]
    HostByte(u8),
    /// A `%` that is not followed by two hexadecimal digits (RFC 3986 2.1).
    #[error("the host has a broken percent-encoding")]
    PercentEncoding,
    /// What stands between brackets is no IPv6 address, or has a zone (RFC 3986 3.2.2).
    #[error("the brackets do not hold an IPv6 address")]
    IpLiteral,
    /// The port is not a number up to 65535 (RFC 3986 3.2.3).
    #[error("the port is malformed")]
    Port,
}

impl<'a> Authority<'a> {
    /// Reads `uri-host [ ":" port ]`.
    pub fn parse(bytes: &'a [u8]) -> Result<Self, AuthorityError> {
        if bytes.contains(&b'@') {
            return Err(AuthorityError::UserInfo);
        }
        let (host, port) = match bytes {
            [b'[', ..] => split_literal(bytes)?,
            _ => split_name(bytes)?,
        };
        let host = std::str::from_utf8(host).map_err(|_| AuthorityError::HostByte(0x80))?;
        Ok(Self { host, port: port.map(parse_port).transpose()?.flatten() })
    }

    /// The host as it was sent, an IPv6 address with its brackets; compare without regard to case.
    #[must_use]
    pub const fn host(&self) -> &'a str {
        self.host
    }

    /// The port, if one is given. `example.com:` gives none (RFC 3986 3.2.3).
    #[must_use]
    pub const fn port(&self) -> Option<u16> {
        self.port
    }
}

/// RFC 3986 3.2.2: an IPv6 address in brackets. The grammar's place for addresses of the future has never
/// been filled.
fn split_literal(bytes: &[u8]) -> Result<(&[u8], Option<&[u8]>), AuthorityError> {
    let close = bytes.iter().position(|&byte| byte == b']').ok_or(AuthorityError::IpLiteral)?;
    let (literal, rest) = bytes.split_at(close + 1);
    let address = literal.get(1..close).and_then(|address| std::str::from_utf8(address).ok());
    if address.is_none_or(|address| address.parse::<Ipv6Addr>().is_err()) {
        return Err(AuthorityError::IpLiteral);
    }
    match rest {
        [] => Ok((literal, None)),
        [b':', port @ ..] => Ok((literal, Some(port))),
        _ => Err(AuthorityError::IpLiteral),
    }
}

/// RFC 3986 3.2.2: reg-name, which includes IPv4 addresses.
fn split_name(bytes: &[u8]) -> Result<(&[u8], Option<&[u8]>), AuthorityError> {
    let colon = bytes.iter().position(|&byte| byte == b':');
    let (name, port) = match colon {
        Some(at) => (bytes.get(..at).unwrap_or_default(), bytes.get(at + 1..)),
        None => (bytes, None),
    };
    if name.is_empty() {
        return Err(AuthorityError::HostEmpty);
    }
    let allowed = |byte: u8| byte != b',' && (is_unreserved_or_sub_delim(byte) || byte == b'%');
    if let Some(&byte) = name.iter().find(|&&byte| !allowed(byte)) {
        return Err(AuthorityError::HostByte(byte));
    }
    if !percent_encoding_is_whole(name) {
        return Err(AuthorityError::PercentEncoding);
    }
    Ok((name, port))
}

/// RFC 3986 3.2.3: port = *DIGIT.
fn parse_port(digits: &[u8]) -> Result<Option<u16>, AuthorityError> {
    if digits.is_empty() {
        return Ok(None);
    }
    let mut port: u16 = 0;
    for digit in digits {
        let value = digit.wrapping_sub(b'0');
        if value > 9 {
            return Err(AuthorityError::Port);
        }
        port = port
            .checked_mul(10)
            .and_then(|port| port.checked_add(u16::from(value)))
            .ok_or(AuthorityError::Port)?;
    }
    Ok(Some(port))
}
