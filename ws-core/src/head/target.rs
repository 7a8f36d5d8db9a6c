use super::syntax::{Span, percent_encoding_is_whole};
use super::{Authority, HeadError};

/// Where the parts of a request target stand in the head (RFC 9112 3.2).
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Target {
    pub(super) whole: Span,
    /// Of the absolute and the authority form.
    pub(super) authority: Option<Span>,
    /// Empty for the absolute form without a path, and for the authority form.
    pub(super) path: Span,
    pub(super) query: Option<Span>,
}

impl Target {
    /// Reads the target at `start..end` of `head`, whose bytes have passed [`check_byte`].
    pub(super) fn parse(head: &[u8], method: &[u8], start: usize, end: usize) -> Result<Self, HeadError> {
        let bytes = head.get(start..end).unwrap_or_default();
        let whole = Span::new(start, end);
        match bytes {
            [] => Err(HeadError::TargetEmpty),
            // RFC 9112 3.2.3: authority-form, for CONNECT and nothing else.
            _ if method == b"CONNECT" => {
                let authority = Authority::parse(bytes).map_err(HeadError::TargetAuthority)?;
                // RFC 9110 9.3.6: the port must be given.
                authority.port().ok_or(HeadError::TargetAuthority(super::AuthorityError::Port))?;
                Ok(Self { whole, authority: Some(whole), ..Self::default() })
            }
            // RFC 9112 3.2.1: origin-form = absolute-path [ "?" query ].
            [b'/', ..] => Self { whole, ..Self::default() }.with_path(bytes, start),
            // RFC 9112 3.2.4: asterisk-form, for OPTIONS. RFC 9113 3.4: PRI begins HTTP/2, whose
            // version is refused by its own name.
            [b'*'] if method == b"OPTIONS" || method == b"PRI" => {
                Ok(Self { whole, path: whole, ..Self::default() })
            }
            // RFC 9112 3.2.2: a server MUST accept the absolute-form.
            _ => Self::absolute(bytes, start, whole),
        }
    }

    /// RFC 9112 3.2.2, RFC 6455 4.2.1: an absolute HTTP/HTTPS URI that contains the resource name.
    fn absolute(bytes: &[u8], start: usize, whole: Span) -> Result<Self, HeadError> {
        let scheme_end = bytes.windows(3).position(|window| window == b"://").ok_or(HeadError::TargetForm)?;
        let (scheme, rest) = bytes.split_at(scheme_end);
        if !scheme.eq_ignore_ascii_case(b"http") && !scheme.eq_ignore_ascii_case(b"https") {
            return Err(HeadError::TargetScheme);
        }
        let rest = rest.get(3..).unwrap_or_default();
        let length = rest.iter().position(|&byte| byte == b'/' || byte == b'?').unwrap_or(rest.len());
        let (authority, path) = rest.split_at(length);
        Authority::parse(authority).map_err(HeadError::TargetAuthority)?;
        let from = start + scheme_end + 3;
        let authority = Some(Span::new(from, from + length));
        Self { whole, authority, ..Self::default() }.with_path(path, from + length)
    }

    /// Splits `bytes`, which begin at `start` of the head, into path and query.
    ///
    /// The path is held to RFC 3986 3.3 but for `[`, `]`, `^` and `|`, and the query to no more than
    /// visible ASCII, since that is how browsers send them (WHATWG URL, percent-encode sets).
    fn with_path(self, bytes: &[u8], start: usize) -> Result<Self, HeadError> {
        let length = bytes.iter().position(|&byte| byte == b'?').unwrap_or(bytes.len());
        let path = bytes.get(..length).unwrap_or_default();
        if let Some(&byte) = path.iter().find(|byte| matches!(byte, b'\\' | b'`' | b'{' | b'}')) {
            return Err(HeadError::TargetByte(byte));
        }
        if !percent_encoding_is_whole(path) {
            return Err(HeadError::TargetPercentEncoding);
        }
        let query = (length < bytes.len()).then(|| Span::new(start + length + 1, start + bytes.len()));
        Ok(Self { path: Span::new(start, start + length), query, ..self })
    }
}

/// Whether a byte may stand in a request target at all.
#[inline]
pub(super) fn check_byte(byte: u8) -> Result<(), HeadError> {
    match byte {
        // RFC 9112 3.2: the fragment is no part of the target. RFC 6455 3: it must not be used.
        b'#' => Err(HeadError::TargetFragment),
        // RFC 3986 2: none of these is in any production, and no browser sends them.
        b'"' | b'<' | b'>' => Err(HeadError::TargetByte(byte)),
        b'!'..=b'~' => Ok(()),
        // RFC 3986 2.1: other characters are percent-encoded.
        0x80.. => Err(HeadError::TargetNotAscii),
        _ => Err(HeadError::TargetByte(byte)),
    }
}
