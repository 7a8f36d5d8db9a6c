//! Certificates, keys and revocation lists, out of PEM or DER.

use std::fs;
use std::path::Path;
use std::sync::Arc;

use rustls::client::WebPkiServerVerifier;
use rustls::crypto::ring::sign::any_supported_type;
use rustls::pki_types::pem::{self, PemObject};
use rustls::pki_types::{CertificateDer, CertificateRevocationListDer, Der, PrivateKeyDer, TrustAnchor};
use rustls::sign::CertifiedKey;
use rustls::{InconsistentKeys, RootCertStore};
use zeroize::{Zeroize, Zeroizing};

use super::config_error::{TlsConfigError, TlsInput};
use super::settings::provider;

/// Bytes, and where they come from.
pub(crate) struct Input<'a> {
    source: TlsInput,
    bytes: Bytes<'a>,
}

enum Bytes<'a> {
    Given(&'a [u8]),
    Read(Zeroizing<Vec<u8>>),
}

impl<'a> Input<'a> {
    pub(crate) fn bytes(bytes: &'a [u8]) -> Self {
        Self { source: TlsInput::Bytes, bytes: Bytes::Given(bytes) }
    }

    /// Reads a file. It blocks.
    pub(crate) fn file(file: &Path) -> Result<Self, TlsConfigError> {
        let read = fs::read(file).map(Zeroizing::new);
        let bytes = read.map_err(|source| TlsConfigError::Unreadable { file: file.to_owned(), source })?;
        Ok(Self { source: TlsInput::File(file.to_owned()), bytes: Bytes::Read(bytes) })
    }

    fn as_slice(&self) -> &[u8] {
        match &self.bytes {
            Bytes::Given(bytes) => bytes,
            Bytes::Read(bytes) => bytes,
        }
    }

    fn source(&self) -> TlsInput {
        self.source.clone()
    }

    fn holds(&self, text: &str) -> bool {
        self.as_slice().windows(text.len()).any(|window| window == text.as_bytes())
    }

    /// All objects of a kind: those of a PEM, or the one that a DER is.
    fn objects<T: PemObject + From<Vec<u8>>>(&self) -> Result<Vec<T>, TlsConfigError> {
        if self.holds("-----BEGIN ") {
            let found = T::pem_slice_iter(self.as_slice()).collect::<Result<_, _>>();
            return found.map_err(|_| TlsConfigError::Pem { input: self.source() });
        }
        // X.690 8.9: a certificate and a list are sequences.
        let der = self.as_slice();
        Ok(if der.first() == Some(&0x30) { vec![T::from(der.to_vec())] } else { Vec::new() })
    }

    fn certificates(&self) -> Result<Vec<CertificateDer<'static>>, TlsConfigError> {
        let found: Vec<CertificateDer<'static>> = self.objects()?;
        if found.is_empty() {
            return Err(TlsConfigError::NoCertificate { input: self.source() });
        }
        Ok(found)
    }

    fn key(&self) -> Result<PrivateKeyDer<'static>, TlsConfigError> {
        let input = || self.source();
        // RFC 7468 11, and the older way of OpenSSL.
        if self.holds("BEGIN ENCRYPTED PRIVATE KEY") || self.holds("Proc-Type: 4,ENCRYPTED") {
            return Err(TlsConfigError::KeyEncrypted { input: input() });
        }
        match PrivateKeyDer::from_pem_slice(self.as_slice()) {
            Ok(key) => Ok(key),
            Err(pem::Error::NoItemsFound) => Err(TlsConfigError::NoKey { input: input() }),
            Err(_) => Err(TlsConfigError::Pem { input: input() }),
        }
    }
}

/// The authorities in `input`, each of which can be a root.
pub(crate) fn roots(input: &Input<'_>) -> Result<Vec<CertificateDer<'static>>, TlsConfigError> {
    let found = input.certificates()?;
    let mut store = RootCertStore::empty();
    for (index, root) in found.iter().enumerate() {
        store.add(root.clone()).map_err(|error| invalid(input, index, &error))?;
    }
    Ok(found)
}

/// A client certificate, with those that it was issued by, and its key.
pub(crate) fn identity(
    certificate: &Input<'_>,
    key: &Input<'_>,
) -> Result<Arc<CertifiedKey>, TlsConfigError> {
    let chain = certificate.certificates()?;
    let mut der = key.key()?;
    let signing = any_supported_type(&der);
    der.zeroize();
    let signing = signing.map_err(|_| TlsConfigError::Key { input: key.source() })?;
    let certified = CertifiedKey::new(chain, signing);
    match certified.keys_match() {
        // Some keys cannot tell; nothing speaks against them then.
        Ok(()) | Err(rustls::Error::InconsistentKeys(InconsistentKeys::Unknown)) => Ok(Arc::new(certified)),
        Err(rustls::Error::InconsistentKeys(_)) => {
            Err(TlsConfigError::KeyMismatch { certificate: certificate.source(), key: key.source() })
        }
        Err(error) => Err(invalid(certificate, 0, &error)),
    }
}

/// The revocation lists in `input`, each of which can be used.
pub(crate) fn revocation_lists(
    input: &Input<'_>,
) -> Result<Vec<CertificateRevocationListDer<'static>>, TlsConfigError> {
    let found: Vec<CertificateRevocationListDer<'static>> = input.objects()?;
    if found.is_empty() {
        return Err(TlsConfigError::NoRevocationList { input: input.source() });
    }
    // Lists are judged where a verifier is made of them, and that wants a root: this one has issued nothing.
    let anchor = TrustAnchor {
        subject: Der::from_slice(&[]),
        subject_public_key_info: Der::from_slice(&[]),
        name_constraints: None,
    };
    let roots = Arc::new(RootCertStore { roots: vec![anchor] });
    for (index, list) in found.iter().enumerate() {
        let verifier = WebPkiServerVerifier::builder_with_provider(Arc::clone(&roots), provider())
            .with_crls([list.clone()])
            .build();
        if let Err(error) = verifier {
            let (input, nth, reason) = (input.source(), index + 1, error.to_string());
            return Err(TlsConfigError::RevocationList { input, nth, reason });
        }
    }
    Ok(found)
}

fn invalid(input: &Input<'_>, index: usize, error: &rustls::Error) -> TlsConfigError {
    TlsConfigError::Certificate { input: input.source(), nth: index + 1, reason: error.to_string() }
}
