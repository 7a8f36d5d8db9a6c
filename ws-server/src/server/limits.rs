//! How much strangers may ask of the server before anybody is let in.

use std::time::Duration;

use ws_core::head::HeadLimits;

/// The limits of a server. But for the one on principals, they hold for callers who are not known yet.
///
/// What a connection may send once it is let in is limited by [`ws_core::connection::Limits`].
///
/// ```
/// use std::time::Duration;
/// use ws_server::ServerLimits;
///
/// let limits = ServerLimits { connections: 50_000, drain_timeout: Duration::from_secs(30), ..ServerLimits::default() };
/// assert_eq!(limits.connections_per_address, 100);
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ServerLimits {
    /// Open connections, counted from accept; 10,000 by default. Beyond it: `server-full`.
    pub connections: usize,
    /// Open connections of one IPv4 address or one IPv6 /64, counted from accept; 100 by default. Beyond it:
    /// `address-quota-exceeded`.
    pub connections_per_address: usize,
    /// Open connections of one principal, that is of one scheme, issuer and subject; 20 by default. Beyond it:
    /// `principal-quota-exceeded`. Somebody anonymous is not counted.
    pub connections_per_principal: usize,
    /// Size of a request's head: 16 KiB, 64 fields, a line of 8 KiB and a target of 4 KiB by default. Beyond them:
    /// `head-too-large`, `too-many-headers`, `target-too-long`.
    pub head: HeadLimits,
    /// The time for a whole head, from accept or from the answer to the last request; 10 s by default, however the
    /// bytes trickle in. Beyond it: `handshake-timeout`. An answer that is not taken in this time is given up. A client
    /// that is to say in its first message who it is has as long for that: `authentication-timeout`, 3008.
    pub handshake_timeout: Duration,
    /// Requests on one connection; 100 by default. The answer to the last one closes it.
    pub requests: usize,
    /// The time that sessions have to end when the server shuts down; 10 s by default. After it they are cut off.
    pub drain_timeout: Duration,
    /// The time over which a server that shuts down spreads the return of its clients, in whole seconds; 10 s by
    /// default.
    pub restart_window: Duration,
    /// When a client comes back that found the server, or the quota of its address or principal, full; 5 s by default.
    pub retry_after: Duration,
}

impl Default for ServerLimits {
    fn default() -> Self {
        Self {
            connections: 10_000,
            connections_per_address: 100,
            connections_per_principal: 20,
            head: HeadLimits::default(),
            handshake_timeout: Duration::from_secs(10),
            requests: 100,
            drain_timeout: Duration::from_secs(10),
            restart_window: Duration::from_secs(10),
            retry_after: Duration::from_secs(5),
        }
    }
}
