//! Whether a server's certificate is good.

use std::sync::Arc;

use rustls::client::danger::{HandshakeSignatureValid, ServerCertVerified, ServerCertVerifier};
use rustls::client::{WebPkiServerVerifier, verify_server_name};
use rustls::crypto::{WebPkiSupportedAlgorithms, verify_tls12_signature, verify_tls13_signature};
use rustls::pki_types::{CertificateDer, ServerName, UnixTime};
use rustls::server::ParsedCertificate;
use rustls::{CertificateError, DigitallySignedStruct, Error, SignatureScheme};

use super::certificate::Facts;
use super::pin::Pin;
use super::witness::Witness;

/// Validates the chain, then the pins, and keeps what it refuses for the texts of errors.
#[derive(Debug)]
pub(super) struct Verifier {
    /// `None`: every certificate will do.
    pub(super) chain: Option<Arc<WebPkiServerVerifier>>,
    /// Certificates that the caller trusts by themselves, where no revocation list has to be asked.
    pub(super) trusted: Vec<CertificateDer<'static>>,
    /// The keys that will do; none: every key does.
    pub(super) pins: Vec<Pin>,
    pub(super) algorithms: WebPkiSupportedAlgorithms,
}

impl Verifier {
    fn validate(
        &self,
        certificate: &CertificateDer<'_>,
        others: &[CertificateDer<'_>],
        name: &ServerName<'_>,
        ocsp: &[u8],
        now: UnixTime,
    ) -> Result<(), Error> {
        let Some(chain) = &self.chain else { return Ok(()) };
        match chain.verify_server_cert(certificate, others, name, ocsp, now) {
            Ok(_) => Ok(()),
            // What `openssl req -x509` makes is an authority and a server at once, which RFC 5280 does not foresee. The
            // caller who names this very certificate as a root means it nevertheless.
            Err(Error::InvalidCertificate(CertificateError::Other(_)))
                if self.trusted.contains(certificate) =>
            {
                itself(certificate, name, now)
            }
            Err(error) => Err(error),
        }
    }

    /// RFC 7469 2.6, for the server's own key alone: a server can send certificates that play no part.
    fn check_pins(&self, certificate: &CertificateDer<'_>) -> Result<(), Error> {
        if self.pins.is_empty() {
            return Ok(());
        }
        let pin = Pin::of(certificate).ok_or(CertificateError::BadEncoding)?;
        if self.pins.contains(&pin) {
            return Ok(());
        }
        Witness::unpinned(pin);
        Err(CertificateError::ApplicationVerificationFailure.into())
    }
}

/// Times and name of a certificate that is trusted by itself.
fn itself(certificate: &CertificateDer<'_>, name: &ServerName<'_>, now: UnixTime) -> Result<(), Error> {
    let facts = Facts::of(certificate).ok_or(CertificateError::BadEncoding)?;
    let time = |seconds: i64| u64::try_from(seconds).unwrap_or_default();
    if now.as_secs() < time(facts.not_before) {
        return Err(CertificateError::NotValidYet.into());
    }
    if now.as_secs() > time(facts.not_after) {
        return Err(CertificateError::Expired.into());
    }
    verify_server_name(&ParsedCertificate::try_from(certificate)?, name)
}

impl ServerCertVerifier for Verifier {
    fn verify_server_cert(
        &self,
        certificate: &CertificateDer<'_>,
        others: &[CertificateDer<'_>],
        name: &ServerName<'_>,
        ocsp: &[u8],
        now: UnixTime,
    ) -> Result<ServerCertVerified, Error> {
        let verified = self
            .validate(certificate, others, name, ocsp, now)
            .and_then(|()| self.check_pins(certificate))
            .map(|()| ServerCertVerified::assertion());
        verified.inspect_err(|_| Witness::refused(certificate, others))
    }

    fn verify_tls12_signature(
        &self,
        message: &[u8],
        certificate: &CertificateDer<'_>,
        signed: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, Error> {
        verify_tls12_signature(message, certificate, signed, &self.algorithms)
    }

    fn verify_tls13_signature(
        &self,
        message: &[u8],
        certificate: &CertificateDer<'_>,
        signed: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, Error> {
        verify_tls13_signature(message, certificate, signed, &self.algorithms)
    }

    fn supported_verify_schemes(&self) -> Vec<SignatureScheme> {
        self.algorithms.supported_schemes()
    }
}
