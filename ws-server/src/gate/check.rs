use std::fmt;

/// A check of the gate. They are made in the order in which they stand here: cheap ones and those that need no
/// secret first, so that a stranger costs little and learns little.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[non_exhaustive]
pub enum Check {
    /// HTTP/1.1 (RFC 6455 4.2.1).
    HttpVersion,
    /// One valid `Host` (RFC 9112 3.2).
    Host,
    /// No body.
    Body,
    /// The server is not shutting down.
    Draining,
    /// The address may connect.
    Address,
    /// The address does not try too often.
    Attempts,
    /// The address does not have too many connections.
    ConnectionsPerAddress,
    /// The server does not have too many connections.
    Connections,
    /// The host is one of those that are served.
    ServedHost,
    /// There is a route.
    Route,
    /// GET (RFC 6455 4.2.1).
    Method,
    /// `Upgrade` and `Connection` (RFC 6455 4.2.1).
    Upgrade,
    /// `Sec-WebSocket-Version` (RFC 6455 4.2.1, 4.4).
    WebSocketVersion,
    /// `Sec-WebSocket-Key` (RFC 6455 4.2.1).
    Key,
    /// The grammar of `Sec-WebSocket-Extensions` (RFC 6455 9.1).
    ExtensionOffer,
    /// The grammar of `Sec-WebSocket-Protocol` (RFC 6455 11.3.4).
    SubprotocolOffer,
    /// `Origin` (RFC 6455 10.2).
    Origin,
    /// Who it is.
    Authentication,
    /// The scopes that the route requires.
    Scopes,
    /// The roles that the route requires.
    Roles,
    /// The route's authorizers.
    Policy,
    /// The principal does not have too many connections.
    PrincipalQuota,
    /// A subprotocol that both speak (RFC 6455 4.2.2).
    Subprotocol,
    /// What the route gets ready before the answer, such as a connection to a server behind it.
    Preparation,
}

impl Check {
    /// All of them, in their order.
    pub const ALL: [Self; 24] = [
        Self::HttpVersion,
        Self::Host,
        Self::Body,
        Self::Draining,
        Self::Address,
        Self::Attempts,
        Self::ConnectionsPerAddress,
        Self::Connections,
        Self::ServedHost,
        Self::Route,
        Self::Method,
        Self::Upgrade,
        Self::WebSocketVersion,
        Self::Key,
        Self::ExtensionOffer,
        Self::SubprotocolOffer,
        Self::Origin,
        Self::Authentication,
        Self::Scopes,
        Self::Roles,
        Self::Policy,
        Self::PrincipalQuota,
        Self::Subprotocol,
        Self::Preparation,
    ];

    /// Its name in logs.
    pub const fn name(self) -> &'static str {
        match self {
            Self::HttpVersion => "http-version",
            Self::Host => "host",
            Self::Body => "body",
            Self::Draining => "draining",
            Self::Address => "address",
            Self::Attempts => "attempts",
            Self::ConnectionsPerAddress => "connections-per-address",
            Self::Connections => "connections",
            Self::ServedHost => "served-host",
            Self::Route => "route",
            Self::Method => "method",
            Self::Upgrade => "upgrade",
            Self::WebSocketVersion => "websocket-version",
            Self::Key => "key",
            Self::ExtensionOffer => "extension-offer",
            Self::SubprotocolOffer => "subprotocol-offer",
            Self::Origin => "origin",
            Self::Authentication => "authentication",
            Self::Scopes => "scopes",
            Self::Roles => "roles",
            Self::Policy => "policy",
            Self::PrincipalQuota => "principal-quota",
            Self::Subprotocol => "subprotocol",
            Self::Preparation => "preparation",
        }
    }
}

impl fmt::Display for Check {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(self.name())
    }
}
