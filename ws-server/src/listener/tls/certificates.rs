//! One certificate with its key, and which of several a client gets.

use std::collections::HashMap;
use std::path::Path;
use std::sync::Arc;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use rustls::crypto::CryptoProvider;
use rustls::pki_types::pem::{self, PemObject as _};
use rustls::pki_types::{DnsName, PrivateKeyDer};
use rustls::server::{ClientHello, ResolvesServerCert};
use rustls::sign::CertifiedKey;
use x509_parser::parse_x509_certificate;

use super::error::TlsError;
use super::files::{Pair, certificates};

/// A certificate and its key, if they belong together.
pub(super) fn certified(
    pair: &Pair,
    certificate: &[u8],
    key: &[u8],
    provider: &CryptoProvider,
) -> Result<CertifiedKey, TlsError> {
    let chain = certificates(&pair.certificate, certificate)?;
    let key = private_key(&pair.key, key)?;
    let signing = provider.key_provider.load_private_key(key);
    let signing = signing.map_err(|_| TlsError::Key { file: pair.key.clone() })?;
    let certified = CertifiedKey::new(chain, signing);
    match certified.keys_match() {
        // Some keys cannot tell; nothing speaks against them then.
        Ok(()) | Err(rustls::Error::InconsistentKeys(rustls::InconsistentKeys::Unknown)) => Ok(certified),
        Err(rustls::Error::InconsistentKeys(_)) => {
            Err(TlsError::KeyMismatch { certificate: pair.certificate.clone(), key: pair.key.clone() })
        }
        Err(_) => Err(TlsError::Certificate { file: pair.certificate.clone() }),
    }
}

fn private_key(file: &Path, bytes: &[u8]) -> Result<PrivateKeyDer<'static>, TlsError> {
    let file = || file.to_owned();
    // RFC 7468 11, and the older way of OpenSSL.
    let holds = |text: &str| bytes.windows(text.len()).any(|window| window == text.as_bytes());
    match PrivateKeyDer::from_pem_slice(bytes) {
        _ if holds("BEGIN ENCRYPTED PRIVATE KEY") || holds("Proc-Type: 4,ENCRYPTED") => {
            Err(TlsError::KeyEncrypted { file: file() })
        }
        Ok(key) => Ok(key),
        Err(pem::Error::NoItemsFound) => Err(TlsError::NoKey { file: file() }),
        Err(_) => Err(TlsError::Pem { file: file() }),
    }
}

/// A certificate out of its time is served all the same: the clients refuse it, and the log says why.
pub(super) fn warn_of_dates(file: &Path, key: &CertifiedKey) {
    let Some(certificate) = key.cert.first() else { return };
    let Ok((_, parsed)) = parse_x509_certificate(certificate) else { return };
    let now = SystemTime::now();
    let moment =
        |timestamp: i64| UNIX_EPOCH + Duration::from_secs(u64::try_from(timestamp).unwrap_or_default());
    let file = file.display();
    let validity = parsed.validity();
    if moment(validity.not_after.timestamp()) <= now {
        tracing::warn!(target: "ws_server::tls", %file, not_after = %validity.not_after,
            "the certificate has expired: clients refuse it; replace the file, which is read again by itself");
    } else if moment(validity.not_before.timestamp()) > now {
        tracing::warn!(target: "ws_server::tls", %file, not_before = %validity.not_before,
            "the certificate is not valid yet: clients refuse it; check the clock");
    }
}

/// Certificates by the name that clients ask for.
#[derive(Debug)]
pub(super) struct ByName {
    names: HashMap<String, Arc<CertifiedKey>>,
    otherwise: Option<Arc<CertifiedKey>>,
}

impl ByName {
    /// `keys` has the key for everybody else first, then those of the names.
    pub(super) fn new<'a>(
        names: impl IntoIterator<Item = &'a str>,
        keys: Vec<Arc<CertifiedKey>>,
    ) -> Result<Self, TlsError> {
        let mut keys = keys.into_iter();
        let otherwise = keys.next();
        let mut by_name = HashMap::new();
        for (name, key) in names.into_iter().zip(keys) {
            let plain = name.strip_prefix("*.").unwrap_or(name);
            if DnsName::try_from(plain).is_err() {
                return Err(TlsError::ServerName { name: name.to_owned() });
            }
            if by_name.insert(name.to_ascii_lowercase(), key).is_some() {
                return Err(TlsError::ServerNameRepeated { name: name.to_owned() });
            }
        }
        Ok(Self { names: by_name, otherwise })
    }

    /// The name itself, then with its first label left open (RFC 9525 6.3).
    fn find(&self, name: &str) -> Option<&Arc<CertifiedKey>> {
        let name = name.to_ascii_lowercase();
        let wild = || Some(format!("*.{}", name.split_once('.')?.1));
        self.names.get(&name).or_else(|| self.names.get(&wild()?))
    }
}

impl ResolvesServerCert for ByName {
    fn resolve(&self, hello: ClientHello<'_>) -> Option<Arc<CertifiedKey>> {
        let named = hello.server_name().and_then(|name| self.find(name));
        named.or(self.otherwise.as_ref()).cloned()
    }
}
