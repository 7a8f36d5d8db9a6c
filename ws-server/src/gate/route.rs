use ws_core::{
    head::RequestHead,
    refusal::{Cause, Refusal},
};

use super::{
    check::Check,
    routes::{RouteMatch, Routes},
    trace::Trace,
};

/// The route for the path of the request, unless it was `found` already. What a refusal tells never depends on the path.
pub(super) fn find(
    found: Option<RouteMatch>,
    head: &RequestHead,
    routes: &dyn Routes,
    trace: &mut Trace,
) -> Result<RouteMatch, Refusal> {
    if let Some(route) = found.or_else(|| routes.find(head.path())) {
        trace.pass(Check::Route);
        return Ok(route);
    }
    trace.refuse(Check::Route, Cause::RouteNotFound);
    Err(Refusal::new(Cause::RouteNotFound))
}
