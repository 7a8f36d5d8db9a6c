//! An authority that issues certificates, and clients that trust it.

use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::{fmt, fs, io};

use rcgen::{
    BasicConstraints, CertificateParams, CertificateRevocationListParams, CertifiedIssuer, DnType, IsCa,
    KeyIdMethod, KeyPair, RevokedCertParams, SerialNumber, date_time_ymd,
};
use rustls::pki_types::pem::PemObject as _;
use rustls::pki_types::{CertificateDer, PrivateKeyDer, ServerName};
use rustls::{ClientConfig, RootCertStore};
use tokio::net::TcpStream;
use tokio_rustls::TlsConnector;
use tokio_rustls::client::TlsStream;

/// Issues certificates; a test's own.
pub struct Authority(CertifiedIssuer<'static, KeyPair>);

/// A certificate and its key, in PEM.
#[derive(Clone)]
pub struct Pair {
    /// The certificate.
    pub certificate: String,
    /// Its key.
    pub key: String,
}

/// A directory for the files of one test, removed when this is dropped.
#[derive(Debug)]
pub struct Files(PathBuf);

impl Authority {
    /// An authority of this name.
    ///
    /// # Panics
    ///
    /// Without randomness.
    pub fn new(name: &str) -> Self {
        let key = KeyPair::generate().expect("a key");
        Self(CertifiedIssuer::self_signed(authority(name), key).expect("a certificate"))
    }

    /// An authority of this name, between this one and servers.
    ///
    /// # Panics
    ///
    /// Without randomness.
    #[must_use]
    pub fn intermediate(&self, name: &str) -> Self {
        let key = KeyPair::generate().expect("a key");
        Self(CertifiedIssuer::signed_by(authority(name), key, &self.0).expect("a certificate"))
    }

    /// A certificate for this name, and common name.
    ///
    /// # Panics
    ///
    /// If it is no name.
    pub fn issue(&self, name: &str) -> Pair {
        self.sign(&params(name))
    }

    /// A certificate that says this.
    ///
    /// # Panics
    ///
    /// If it cannot be said.
    pub fn sign(&self, params: &CertificateParams) -> Pair {
        let key = KeyPair::generate().expect("a key");
        let certificate = params.signed_by(&key, &self.0).expect("a certificate");
        Pair { certificate: certificate.pem(), key: key.serialize_pem() }
    }

    /// A list of certificates that are revoked, by their serial numbers, in PEM.
    ///
    /// # Panics
    ///
    /// If it cannot be made.
    pub fn revocation_list(&self, serial_numbers: &[u64]) -> String {
        let revoked = serial_numbers.iter().map(|&number| RevokedCertParams {
            serial_number: SerialNumber::from(number),
            revocation_time: date_time_ymd(2020, 1, 1),
            reason_code: None,
            invalidity_date: None,
        });
        let list = CertificateRevocationListParams {
            this_update: date_time_ymd(2020, 1, 1),
            next_update: date_time_ymd(2999, 1, 1),
            crl_number: SerialNumber::from(1),
            issuing_distribution_point: None,
            revoked_certs: revoked.collect(),
            key_identifier_method: KeyIdMethod::Sha256,
        };
        list.signed_by(&self.0).and_then(|list| list.pem()).expect("a list")
    }

    /// Its own certificate, in PEM.
    pub fn pem(&self) -> String {
        self.0.as_ref().pem()
    }

    /// A client that trusts this authority, and shows a certificate of its own or none.
    ///
    /// # Panics
    ///
    /// If the certificate and its key are none.
    pub fn client(&self, own: Option<&Pair>) -> ClientConfig {
        let mut roots = RootCertStore::empty();
        roots.add(self.0.as_ref().der().clone()).expect("a certificate");
        let provider = Arc::new(rustls::crypto::ring::default_provider());
        let builder = ClientConfig::builder_with_provider(provider).with_safe_default_protocol_versions();
        let builder = builder.expect("versions that the provider has").with_root_certificates(roots);
        let Some(own) = own else { return builder.with_no_client_auth() };
        let key = PrivateKeyDer::from_pem_slice(own.key.as_bytes()).expect("a key");
        builder.with_client_auth_cert(vec![own.der()], key).expect("a pair")
    }
}

/// What a certificate for this name, and common name, says.
///
/// # Panics
///
/// If it is no name.
pub fn params(name: &str) -> CertificateParams {
    let mut params = CertificateParams::new([name.to_owned()]).expect("a name");
    params.distinguished_name.push(DnType::CommonName, name);
    params
}

fn authority(name: &str) -> CertificateParams {
    let mut params = CertificateParams::default();
    params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
    params.distinguished_name.push(DnType::CommonName, name);
    params
}

impl Pair {
    /// A certificate that nobody but its own key has signed.
    ///
    /// # Panics
    ///
    /// If it cannot be said.
    pub fn self_signed(params: &CertificateParams) -> Self {
        let key = KeyPair::generate().expect("a key");
        let certificate = params.self_signed(&key).expect("a certificate");
        Self { certificate: certificate.pem(), key: key.serialize_pem() }
    }

    /// The certificate, in DER.
    ///
    /// # Panics
    ///
    /// If it is none.
    pub fn der(&self) -> CertificateDer<'static> {
        CertificateDer::from_pem_slice(self.certificate.as_bytes()).expect("a certificate")
    }
}

impl Files {
    /// An empty directory.
    ///
    /// # Errors
    ///
    /// There is no place for it.
    pub fn new() -> io::Result<Self> {
        static NEXT: AtomicUsize = AtomicUsize::new(0);
        let nth = NEXT.fetch_add(1, Ordering::Relaxed);
        let path = std::env::temp_dir().join(format!("ws-tests-{}-{nth}", std::process::id()));
        fs::create_dir_all(&path)?;
        Ok(Self(path))
    }

    /// Where it is.
    pub fn path(&self) -> &Path {
        &self.0
    }

    /// Writes a file.
    ///
    /// # Panics
    ///
    /// If that fails.
    pub fn write(&self, name: &str, text: impl AsRef<[u8]>) -> PathBuf {
        let path = self.0.join(name);
        fs::write(&path, text).expect("a file can be written");
        path
    }

    /// Writes `NAME.pem` and `NAME.key`.
    ///
    /// # Panics
    ///
    /// If that fails.
    pub fn write_pair(&self, name: &str, pair: &Pair) -> (PathBuf, PathBuf) {
        (self.write(&format!("{name}.pem"), &pair.certificate), self.write(&format!("{name}.key"), &pair.key))
    }
}

impl Drop for Files {
    fn drop(&mut self) {
        let _ = fs::remove_dir_all(&self.0);
    }
}

/// Connects to a server under this name.
///
/// # Errors
///
/// The connection or the TLS handshake failed.
///
/// # Panics
///
/// If the name is none.
pub async fn connect(
    config: &Arc<ClientConfig>,
    address: SocketAddr,
    name: &str,
) -> io::Result<TlsStream<TcpStream>> {
    let name = ServerName::try_from(name.to_owned()).expect("a name");
    let stream = TcpStream::connect(address).await?;
    stream.set_nodelay(true)?;
    TlsConnector::from(Arc::clone(config)).connect(name, stream).await
}

/// The certificate that the server has shown.
///
/// # Panics
///
/// If it has shown none.
pub fn shown(stream: &TlsStream<TcpStream>) -> CertificateDer<'static> {
    let chain = stream.get_ref().1.peer_certificates();
    chain.and_then(|chain| chain.first()).expect("a certificate").clone().into_owned()
}

/// Without the keys.
impl fmt::Debug for Authority {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Authority").finish_non_exhaustive()
    }
}

/// Without the key.
impl fmt::Debug for Pair {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Pair").finish_non_exhaustive()
    }
}
