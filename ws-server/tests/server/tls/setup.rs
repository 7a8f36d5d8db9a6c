//! Certificates, a server that has them, and a client that looks at them.

use std::fs;
use std::net::SocketAddr;
use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use bytes::BytesMut;
use rcgen::{BasicConstraints, CertificateParams, CertifiedIssuer, DnType, IsCa, KeyPair};
use rustls::pki_types::pem::PemObject as _;
use rustls::pki_types::{CertificateDer, PrivateKeyDer, ServerName};
use rustls::{ClientConfig, RootCertStore};
use tokio::net::TcpStream;
use tokio::time::timeout;
use tokio_rustls::TlsConnector;
use tokio_rustls::client::TlsStream;
use ws_core::connection::Role;
use ws_core::net::{SocketConfig, WebSocket};
use ws_server::{Server, ServerBuilder, TlsFiles};

use crate::support::{Client, PATIENCE, Running, handshake};

/// A directory of a test's own, removed at its end.
pub(crate) struct Files(pub(crate) PathBuf);

impl Files {
    pub(crate) fn new() -> Self {
        static NEXT: AtomicUsize = AtomicUsize::new(0);
        let nth = NEXT.fetch_add(1, Ordering::Relaxed);
        let path = std::env::temp_dir().join(format!("ws-server-tls-{}-{nth}", std::process::id()));
        fs::create_dir_all(&path).unwrap();
        Self(path)
    }

    pub(crate) fn write(&self, name: &str, text: impl AsRef<[u8]>) -> PathBuf {
        let path = self.0.join(name);
        fs::write(&path, text).unwrap();
        path
    }

    /// Writes a certificate and its key.
    pub(crate) fn pair(&self, name: &str, pair: &Pair) -> (PathBuf, PathBuf) {
        (self.write(&format!("{name}.pem"), &pair.certificate), self.write(&format!("{name}.key"), &pair.key))
    }
}

impl Drop for Files {
    fn drop(&mut self) {
        let _ = fs::remove_dir_all(&self.0);
    }
}

pub(crate) struct Pair {
    pub(crate) certificate: String,
    pub(crate) key: String,
}

pub(crate) struct Authority(pub(crate) CertifiedIssuer<'static, KeyPair>);

impl Authority {
    pub(crate) fn new() -> Self {
        Self::named("an authority")
    }

    pub(crate) fn named(name: &str) -> Self {
        let mut params = CertificateParams::default();
        params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
        params.distinguished_name.push(DnType::CommonName, name);
        Self(CertifiedIssuer::self_signed(params, KeyPair::generate().unwrap()).unwrap())
    }

    pub(crate) fn issue(&self, name: &str, change: impl FnOnce(&mut CertificateParams)) -> Pair {
        let mut params = CertificateParams::new([name.to_owned()]).unwrap();
        params.distinguished_name.push(DnType::CommonName, name);
        change(&mut params);
        let key = KeyPair::generate().unwrap();
        let certificate = params.signed_by(&key, &self.0).unwrap();
        Pair { certificate: certificate.pem(), key: key.serialize_pem() }
    }

    pub(crate) fn pem(&self) -> String {
        self.0.as_ref().pem()
    }
}

/// What a client trusts, and shows.
pub(crate) fn client(authority: &Authority, own: Option<&Pair>) -> ClientConfig {
    let mut roots = RootCertStore::empty();
    roots.add(authority.0.as_ref().der().clone()).unwrap();
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let builder =
        ClientConfig::builder_with_provider(provider).with_safe_default_protocol_versions().unwrap();
    let builder = builder.with_root_certificates(roots);
    match own {
        None => builder.with_no_client_auth(),
        Some(own) => {
            let chain =
                CertificateDer::pem_slice_iter(own.certificate.as_bytes()).map(Result::unwrap).collect();
            let key = PrivateKeyDer::from_pem_slice(own.key.as_bytes()).unwrap();
            builder.with_client_auth_cert(chain, key).unwrap()
        }
    }
}

pub(crate) type Encrypted = Client<TlsStream<TcpStream>>;

pub(crate) async fn connect(
    config: &ClientConfig,
    address: SocketAddr,
    name: &str,
) -> std::io::Result<Encrypted> {
    over(config, TcpStream::connect(address).await?, name).await
}

pub(crate) async fn over(config: &ClientConfig, stream: TcpStream, name: &str) -> std::io::Result<Encrypted> {
    let connector = TlsConnector::from(Arc::new(config.clone()));
    let name = ServerName::try_from(name.to_owned()).unwrap();
    let stream = timeout(PATIENCE, connector.connect(name, stream)).await.expect("a handshake in time")?;
    Ok(Client { stream, buffer: BytesMut::new() })
}

impl Encrypted {
    /// The certificate that the server showed.
    pub(crate) fn shown(&self) -> Vec<u8> {
        self.stream.get_ref().1.peer_certificates().unwrap()[0].to_vec()
    }

    pub(crate) async fn open(mut self, path: &str) -> WebSocket {
        assert_eq!(self.ask(&handshake(path)).await.status(), 101);
        WebSocket::from_stream(self.stream, SocketConfig::new(Role::Client), self.buffer)
    }
}

pub(crate) fn der(pair: &Pair) -> Vec<u8> {
    CertificateDer::from_pem_slice(pair.certificate.as_bytes()).unwrap().to_vec()
}

/// A server that speaks TLS as these files say.
pub(crate) async fn serve(files: TlsFiles, build: impl FnOnce(ServerBuilder) -> ServerBuilder) -> Running {
    Running::of(build(Server::builder().listen_tls("127.0.0.1:0", files))).await
}

/// Waits until a new connection is shown this certificate.
pub(crate) async fn until_shown(config: &ClientConfig, address: SocketAddr, certificate: &[u8]) {
    timeout(PATIENCE, async {
        while connect(config, address, "localhost").await.unwrap().shown() != certificate {
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
    })
    .await
    .expect("the new certificate is shown in time");
}
