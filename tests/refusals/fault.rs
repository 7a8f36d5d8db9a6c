//! What can be wrong, one thing at a time.

use crate::ask::Ask;
use crate::faults;
use crate::setup::Setup;

/// One thing that is wrong, and the cause that it is refused for.
#[derive(Clone, Copy)]
pub(crate) struct Fault {
    pub(crate) code: &'static str,
    pub(crate) stage: Stage,
    /// What of a request it changes. Two faults with one of these in common cannot be in one request.
    pub(crate) touches: &'static [&'static str],
    pub(crate) setup: fn(&mut Setup),
    pub(crate) ask: fn(&mut Ask),
}

/// When it is found, in the order that the documentation promises. Faults of one stage have no order among them.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Stage {
    Transport,
    Head,
    HttpVersion,
    Host,
    Body,
    Draining,
    Address,
    Attempts,
    ConnectionsPerAddress,
    Connections,
    ServedHost,
    Route,
    Method,
    Upgrade,
    WebSocketVersion,
    Key,
    ExtensionOffer,
    SubprotocolOffer,
    Origin,
    Authentication,
    Scopes,
    Roles,
    Policy,
    PrincipalQuota,
    Subprotocol,
    Preparation,
}

impl Fault {
    /// One that lies in the request alone.
    pub(crate) const fn of_request(
        code: &'static str,
        stage: Stage,
        touches: &'static [&'static str],
        ask: fn(&mut Ask),
    ) -> Self {
        Self { code, stage, touches, setup: |_| {}, ask }
    }

    /// One that lies in the server's settings, or in what goes on there.
    pub(crate) const fn of_server(
        code: &'static str,
        stage: Stage,
        touches: &'static [&'static str],
        setup: fn(&mut Setup),
    ) -> Self {
        Self { code, stage, touches, setup, ask: |_| {} }
    }

    /// The same with settings that it needs.
    pub(crate) const fn with(self, setup: fn(&mut Setup)) -> Self {
        Self { setup, ..self }
    }

    /// Whether both can be wrong with one request, and which is found first is promised.
    pub(crate) fn combines(&self, other: &Self) -> bool {
        let alone = |fault: &Self| fault.touches == ["everything"];
        !alone(self)
            && !alone(other)
            && self.stage != other.stage
            && !self.touches.iter().any(|place| other.touches.contains(place))
    }
}

/// At least one for each cause that has an HTTP status, or none but ends the connection.
pub(crate) fn all() -> Vec<Fault> {
    [
        faults::head::FAULTS,
        faults::upgrade::FAULTS,
        faults::server::FAULTS,
        faults::credentials::FAULTS,
        faults::permissions::FAULTS,
    ]
    .concat()
}
