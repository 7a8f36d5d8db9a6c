use ws_core::refusal::{Cause, Refusal};

use super::{check::Check, policy::Policy, trace::Trace};

/// RFC 6455 4.2.2: the server selects one of those offered, or none.
pub(super) fn select(
    offered: &[String],
    policy: &Policy,
    trace: &mut Trace,
) -> Result<Option<String>, Refusal> {
    let ours = policy.subprotocols.iter().find(|ours| offered.contains(ours));
    if ours.is_none() && policy.subprotocol_required {
        trace.refuse(Check::Subprotocol, Cause::SubprotocolUnsupported);
        trace.compared(format!("{} offered against {} spoken", offered.len(), policy.subprotocols.len()));
        let refusal = Refusal::new(Cause::SubprotocolUnsupported).supported(policy.subprotocols.clone());
        // Not which: one of them may be a credential.
        return Err(refusal.detail(format!("none of the {} that are offered", offered.len())));
    }
    trace.pass(Check::Subprotocol);
    // A credential's company is answered where nothing else is; what follows it never is.
    let company = || {
        let names = policy.authenticators.iter().filter_map(|authenticator| authenticator.subprotocol());
        names.into_iter().find(|name| offered.iter().any(|offer| offer == name)).map(str::to_owned)
    };
    Ok(ours.cloned().or_else(company))
}
