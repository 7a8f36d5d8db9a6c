use ws_core::refusal::{Cause, Refusal};

use super::{check::Check, policy::Policy, trace::Trace};

/// RFC 6455 4.2.2: the server selects one of those offered, or none.
pub(super) fn select(
    offered: &[String],
    policy: &Policy,
    trace: &mut Trace,
) -> Result<Option<String>, Refusal> {
    if policy.spoken_of(offered).is_none() && policy.subprotocol_required {
        trace.refuse(Check::Subprotocol, Cause::SubprotocolUnsupported);
        trace.compared(format!("{} offered against {} spoken", offered.len(), policy.subprotocols.len()));
        let refusal = Refusal::new(Cause::SubprotocolUnsupported).supported(policy.subprotocols.clone());
        // Not which: one of them may be a credential.
        return Err(refusal.detail(format!("none of the {} that are offered", offered.len())));
    }
    trace.pass(Check::Subprotocol);
    Ok(policy.answer_to(offered).map(str::to_owned))
}
