//! Answers to requests, ready to be sent.

use std::time::SystemTime;

use bytes::{Bytes, BytesMut};
use ws_core::refusal::{Cause, HttpRefusal, Refusal};

use super::imf_fixdate;
use super::request::{Request, wants_head_only};
use crate::gate::{Checked, Trace};
use crate::server::page::{Page, PageRequest};
use crate::server::shared::Shared;

/// The bytes of an answer, and whether it is the last one.
#[derive(Debug)]
pub(super) struct Answer {
    pub(super) bytes: BytesMut,
    /// What follows them: the content of a page, which is not copied for each who asks for it.
    pub(super) content: Bytes,
    pub(super) closes: bool,
}

impl Answer {
    pub(super) const fn new(bytes: BytesMut, closes: bool) -> Self {
        Self { bytes, content: Bytes::new(), closes }
    }

    /// Nothing, and the end.
    pub(super) fn silence() -> Self {
        Self::new(BytesMut::new(), true)
    }

    /// A refusal as it goes out.
    pub(super) fn refusal(mut refusal: HttpRefusal, closes: bool, head_only: bool) -> Self {
        if closes {
            refusal.close();
        }
        let mut bytes = BytesMut::with_capacity(1024);
        if head_only {
            refusal.encode_head(&mut bytes);
        } else {
            refusal.encode(&mut bytes);
        }
        Self::new(bytes, refusal.closes())
    }
}

/// Refuses a request.
pub(super) fn refuse(shared: &Shared, request: &Request, refusal: Refusal, trace: &Trace) -> Answer {
    match shared.refuse(refusal, &request.refused(trace)) {
        Some(answer) => Answer::refusal(answer, request.closes, wants_head_only(&request.head)),
        None => Answer::silence(),
    }
}

/// Shows a page, if the server has room for whoever asks.
pub(super) fn show(shared: &Shared, request: &Request, page: &Page) -> Answer {
    let head = &request.head;
    let Checked { decision, trace } = shared.gate.admit(head, &request.facts);
    let admitted = decision.and_then(|()| match head.method() {
        "GET" | "HEAD" => Ok(()),
        _ => Err(Refusal::new(Cause::MethodNotAllowed)),
    });
    if let Err(refusal) = admitted {
        return refuse(shared, request, refusal, &trace);
    }
    let mut bytes = BytesMut::new();
    let content = page.answer(
        &PageRequest {
            head_only: wants_head_only(head),
            closes: request.closes,
            if_none_match: head.fields().get_str("If-None-Match"),
            date: &imf_fixdate(SystemTime::now()),
        },
        &mut bytes,
    );
    Answer { bytes, content, closes: request.closes }
}
