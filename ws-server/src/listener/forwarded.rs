//! What a proxy says about the request that it passed on: `Forwarded` (RFC 7239) and its older cousins.
//!
//! Proxies append to what was there. The last element is therefore the one that the nearest proxy wrote, and everything
//! before it is hearsay until that proxy is known to be trusted, and so on. Reading begins at the end: whatever a client
//! puts in front, unterminated quotes included, cannot change how the elements behind it are read.

use std::net::{IpAddr, Ipv6Addr, SocketAddr};

use ws_core::head::{Authority, RequestHead};
use ws_core::refusal::Cause;

use crate::token::is_tchar;

/// What is wrong with what a trusted proxy says.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum ForwardedError {
    /// An element is not a list of pairs (RFC 7239 4).
    #[error("an element of Forwarded is not a list of name=value pairs")]
    Element,
    /// An element has a parameter twice (RFC 7239 4).
    #[error("an element of Forwarded has a parameter twice")]
    ParameterRepeated,
    /// `for` is no node (RFC 7239 6).
    #[error("`for` in Forwarded is neither an address nor an identifier")]
    Node,
    /// An entry of `X-Forwarded-For` is no address.
    #[error("an entry of X-Forwarded-For is not an address")]
    Address,
    /// The protocol is none that a WebSocket, or a page, is asked for by.
    #[error("the forwarded protocol is none of http, https, ws and wss")]
    Protocol,
    /// The host is not a host with an optional port.
    #[error("the forwarded host is not HOST or HOST:PORT")]
    Host,
    /// `Forwarded` and `X-Forwarded-For` with its kin name different clients, or say different things of the client's
    /// connection: one of them is the client's own invention, which a proxy that writes the other one passed on.
    #[error(
        "Forwarded and X-Forwarded-For name different clients, schemes or hosts: have the proxy remove the one that it \
         does not write"
    )]
    Contradiction,
}

impl ForwardedError {
    /// The row of the catalogue.
    pub const fn cause(&self) -> Cause {
        Cause::ForwardedInvalid
    }
}

/// What one proxy says about who spoke to it.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Hop {
    /// Who spoke to it: an address with the port, where it is told, or zero. `None`: it does not say.
    pub(super) client: Option<SocketAddr>,
    /// Whether that connection was encrypted.
    pub(super) secure: Option<bool>,
    /// The host that was asked for.
    pub(super) host: Option<Box<str>>,
}

/// The hops of `Forwarded`, the nearest proxy's first.
pub(super) fn forwarded(head: &RequestHead) -> impl Iterator<Item = Result<Hop, ForwardedError>> {
    let lines: Vec<&[u8]> = head.fields().get_all("Forwarded").collect();
    lines.into_iter().rev().flat_map(elements).map(hop)
}

/// The hops of `X-Forwarded-For`, with what `X-Forwarded-Proto` and `X-Forwarded-Host` say of each, the nearest proxy's
/// first. The latter two are lists of the same length, or hold for the nearest proxy and what it heard from others.
pub(super) fn x_forwarded(head: &RequestHead) -> impl Iterator<Item = Result<Hop, ForwardedError>> {
    let entries = |name| -> Vec<&[u8]> {
        let lines: Vec<&[u8]> = head.fields().get_all(name).collect();
        lines
            .into_iter()
            .rev()
            .flat_map(|line| line.rsplit(|&byte| byte == b','))
            .map(<[u8]>::trim_ascii)
            .collect()
    };
    let (addresses, protocols, hosts) =
        (entries("X-Forwarded-For"), entries("X-Forwarded-Proto"), entries("X-Forwarded-Host"));
    // A proxy that only tells the protocol is one hop, too.
    let hops = addresses.len().max(usize::from(!protocols.is_empty() || !hosts.is_empty()));
    (0..hops).map(move |nth| {
        // The entry of this hop; of a shorter or longer list, what the nearest proxy wrote.
        let of = |list: &[&[u8]]| {
            let told = list.len() == hops || nth == 0;
            list.get(nth).filter(|_| told).map(|&entry| entry.to_vec())
        };
        let client = addresses.get(nth).map(|&entry| address(entry)).transpose()?.flatten();
        let secure = of(&protocols).map(|entry| is_secure(&entry)).transpose()?;
        let host = of(&hosts).map(|entry| authority(&entry)).transpose()?;
        Ok(Hop { client, secure, host })
    })
}

/// The elements of one line, from the last to the first, split at commas that are not quoted (RFC 9110 5.6.1).
fn elements(line: &[u8]) -> impl Iterator<Item = &[u8]> {
    let mut rest = Some(line);
    std::iter::from_fn(move || {
        let line = rest?;
        let (before, element) = split_last(line);
        rest = before;
        Some(element.trim_ascii())
    })
    // RFC 9110 5.6.1.2: empty elements are ignored.
    .filter(|element| !element.is_empty())
}

/// What stands before the last comma outside of quotes, and what behind it.
fn split_last(line: &[u8]) -> (Option<&[u8]>, &[u8]) {
    let mut quoted = false;
    for (at, &byte) in line.iter().enumerate().rev() {
        let (before, after) = (line.get(..at).unwrap_or_default(), line.get(at + 1..).unwrap_or_default());
        match byte {
            // RFC 9110 5.6.4: within quotes, a quote has a backslash before it that has none itself.
            b'"' => {
                let escaped = before.iter().rev().take_while(|&&byte| byte == b'\\').count() % 2 == 1;
                quoted = !quoted || escaped;
            }
            b',' if !quoted => return (Some(before), after),
            _ => {}
        }
    }
    (None, line)
}

/// RFC 7239 4: `forwarded-element`.
fn hop(element: &[u8]) -> Result<Hop, ForwardedError> {
    let mut hop = Hop::default();
    let mut seen = Vec::new();
    let mut rest = Some(element);
    while let Some(now) = rest {
        let Some((name, value, after)) = pair(now)? else {
            rest = now.iter().position(|&byte| byte == b';').and_then(|at| now.get(at + 1..));
            continue;
        };
        rest = after;
        let name = name.to_ascii_lowercase();
        match name.as_slice() {
            b"for" => hop.client = node(&value)?,
            b"proto" => hop.secure = Some(is_secure(&value)?),
            b"host" => hop.host = Some(authority(&value)?),
            _ => {}
        }
        if seen.contains(&name) {
            return Err(ForwardedError::ParameterRepeated);
        }
        seen.push(name);
    }
    Ok(hop)
}

/// A pair's name, its value without quotes, and what follows the semicolon.
type Pair<'a> = (&'a [u8], Vec<u8>, Option<&'a [u8]>);

/// RFC 7239 4: `[ forwarded-pair ]`; `None` where there is none. Spaces around the semicolon, which some proxies write,
/// mean nothing.
fn pair(text: &[u8]) -> Result<Option<Pair<'_>>, ForwardedError> {
    let text = text.trim_ascii_start();
    if text.is_empty() || text.starts_with(b";") {
        return Ok(None);
    }
    let (name, text) = token(text).ok_or(ForwardedError::Element)?;
    let text = text.strip_prefix(b"=").ok_or(ForwardedError::Element)?;
    let (value, text) = match text.strip_prefix(b"\"") {
        Some(text) => unquoted(text).ok_or(ForwardedError::Element)?,
        None => token(text).map(|(value, text)| (value.to_vec(), text)).ok_or(ForwardedError::Element)?,
    };
    match text.trim_ascii_start() {
        [] => Ok(Some((name, value, None))),
        [b';', rest @ ..] => Ok(Some((name, value, Some(rest)))),
        _ => Err(ForwardedError::Element),
    }
}

/// RFC 9110 5.6.2: `token`, and what follows it.
fn token(text: &[u8]) -> Option<(&[u8], &[u8])> {
    let end = text.iter().position(|&byte| !is_tchar(byte)).unwrap_or(text.len());
    text.split_at_checked(end).filter(|(token, _)| !token.is_empty())
}

/// RFC 9110 5.6.4: a quoted string behind its first quote, and what follows it.
fn unquoted(text: &[u8]) -> Option<(Vec<u8>, &[u8])> {
    let mut value = Vec::with_capacity(text.len());
    let mut bytes = text.iter().enumerate();
    while let Some((at, &byte)) = bytes.next() {
        match byte {
            b'"' => return Some((value, text.get(at + 1..)?)),
            b'\\' => value.push(*bytes.next()?.1),
            _ => value.push(byte),
        }
    }
    None
}

/// RFC 7239 6: `node`. One that is hidden, or not known, is none.
fn node(value: &[u8]) -> Result<Option<SocketAddr>, ForwardedError> {
    let text = std::str::from_utf8(value).map_err(|_| ForwardedError::Node)?;
    let (name, port) = match text.rfind(']') {
        Some(end) => text.split_at_checked(end + 1).ok_or(ForwardedError::Node)?,
        None => text.split_at_checked(text.find(':').unwrap_or(text.len())).ok_or(ForwardedError::Node)?,
    };
    let port = match port.strip_prefix(':') {
        None if port.is_empty() => 0,
        Some(port) if is_obfuscated(port) => 0,
        Some(port) => decimal(port).ok_or(ForwardedError::Node)?,
        None => return Err(ForwardedError::Node),
    };
    if name.eq_ignore_ascii_case("unknown") || is_obfuscated(name) {
        return Ok(None);
    }
    let address = match name.strip_prefix('[') {
        Some(name) => name.strip_suffix(']').and_then(|name| name.parse::<Ipv6Addr>().ok()).map(IpAddr::V6),
        None => name.parse().ok().map(IpAddr::V4),
    };
    address.map(|address| Some(SocketAddr::new(address, port))).ok_or(ForwardedError::Node)
}

/// RFC 7239 6.3: an identifier that only its proxy understands.
fn is_obfuscated(name: &str) -> bool {
    let is_part = |byte: u8| byte.is_ascii_alphanumeric() || b"._-".contains(&byte);
    name.strip_prefix('_').is_some_and(|name| !name.is_empty() && name.bytes().all(is_part))
}

/// RFC 7239 6.2: one to five digits.
fn decimal(port: &str) -> Option<u16> {
    (port.len() <= 5 && port.bytes().all(|byte| byte.is_ascii_digit())).then(|| port.parse().ok()).flatten()
}

/// An entry of `X-Forwarded-For`, which has no standard: an address, of IPv6 in brackets or without, with a port where
/// that is clear. Squid writes `unknown` for an address that it hides.
fn address(entry: &[u8]) -> Result<Option<SocketAddr>, ForwardedError> {
    let text = std::str::from_utf8(entry).map_err(|_| ForwardedError::Address)?;
    if text.eq_ignore_ascii_case("unknown") {
        return Ok(None);
    }
    let bracketed = || text.strip_prefix('[')?.strip_suffix(']')?.parse::<Ipv6Addr>().ok().map(IpAddr::V6);
    let alone = text.parse().ok().or_else(bracketed).map(|address| SocketAddr::new(address, 0));
    alone.or_else(|| text.parse().ok()).map(Some).ok_or(ForwardedError::Address)
}

fn is_secure(protocol: &[u8]) -> Result<bool, ForwardedError> {
    let is = |names: [&str; 2]| names.iter().any(|name| protocol.eq_ignore_ascii_case(name.as_bytes()));
    match (is(["https", "wss"]), is(["http", "ws"])) {
        (true, _) => Ok(true),
        (_, true) => Ok(false),
        _ => Err(ForwardedError::Protocol),
    }
}

fn authority(host: &[u8]) -> Result<Box<str>, ForwardedError> {
    Authority::parse(host).map_err(|_| ForwardedError::Host)?;
    std::str::from_utf8(host).map(Into::into).map_err(|_| ForwardedError::Host)
}

#[cfg(test)]
#[path = "forwarded_tests.rs"]
mod tests;
