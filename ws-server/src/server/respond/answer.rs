//! Answers to requests, as values.

use bytes::{BufMut as _, Bytes, BytesMut};
use ws_core::head::OutgoingFields;
use ws_core::refusal::HttpRefusal;

/// An answer that is not an upgrade.
#[derive(Clone, Debug)]
pub(crate) struct Answer {
    pub(crate) head: AnswerHead,
    /// The content; a page is not copied for each who asks for it.
    pub(crate) body: Bytes,
}

/// Status and fields of an answer, in the order of sending.
#[derive(Clone, Debug)]
pub(crate) struct AnswerHead {
    pub(crate) status: u16,
    pub(crate) phrase: &'static str,
    pub(crate) fields: Vec<(&'static str, String)>,
    /// Whether the connection ends with this answer, for which the fields have a `Connection: close`.
    closes: bool,
}

impl Answer {
    pub(crate) const fn new(
        status: u16,
        phrase: &'static str,
        fields: Vec<(&'static str, String)>,
        body: Bytes,
    ) -> Self {
        Self { head: AnswerHead { status, phrase, fields, closes: false }, body }
    }

    /// A refusal; `head_only`: as the answer to a HEAD, without its content (RFC 9110 9.3.2).
    pub(crate) fn refusal(refusal: HttpRefusal, head_only: bool) -> Self {
        let (closes, phrase) = (refusal.closes(), refusal.reason_phrase());
        let HttpRefusal { status, fields, body } = refusal;
        let body = if head_only { Bytes::new() } else { body };
        Self { head: AnswerHead { status, phrase, fields, closes }, body }
    }

    /// Has the connection end with this answer (RFC 9112 9.6).
    pub(crate) fn close(&mut self) {
        self.head.close();
    }

    pub(crate) const fn closes(&self) -> bool {
        self.head.closes
    }
}

impl AnswerHead {
    fn close(&mut self) {
        if std::mem::replace(&mut self.closes, true) {
            return;
        }
        match self.fields.iter_mut().find(|(name, _)| *name == "Connection") {
            Some((_, options)) => options.push_str(", close"),
            None => self.fields.push(("Connection", "close".to_owned())),
        }
    }

    /// The bytes of the head, with the empty line.
    pub(crate) fn encode(&self) -> BytesMut {
        let mut bytes = BytesMut::with_capacity(1024);
        bytes.put_slice(format!("HTTP/1.1 {:03} {}\r\n", self.status, self.phrase).as_bytes());
        let mut outgoing = OutgoingFields::new();
        for (name, value) in &self.fields {
            // What was copied from the request was a field value there, and what we wrote is one: nothing is left out.
            let _ = outgoing.push(name, value);
        }
        outgoing.encode(&mut bytes);
        bytes.put_slice(b"\r\n");
        bytes
    }
}
