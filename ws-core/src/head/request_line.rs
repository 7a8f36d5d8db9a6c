use super::syntax::is_tchar;
use super::target::{Target, check_byte};
use super::{HeadError, Version};

/// The longest registered method has 17 bytes (`UPDATEREDIRECTREF`).
const METHOD_LIMIT: usize = 32;

/// A request line as far as it has come: method SP request-target SP HTTP-version CRLF (RFC 9112 3).
#[derive(Clone, Debug, Default)]
pub(super) struct RequestLine {
    awaiting: Awaiting,
    /// Where the method begins: after the empty line, if there is one.
    pub(super) start: usize,
    pub(super) method_end: usize,
    pub(super) target: Target,
    target_end: usize,
    pub(super) version: Option<Version>,
}

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
enum Awaiting {
    #[default]
    FirstByte,
    LineFeedOfEmptyLine,
    MethodAfterEmptyLine,
    Method,
    Target,
    Version,
    CarriageReturn,
    LineFeed,
    Nothing,
}

impl RequestLine {
    /// Goes on at `position` of the head, and moves it past what has been looked at. True once the
    /// line is whole. Each byte is decided by itself, so that the answer is the same for any split.
    pub(super) fn advance(
        &mut self,
        head: &[u8],
        position: &mut usize,
        target_limit: usize,
    ) -> Result<bool, HeadError> {
        while self.awaiting != Awaiting::Nothing {
            let Some(&byte) = head.get(*position) else { return Ok(false) };
            match self.awaiting {
                Awaiting::FirstByte => self.first_byte(byte, true)?,
                Awaiting::LineFeedOfEmptyLine => {
                    line_feed(byte)?;
                    self.start = *position + 1;
                    self.awaiting = Awaiting::MethodAfterEmptyLine;
                }
                Awaiting::MethodAfterEmptyLine => self.first_byte(byte, false)?,
                Awaiting::Method if byte == b' ' => {
                    self.method_end = *position;
                    self.awaiting = Awaiting::Target;
                }
                Awaiting::Method if !is_tchar(byte) => return Err(HeadError::Method(byte)),
                Awaiting::Method if *position - self.start >= METHOD_LIMIT => {
                    return Err(HeadError::MethodTooLong);
                }
                Awaiting::Target => self.target_byte(head, byte, *position, target_limit)?,
                Awaiting::Version => self.version_byte(head, byte, *position)?,
                Awaiting::CarriageReturn => {
                    carriage_return(byte)?;
                    self.awaiting = Awaiting::LineFeed;
                }
                Awaiting::LineFeed => {
                    line_feed(byte)?;
                    self.awaiting = Awaiting::Nothing;
                }
                Awaiting::Method | Awaiting::Nothing => {}
            }
            *position += 1;
        }
        Ok(true)
    }

    /// RFC 9112 2.2: a server SHOULD ignore at least one empty line before the request line.
    fn first_byte(&mut self, byte: u8, may_be_empty_line: bool) -> Result<(), HeadError> {
        self.awaiting = match byte {
            b'\r' if may_be_empty_line => Awaiting::LineFeedOfEmptyLine,
            b'\r' => return Err(HeadError::EmptyLines),
            _ if is_tchar(byte) => Awaiting::Method,
            b'\n' => return Err(HeadError::BareLineFeed),
            b' ' | b'\t' => return Err(HeadError::LeadingWhitespace),
            _ => return Err(not_http(byte)),
        };
        Ok(())
    }

    fn target_byte(&mut self, head: &[u8], byte: u8, position: usize, limit: usize) -> Result<(), HeadError> {
        let start = self.method_end + 1;
        match byte {
            b' ' => {
                let method = head.get(self.start..self.method_end).unwrap_or_default();
                self.target = Target::parse(head, method, start, position)?;
                self.target_end = position;
                self.awaiting = Awaiting::Version;
                Ok(())
            }
            b'\r' | b'\n' if position == start => Err(HeadError::TargetEmpty),
            // RFC 9112 3: a line without a version is HTTP/0.9, which is no longer spoken.
            b'\r' | b'\n' => Err(HeadError::VersionMissing),
            // RFC 9110 15.5.15
            _ if position - start >= limit => Err(HeadError::TargetTooLong(limit)),
            _ => check_byte(byte),
        }
    }

    fn version_byte(&mut self, head: &[u8], byte: u8, position: usize) -> Result<(), HeadError> {
        let start = self.target_end + 1;
        let index = position - start;
        if index == 0 && matches!(byte, b'\r' | b'\n') {
            return Err(HeadError::VersionMissing);
        }
        if !Version::allows(index, byte) {
            return Err(HeadError::VersionSyntax);
        }
        if index + 1 == Version::LENGTH {
            self.version = head.get(start..=position).map(Version::from_wire);
            self.awaiting = Awaiting::CarriageReturn;
        }
        Ok(())
    }
}

/// What the first byte says that cannot begin any HTTP/1.x message.
pub(super) const fn not_http(byte: u8) -> HeadError {
    match byte {
        // RFC 8446 5.1: the content types alert(21) and handshake(22).
        0x15 | 0x16 => HeadError::TlsRecord,
        _ => HeadError::NotHttp,
    }
}

/// RFC 9112 2.2: CR and LF end the line, and nothing else does.
pub(super) const fn line_feed(byte: u8) -> Result<(), HeadError> {
    match byte {
        b'\n' => Ok(()),
        _ => Err(HeadError::BareCarriageReturn),
    }
}

/// The end of a version that stands last in its line.
const fn carriage_return(byte: u8) -> Result<(), HeadError> {
    match byte {
        b'\r' => Ok(()),
        b'\n' => Err(HeadError::BareLineFeed),
        _ => Err(HeadError::VersionSyntax),
    }
}
