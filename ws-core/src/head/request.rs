use bytes::BytesMut;

use super::request_line::RequestLine;
use super::syntax::Span;
use super::target::Target;
use super::{Authority, Fields, HeadError, HeadLimits, HeadReader, OutgoingFields, Version};

/// The head of a request (RFC 9112 3). A clone shares the bytes.
#[derive(Clone, Debug)]
pub struct RequestHead {
    method: Span,
    target: Target,
    version: Version,
    fields: Fields,
}

impl RequestHead {
    /// A head from its parts, for those who have read them by other means. The parts are held to the
    /// same syntax as bytes from the network, without limits on size.
    ///
    /// ```
    /// use ws_core::head::{RequestHead, Version};
    ///
    /// let head = RequestHead::from_parts("GET", "/chat", Version::HTTP_11, [("Host", "example.com")])?;
    /// assert_eq!(head.path(), "/chat");
    /// assert!(RequestHead::from_parts("GET", "/", Version::HTTP_11, [("X", "1\r\nY: 2")]).is_err());
    /// # Ok::<(), ws_core::head::HeadError>(())
    /// ```
    pub fn from_parts<N: AsRef<str>, V: AsRef<[u8]>>(
        method: &str,
        target: &str,
        version: Version,
        fields: impl IntoIterator<Item = (N, V)>,
    ) -> Result<Self, HeadError> {
        let unlimited =
            HeadLimits { bytes: usize::MAX, line: usize::MAX, fields: usize::MAX, target: usize::MAX };
        Self::from_parts_within(unlimited, method, target, version, fields)
    }

    /// As [`from_parts`](Self::from_parts), with limits.
    pub fn from_parts_within<N: AsRef<str>, V: AsRef<[u8]>>(
        limits: HeadLimits,
        method: &str,
        target: &str,
        version: Version,
        fields: impl IntoIterator<Item = (N, V)>,
    ) -> Result<Self, HeadError> {
        let mut lines = OutgoingFields::new();
        for (name, value) in fields {
            lines.push_bytes(name.as_ref(), value.as_ref()).map_err(|_| HeadError::Parts)?;
        }
        // A space or a line end in the method or the target would move what follows.
        if [method, target].iter().any(|part| part.contains([' ', '\r', '\n'])) {
            return Err(HeadError::Parts);
        }
        let mut buffer = BytesMut::new();
        buffer.extend_from_slice(format!("{method} {target} {version}\r\n").as_bytes());
        lines.encode(&mut buffer);
        buffer.extend_from_slice(b"\r\n");
        HeadReader::new(limits).read_request(&mut buffer)?.ok_or(HeadError::Parts)
    }

    pub(super) fn new(line: &RequestLine, fields: Fields) -> Self {
        Self {
            method: Span::new(line.start, line.method_end),
            target: line.target,
            version: line.version.unwrap_or(Version::HTTP_11),
            fields,
        }
    }

    /// The method, case-sensitive (RFC 9110 9.1).
    #[must_use]
    pub fn method(&self) -> &str {
        self.method.text(&self.fields.head)
    }

    /// The whole request target as it was sent.
    #[must_use]
    pub fn target(&self) -> &str {
        self.target.whole.text(&self.fields.head)
    }

    /// The path of the target, still percent-encoded: `/` where an absolute target has none, `*` for
    /// the asterisk form, empty for the authority form of CONNECT.
    #[must_use]
    pub fn path(&self) -> &str {
        let path = self.target.path.text(&self.fields.head);
        // RFC 6455 3, RFC 9110 4.2.3: an empty path is the same as "/".
        if path.is_empty() && self.target.authority.is_some_and(|authority| authority != self.target.whole) {
            return "/";
        }
        path
    }

    /// What follows the first `?` of the target.
    #[must_use]
    pub fn query(&self) -> Option<&str> {
        self.target.query.map(|query| query.text(&self.fields.head))
    }

    /// The authority in the target, if it has the absolute form (or the authority form of CONNECT). It
    /// replaces `Host` then (RFC 9112 3.2.2).
    #[must_use]
    pub fn target_authority(&self) -> Option<Authority<'_>> {
        self.target.authority.and_then(|authority| Authority::parse(authority.of(&self.fields.head)).ok())
    }

    /// The HTTP version that the request was sent with.
    #[must_use]
    pub const fn version(&self) -> Version {
        self.version
    }

    /// The header fields.
    #[must_use]
    pub const fn fields(&self) -> &Fields {
        &self.fields
    }
}
