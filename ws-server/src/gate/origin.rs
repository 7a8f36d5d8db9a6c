use ws_core::{head::RequestHead, refusal::Refusal};

use super::{check::Check, origin_policy::OriginError, origin_policy::OriginPolicy, trace::Trace};

/// RFC 6455 10.2, 4.2.2: an origin that is not accepted is refused with 403.
pub(super) fn check(
    head: &RequestHead,
    policy: &OriginPolicy,
    secure: bool,
    trace: &mut Trace,
) -> Result<(), Refusal> {
    settle(policy.check(head, secure), trace)
}

/// The same for a rehearsal by `fetch`: a browser leaves `Origin` out of a GET of the same origin, and says so in
/// `Sec-Fetch-Site` instead.
pub(super) fn check_rehearsal(
    head: &RequestHead,
    policy: &OriginPolicy,
    secure: bool,
    trace: &mut Trace,
) -> Result<(), Refusal> {
    let result = match policy.check(head, secure) {
        Err(OriginError::Missing) if head.fields().first("Sec-Fetch-Site") == Some(b"same-origin") => Ok(()),
        result => result,
    };
    settle(result, trace)
}

fn settle(result: Result<(), OriginError>, trace: &mut Trace) -> Result<(), Refusal> {
    match result {
        Ok(()) => {
            trace.pass(Check::Origin);
            Ok(())
        }
        Err(error) => {
            trace.refuse(Check::Origin, error.cause());
            Err(Refusal::new(error.cause()).detail(error.to_string()))
        }
    }
}
