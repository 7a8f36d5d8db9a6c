use ws_core::{
    head::RequestHead,
    refusal::{Cause, Refusal},
};

use super::{
    check::Check,
    routes::{RouteMatch, Routes},
    trace::Trace,
};

/// The route for the path of the request. What a refusal tells never depends on the path.
pub(super) fn find(
    head: &RequestHead,
    routes: &dyn Routes,
    trace: &mut Trace,
) -> Result<RouteMatch, Refusal> {
    if let Some(route) = routes.find(head.path()) {
        trace.pass(Check::Route);
        return Ok(route);
    }
    trace.refuse(Check::Route, Cause::RouteNotFound);
    Err(Refusal::new(Cause::RouteNotFound))
}
