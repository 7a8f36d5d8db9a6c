//! The dry run: what a handshake would be told, for pages, from which browsers hide a refused handshake.
//!
//! Pages of other origins may ask where they may connect too; the fields of the CORS protocol say so (Fetch standard,
//! section 3.2).

use std::time::SystemTime;

use bytes::Bytes;
use ws_core::handshake::TokenList;
use ws_core::refusal::{Cause, Refusal};

use super::admit;
use super::answer::Answer;
use super::imf_fixdate;
use super::request::{Request, Wish};
use super::respond_to::finished;
use crate::gate::{Checked, Rehearsed, Trace};
use crate::prepare::Unprepared;
use crate::server::shared::Shared;

/// What a page of an allowed origin may read of the answer.
const EXPOSED: &str = "Refused-By, Retry-After, WWW-Authenticate, X-Request-Id";
/// How long a browser may keep the answer to a preflight, in seconds.
const PREFLIGHT_AGE: &str = "600";

/// Answers a dry run or its preflight.
pub(super) async fn rehearse(shared: &Shared, request: &Request) -> Option<Answer> {
    if request.wish == Wish::Preflight {
        return preflight(shared, request);
    }
    let Checked { decision, mut trace } = match &request.route {
        None => shared.gate.check_dry_run(&request.head, &request.facts).await,
        Some(route) => shared.gate.check_dry_run_at(route.clone(), &request.head, &request.facts).await,
    };
    let cors = cors(shared, request);
    let rehearsed = match decision {
        // Nothing is got ready for somebody who has not said who it is.
        Ok(Rehearsed { first_message: true, .. }) => Ok(()),
        Ok(Rehearsed { route, identity, .. }) => {
            admit::rehearse(shared, request, &route, &identity, &mut trace).await
        }
        Err(refusal) => Err(refusal.into()),
    };
    match rehearsed {
        Ok(()) => {
            shared.counters.count_dry_run();
            Some(accepted(request, &cors))
        }
        // What is hidden is answered as what is not there, where no origin is allowed.
        Err(Unprepared::Refused(refusal)) if refusal.cause == Cause::ResourceHidden => {
            refused(shared, request, refusal, &trace, &vary())
        }
        // An answer of somebody else is one to a handshake; whoever rehearses is told the cause.
        Err(Unprepared::Refused(refusal) | Unprepared::Answered(refusal, _)) => {
            refused(shared, request, refusal, &trace, &cors)
        }
    }
}

fn accepted(request: &Request, cors: &[(&'static str, String)]) -> Answer {
    let id = request.id.to_string();
    let body = format!(r#"{{"accepted":true,"request_id":"{id}"}}"#);
    let mut fields = vec![
        ("Content-Type", "application/json".to_owned()),
        ("Content-Length", body.len().to_string()),
        ("Cache-Control", "no-store".to_owned()),
        ("X-Request-Id", id),
    ];
    fields.extend_from_slice(cors);
    answer(200, "OK", fields, body.into(), request)
}

fn refused(
    shared: &Shared,
    request: &Request,
    refusal: Refusal,
    trace: &Trace,
    cors: &[(&'static str, String)],
) -> Option<Answer> {
    let mut refusal = shared.refuse(refusal, &request.refused(trace))?;
    refusal.fields.extend_from_slice(cors);
    Some(finished(Answer::refusal(refusal, false), request))
}

/// The browser asks first where the page adds fields of its own, `Authorization` above all.
fn preflight(shared: &Shared, request: &Request) -> Option<Answer> {
    let Checked { decision, trace } = shared.gate.admit(&request.head, &request.facts);
    let cors = cors(shared, request);
    let denied = |cause| refused(shared, request, Refusal::new(cause), &trace, &vary());
    if let Err(refusal) = decision {
        return refused(shared, request, refusal, &trace, &cors);
    }
    if request.route(&shared.routes).is_none() {
        return denied(Cause::RouteNotFound);
    }
    if !cors.iter().any(|(name, _)| *name == "Access-Control-Allow-Origin") {
        return denied(Cause::OriginDenied);
    }
    let asked = request.head.fields().get_all("Access-Control-Request-Headers");
    let headers: Vec<&str> = TokenList::of(asked).tokens().filter_map(Result::ok).collect();
    let mut fields = cors;
    fields.extend([
        ("Access-Control-Allow-Methods", "GET".to_owned()),
        ("Access-Control-Allow-Headers", headers.join(", ")),
        ("Access-Control-Max-Age", PREFLIGHT_AGE.to_owned()),
        ("X-Request-Id", request.id.to_string()),
    ]);
    Some(answer(204, "No Content", fields, Bytes::new(), request))
}

/// RFC 9110 12.5.5: the answer depends on the origin, also where there is none.
fn vary() -> [(&'static str, String); 1] {
    [("Vary", "Origin".to_owned())]
}

/// The fields that let a page of this origin read the answer, where the route allows the origin.
fn cors(shared: &Shared, request: &Request) -> Vec<(&'static str, String)> {
    let mut fields = Vec::from(vary());
    let origin = request.head.fields().get_str("Origin");
    let route = request.route(&shared.routes);
    if let (Some(origin), Some(route)) = (origin, route)
        && route.policy.allows_origin(&request.head, &request.facts)
    {
        fields.push(("Access-Control-Allow-Origin", origin.to_owned()));
        fields.push(("Access-Control-Expose-Headers", EXPOSED.to_owned()));
    }
    fields
}

fn answer(
    status: u16,
    phrase: &'static str,
    mut fields: Vec<(&'static str, String)>,
    body: Bytes,
    request: &Request,
) -> Answer {
    fields.push(("Date", imf_fixdate(SystemTime::now())));
    finished(Answer::new(status, phrase, fields, body), request)
}
