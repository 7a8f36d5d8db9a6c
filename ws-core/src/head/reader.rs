use std::sync::Arc;

use bytes::{Buf, BytesMut};

use super::field_section::FieldSection;
use super::request_line::RequestLine;
use super::status_line::StatusLine;
use super::{Fields, HeadError, HeadLimits, RequestHead, ResponseHead};

/// Reads heads from bytes that come in any pieces, looking at each byte a bounded number of times.
///
/// One reader reads the heads of one connection, one after the other, either all requests or all
/// responses. After an error the connection cannot be read any further.
///
/// ```
/// use bytes::BytesMut;
/// use ws_core::head::{HeadLimits, HeadReader};
///
/// let mut reader = HeadReader::new(HeadLimits::default());
/// let mut buffer = BytesMut::from("GET /chat?room=1 HTTP/1.1\r\nHost: exa");
/// assert!(reader.read_request(&mut buffer)?.is_none());
/// buffer.extend_from_slice(b"mple.com\r\n\r\n\x81\x00");
/// let head = reader.read_request(&mut buffer)?.unwrap();
/// assert_eq!((head.path(), head.query()), ("/chat", Some("room=1")));
/// assert_eq!(head.fields().get_str("host"), Some("example.com"));
/// assert_eq!(&buffer[..], b"\x81\x00");
/// # Ok::<(), ws_core::head::HeadError>(())
/// ```
#[derive(Clone, Debug)]
pub struct HeadReader {
    limits: HeadLimits,
    position: usize,
    request_line: RequestLine,
    status_line: StatusLine,
    fields: Option<FieldSection>,
}

impl HeadReader {
    /// A reader that stands before the first byte of a head.
    #[must_use]
    pub fn new(limits: HeadLimits) -> Self {
        // Places in a head are kept in 32 bits.
        let bytes = limits.bytes.min(u32::MAX as usize);
        let target = limits.target.min(limits.line);
        Self {
            limits: HeadLimits { bytes, target, ..limits },
            position: 0,
            request_line: RequestLine::default(),
            status_line: StatusLine::default(),
            fields: None,
        }
    }

    /// Reads a request head. `buffer` holds all bytes since the head's first; once the head is whole
    /// it is removed from there, and what stays came after it.
    ///
    /// `None` means that more bytes are needed.
    ///
    /// # Errors
    /// Any fault as soon as the bytes that show it are there, and always the same one however the
    /// bytes were split.
    pub fn read_request(&mut self, buffer: &mut BytesMut) -> Result<Option<RequestHead>, HeadError> {
        let head = self.window(buffer);
        if self.fields.is_none() {
            if !self.request_line.advance(head, &mut self.position, self.limits.target)? {
                return self.wait(head.len());
            }
            self.fields = Some(FieldSection::starting_at(self.position));
        }
        let Some(fields) = self.read_fields(buffer)? else { return Ok(None) };
        let line = std::mem::take(&mut self.request_line);
        Ok(Some(RequestHead::new(&line, fields)))
    }

    /// Reads a response head, as [`read_request`](Self::read_request) does a request head.
    ///
    /// # Errors
    /// As [`read_request`](Self::read_request).
    pub fn read_response(&mut self, buffer: &mut BytesMut) -> Result<Option<ResponseHead>, HeadError> {
        let head = self.window(buffer);
        if self.fields.is_none() {
            if !self.status_line.advance(head, &mut self.position, self.limits.line)? {
                return self.wait(head.len());
            }
            self.fields = Some(FieldSection::starting_at(self.position));
        }
        let Some(fields) = self.read_fields(buffer)? else { return Ok(None) };
        let line = std::mem::take(&mut self.status_line);
        Ok(Some(ResponseHead::new(&line, fields)))
    }

    /// Reads on in the field section. Once the head is whole it leaves the buffer, and the reader
    /// stands before the next one.
    fn read_fields(&mut self, buffer: &mut BytesMut) -> Result<Option<Fields>, HeadError> {
        let head = self.window(buffer);
        let Some(section) = &mut self.fields else { return Ok(None) };
        let Some(end) = section.advance(head, &mut self.position, &self.limits)? else {
            return self.wait(head.len());
        };
        // A copy of the exact size: the head lives as long as its connection, and must not keep the
        // receive buffer alive.
        let copy: Arc<[u8]> = Arc::from(head.get(..end).unwrap_or_default());
        let fields = section.split(&copy, end)?;
        buffer.advance(end);
        self.position = 0;
        self.fields = None;
        Ok(Some(fields))
    }

    /// What may be looked at: no byte beyond the limit.
    fn window<'a>(&self, buffer: &'a BytesMut) -> &'a [u8] {
        buffer.get(..buffer.len().min(self.limits.bytes)).unwrap_or_default()
    }

    /// More bytes are needed: an error if there may be none.
    fn wait<T>(&self, window: usize) -> Result<Option<T>, HeadError> {
        if window < self.limits.bytes { Ok(None) } else { Err(HeadError::HeadTooLarge(self.limits.bytes)) }
    }
}
