use super::request_line::{line_feed, not_http};
use super::syntax::{Span, is_field_value};
use super::{HeadError, Version};

/// Where the three digits of the status stand: after the version and a space.
const STATUS: usize = Version::LENGTH + 1;
const REASON: usize = STATUS + 4;

/// A status line as far as it has come: HTTP-version SP status-code SP [ reason-phrase ] CRLF
/// (RFC 9112 4).
#[derive(Clone, Debug, Default)]
pub(super) struct StatusLine {
    awaiting: Awaiting,
    pub(super) version: Option<Version>,
    pub(super) status: u16,
    pub(super) reason: Span,
}

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
enum Awaiting {
    #[default]
    Version,
    SpaceBeforeStatus,
    Status,
    SpaceAfterStatus,
    Reason,
    LineFeed,
    Nothing,
}

impl StatusLine {
    /// Goes on at `position` of the head, and moves it past what has been looked at. True once the
    /// line is whole.
    pub(super) fn advance(
        &mut self,
        head: &[u8],
        position: &mut usize,
        line_limit: usize,
    ) -> Result<bool, HeadError> {
        while self.awaiting != Awaiting::Nothing {
            let Some(&byte) = head.get(*position) else { return Ok(false) };
            if *position >= line_limit && !matches!(byte, b'\r' | b'\n') {
                return Err(HeadError::LineTooLong(line_limit));
            }
            match self.awaiting {
                Awaiting::Version => self.version_byte(head, byte, *position)?,
                Awaiting::SpaceBeforeStatus if byte == b' ' => self.awaiting = Awaiting::Status,
                Awaiting::SpaceBeforeStatus => return Err(HeadError::VersionSyntax),
                Awaiting::Status => self.status_byte(byte, *position)?,
                Awaiting::SpaceAfterStatus if byte == b' ' => self.awaiting = Awaiting::Reason,
                // RFC 9112 4 demands the space even before an empty reason; many servers forget it,
                // and nothing can be misread for want of it.
                Awaiting::SpaceAfterStatus if byte == b'\r' => self.awaiting = Awaiting::LineFeed,
                Awaiting::SpaceAfterStatus if byte == b'\n' => return Err(HeadError::BareLineFeed),
                Awaiting::SpaceAfterStatus => return Err(HeadError::StatusCode),
                Awaiting::Reason => self.reason_byte(byte, *position)?,
                Awaiting::LineFeed => {
                    line_feed(byte)?;
                    self.awaiting = Awaiting::Nothing;
                }
                Awaiting::Nothing => {}
            }
            *position += 1;
        }
        Ok(true)
    }

    fn version_byte(&mut self, head: &[u8], byte: u8, position: usize) -> Result<(), HeadError> {
        if !Version::allows(position, byte) {
            return Err(match position {
                0 => not_http(byte),
                1..5 => HeadError::NotHttp,
                _ => HeadError::VersionSyntax,
            });
        }
        if position + 1 == Version::LENGTH {
            self.version = head.get(..=position).map(Version::from_wire);
            self.awaiting = Awaiting::SpaceBeforeStatus;
        }
        Ok(())
    }

    /// RFC 9110 15: three digits, the first of which is the class.
    fn status_byte(&mut self, byte: u8, position: usize) -> Result<(), HeadError> {
        let least = if position == STATUS { b'1' } else { b'0' };
        if !(least..=b'9').contains(&byte) {
            return Err(HeadError::StatusCode);
        }
        self.status = self.status * 10 + u16::from(byte - b'0');
        if position + 1 == STATUS + 3 {
            self.awaiting = Awaiting::SpaceAfterStatus;
        }
        Ok(())
    }

    fn reason_byte(&mut self, byte: u8, position: usize) -> Result<(), HeadError> {
        match byte {
            b'\r' => {
                self.reason = Span::new(REASON, position);
                self.awaiting = Awaiting::LineFeed;
                Ok(())
            }
            b'\n' => Err(HeadError::BareLineFeed),
            _ if is_field_value(byte) => Ok(()),
            _ => Err(HeadError::ReasonByte(byte)),
        }
    }
}
