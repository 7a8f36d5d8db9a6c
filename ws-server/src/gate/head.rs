use ws_core::{
    handshake::{HandshakeError, check_head},
    head::RequestHead,
    refusal::{Cause, Refusal},
};

use super::{check::Check, trace::Trace};

const CHECKS: [Check; 3] = [Check::HttpVersion, Check::Host, Check::Body];

/// What concerns every request: HTTP version, `Host`, no body.
pub(super) fn check(head: &RequestHead, trace: &mut Trace) -> Result<(), Refusal> {
    let result = check_head(head);
    settle(&CHECKS, result, trace)
}

/// Notes how several checks ended that are made in one: those before the one that the error belongs to have passed.
pub(super) fn settle<T>(
    checks: &[Check],
    result: Result<T, HandshakeError>,
    trace: &mut Trace,
) -> Result<T, Refusal> {
    let refused = result.as_ref().err().map(|error| (check_of(error), error));
    for (position, &check) in checks.iter().enumerate() {
        match refused {
            Some((refused, error)) if refused == check => {
                trace.refuse(check, error.cause());
                trace.compared(error.to_string());
                break;
            }
            _ if position == 0 => trace.pass(check),
            _ => trace.pass_at_once(check),
        }
    }
    result.map_err(|error| Refusal::new(error.cause()).detail(error.to_string()))
}

/// The check that an error is found by.
fn check_of(error: &HandshakeError) -> Check {
    match error {
        HandshakeError::HttpVersion(_) => Check::HttpVersion,
        HandshakeError::HostMissing | HandshakeError::HostRepeated | HandshakeError::HostMalformed(_) => {
            Check::Host
        }
        HandshakeError::ContentLengthMalformed
        | HandshakeError::ContentLengthRepeated
        | HandshakeError::ContentLength
        | HandshakeError::TransferEncoding => Check::Body,
        other => match other.cause() {
            Cause::MethodNotAllowed => Check::Method,
            Cause::WebsocketVersionMissing | Cause::WebsocketVersionUnsupported => Check::WebSocketVersion,
            Cause::WebsocketKeyInvalid => Check::Key,
            Cause::ExtensionOfferMalformed => Check::ExtensionOffer,
            Cause::SubprotocolOfferMalformed => Check::SubprotocolOffer,
            _ => Check::Upgrade,
        },
    }
}
