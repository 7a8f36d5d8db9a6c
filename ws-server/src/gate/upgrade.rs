use ws_core::{
    handshake::{UpgradeRequest, check_method},
    head::RequestHead,
    refusal::Refusal,
};

use super::{check::Check, head::settle, trace::Trace};

const CHECKS: [Check; 5] =
    [Check::Upgrade, Check::WebSocketVersion, Check::Key, Check::ExtensionOffer, Check::SubprotocolOffer];

/// The rest of RFC 6455 4.2.1: method, upgrade, version, key, and the syntax of the offers.
pub(super) fn check(head: &RequestHead, trace: &mut Trace) -> Result<UpgradeRequest, Refusal> {
    settle(&[Check::Method], check_method(head), trace)?;
    settle(&CHECKS, UpgradeRequest::parse(head), trace)
}

/// A rehearsal is no upgrade, and `fetch` may not set the fields of one.
pub(super) fn skip(trace: &mut Trace) {
    trace.skip(Check::Method);
    for check in CHECKS {
        trace.skip(check);
    }
}
