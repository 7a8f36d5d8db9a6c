use std::{fmt, sync::Arc};

use thiserror::Error;

/// The certificate chain that a client showed in the TLS handshake (RFC 8446 4.4.2), verified by the listener.
///
/// Clones share the bytes.
///
/// ```
/// use ws_server::authenticate::ClientCertificate;
///
/// let certificate = ClientCertificate::new([b"DER of the client's own".to_vec(), b"DER of its issuer".to_vec()]);
/// assert_eq!(certificate.end_entity(), b"DER of the client's own");
/// ```
#[derive(Clone, PartialEq, Eq)]
pub struct ClientCertificate {
    chain: Arc<[Box<[u8]>]>,
}

/// Why a certificate does not do.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
#[non_exhaustive]
pub enum CertificateFault {
    /// It cannot be parsed.
    #[error("the client certificate is not valid X.509")]
    Malformed,
    /// It is out of its time: it was in it when the connection was made.
    #[error("the client certificate has expired")]
    Expired,
    /// It has no name of the kind that is asked for.
    #[error("the client certificate has no name of the kind that is used here")]
    Nameless,
    /// Its holder is not one of those who are let in.
    #[error("the holder of the client certificate is not known here")]
    UnknownHolder,
}

impl ClientCertificate {
    /// A chain of certificates in DER, the client's own first.
    pub fn new<C: Into<Box<[u8]>>>(chain: impl IntoIterator<Item = C>) -> Self {
        Self { chain: chain.into_iter().map(Into::into).collect() }
    }

    /// The client's own certificate, in DER; empty where the chain is.
    pub fn end_entity(&self) -> &[u8] {
        self.chain.first().map_or(&[], |own| own)
    }

    /// All certificates of the chain, in DER, the client's own first.
    pub fn chain(&self) -> impl ExactSizeIterator<Item = &[u8]> {
        self.chain.iter().map(|certificate| &**certificate)
    }
}

impl fmt::Debug for ClientCertificate {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ClientCertificate").field("certificates", &self.chain.len()).finish_non_exhaustive()
    }
}
