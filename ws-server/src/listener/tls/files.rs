//! Where certificates and keys are, and what they come to.

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::{fmt, fs};

use ring::digest::{Context, SHA256};
use rustls::RootCertStore;
use rustls::crypto::CryptoProvider;
use rustls::pki_types::CertificateDer;
use rustls::pki_types::pem::PemObject as _;
use rustls::server::danger::ClientCertVerifier;
use rustls::server::{ServerConfig, WebPkiClientVerifier};
use zeroize::Zeroizing;

use super::certificates::{ByName, certified, warn_of_dates};
use super::error::TlsError;

/// What a listener needs to speak TLS: [files](TlsFiles), or a configuration of rustls.
///
/// The protocol over it is HTTP/1.1, and so is what is agreed by ALPN (RFC 7301), whatever a configuration says.
///
/// ```no_run
/// use ws_server::{Server, TlsFiles};
///
/// # async fn start() -> Result<(), ws_server::BuildError> {
/// let files = TlsFiles::new("cert.pem", "key.pem")
///     .server_name("other.example", "other.pem", "other-key.pem")
///     .client_ca("clients.pem");
/// let server = Server::builder().listen_tls("0.0.0.0:443", files).bind().await?;
/// # Ok(())
/// # }
/// ```
#[derive(Clone, Debug)]
pub struct Tls(pub(super) Source);

#[derive(Clone, Debug)]
pub(super) enum Source {
    Files(TlsFiles),
    Config(Arc<ServerConfig>),
}

/// Certificates and keys in PEM files (RFC 7468), for TLS 1.2 and 1.3.
///
/// They are read again when they change, at most two seconds later: new connections get the new certificate, and those
/// that are open stay as they are. Files that are broken then are logged, and what was read before goes on being used.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TlsFiles {
    pair: Pair,
    named: Vec<(String, Pair)>,
    client_ca: Option<PathBuf>,
}

/// A certificate with those that it was issued by, and its key.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Pair {
    pub(super) certificate: PathBuf,
    pub(super) key: PathBuf,
}

impl TlsFiles {
    /// The certificate, followed in its file by those that it was issued by, and its key. Clients that ask for no name,
    /// or for one that nothing else is said of, get this one.
    pub fn new(certificate: impl Into<PathBuf>, key: impl Into<PathBuf>) -> Self {
        let pair = Pair { certificate: certificate.into(), key: key.into() };
        Self { pair, named: Vec::new(), client_ca: None }
    }

    /// One more certificate, for clients that ask for this name (SNI, RFC 6066 3). `*.` stands for one label.
    #[must_use]
    pub fn server_name(
        mut self,
        name: impl Into<String>,
        certificate: impl Into<PathBuf>,
        key: impl Into<PathBuf>,
    ) -> Self {
        self.named.push((name.into(), Pair { certificate: certificate.into(), key: key.into() }));
        self
    }

    /// Asks clients for a certificate that one of these authorities has issued (mutual TLS).
    ///
    /// Who has none may connect as well, and is told what is missing over HTTP where a route demands one:
    /// [`ClientCertificates`](crate::authenticate::ClientCertificates) does. One that nobody trusted has issued ends the
    /// connection with a TLS alert.
    #[must_use]
    pub fn client_ca(mut self, file: impl Into<PathBuf>) -> Self {
        self.client_ca = Some(file.into());
        self
    }

    /// Whether a server could be bound with the files as they are now. It blocks.
    ///
    /// # Errors
    /// Which of them is wrong, and what helps.
    pub fn check(&self) -> Result<(), TlsError> {
        self.build(&self.read()?).map(drop)
    }

    /// Reads all files.
    pub(super) fn read(&self) -> Result<Contents, TlsError> {
        let mut digest = Context::new(&SHA256);
        let mut read = |file: &Path| {
            let bytes = fs::read(file)
                .map(Zeroizing::new)
                .map_err(|source| TlsError::Unreadable { file: file.to_owned(), source })?;
            digest.update(&bytes.len().to_be_bytes());
            digest.update(&bytes);
            Ok(bytes)
        };
        let mut pairs = Vec::with_capacity(self.named.len() + 1);
        for pair in std::iter::once(&self.pair).chain(self.named.iter().map(|(_, pair)| pair)) {
            pairs.push((read(&pair.certificate)?, read(&pair.key)?));
        }
        let client_ca = self.client_ca.as_deref().map(&mut read).transpose()?;
        let mut fingerprint = [0; 32];
        fingerprint.copy_from_slice(digest.finish().as_ref());
        Ok(Contents { pairs, client_ca, fingerprint })
    }

    /// What the files come to.
    pub(super) fn build(&self, contents: &Contents) -> Result<ServerConfig, TlsError> {
        let provider = Arc::new(rustls::crypto::ring::default_provider());
        let mut keys = Vec::with_capacity(contents.pairs.len());
        let pairs = std::iter::once(&self.pair).chain(self.named.iter().map(|(_, pair)| pair));
        for (pair, (certificate, key)) in pairs.zip(&contents.pairs) {
            let key = certified(pair, certificate, key, &provider)?;
            warn_of_dates(&pair.certificate, &key);
            keys.push(Arc::new(key));
        }
        let resolver = ByName::new(self.named.iter().map(|(name, _)| name.as_str()), keys)?;
        let verifier = self.verifier(contents, &provider)?;
        // The provider has all that both versions need.
        let versions = ServerConfig::builder_with_provider(provider).with_safe_default_protocol_versions();
        let versions = versions.map_err(|_| TlsError::Key { file: self.pair.key.clone() })?;
        let config = match verifier {
            None => versions.with_no_client_auth(),
            Some(verifier) => versions.with_client_cert_verifier(verifier),
        };
        Ok(config.with_cert_resolver(Arc::new(resolver)))
    }

    fn verifier(
        &self,
        contents: &Contents,
        provider: &Arc<CryptoProvider>,
    ) -> Result<Option<Arc<dyn ClientCertVerifier>>, TlsError> {
        let (Some(file), Some(bytes)) = (&self.client_ca, &contents.client_ca) else { return Ok(None) };
        let mut roots = RootCertStore::empty();
        for certificate in certificates(file, bytes)? {
            roots.add(certificate).map_err(|_| TlsError::Certificate { file: file.clone() })?;
        }
        let verifier = WebPkiClientVerifier::builder_with_provider(Arc::new(roots), Arc::clone(provider))
            .allow_unauthenticated()
            .build();
        verifier.map(Some).map_err(|_| TlsError::NoCertificate { file: file.clone() })
    }
}

/// The certificates of a file, at least one.
pub(super) fn certificates(file: &Path, bytes: &[u8]) -> Result<Vec<CertificateDer<'static>>, TlsError> {
    let found = CertificateDer::pem_slice_iter(bytes).collect::<Result<Vec<_>, _>>();
    let found = found.map_err(|_| TlsError::Pem { file: file.to_owned() })?;
    if found.is_empty() {
        return Err(TlsError::NoCertificate { file: file.to_owned() });
    }
    Ok(found)
}

/// The bytes of a file, which may have a key.
type Secret = Zeroizing<Vec<u8>>;

/// The bytes of all files, forgotten safely.
pub(super) struct Contents {
    pairs: Vec<(Secret, Secret)>,
    client_ca: Option<Secret>,
    /// By which a change is seen, without keeping keys.
    pub(super) fingerprint: [u8; 32],
}

impl fmt::Debug for Contents {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Contents").finish_non_exhaustive()
    }
}

impl From<TlsFiles> for Tls {
    fn from(files: TlsFiles) -> Self {
        Self(Source::Files(files))
    }
}

impl From<ServerConfig> for Tls {
    fn from(config: ServerConfig) -> Self {
        Self(Source::Config(Arc::new(config)))
    }
}

impl From<Arc<ServerConfig>> for Tls {
    fn from(config: Arc<ServerConfig>) -> Self {
        Self(Source::Config(config))
    }
}
