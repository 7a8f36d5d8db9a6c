use super::AuthorityError;
use crate::refusal::Cause;

/// What is wrong with a head, in the order in which the reader meets it.
///
/// None of these leaves the position in the stream certain: the connection has to be closed after the
/// answer (RFC 9112 2.2, 9.3).
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum HeadError {
    /// The first byte begins a TLS record (RFC 8446 5.1): TLS spoken to a plaintext port.
    #[error("this is a TLS record, not HTTP")]
    TlsRecord,
    /// The first bytes cannot begin an HTTP/1.x message.
    #[error("this is not HTTP")]
    NotHttp,
    /// More than the one empty line that may precede a request line (RFC 9112 2.2).
    #[error("more than one empty line before the request line")]
    EmptyLines,
    /// The method is not a token (RFC 9110 9.1).
    #[error("the method holds the byte {0:#04x}")]
    Method(u8),
    /// The method is longer than any that exists.
    #[error("the method is longer than 32 bytes")]
    MethodTooLong,
    /// Nothing between the two spaces of the request line.
    #[error("the request target is empty")]
    TargetEmpty,
    /// The request target is over its limit, in bytes.
    #[error("the request target is over {0} bytes")]
    TargetTooLong(usize),
    /// A byte that no request target can hold (RFC 9112 3.2, RFC 3986).
    #[error("the request target holds the byte {0:#04x}")]
    TargetByte(u8),
    /// A byte over 0x7f in the target, which must be percent-encoded (RFC 3986 2.1).
    #[error("the request target is not ASCII")]
    TargetNotAscii,
    /// The target has a fragment, which is never sent (RFC 9112 3.2, RFC 6455 3).
    #[error("the request target has a fragment")]
    TargetFragment,
    /// A `%` in the path that is not followed by two hexadecimal digits (RFC 3986 2.1).
    #[error("the path of the request target has a broken percent-encoding")]
    TargetPercentEncoding,
    /// The target has none of the four forms (RFC 9112 3.2), or not one that fits the method.
    #[error("the request target has none of the forms that the method allows")]
    TargetForm,
    /// An absolute-form target whose scheme is neither `http` nor `https` (RFC 6455 4.2.1).
    #[error("the request target has another scheme than http and https")]
    TargetScheme,
    /// The authority of an absolute-form or authority-form target (RFC 3986 3.2).
    #[error("the authority in the request target: {0}")]
    TargetAuthority(#[source] AuthorityError),
    /// The request line ends before the version, as in HTTP/0.9 (RFC 9112 3).
    #[error("the request line has no HTTP version")]
    VersionMissing,
    /// The version is not `HTTP/`, digit, dot, digit (RFC 9112 2.3).
    #[error("the HTTP version is malformed")]
    VersionSyntax,
    /// The status is not three digits from 100 on (RFC 9112 4).
    #[error("the status code is malformed")]
    StatusCode,
    /// A control character in the reason phrase (RFC 9112 4).
    #[error("the reason phrase holds the byte {0:#04x}")]
    ReasonByte(u8),
    /// A line feed that no carriage return precedes (RFC 9112 2.2).
    #[error("a line ends with a bare LF")]
    BareLineFeed,
    /// A carriage return that no line feed follows (RFC 9112 2.2).
    #[error("a bare CR")]
    BareCarriageReturn,
    /// Whitespace between the start line and the first field (RFC 9112 2.2).
    #[error("whitespace before the first field")]
    LeadingWhitespace,
    /// A field line that begins with whitespace continues the one before it (RFC 9112 5.2).
    #[error("a folded field line")]
    ObsoleteFolding,
    /// A field line with no colon (RFC 9112 5).
    #[error("a field line has no colon")]
    ColonMissing,
    /// A field line that begins with its colon (RFC 9110 5.1).
    #[error("a field name is empty")]
    FieldNameEmpty,
    /// Whitespace between a field name and its colon (RFC 9112 5.1).
    #[error("whitespace before the colon of a field")]
    SpaceBeforeColon,
    /// A field name that is not a token (RFC 9110 5.1).
    #[error("a field name holds the byte {0:#04x}")]
    FieldName(u8),
    /// A control character in a field value (RFC 9110 5.5).
    #[error("a field value holds the byte {0:#04x}")]
    FieldValue(u8),
    /// A line is over its limit, in bytes.
    #[error("a line of the head is over {0} bytes")]
    LineTooLong(usize),
    /// The head is over its limit, in bytes.
    #[error("the head is over {0} bytes")]
    HeadTooLarge(usize),
    /// More field lines than the limit.
    #[error("the head has more than {0} fields")]
    TooManyFields(usize),
    /// The parts given to [`RequestHead::from_parts`](super::RequestHead::from_parts) do not make one
    /// head: a line end or a space hides in one of them.
    #[error("the parts do not make one head")]
    Parts,
}

impl HeadError {
    /// What a server answers to a request with this fault.
    #[must_use]
    pub const fn cause(&self) -> Cause {
        match self {
            // RFC 9110 15.5.15
            Self::TargetTooLong(_) => Cause::TargetTooLong,
            // RFC 6585 5
            Self::LineTooLong(_) | Self::HeadTooLarge(_) => Cause::HeadTooLarge,
            Self::TooManyFields(_) => Cause::TooManyHeaders,
            // RFC 9112 2.2, 3: a recipient of anything else answers 400.
            _ => Cause::MalformedRequest,
        }
    }
}
