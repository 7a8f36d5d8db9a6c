//! Pins: the keys that a server may have.

use base64::Engine as _;
use base64::prelude::BASE64_STANDARD;
use ring::digest::{SHA256, digest};
use rustls::pki_types::CertificateDer;
use rustls::server::ParsedCertificate;

use super::config_error::TlsConfigError;

/// SHA-256 of a `SubjectPublicKeyInfo` (RFC 7469 2.4).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Pin([u8; 32]);

impl Pin {
    /// Base64, with curl's `sha256//` before it or without.
    pub(crate) fn parse(text: &str) -> Result<Self, TlsConfigError> {
        let text = text.trim();
        let encoded = text.strip_prefix("sha256//").unwrap_or(text);
        let decoded = BASE64_STANDARD.decode(encoded).ok().and_then(|bytes| bytes.try_into().ok());
        decoded.map(Self).ok_or(TlsConfigError::Pin)
    }

    /// The pin of a certificate's key.
    pub(crate) fn of(certificate: &CertificateDer<'_>) -> Option<Self> {
        // By the parser that verifies signatures, so that both see the same key.
        let key = ParsedCertificate::try_from(certificate).ok()?.subject_public_key_info();
        digest(&SHA256, &key).as_ref().try_into().ok().map(Self)
    }

    /// As it is written.
    pub(crate) fn to_base64(self) -> String {
        BASE64_STANDARD.encode(self.0)
    }
}
