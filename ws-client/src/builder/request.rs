//! What the request says.

use super::Builder;
use crate::request::RequestError;

impl Builder {
    /// Adds a header field; several fields of one name are sent in order.
    ///
    /// `Authorization`, `Cookie` and all headers whose name speaks of keys, tokens, sessions or secrets (`X-Api-Key`,
    /// `X-Auth-Token` and the like) are taken for credentials; name others with [`secret_header`](Self::secret_header).
    ///
    /// # Errors
    ///
    /// The name or the value cannot stand in a header, or the header is one that the client sets itself
    /// (`Host`, `Upgrade`, `Connection`, `Origin`, `Sec-WebSocket-*` and those of a body).
    pub fn header(mut self, name: &str, value: &str) -> Result<Self, RequestError> {
        self.0.request.header(name, value)?;
        Ok(self)
    }

    /// Adds a header field whose value is a credential: it is never sent to another origin, and over plain `ws://` only
    /// to this machine, unless that is [allowed](Self::allow_credentials_in_clear).
    ///
    /// # Errors
    ///
    /// As [`header`](Self::header).
    pub fn secret_header(mut self, name: &str, value: &str) -> Result<Self, RequestError> {
        self.0.request.secret_header(name, value)?;
        Ok(self)
    }

    /// Sends a cookie (RFC 6265 4.2); all of them stand in one `Cookie` field. The client keeps no cookies that a
    /// server sets.
    ///
    /// # Errors
    ///
    /// The name is not a token, or the value has a character that no cookie has.
    pub fn cookie(mut self, name: &str, value: &str) -> Result<Self, RequestError> {
        self.0.request.cookie(name, value)?;
        Ok(self)
    }

    /// Follows up to `max` redirections (301, 302, 303, 307, 308); none by default. The time for connecting is the same
    /// for all together.
    ///
    /// What says who the caller is (see [`header`](Self::header)) is sent to no other origin, that is, scheme, host and
    /// port. No redirection leads from `wss://` to `ws://`. A stream of the caller's
    /// ([`Client::connect_over`](crate::Client::connect_over)) is never redirected.
    pub fn follow_redirects(mut self, max: usize) -> Self {
        self.0.redirects = max;
        self
    }

    /// Asks for this path, with a query if it has one, instead of the URL's. It goes out byte by byte as it is given,
    /// while a URL's dot segments and unusual characters are rewritten when it is read: what a gateway passes on must
    /// mean to the server behind it what it meant to the gateway.
    ///
    /// A resource that does not begin with a slash, or has characters that no target has, is an error of
    /// [`Client::connect`](crate::Client::connect).
    pub fn resource(mut self, path_and_query: impl Into<String>) -> Self {
        self.0.url = self.0.url.at(path_and_query.into());
        self
    }

    /// Sends `Authorization: Bearer TOKEN` (RFC 6750 2.1).
    ///
    /// # Errors
    ///
    /// The token has a character that no token has, or `Authorization` is already set.
    pub fn bearer_token(mut self, token: &str) -> Result<Self, RequestError> {
        self.0.request.bearer_token(token)?;
        Ok(self)
    }

    /// Sends `Authorization: Basic …` (RFC 7617), the user name and password in UTF-8.
    ///
    /// # Errors
    ///
    /// The user name has a colon, one of them has a control character, or `Authorization` is already set.
    pub fn basic_auth(mut self, user: &str, password: &str) -> Result<Self, RequestError> {
        self.0.request.basic_auth(user, password)?;
        Ok(self)
    }

    /// Sends `Origin` (RFC 6454 7), for servers that expect a browser.
    ///
    /// # Errors
    ///
    /// It is not `scheme://host[:port]` as browsers write it, nor `null`.
    pub fn origin(mut self, origin: &str) -> Result<Self, RequestError> {
        self.0.request.origin(origin)?;
        Ok(self)
    }

    /// Offers subprotocols, the preferred one first; the server may select one or none (RFC 6455 1.9).
    ///
    /// # Errors
    ///
    /// One is not a token, or is offered twice.
    pub fn subprotocols(
        mut self,
        names: impl IntoIterator<Item = impl Into<String>>,
    ) -> Result<Self, RequestError> {
        names.into_iter().try_for_each(|name| self.0.request.subprotocol(name.into()))?;
        Ok(self)
    }

    /// Takes it for an error where the server selects none of the subprotocols offered, as browsers do. RFC 6455 4.1 lets a
    /// server select none, and many do that do not know what subprotocols are.
    pub fn require_subprotocol(mut self) -> Self {
        self.0.request.subprotocol_required = true;
        self
    }
}
