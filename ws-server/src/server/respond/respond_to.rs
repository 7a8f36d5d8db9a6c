//! The one way from a request to its answer.

use std::time::SystemTime;

use ws_core::head::HeadError;
use ws_core::refusal::{Cause, Refusal};

use super::admit::admit;
use super::answer::Answer;
use super::dry_run::rehearse;
use super::farewell::Farewell;
use super::imf_fixdate;
use super::request::{Request, Wish, wants_head_only};
use super::upgrade::Upgrade;
use crate::gate::{Checked, Trace};
use crate::prepare::{ForeignAnswer, Unprepared};
use crate::server::page::{Page, PageRequest};
use crate::server::shared::{Shared, Told};

/// What a request gets.
pub(crate) enum Reply {
    /// An answer. `None`: the cause is one that is not answered, and the connection ends.
    Answer(Option<Answer>),
    /// It is refused in a Close frame.
    Farewell(Box<Farewell>),
    /// It is let in.
    Upgrade(Box<Upgrade>),
}

/// Answers a request. A refusal is reported, once.
///
/// Cancel safe: what is dropped was neither answered nor reported.
pub(crate) async fn respond(shared: &Shared, request: &Request) -> Reply {
    if request.wish.is_rehearsal() && shared.dry_run {
        return Reply::Answer(rehearse(shared, request).await);
    }
    if request.wish != Wish::Upgrade
        && let Some((page, _)) = shared.pages.find(request.head.path())
    {
        return Reply::Answer(show(shared, request, page));
    }
    let Checked { decision, mut trace } = match &request.route {
        None => shared.gate.check(&request.head, &request.facts).await,
        Some(route) => shared.gate.check_at(route.clone(), &request.head, &request.facts).await,
    };
    let admitted = match decision {
        Ok(accepted) => admit(shared, request, accepted, &mut trace).await,
        Err(refusal) => Err(refusal.into()),
    };
    match admitted {
        Ok(upgrade) => {
            upgrade.report(shared, &trace);
            Reply::Upgrade(Box::new(upgrade))
        }
        Err(Unprepared::Refused(refusal)) => deliver(shared, request, refusal, &trace),
        Err(Unprepared::Answered(refusal, answer)) => {
            Reply::Answer(Some(pass_on(shared, request, &refusal, &answer, &trace)))
        }
    }
}

/// The refusal of what is no head.
pub(crate) fn explain_head(error: &HeadError) -> Refusal {
    // It tells of the caller's own bytes, nothing of ours.
    Refusal::new(error.cause()).public_detail(error.to_string())
}

/// Refuses a handshake, in a Close frame where that is wanted and possible.
fn deliver(shared: &Shared, request: &Request, refusal: Refusal, trace: &Trace) -> Reply {
    let refusal = shared.with_retry_after(refusal);
    match Farewell::prepare(shared, request, &refusal) {
        Some(farewell) => {
            shared.report(&refusal, &request.refused(trace), Told::InFrame(farewell.code()));
            Reply::Farewell(Box::new(farewell))
        }
        None => Reply::Answer(refuse(shared, request, refusal, trace)),
    }
}

/// Refuses a request.
pub(crate) fn refuse(shared: &Shared, request: &Request, refusal: Refusal, trace: &Trace) -> Option<Answer> {
    let refusal = shared.refuse(refusal, &request.refused(trace))?;
    Some(finished(Answer::refusal(refusal, wants_head_only(&request.head)), request))
}

/// Gives the answer that somebody else gave.
fn pass_on(
    shared: &Shared,
    request: &Request,
    refusal: &Refusal,
    answer: &ForeignAnswer,
    trace: &Trace,
) -> Answer {
    shared.report(refusal, &request.refused(trace), Told::OverHttp(Some(answer.status())));
    finished(Answer::foreign(answer, request.id), request)
}

/// An answer with what every answer to this request has.
pub(super) fn finished(mut answer: Answer, request: &Request) -> Answer {
    if request.closes {
        answer.close();
    }
    answer
}

/// Shows a page, if the server has room for whoever asks.
fn show(shared: &Shared, request: &Request, page: &Page) -> Option<Answer> {
    let head = &request.head;
    let Checked { decision, trace } = shared.gate.admit(head, &request.facts);
    let admitted = decision.and_then(|()| match head.method() {
        "GET" | "HEAD" => Ok(()),
        _ => Err(Refusal::new(Cause::MethodNotAllowed)),
    });
    if let Err(refusal) = admitted {
        return refuse(shared, request, refusal, &trace);
    }
    let asked = PageRequest {
        head_only: wants_head_only(head),
        if_none_match: head.fields().get_str("If-None-Match"),
        date: &imf_fixdate(SystemTime::now()),
    };
    Some(finished(page.answer(&asked), request))
}
