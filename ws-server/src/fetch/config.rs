use std::time::Duration;

use rustls::{
    RootCertStore,
    pki_types::{CertificateDer, pem::PemObject},
};
use thiserror::Error;

/// How long a fetch may take, how much it may bring, and whom it trusts.
///
/// ```
/// use std::time::Duration;
/// use ws_server::fetch::FetchConfig;
///
/// let config = FetchConfig::new().time_limit(Duration::from_secs(1)).body_limit(16 * 1024);
/// # let _ = config;
/// ```
#[derive(Clone, Debug)]
pub struct FetchConfig {
    pub(super) time_limit: Duration,
    pub(super) body_limit: usize,
    pub(super) idle_timeout: Duration,
    pub(super) extra_roots: RootCertStore,
}

/// Why some PEM does not name authorities to trust.
#[derive(Clone, Debug, PartialEq, Error)]
#[non_exhaustive]
pub enum CertificateError {
    /// A block is broken (RFC 7468).
    #[error("the certificates are not valid PEM")]
    NotPem,
    /// There is no block labelled `CERTIFICATE`.
    #[error("there is no PEM block labelled CERTIFICATE")]
    NoCertificate,
    /// One of them cannot be an authority.
    #[error("certificate {number} cannot be trusted: {error}")]
    NotAnAuthority {
        /// Which one, counted from 1.
        number: usize,
        /// What is wrong with it.
        error: rustls::Error,
    },
}

impl FetchConfig {
    /// Three seconds, 64 KiB, and the authorities that the operating system trusts.
    pub fn new() -> Self {
        Self {
            time_limit: Duration::from_secs(3),
            body_limit: 64 * 1024,
            idle_timeout: Duration::from_secs(60),
            extra_roots: RootCertStore::empty(),
        }
    }

    /// What one fetch may take from the look-up of the name to the last byte of the body; 3 s by default. More than
    /// the gate's `authentication_timeout` has no effect where a handshake waits for it.
    #[must_use]
    pub const fn time_limit(mut self, limit: Duration) -> Self {
        self.time_limit = limit;
        self
    }

    /// The longest body that is read, in bytes; 65,536 by default.
    #[must_use]
    pub const fn body_limit(mut self, bytes: usize) -> Self {
        self.body_limit = bytes;
        self
    }

    /// How long a connection is kept for the next fetch; 60 s by default.
    #[must_use]
    pub const fn idle_timeout(mut self, timeout: Duration) -> Self {
        self.idle_timeout = timeout;
        self
    }

    /// Trusts these authorities as well: PEM blocks labelled `CERTIFICATE` (RFC 7468 5).
    ///
    /// # Errors
    /// If there is none, or one of them is none that can be trusted.
    pub fn trust_pem(mut self, pem: &[u8]) -> Result<Self, CertificateError> {
        let mut number = 0;
        for certificate in CertificateDer::pem_slice_iter(pem) {
            number += 1;
            let certificate = certificate.map_err(|_| CertificateError::NotPem)?;
            self.extra_roots
                .add(certificate)
                .map_err(|error| CertificateError::NotAnAuthority { number, error })?;
        }
        if number == 0 { Err(CertificateError::NoCertificate) } else { Ok(self) }
    }

    /// Whom a connection trusts: the operating system's authorities, and the extra ones.
    pub(super) fn roots(&self) -> RootCertStore {
        let mut roots = self.extra_roots.clone();
        let native = rustls_native_certs::load_native_certs();
        // A system's own list may have old certificates that are none; the good ones count.
        let (found, _) = roots.add_parsable_certificates(native.certs);
        if found == 0 && self.extra_roots.is_empty() {
            tracing::warn!(
                target: "ws_server::fetch",
                "the operating system names no certificate authorities: https cannot work without extra ones"
            );
        }
        roots
    }
}

impl Default for FetchConfig {
    fn default() -> Self {
        Self::new()
    }
}
