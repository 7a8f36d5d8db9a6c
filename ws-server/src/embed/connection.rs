use std::net::SocketAddr;

use crate::authenticate::ClientCertificate;

/// What the embedding program knows of the connection that a request came on.
///
/// ```
/// use ws_server::embed::Connection;
///
/// let connection = Connection::new(([192, 0, 2, 1], 4711)).with_security(true);
/// assert!(connection.secure);
/// ```
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct Connection {
    /// The other end.
    pub peer: SocketAddr,
    /// Whether it is encrypted.
    pub secure: bool,
    /// The certificate that the other end showed, if it was verified.
    pub certificate: Option<ClientCertificate>,
}

impl Connection {
    /// An unencrypted connection from `peer`.
    pub fn new(peer: impl Into<SocketAddr>) -> Self {
        Self { peer: peer.into(), secure: false, certificate: None }
    }

    /// Whether it is encrypted.
    #[must_use]
    pub const fn with_security(mut self, secure: bool) -> Self {
        self.secure = secure;
        self
    }

    /// Adds the certificate that the other end showed, if it was verified.
    #[must_use]
    pub fn with_certificate(mut self, certificate: impl Into<Option<ClientCertificate>>) -> Self {
        self.certificate = certificate.into();
        self
    }
}
