//! TLS: the certificates of the gateway, and those of its clients.

use ws_core::refusal::Challenge;
use ws_server::TlsFiles;
use ws_server::authenticate::{AuthenticationError, Authenticator, BoxFuture, HandshakeContext, Identity};

use super::server::Assembly;
use crate::config::{self, Fault};

/// The files of the section, which are right as they are now. The listener looks at them again by itself.
pub(super) fn files(section: &config::Tls, assembly: &Assembly<'_>) -> Option<TlsFiles> {
    let mut files = TlsFiles::new(section.certificate.resolve(), section.key.resolve());
    for sni in &section.sni {
        files = files.server_name(&**sni.name, sni.certificate.resolve(), sni.key.resolve());
    }
    if let Some(file) = &section.client_ca {
        files = files.client_ca(file.resolve());
    }
    let checked = files.check().map_err(|error| Fault::Tls(Box::new(error)));
    assembly.problems.take(&section.certificate.place, checked)?;
    Some(files)
}

/// Asks everybody for a certificate first, whatever else they are authenticated by.
pub(super) struct WithCertificate<A>(pub(super) A);

impl<A: Authenticator> Authenticator for WithCertificate<A> {
    fn authenticate<'a>(
        &'a self,
        request: &'a HandshakeContext<'a>,
    ) -> BoxFuture<'a, Result<Identity, AuthenticationError>> {
        match request.client_certificate() {
            Some(_) => self.0.authenticate(request),
            None => Box::pin(std::future::ready(Err(AuthenticationError::ClientCertificateRequired))),
        }
    }

    fn challenges(&self) -> Vec<Challenge> {
        self.0.challenges()
    }

    fn is_ambient(&self) -> bool {
        self.0.is_ambient()
    }

    fn subprotocol(&self) -> Option<&str> {
        self.0.subprotocol()
    }
}
