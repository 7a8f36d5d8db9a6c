use crate::RequestId;
use crate::authenticate::{HandshakeContext, Identity};

/// A handshake that every check has passed, just before it is answered.
#[derive(Clone, Copy, Debug)]
#[non_exhaustive]
pub struct Admission<'a> {
    /// What was asked for. A [dry run](HandshakeContext::is_dry_run) wants to know whether it would work; what is made
    /// for it is dropped.
    pub request: HandshakeContext<'a>,
    /// By whom.
    pub identity: &'a Identity,
    /// The subprotocol that the 101 will have, unless [`Prepared::select`](super::Prepared::select) names another.
    pub subprotocol: Option<&'a str>,
    /// Whether the 101 is out already, since the client has said in its first message who it is. Then there is no other
    /// subprotocol any more, and a refusal ends the session.
    pub answered: bool,
    /// The identifier of the request, as it stands in the log.
    pub request_id: RequestId,
}
