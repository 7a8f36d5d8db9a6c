use std::sync::Arc;

use super::fields::FieldLine;
use super::syntax::{Span, is_field_value, is_tchar};
use super::{Fields, HeadError, HeadLimits};

/// Heads with no more fields than this are split without a heap allocation for the splitting.
const USUAL_FIELDS: usize = 32;

/// The lines after the start line, as far as they have come.
#[derive(Clone, Debug, Default)]
pub(super) struct FieldSection {
    /// Where the section begins.
    pub(super) start: usize,
    /// Where the line begins that has not ended yet.
    line_start: usize,
    /// The lines before this place have been checked one by one.
    checked: usize,
    pub(super) count: usize,
    /// How many bytes have been looked at, some of them more than once: the cost in full.
    #[cfg(test)]
    pub(super) looked_at: usize,
}

impl FieldSection {
    pub(super) fn starting_at(start: usize) -> Self {
        Self { start, line_start: start, checked: start, ..Self::default() }
    }

    /// Goes on at `position` of the head, and moves it past what has been looked at. Gives the end of
    /// the head, after the empty line, once that is there.
    ///
    /// Faults are reported in the order of the bytes, wherever the input was split: lines that are
    /// whole are checked before a fault after them is told, and before waiting for more.
    pub(super) fn advance(
        &mut self,
        head: &[u8],
        position: &mut usize,
        limits: &HeadLimits,
    ) -> Result<Option<usize>, HeadError> {
        let found = self.find_end(head, position, limits);
        if !matches!(found, Ok(Some(_))) {
            self.check_whole_lines(head)?;
        }
        found
    }

    /// Splits the section that ends at `end`. `httparse` does the splitting and finds most faults;
    /// which fault it is, [`check_line`] tells.
    pub(super) fn split(&mut self, head: &Arc<[u8]>, end: usize) -> Result<Fields, HeadError> {
        self.looked(end - self.start);
        let mut usual = [httparse::EMPTY_HEADER; USUAL_FIELDS];
        let mut many;
        let room = if self.count <= USUAL_FIELDS {
            &mut usual[..]
        } else {
            many = vec![httparse::EMPTY_HEADER; self.count];
            &mut many
        };
        let section = head.get(self.start..end).unwrap_or_default();
        let Ok(httparse::Status::Complete((_, headers))) = httparse::parse_headers(section, room) else {
            self.line_start = end - 2;
            self.check_whole_lines(head)?;
            return Err(HeadError::ColonMissing);
        };
        let base = head.as_ptr().addr();
        let span = |part: &[u8]| {
            let start = part.as_ptr().addr() - base;
            Span::new(start, start + part.len())
        };
        let line = |field: &httparse::Header<'_>| FieldLine {
            name: span(field.name.as_bytes()),
            value: span(field.value),
        };
        Ok(Fields { head: Arc::clone(head), lines: headers.iter().map(line).collect() })
    }

    fn find_end(
        &mut self,
        head: &[u8],
        position: &mut usize,
        limits: &HeadLimits,
    ) -> Result<Option<usize>, HeadError> {
        loop {
            if let Some(b' ' | b'\t') = head.get(self.line_start) {
                return Err(if self.count == 0 {
                    HeadError::LeadingWhitespace
                } else {
                    HeadError::ObsoleteFolding
                });
            }
            let line_end = self.line_start.saturating_add(limits.line).saturating_add(1);
            let window = head.get(*position..head.len().min(line_end)).unwrap_or_default();
            let Some(found) = memchr::memchr2(b'\r', b'\n', window) else {
                self.looked(window.len());
                *position += window.len();
                return if *position == line_end {
                    Err(HeadError::LineTooLong(limits.line))
                } else {
                    Ok(None)
                };
            };
            self.looked(found + 1);
            *position += found;
            let end = *position;
            // RFC 9112 2.2: LF alone is not taken for a line end, and CR stands nowhere else.
            if head.get(end) == Some(&b'\n') {
                return Err(HeadError::BareLineFeed);
            }
            match head.get(end + 1) {
                None => return Ok(None),
                Some(b'\n') => *position = end + 2,
                Some(_) => return Err(HeadError::BareCarriageReturn),
            }
            if end == self.line_start {
                return Ok(Some(*position));
            }
            if self.count == limits.fields {
                return Err(HeadError::TooManyFields(limits.fields));
            }
            self.count += 1;
            self.line_start = *position;
        }
    }

    /// Checks the lines that are whole and have not been checked, once.
    fn check_whole_lines(&mut self, head: &[u8]) -> Result<(), HeadError> {
        let mut rest = head.get(self.checked..self.line_start).unwrap_or_default();
        self.looked(rest.len());
        self.checked = self.line_start;
        while let Some(end) = memchr::memchr(b'\r', rest) {
            check_line(rest.get(..end).unwrap_or_default())?;
            rest = rest.get(end + 2..).unwrap_or_default();
        }
        Ok(())
    }

    #[cfg(test)]
    fn looked(&mut self, bytes: usize) {
        self.looked_at += bytes;
    }

    #[cfg(not(test))]
    #[expect(clippy::unused_self, reason = "counts in tests")]
    fn looked(&mut self, _bytes: usize) {}
}

/// RFC 9112 5: field-line = field-name ":" OWS field-value OWS, without its line end.
pub(super) fn check_line(line: &[u8]) -> Result<(), HeadError> {
    let Some(name_end) = line.iter().position(|&byte| !is_tchar(byte)) else {
        return Err(HeadError::ColonMissing);
    };
    match line.get(name_end) {
        Some(b':') if name_end == 0 => return Err(HeadError::FieldNameEmpty),
        Some(b':') => {}
        // RFC 9112 5.1: a server MUST reject whitespace between the name and the colon.
        Some(b' ' | b'\t') if line.contains(&b':') => return Err(HeadError::SpaceBeforeColon),
        Some(&byte) if line.contains(&b':') => return Err(HeadError::FieldName(byte)),
        _ => return Err(HeadError::ColonMissing),
    }
    let value = line.get(name_end + 1..).unwrap_or_default();
    match value.iter().find(|&&byte| !is_field_value(byte)) {
        None => Ok(()),
        // RFC 9110 5.5: CR, LF, NUL and the other control characters.
        Some(&byte) => Err(HeadError::FieldValue(byte)),
    }
}
