//! Which credentials are sent, and where.

use super::Builder;
use crate::credentials::{Credentials, Placement};
use crate::request::{Request, RequestError};

impl Builder {
    /// Sends a token of `credentials`, in `Authorization: Bearer TOKEN` (RFC 6750 2.1) unless it is to go
    /// [elsewhere](Self::credentials_in). It goes in clear only where that is [allowed](Self::allow_credentials_in_clear).
    ///
    /// Where the server does not accept the token, another one is asked for, and the attempt is made once more: once,
    /// only if there is another one, and not over a stream of the caller's
    /// ([`Client::connect_over`](crate::Client::connect_over)).
    pub fn credentials(mut self, credentials: Credentials) -> Self {
        self.0.identity.credentials = Some(credentials);
        self
    }

    /// Where the tokens of [`credentials`](Self::credentials) go; [`Placement::Header`] by default.
    ///
    /// # Errors
    ///
    /// The name of the cookie is none (RFC 6265 4.1.1).
    pub fn credentials_in(mut self, placement: Placement) -> Result<Self, RequestError> {
        if let Placement::Cookie(name) = &placement {
            Request::default().cookie(name, "")?;
        }
        self.0.identity.placement = placement;
        Ok(self)
    }

    /// Has each new token of [`credentials`](Self::credentials) told to the server on the connections that are open then,
    /// so that these outlive the token that opened them. Off by default: the route of the server has to allow it, and this
    /// one must be a server of this framework, for it is told in a text message,
    /// `{"type":"authenticate","token":"TOKEN"}`.
    ///
    /// - The server's answers are taken out of the messages that are received, and nothing else is: so somebody has to
    ///   receive, and [`WebSocket::inspect`](ws_core::net::WebSocket::inspect) must not be used on such a connection.
    /// - While such connections are open, tokens are renewed ahead of their end even if nobody asks for one.
    /// - A token that the server refuses ends the connection, with the cause in the Close frame. Where the server cannot
    ///   say what it is worth, it is told again as soon as the server wants it.
    /// - A server that does not answer gets no second one.
    pub fn renew_in_band(mut self, renew: bool) -> Self {
        self.0.identity.in_band = renew;
        self
    }
}
