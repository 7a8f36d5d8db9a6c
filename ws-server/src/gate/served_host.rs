use ws_core::{
    head::{Authority, RequestHead},
    refusal::{Cause, Refusal},
};

use super::{check::Check, facts::Facts, trace::Trace};

/// RFC 9110 15.5.20: a request for a host that is not served here has come to the wrong place. An empty list serves
/// every host.
pub(super) fn check(
    head: &RequestHead,
    facts: &Facts,
    served: &[String],
    trace: &mut Trace,
) -> Result<(), Refusal> {
    if served.is_empty() {
        trace.skip(Check::ServedHost);
        return Ok(());
    }
    // Without a Host, which HTTP/1.0 allows, there is nothing to compare; such a request is no upgrade either.
    let Some(asked) = facts.host(head) else {
        trace.skip(Check::ServedHost);
        return Ok(());
    };
    if served.iter().any(|name| is(name, &asked)) {
        trace.pass(Check::ServedHost);
        return Ok(());
    }
    trace.refuse(Check::ServedHost, Cause::HostNotServed);
    trace.compared(format!("{:?} against {} served", asked.host(), served.len()));
    Err(Refusal::new(Cause::HostNotServed).detail("the host is not one of those that are served"))
}

/// A name without a port is meant for every port.
fn is(name: &str, asked: &Authority<'_>) -> bool {
    Authority::parse(name.as_bytes()).is_ok_and(|name| {
        name.host().eq_ignore_ascii_case(asked.host())
            && (name.port().is_none() || name.port() == asked.port())
    })
}
