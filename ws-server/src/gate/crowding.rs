use ws_core::refusal::{Cause, Refusal};

use super::{
    check::Check,
    facts::{Crowded, Facts},
    trace::Trace,
};

/// Connections of one address first, then those of all.
pub(super) fn check(facts: &Facts, trace: &mut Trace) -> Result<(), Refusal> {
    if facts.crowded == Some(Crowded::Address) {
        trace.refuse(Check::ConnectionsPerAddress, Cause::AddressQuotaExceeded);
        return Err(Refusal::new(Cause::AddressQuotaExceeded));
    }
    trace.pass_at_once(Check::ConnectionsPerAddress);
    if facts.crowded == Some(Crowded::Server) {
        trace.refuse(Check::Connections, Cause::ServerFull);
        return Err(Refusal::new(Cause::ServerFull));
    }
    trace.pass_at_once(Check::Connections);
    Ok(())
}
