//! The PROXY protocol (haproxy.org, `proxy-protocol.txt`), versions 1 and 2: before anything else, a load balancer says
//! whose connection it passes on. Bytes in, header out; nothing here knows sockets.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};
use std::str::FromStr;

use super::crc32c::crc32c;

/// Which header of the PROXY protocol a connection has to begin with.
///
/// A listener either has it in front of every connection or of none: a header that may be absent could be made up by
/// anybody. It is taken from [trusted proxies](super::TrustedProxies) alone; everybody else is turned away.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub enum ProxyProtocol {
    /// None.
    #[default]
    Off,
    /// Version 1, a line of text.
    V1,
    /// Version 2, which is binary.
    V2,
    /// Either of them.
    Any,
}

/// What a header says.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct ProxyHeader {
    /// Who is connected to the proxy. `None`: the proxy speaks for itself, or does not know.
    pub(crate) source: Option<SocketAddr>,
    /// Whether that connection is encrypted, if the header says so.
    pub(crate) secure: Option<bool>,
}

/// Why there is no valid header.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub(crate) enum ProxyHeaderError {
    #[error("the connection does not begin with a PROXY header of version {0}")]
    Missing(&'static str),
    #[error("the PROXY line has no end within 107 bytes")]
    LineTooLong,
    #[error(
        "the PROXY line is neither of TCP4 nor of TCP6 nor UNKNOWN, or has other than four fields behind it"
    )]
    Line,
    #[error("an address in the PROXY line is none of its family")]
    LineAddress,
    #[error("a port in the PROXY line is not a decimal number up to 65535")]
    LinePort,
    #[error("the PROXY header is of version {0}, not of version 2")]
    Version(u8),
    #[error("the PROXY header has the unknown command {0}")]
    Command(u8),
    #[error("the PROXY header is for the unknown address family and protocol {0:#04x}")]
    Family(u8),
    #[error("the PROXY header announces {0} bytes, more than 4096")]
    TooLong(usize),
    #[error("the PROXY header is too short for the addresses of its family")]
    TooShort,
    #[error("a field (TLV) of the PROXY header is longer than the header")]
    Field,
    #[error("the checksum of the PROXY header is wrong")]
    Checksum,
}

/// Version 1: the longest line, CR LF included.
const LINE: usize = 107;
/// Version 2: the first bytes.
const SIGNATURE: &[u8; 12] = b"\r\n\r\n\0\r\nQUIT\n";
/// Version 2: signature, version and command, family and protocol, length.
const FIXED: usize = 16;
/// Version 2: the longest header that is taken; senders keep well below it.
const LONGEST: usize = 4096;

/// TLV of version 2: a checksum over the whole header.
const TYPE_CRC32C: u8 = 0x03;
/// TLV of version 2: what the proxy's own TLS has found.
const TYPE_SSL: u8 = 0x20;
/// In the latter: the client's connection is encrypted.
const CLIENT_SSL: u8 = 0x01;

impl ProxyProtocol {
    /// Reads a header at the start of `bytes`. Returns it with its length, or `None` where more bytes are needed.
    pub(crate) fn read(self, bytes: &[u8]) -> Result<Option<(ProxyHeader, usize)>, ProxyHeaderError> {
        let (v1, v2) = (matches!(self, Self::V1 | Self::Any), matches!(self, Self::V2 | Self::Any));
        if v1 && begins(bytes, b"PROXY ") {
            return line(bytes);
        }
        if v2 && begins(bytes, SIGNATURE) {
            return binary(bytes);
        }
        Err(ProxyHeaderError::Missing(match self {
            Self::V1 => "1",
            Self::V2 => "2",
            Self::Any | Self::Off => "1 or 2",
        }))
    }
}

/// Whether the bytes begin with the signature, as far as there are any.
fn begins(bytes: &[u8], signature: &[u8]) -> bool {
    bytes.iter().zip(signature).all(|(byte, expected)| byte == expected)
}

/// Version 1 (section 2.1).
fn line(bytes: &[u8]) -> Result<Option<(ProxyHeader, usize)>, ProxyHeaderError> {
    let seen = bytes.get(..LINE).unwrap_or(bytes);
    let Some(end) = seen.windows(2).position(|pair| pair == b"\r\n") else {
        return if bytes.len() < LINE { Ok(None) } else { Err(ProxyHeaderError::LineTooLong) };
    };
    let text =
        seen.get(..end).and_then(|line| std::str::from_utf8(line).ok()).ok_or(ProxyHeaderError::Line)?;
    let source = match text.strip_prefix("PROXY ").ok_or(ProxyHeaderError::Line)? {
        // Section 2.1: whatever follows UNKNOWN is ignored.
        "UNKNOWN" => None,
        rest if rest.starts_with("UNKNOWN ") => None,
        rest => Some(match rest.split_once(' ') {
            Some(("TCP4", fields)) => endpoint::<Ipv4Addr>(fields)?,
            Some(("TCP6", fields)) => endpoint::<Ipv6Addr>(fields)?,
            _ => return Err(ProxyHeaderError::Line),
        }),
    };
    Ok(Some((ProxyHeader { source, secure: None }, end + 2)))
}

/// The source out of source address, destination address, source port and destination port.
fn endpoint<A: FromStr + Into<IpAddr>>(fields: &str) -> Result<SocketAddr, ProxyHeaderError> {
    let mut fields = fields.split(' ');
    let (Some(source), Some(destination), Some(port), Some(other), None) =
        (fields.next(), fields.next(), fields.next(), fields.next(), fields.next())
    else {
        return Err(ProxyHeaderError::Line);
    };
    let address = |text: &str| text.parse::<A>().map_err(|_| ProxyHeaderError::LineAddress);
    let (source, _) = (address(source)?, address(destination)?);
    let (port, _) = (decimal(port)?, decimal(other)?);
    Ok(SocketAddr::new(source.into(), port))
}

fn decimal(port: &str) -> Result<u16, ProxyHeaderError> {
    let digits = port.bytes().all(|byte| byte.is_ascii_digit()) && (port == "0" || !port.starts_with('0'));
    digits.then(|| port.parse().ok()).flatten().ok_or(ProxyHeaderError::LinePort)
}

/// Version 2 (section 2.2).
fn binary(bytes: &[u8]) -> Result<Option<(ProxyHeader, usize)>, ProxyHeaderError> {
    let Some(&[version_and_command, family, high, low]) = bytes.get(SIGNATURE.len()..FIXED) else {
        return Ok(None);
    };
    let (version, command) = (version_and_command >> 4, version_and_command & 0xf);
    if version != 2 {
        return Err(ProxyHeaderError::Version(version));
    }
    if command > 1 {
        return Err(ProxyHeaderError::Command(command));
    }
    let length = FIXED + usize::from(u16::from_be_bytes([high, low]));
    if length > LONGEST {
        return Err(ProxyHeaderError::TooLong(length));
    }
    let Some(header) = bytes.get(..length) else { return Ok(None) };
    // Section 2.2: with LOCAL the proxy speaks for itself, and what follows is discarded.
    let told = if command == 0 { ProxyHeader::default() } else { proxied(header, family)? };
    Ok(Some((told, length)))
}

/// The command PROXY: addresses, then fields.
fn proxied(header: &[u8], family: u8) -> Result<ProxyHeader, ProxyHeaderError> {
    let block = header.get(FIXED..).unwrap_or_default();
    let (source, addresses) = match family {
        // Not told (AF_UNSPEC), or a socket without a port.
        0x00 => (None, 0),
        0x31 | 0x32 => (None, 216),
        0x11 => (block.first_chunk::<12>().map(v4), 12),
        0x21 => (block.first_chunk::<36>().map(v6), 36),
        // Datagrams (0x12, 0x22) do not come over TCP either.
        other => return Err(ProxyHeaderError::Family(other)),
    };
    let mut fields = block.get(addresses..).ok_or(ProxyHeaderError::TooShort)?;
    let mut secure = None;
    while !fields.is_empty() {
        let (&[kind, high, low], rest) = fields.split_first_chunk::<3>().ok_or(ProxyHeaderError::Field)?;
        let (value, rest) = rest
            .split_at_checked(usize::from(u16::from_be_bytes([high, low])))
            .ok_or(ProxyHeaderError::Field)?;
        match kind {
            TYPE_CRC32C => verify(header, header.len() - rest.len() - value.len(), value)?,
            TYPE_SSL => secure = value.first().map(|client| client & CLIENT_SSL != 0),
            _ => {}
        }
        fields = rest;
    }
    Ok(ProxyHeader { source, secure })
}

fn v4(addresses: &[u8; 12]) -> SocketAddr {
    let [a, b, c, d, _, _, _, _, high, low, ..] = *addresses;
    SocketAddr::new(Ipv4Addr::new(a, b, c, d).into(), u16::from_be_bytes([high, low]))
}

fn v6(addresses: &[u8; 36]) -> SocketAddr {
    let (mut source, mut port) = ([0; 16], [0; 2]);
    source.copy_from_slice(&addresses[..16]);
    port.copy_from_slice(&addresses[32..34]);
    SocketAddr::new(Ipv6Addr::from(source).into(), u16::from_be_bytes(port))
}

/// Section 2.2.3: the checksum is that of the header with zeros in its own place.
fn verify(header: &[u8], at: usize, checksum: &[u8]) -> Result<(), ProxyHeaderError> {
    let (Some(before), Some(after)) = (header.get(..at), header.get(at + checksum.len()..)) else {
        return Err(ProxyHeaderError::Field);
    };
    let parts = [before, &[0; 4], after];
    let is_right = checksum.len() == 4 && crc32c(parts).to_be_bytes() == checksum;
    if is_right { Ok(()) } else { Err(ProxyHeaderError::Checksum) }
}

#[cfg(test)]
#[path = "proxy_protocol_tests.rs"]
mod tests;
