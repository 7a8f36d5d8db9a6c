//! What can be wrong with a handshake: one thing for each check of the gate, and two before it.

use ws_server::gate::Check;

/// Something that is wrong.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Fault {
    Syntax,
    TooManyFields,
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
    Expired,
    Revoked,
    Scopes,
    Roles,
    Policy,
    PrincipalQuota,
    Subprotocol,
    Preparation,
}

/// What finds a fault, and what it is then told as.
pub(super) struct Row {
    pub(super) fault: Fault,
    /// `None`: it is found before there is a head that the gate could look at.
    pub(super) check: Option<Check>,
    pub(super) code: &'static str,
    /// Whether a dry run finds it too: it does not ask for an upgrade.
    pub(super) rehearsed: bool,
}

const fn row(fault: Fault, check: Option<Check>, code: &'static str) -> Row {
    Row { fault, check, code, rehearsed: true }
}

const fn upgrade(fault: Fault, check: Check, code: &'static str) -> Row {
    Row { fault, check: Some(check), code, rehearsed: false }
}

/// All of them, in the order in which they are found.
pub(super) const ROWS: [Row; 27] = [
    row(Fault::Syntax, None, "malformed-request"),
    row(Fault::TooManyFields, None, "too-many-headers"),
    row(Fault::HttpVersion, Some(Check::HttpVersion), "http-version-unsupported"),
    row(Fault::Host, Some(Check::Host), "host-malformed"),
    row(Fault::Body, Some(Check::Body), "unexpected-body"),
    row(Fault::Draining, Some(Check::Draining), "server-draining"),
    row(Fault::Address, Some(Check::Address), "address-denied"),
    row(Fault::Attempts, Some(Check::Attempts), "rate-limited"),
    row(Fault::ConnectionsPerAddress, Some(Check::ConnectionsPerAddress), "address-quota-exceeded"),
    row(Fault::Connections, Some(Check::Connections), "server-full"),
    row(Fault::ServedHost, Some(Check::ServedHost), "host-not-served"),
    row(Fault::Route, Some(Check::Route), "route-not-found"),
    upgrade(Fault::Method, Check::Method, "method-not-allowed"),
    upgrade(Fault::Upgrade, Check::Upgrade, "upgrade-headers-stripped"),
    upgrade(Fault::WebSocketVersion, Check::WebSocketVersion, "websocket-version-unsupported"),
    upgrade(Fault::Key, Check::Key, "websocket-key-invalid"),
    upgrade(Fault::ExtensionOffer, Check::ExtensionOffer, "extension-offer-malformed"),
    upgrade(Fault::SubprotocolOffer, Check::SubprotocolOffer, "subprotocol-offer-malformed"),
    row(Fault::Origin, Some(Check::Origin), "origin-denied"),
    row(Fault::Expired, Some(Check::Authentication), "token-expired"),
    row(Fault::Revoked, Some(Check::Authentication), "token-revoked"),
    row(Fault::Scopes, Some(Check::Scopes), "scope-insufficient"),
    row(Fault::Roles, Some(Check::Roles), "role-missing"),
    row(Fault::Policy, Some(Check::Policy), "policy-denied"),
    row(Fault::PrincipalQuota, Some(Check::PrincipalQuota), "principal-quota-exceeded"),
    upgrade(Fault::Subprotocol, Check::Subprotocol, "subprotocol-unsupported"),
    row(Fault::Preparation, Some(Check::Preparation), "upstream-down"),
];
