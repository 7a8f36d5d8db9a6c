use super::status_line::StatusLine;
use super::syntax::Span;
use super::{Fields, Version};

/// The head of a response (RFC 9112 4). A clone shares the bytes.
///
/// ```
/// use bytes::BytesMut;
/// use ws_core::head::{HeadLimits, HeadReader};
///
/// let mut buffer = BytesMut::from("HTTP/1.1 403 Forbidden\r\nContent-Length: 2\r\n\r\nno");
/// let head = HeadReader::new(HeadLimits::default()).read_response(&mut buffer)?.unwrap();
/// assert_eq!((head.status(), head.reason()), (403, &b"Forbidden"[..]));
/// assert_eq!(&buffer[..], b"no");
/// # Ok::<(), ws_core::head::HeadError>(())
/// ```
#[derive(Clone, Debug)]
pub struct ResponseHead {
    version: Version,
    status: u16,
    reason: Span,
    fields: Fields,
}

impl ResponseHead {
    pub(super) fn new(line: &StatusLine, fields: Fields) -> Self {
        let version = line.version.unwrap_or(Version::HTTP_11);
        Self { version, status: line.status, reason: line.reason, fields }
    }

    /// The HTTP version that the response was sent with.
    #[must_use]
    pub const fn version(&self) -> Version {
        self.version
    }

    /// The status code, 100 to 999.
    #[must_use]
    pub const fn status(&self) -> u16 {
        self.status
    }

    /// Whether another response to the same request follows: any 1xx but 101 (RFC 9110 15.2).
    #[must_use]
    pub const fn is_interim(&self) -> bool {
        self.status < 200 && self.status != 101
    }

    /// The reason phrase, which may be empty or no UTF-8.
    #[must_use]
    pub fn reason(&self) -> &[u8] {
        self.reason.of(&self.fields.head)
    }

    /// The header fields.
    #[must_use]
    pub const fn fields(&self) -> &Fields {
        &self.fields
    }
}
