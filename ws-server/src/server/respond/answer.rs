//! Answers to requests, as values.

use std::time::SystemTime;

use bytes::{BufMut as _, Bytes, BytesMut};
use ws_core::head::OutgoingFields;
use ws_core::refusal::HttpRefusal;

use super::imf_fixdate;
use crate::prepare::ForeignAnswer;
use crate::session::RequestId;

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
    /// Those of an answer that is passed on.
    pub(crate) foreign: Vec<(String, String)>,
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
        Self { head: AnswerHead { status, phrase, fields, foreign: Vec::new(), closes: false }, body }
    }

    /// A refusal; `head_only`: as the answer to a HEAD, without its content (RFC 9110 9.3.2).
    pub(crate) fn refusal(refusal: HttpRefusal, head_only: bool) -> Self {
        let (closes, phrase) = (refusal.closes(), refusal.reason_phrase());
        let HttpRefusal { status, fields, body } = refusal;
        let body = if head_only { Bytes::new() } else { body };
        Self { head: AnswerHead { status, phrase, fields, foreign: Vec::new(), closes }, body }
    }

    /// What somebody else has answered.
    pub(super) fn foreign(answer: &ForeignAnswer, request_id: RequestId) -> Self {
        let mut fields = vec![("X-Request-Id", request_id.to_string())];
        // RFC 9112 6.3, RFC 9110 8.6: these have no content, and must not tell of a length.
        let body = if matches!(answer.status(), 204 | 304) { Bytes::new() } else { answer.body.clone() };
        if !matches!(answer.status(), 204 | 304) {
            fields.push(("Content-Length", body.len().to_string()));
        }
        let foreign: Vec<(String, String)> =
            answer.end_to_end().map(|(name, value)| (name.to_owned(), value.to_owned())).collect();
        // RFC 9110 6.6.1: whoever has a clock adds the date where it is missing.
        if !foreign.iter().any(|(name, _)| name.eq_ignore_ascii_case("Date")) {
            fields.push(("Date", imf_fixdate(SystemTime::now())));
        }
        let head = AnswerHead { status: answer.status(), phrase: "", fields, foreign, closes: false };
        Self { head, body }
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
        for (name, value) in &self.foreign {
            // What cannot stand in a header is left out.
            let _ = outgoing.push(name, value);
        }
        outgoing.encode(&mut bytes);
        bytes.put_slice(b"\r\n");
        bytes
    }
}
