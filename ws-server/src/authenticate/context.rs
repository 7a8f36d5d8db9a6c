use std::{net::SocketAddr, time::SystemTime};

use ws_core::head::RequestHead;

use super::ClientCertificate;
use crate::Params;
use crate::gate::Facts;

/// What an authenticator or an authorizer may look at: a handshake that is in order so far.
///
/// ```
/// use std::time::SystemTime;
/// use ws_core::head::{RequestHead, Version};
/// use ws_server::authenticate::HandshakeContext;
///
/// let head = RequestHead::from_parts("GET", "/chat?v=2", Version::HTTP_11, [("Host", "example.com")])?;
/// let context = HandshakeContext::new(&head, ([192, 0, 2, 1], 4711).into(), SystemTime::now());
/// assert_eq!(context.head().query(), Some("v=2"));
/// # Ok::<(), ws_core::head::HeadError>(())
/// ```
#[derive(Clone, Copy, Debug)]
pub struct HandshakeContext<'a> {
    head: &'a RequestHead,
    peer: SocketAddr,
    now: SystemTime,
    secure: bool,
    dry_run: bool,
    ambient: bool,
    subprotocols: &'a [String],
    route: &'a str,
    params: Option<&'a Params>,
    certificate: Option<&'a ClientCertificate>,
    forwarded_host: Option<&'a str>,
}

impl<'a> HandshakeContext<'a> {
    /// A request that came from `peer` at the time `now`, without TLS, and of which nothing else is known.
    pub const fn new(head: &'a RequestHead, peer: SocketAddr, now: SystemTime) -> Self {
        Self {
            head,
            peer,
            now,
            secure: false,
            dry_run: false,
            ambient: true,
            subprotocols: &[],
            route: "",
            params: None,
            certificate: None,
            forwarded_host: None,
        }
    }

    /// A request of which this is known.
    pub(crate) fn of(head: &'a RequestHead, facts: &'a Facts) -> Self {
        let context = Self::new(head, facts.peer, facts.now)
            .with_security(facts.secure)
            .with_client_certificate(facts.certificate.as_ref());
        Self { forwarded_host: facts.host.as_deref(), ..context }
    }

    /// At another time.
    #[must_use]
    pub const fn with_now(mut self, now: SystemTime) -> Self {
        self.now = now;
        self
    }

    /// Whether the request came over TLS.
    #[must_use]
    pub const fn with_security(mut self, secure: bool) -> Self {
        self.secure = secure;
        self
    }

    /// Whether this is a dry run.
    #[must_use]
    pub const fn with_dry_run(mut self, dry_run: bool) -> Self {
        self.dry_run = dry_run;
        self
    }

    /// Whether credentials that a browser sends by itself count; they do unless this says otherwise.
    #[must_use]
    pub const fn with_ambient_credentials(mut self, count: bool) -> Self {
        self.ambient = count;
        self
    }

    /// Adds the subprotocols that are offered.
    #[must_use]
    pub const fn with_subprotocols(mut self, subprotocols: &'a [String]) -> Self {
        self.subprotocols = subprotocols;
        self
    }

    /// Adds the path of the route, as it was given to the builder.
    #[must_use]
    pub const fn with_route(mut self, route: &'a str) -> Self {
        self.route = route;
        self
    }

    /// Adds what the parameters of the route's path stand for.
    #[must_use]
    pub const fn with_params(mut self, params: &'a Params) -> Self {
        self.params = Some(params);
        self
    }

    /// Adds the certificate that the client showed.
    #[must_use]
    pub const fn with_client_certificate(mut self, certificate: Option<&'a ClientCertificate>) -> Self {
        self.certificate = certificate;
        self
    }

    /// The head of the request.
    pub const fn head(&self) -> &'a RequestHead {
        self.head
    }

    /// Where the client is: the other end of the connection, or whom a trusted proxy names.
    pub const fn peer(&self) -> SocketAddr {
        self.peer
    }

    /// The time of the request; the same for everybody who asks.
    pub const fn now(&self) -> SystemTime {
        self.now
    }

    /// The host that the client asked for: what a trusted proxy says of it, or else `Host`, with its port if it has one.
    pub fn host(&self) -> Option<&'a str> {
        self.forwarded_host.or_else(|| self.head.fields().get_str("Host"))
    }

    /// Whether it came over TLS.
    pub const fn is_secure(&self) -> bool {
        self.secure
    }

    /// Whether somebody only asks what the handshake would get. What can be used once is looked at then, and not
    /// used up.
    pub const fn is_dry_run(&self) -> bool {
        self.dry_run
    }

    /// Whether credentials that a browser sends by itself, cookies, count. They do not as long as there may be others
    /// that somebody has chosen to send; see [`Authenticator::is_ambient`](super::Authenticator::is_ambient).
    pub const fn ambient_credentials_count(&self) -> bool {
        self.ambient
    }

    /// The subprotocols that are offered, in the client's order (RFC 6455 4.1).
    pub const fn subprotocols(&self) -> &'a [String] {
        self.subprotocols
    }

    /// The certificate that the client showed, if the listener's verifier trusts it (mutual TLS).
    pub const fn client_certificate(&self) -> Option<&'a ClientCertificate> {
        self.certificate
    }

    /// The path of the route, as it was given to the builder: `/rooms/{room}`. Empty if it is not known.
    pub const fn route(&self) -> &'a str {
        self.route
    }

    /// What the parameters of the route's path stand for, if there is a route.
    pub const fn params(&self) -> Option<&'a Params> {
        self.params
    }

    /// What a parameter of the route's path stands for, decoded.
    pub fn param(&self, name: &str) -> Option<&'a str> {
        self.params.and_then(|params| params.get(name))
    }
}
