use ws_core::{head::RequestHead, refusal::Refusal};

use super::{
    check::Check, facts::Facts, origin_policy::OriginError, origin_policy::OriginPolicy, trace::Trace,
};

/// RFC 6455 10.2, 4.2.2: an origin that is not accepted is refused with 403.
pub(super) fn check(
    head: &RequestHead,
    policy: &OriginPolicy,
    facts: &Facts,
    trace: &mut Trace,
) -> Result<(), Refusal> {
    settle(head, policy, facts, policy.check(head, facts), trace)
}

/// The same for a rehearsal by `fetch`: a browser leaves `Origin` out of a GET of the same origin, and says so in
/// `Sec-Fetch-Site` instead. It also leaves it out where a foreign page may not read the answer (mode `no-cors`); the
/// handshake of that page would have one, so that its rehearsal needs one too.
pub(super) fn check_rehearsal(
    head: &RequestHead,
    policy: &OriginPolicy,
    facts: &Facts,
    trace: &mut Trace,
) -> Result<(), Refusal> {
    let site = head.fields().first("Sec-Fetch-Site");
    let foreign = matches!(site, Some(b"cross-site" | b"same-site")) && !head.fields().contains("Origin");
    let result = match policy.check(head, facts) {
        Err(OriginError::Missing) if site == Some(b"same-origin") => Ok(()),
        Ok(()) if foreign && !policy.is_any() => Err(OriginError::Missing),
        result => result,
    };
    settle(head, policy, facts, result, trace)
}

fn settle(
    head: &RequestHead,
    policy: &OriginPolicy,
    facts: &Facts,
    result: Result<(), OriginError>,
    trace: &mut Trace,
) -> Result<(), Refusal> {
    match result {
        Ok(()) => {
            trace.pass(Check::Origin);
            trace.compared(if head.fields().contains("Origin") { policy.admits() } else { "no origin" });
            Ok(())
        }
        Err(error) => {
            trace.refuse(Check::Origin, error.cause());
            match head.fields().get_str("Origin") {
                // What does not parse may be anything.
                Some(origin) if error == OriginError::Denied => {
                    trace.compared(format!("{origin:?} against {}", policy.compared(head, facts)));
                }
                _ => trace.compared(error.to_string()),
            }
            // Which one it was is for the operator; `Route::origins` allows it.
            let detail = match (error, head.fields().get_str("Origin")) {
                (OriginError::Denied, Some(origin)) => format!("the origin {origin:?} is not allowed here"),
                _ => error.to_string(),
            };
            Err(Refusal::new(error.cause()).detail(detail))
        }
    }
}
