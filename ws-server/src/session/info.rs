//! What is known about a connection that was let in.

use std::fmt;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use super::judge::Judge;
use super::{Control, Host, Petition, RequestId};
use crate::authenticate::{HandshakeContext, Identity, Params};
use crate::authorize::{Action, AuthorizationError, decide_action};

/// Who came, to which address, and what was agreed. All but the identity stays as it was at the handshake.
pub struct SessionInfo {
    pub(crate) route: Arc<str>,
    pub(crate) target: Box<str>,
    pub(crate) params: Params,
    pub(crate) subprotocol: Option<Box<str>>,
    pub(crate) peer: SocketAddr,
    pub(crate) request_id: RequestId,
    /// In seconds since 1970: for whole seconds there is room beside the identifier.
    pub(crate) since: u32,
    /// What changes.
    pub(crate) control: Control,
    /// What is kept of the handshake, where it is asked about once more.
    pub(crate) petition: Option<Box<Petition>>,
    pub(crate) host: Arc<Host>,
}

impl SessionInfo {
    /// Who it is, as far as the route's authenticators vouch for it. A session that is renewed has another one from then
    /// on; what is returned stays as it is.
    pub fn identity(&self) -> Arc<Identity> {
        self.control.identity()
    }

    /// Whether whoever is on the other end may do this now: all of the route's authorizers are asked
    /// ([`Authorizer::authorize_action`](crate::authorize::Authorizer::authorize_action)), none of them may say no, and
    /// one has to say yes. Action and resource are words of the application's own.
    ///
    /// A handler that returns the error ends the connection as the cause has it, `policy-denied` with 3003 for example.
    ///
    /// ```
    /// use ws_server::Session;
    /// use ws_server::authorize::AuthorizationError;
    ///
    /// async fn delete(session: &Session, message: &str) -> Result<(), AuthorizationError> {
    ///     session.authorize("message:delete", &format!("message/{message}")).await?;
    ///     // …
    ///     Ok(())
    /// }
    /// ```
    ///
    /// # Errors
    /// [`AuthorizationError`]: why not; [`Undecided`](AuthorizationError::Undecided) where no authorizer decides about
    /// it. [`Unavailable`](AuthorizationError::Unavailable) where one cannot be asked, or takes longer than the server's
    /// [authorization timeout](crate::ServerBuilder::authorization_timeout).
    ///
    /// # Cancel safety
    /// The questions are dropped with the future.
    pub async fn authorize(&self, action: &str, resource: &str) -> Result<(), AuthorizationError> {
        let (Some(petition), Some(Judge { gate, policy })) = (&self.petition, self.judge()) else {
            return Err(AuthorizationError::Undecided);
        };
        let who = self.identity();
        let action = Action::new(action, resource, SystemTime::now())
            .with_path(self.path())
            .with_route(&self.route)
            .with_params(&self.params)
            .with_peer(self.peer)
            .with_security(petition.facts.secure);
        let limit = gate.authorization_timeout();
        decide_action(policy.authorizers(), &action, &who, limit).await.map(|_| ())
    }

    /// The handshake, where it is kept, as of now.
    pub(crate) fn request(&self) -> Option<HandshakeContext<'_>> {
        self.petition.as_ref().map(|petition| petition.context(self))
    }

    /// The path of the route as it was given to the builder: `/rooms/{room}`.
    pub fn route(&self) -> &str {
        &self.route
    }

    /// The path of the request as it was sent: still percent-encoded, without the query.
    pub fn path(&self) -> &str {
        self.target.split_once('?').map_or(&*self.target, |(path, _)| path)
    }

    /// The query of the request as it was sent, without the question mark.
    pub fn query(&self) -> Option<&str> {
        self.target.split_once('?').map(|(_, query)| query)
    }

    /// The path parameters, percent-decoded.
    pub const fn params(&self) -> &Params {
        &self.params
    }

    /// The path parameter `name`; see [`Params::get`].
    pub fn param(&self, name: &str) -> Option<&str> {
        self.params.get(name)
    }

    /// The subprotocol that was agreed (RFC 6455 4.2.2).
    pub fn subprotocol(&self) -> Option<&str> {
        self.subprotocol.as_deref()
    }

    /// Where the client is: the other end of the connection, or whom a [trusted proxy](crate::TrustedProxies) names; the
    /// port is 0 where the proxy does not tell it.
    pub const fn peer(&self) -> SocketAddr {
        self.peer
    }

    /// The time of the handshake, in whole seconds.
    pub fn since(&self) -> SystemTime {
        UNIX_EPOCH + Duration::from_secs(self.since.into())
    }

    /// The identifier of the handshake's request, as it stands in the log.
    pub const fn request_id(&self) -> RequestId {
        self.request_id
    }
}

/// Without the query, which may hold credentials.
impl fmt::Debug for SessionInfo {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("SessionInfo")
            .field("request_id", &self.request_id)
            .field("peer", &self.peer)
            .field("path", &self.path())
            .field("route", &self.route)
            .field("subprotocol", &self.subprotocol)
            .finish_non_exhaustive()
    }
}
