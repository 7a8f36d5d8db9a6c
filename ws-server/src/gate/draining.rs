use ws_core::refusal::{Cause, Refusal};

use super::{check::Check, facts::Facts, trace::Trace};

/// A server that shuts down takes nobody new.
pub(super) fn check(facts: &Facts, trace: &mut Trace) -> Result<(), Refusal> {
    if facts.draining {
        trace.refuse(Check::Draining, Cause::ServerDraining);
        return Err(Refusal::new(Cause::ServerDraining));
    }
    trace.pass_at_once(Check::Draining);
    Ok(())
}
