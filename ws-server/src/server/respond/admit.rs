//! From an accepted handshake to its 101, through what the route gets ready in between.

use std::sync::Arc;

use ws_core::refusal::{Cause, Refusal};

use super::request::Request;
use super::upgrade::Upgrade;
use crate::authenticate::{HandshakeContext, Identity};
use crate::gate::{Accepted, Check, RouteMatch, Trace};
use crate::prepare::{Admission, Late, Ready, Selection, Unprepared};
use crate::server::routes::RouteEntry;
use crate::server::shared::Shared;
use crate::session::Start;

/// Gets ready what the route needs, and then the answer.
pub(super) async fn admit(
    shared: &Shared,
    request: &Request,
    mut accepted: Accepted,
    trace: &mut Trace,
) -> Result<Upgrade, Unprepared> {
    let entry = shared.routes.get(accepted.route.route).ok_or(Cause::InternalError)?;
    if accepted.first_message {
        let handler = entry.prepare.as_ref().map(|prepare| {
            let late = Late { prepare: Arc::clone(prepare), limit: entry.prepare_timeout };
            Arc::new(late) as Arc<dyn Start>
        });
        return Ok(upgrade(shared, entry, request, accepted, handler)?);
    }
    let context = request.context(&accepted.route).with_subprotocols(&accepted.upgrade.subprotocols);
    let subprotocol = accepted.subprotocol.as_deref();
    let ready = ready(entry, request, context, &accepted.identity, subprotocol, trace).await?;
    let handler = match ready {
        None => None,
        Some(Ready { handler, selection }) => {
            if let Selection::Of(subprotocol) = selection {
                accepted.subprotocol = subprotocol;
            }
            Some(handler)
        }
    };
    Ok(upgrade(shared, entry, request, accepted, handler)?)
}

fn upgrade(
    shared: &Shared,
    entry: &RouteEntry,
    request: &Request,
    accepted: Accepted,
    handler: Option<Arc<dyn Start>>,
) -> Result<Upgrade, Refusal> {
    let upgrade = Upgrade::prepare(&shared.host, entry, request, accepted, handler);
    upgrade.map_err(|error| Refusal::new(Cause::InternalError).detail(error.to_string()))
}

/// Finds out whether that would work, for a dry run.
pub(super) async fn rehearse(
    shared: &Shared,
    request: &Request,
    route: &RouteMatch,
    identity: &Identity,
    trace: &mut Trace,
) -> Result<(), Unprepared> {
    let entry = shared.routes.get(route.route).ok_or(Cause::InternalError)?;
    let context = request.context(route).with_dry_run(true);
    ready(entry, request, context, identity, None, trace).await.map(|_| ())
}

async fn ready(
    entry: &RouteEntry,
    request: &Request,
    context: HandshakeContext<'_>,
    identity: &Identity,
    subprotocol: Option<&str>,
    trace: &mut Trace,
) -> Result<Option<Ready>, Unprepared> {
    let Some(prepare) = &entry.prepare else { return Ok(None) };
    let admission =
        Admission { request: context, identity, subprotocol, answered: false, request_id: request.id };
    let ready = prepare.ready(entry.prepare_timeout, &admission).await;
    match &ready {
        Ok(_) => trace.pass(Check::Preparation),
        Err(unprepared) => {
            let refusal = unprepared.refusal();
            trace.refuse(Check::Preparation, refusal.cause);
            trace.compared(refusal.detail.clone());
        }
    }
    ready.map(Some)
}
