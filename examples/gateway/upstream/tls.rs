//! Whose certificates are believed of servers behind.

use std::sync::Arc;

use tokio_rustls::TlsConnector;
use tokio_rustls::rustls::crypto::ring;
use tokio_rustls::rustls::pki_types::CertificateDer;
use tokio_rustls::rustls::pki_types::pem::PemObject as _;
use tokio_rustls::rustls::{self, ClientConfig, RootCertStore};

/// Authorities whose word is taken, ready to be used.
#[derive(Clone)]
pub(crate) struct Trust(TlsConnector);

/// Why a file names no authorities.
#[derive(Debug, thiserror::Error)]
pub(crate) enum CaError {
    #[error("is not PEM with certificates; write the certificates of the authorities, in PEM")]
    NotPem,
    #[error("has no certificate; write those of the authorities, in PEM")]
    Empty,
    #[error("has a certificate that cannot be used: {0}; write those of the authorities, in PEM")]
    Certificate(rustls::Error),
    #[error("TLS cannot be had: {0}")]
    Unusable(rustls::Error),
}

impl Trust {
    /// Takes the word of the authorities that the system trusts, or, if it is given, of those of `pem` alone.
    pub(crate) fn new(pem: Option<&[u8]>) -> Result<Self, CaError> {
        let mut roots = RootCertStore::empty();
        match pem {
            Some(pem) => {
                for certificate in CertificateDer::pem_slice_iter(pem) {
                    let certificate = certificate.map_err(|_| CaError::NotPem)?;
                    roots.add(certificate).map_err(CaError::Certificate)?;
                }
                if roots.is_empty() {
                    return Err(CaError::Empty);
                }
            }
            // What the system has and rustls does not understand is left out, as everywhere.
            None => drop(roots.add_parsable_certificates(rustls_native_certs::load_native_certs().certs)),
        }
        let config = ClientConfig::builder_with_provider(Arc::new(ring::default_provider()))
            .with_safe_default_protocol_versions()
            .map_err(CaError::Unusable)?
            .with_root_certificates(roots)
            .with_no_client_auth();
        Ok(Self(TlsConnector::from(Arc::new(config))))
    }

    pub(super) fn connector(&self) -> &TlsConnector {
        &self.0
    }
}

impl std::fmt::Debug for Trust {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Trust")
    }
}
