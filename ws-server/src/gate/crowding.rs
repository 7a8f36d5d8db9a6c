use ws_core::refusal::{Cause, Refusal};

use super::{
    check::Check,
    facts::{Crowded, Facts},
    trace::Trace,
};

/// Connections of one address first, then those of all.
pub(super) fn check(facts: &Facts, trace: &mut Trace) -> Result<(), Refusal> {
    if facts.crowded == Some(Crowded::Address) {
        let whose = format!("from {}", facts.peer.ip());
        return Err(refuse(Check::ConnectionsPerAddress, Cause::AddressQuotaExceeded, &whose, facts, trace));
    }
    trace.pass_at_once(Check::ConnectionsPerAddress);
    if facts.crowded == Some(Crowded::Server) {
        return Err(refuse(Check::Connections, Cause::ServerFull, "in all", facts, trace));
    }
    trace.pass_at_once(Check::Connections);
    Ok(())
}

fn refuse(check: Check, cause: Cause, whose: &str, facts: &Facts, trace: &mut Trace) -> Refusal {
    trace.refuse(check, cause);
    let Some(limit) = facts.crowd_limit else { return Refusal::new(cause) };
    let detail = format!("{limit} connections {whose} are as many as may be");
    trace.compared(detail.clone());
    Refusal::new(cause).detail(detail)
}
