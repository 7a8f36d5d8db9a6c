//! Authorities, certificates and servers for the tests of TLS.

use std::sync::Arc;

use std::time::Duration;

use base64::Engine as _;
use base64::prelude::BASE64_STANDARD;
use rcgen::{
    BasicConstraints, Certificate, CertificateParams, CertificateRevocationListParams, CertifiedIssuer,
    DnType, IsCa, KeyIdMethod, KeyPair, KeyUsagePurpose, RevokedCertParams, SerialNumber, date_time_ymd,
};
use rustls::crypto::{CryptoProvider, WebPkiSupportedAlgorithms};
use rustls::pki_types::{CertificateDer, PrivateKeyDer, PrivatePkcs8KeyDer};
use rustls::server::WebPkiClientVerifier;
use rustls::{ServerConfig, SignatureScheme, SupportedProtocolVersion};
use tokio::io::{DuplexStream, duplex};
use tokio_rustls::TlsAcceptor;
use tokio_rustls::server::TlsStream;

use super::settings::provider;
use super::{Secured, TlsError};
use crate::Client;
use crate::builder::Builder;
use crate::connect::dial::Stream;

pub(super) const NAME: &str = "rooms.example";
pub(super) const WITHIN: Duration = Duration::from_secs(10);

pub(super) fn builder() -> Builder {
    to(&format!("wss://{NAME}/"))
}

pub(super) fn to(url: &str) -> Builder {
    Client::builder(url).expect("a URL").tls_no_platform_roots().expect("no other configuration")
}

pub(super) fn trusting(authority: &Authority) -> Builder {
    builder().tls_root_certificates(authority.pem()).expect("a root")
}

/// The client's side of a handshake.
pub(super) async fn meet(client: &Client, server: ServerConfig) -> Result<Box<Secured>, TlsError> {
    let (ours, theirs) = duplex(64 * 1024);
    let (secured, _) = tokio::join!(secure(client, ours), accept(server, theirs));
    secured
}

pub(super) async fn secure(
    client: &Client,
    stream: tokio::io::DuplexStream,
) -> Result<Box<Secured>, TlsError> {
    client.tls.secure(Stream::Other(Box::new(stream)), client.url(), WITHIN).await
}

pub(super) async fn refused(client: Builder, server: &Pair) -> TlsError {
    meet(&client.build(), server.server()).await.expect_err("it is refused")
}

pub(super) struct Authority(pub(super) CertifiedIssuer<'static, KeyPair>);

/// A chain and the key of its first certificate.
pub(super) struct Pair {
    pub(super) chain: Vec<CertificateDer<'static>>,
    pub(super) key: KeyPair,
}

/// Who is let in, and whether a certificate of theirs is demanded.
#[derive(Clone, Copy)]
enum Clients<'a> {
    Anybody,
    Of(&'a Authority, bool),
}

pub(super) fn params(names: &[&str]) -> CertificateParams {
    let mut params =
        CertificateParams::new(names.iter().map(|&name| name.to_owned()).collect::<Vec<_>>()).expect("names");
    params.distinguished_name.push(DnType::CommonName, *names.first().unwrap_or(&"nobody"));
    params
}

fn authority(name: &str) -> CertificateParams {
    let mut params = CertificateParams::default();
    params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
    params.key_usages = vec![KeyUsagePurpose::KeyCertSign, KeyUsagePurpose::CrlSign];
    params.distinguished_name.push(DnType::CommonName, name);
    params
}

pub(super) fn key() -> KeyPair {
    KeyPair::generate().expect("a key")
}

impl Authority {
    pub(super) fn new(name: &str) -> Self {
        Self(CertifiedIssuer::self_signed(authority(name), key()).expect("a certificate"))
    }

    /// One between this authority and servers.
    pub(super) fn intermediate(&self, name: &str) -> Self {
        Self(CertifiedIssuer::signed_by(authority(name), key(), &self.0).expect("a certificate"))
    }

    /// As [`intermediate`](Self::intermediate), valid until that year.
    pub(super) fn intermediate_until(&self, name: &str, year: i32) -> Self {
        let mut params = authority(name);
        (params.not_before, params.not_after) = (date_time_ymd(year - 1, 1, 1), date_time_ymd(year, 1, 1));
        Self(CertifiedIssuer::signed_by(params, key(), &self.0).expect("a certificate"))
    }

    pub(super) fn certificate(&self) -> &Certificate {
        self.0.as_ref()
    }

    pub(super) fn pem(&self) -> String {
        self.certificate().pem()
    }

    pub(super) fn issue(&self, name: &str) -> Pair {
        self.sign(&params(&[name]))
    }

    pub(super) fn sign(&self, params: &CertificateParams) -> Pair {
        self.sign_key(params, key())
    }

    pub(super) fn sign_key(&self, params: &CertificateParams, key: KeyPair) -> Pair {
        let certificate = params.signed_by(&key, &self.0).expect("a certificate");
        Pair { chain: vec![certificate.der().clone()], key }
    }

    /// A revocation list with these serial numbers, due for renewal in that year.
    pub(super) fn revoke(&self, serials: &[u64], next_update: i32) -> String {
        let revoked = serials.iter().map(|&serial| RevokedCertParams {
            serial_number: SerialNumber::from(serial),
            revocation_time: date_time_ymd(2020, 1, 1),
            reason_code: None,
            invalidity_date: None,
        });
        let params = CertificateRevocationListParams {
            this_update: date_time_ymd(2020, 1, 1),
            next_update: date_time_ymd(next_update, 1, 1),
            crl_number: SerialNumber::from(1),
            issuing_distribution_point: None,
            revoked_certs: revoked.collect(),
            key_identifier_method: KeyIdMethod::Sha256,
        };
        params.signed_by(&self.0).expect("a list").pem().expect("a list")
    }
}

impl Pair {
    /// Signed by itself.
    pub(super) fn own(params: &CertificateParams) -> Self {
        let key = key();
        Self { chain: vec![params.self_signed(&key).expect("a certificate").der().clone()], key }
    }

    /// A server that shows it.
    pub(super) fn server(&self) -> ServerConfig {
        self.show(provider(), rustls::ALL_VERSIONS, Clients::Anybody)
    }

    /// A server that asks for a certificate of `clients`, and lets in who has none.
    pub(super) fn server_asking(&self, clients: &Authority) -> ServerConfig {
        self.show(provider(), rustls::ALL_VERSIONS, Clients::Of(clients, false))
    }

    /// A server of one version.
    pub(super) fn server_of(&self, version: &'static SupportedProtocolVersion) -> ServerConfig {
        self.show(provider(), &[version], Clients::Anybody)
    }

    /// A server of one version that demands a certificate of `clients`.
    pub(super) fn server_demanding(
        &self,
        clients: &Authority,
        version: &'static SupportedProtocolVersion,
    ) -> ServerConfig {
        self.show(provider(), &[version], Clients::Of(clients, true))
    }

    /// As [`server_demanding`](Self::server_demanding), for certificates with ECDSA keys alone.
    pub(super) fn server_of_ecdsa_demanding(&self, clients: &Authority) -> ServerConfig {
        let mut provider = CryptoProvider::clone(&provider());
        let mut all = provider.signature_verification_algorithms.mapping.iter();
        let ecdsa = all.find(|(scheme, _)| *scheme == SignatureScheme::ECDSA_NISTP256_SHA256).expect("P-256");
        provider.signature_verification_algorithms =
            WebPkiSupportedAlgorithms { all: ecdsa.1, mapping: std::slice::from_ref(ecdsa) };
        self.show(Arc::new(provider), &[&rustls::version::TLS13], Clients::Of(clients, true))
    }

    fn show(
        &self,
        provider: Arc<CryptoProvider>,
        versions: &[&'static SupportedProtocolVersion],
        clients: Clients<'_>,
    ) -> ServerConfig {
        let builder = ServerConfig::builder_with_provider(Arc::clone(&provider));
        let builder = builder.with_protocol_versions(versions).expect("versions");
        let builder = match clients {
            Clients::Anybody => builder.with_no_client_auth(),
            Clients::Of(clients, demanded) => {
                let mut roots = rustls::RootCertStore::empty();
                roots.add(clients.certificate().der().clone()).expect("a root");
                let verifier = WebPkiClientVerifier::builder_with_provider(Arc::new(roots), provider);
                let verifier = if demanded { verifier } else { verifier.allow_unauthenticated() };
                builder.with_client_cert_verifier(verifier.build().expect("a verifier"))
            }
        };
        let mut config = builder.with_single_cert(self.chain.clone(), self.key()).expect("a pair");
        config.alpn_protocols = vec![b"http/1.1".to_vec()];
        config
    }

    /// The pin of a key that nobody has.
    pub(super) fn other_pin() -> String {
        BASE64_STANDARD.encode([7; 32])
    }

    pub(super) fn key(&self) -> PrivateKeyDer<'static> {
        PrivatePkcs8KeyDer::from(self.key.serialize_der()).into()
    }

    pub(super) fn pem(&self) -> String {
        self.chain.iter().map(pem).collect()
    }
}

/// Base64 in lines is what PEM is; `rcgen` writes no foreign certificate.
fn pem(certificate: &CertificateDer<'_>) -> String {
    let text = BASE64_STANDARD.encode(certificate);
    let lines: Vec<_> = text.as_bytes().chunks(64).map(|line| String::from_utf8_lossy(line)).collect();
    format!("-----BEGIN CERTIFICATE-----\n{}\n-----END CERTIFICATE-----\n", lines.join("\n"))
}

pub(super) async fn accept(
    config: ServerConfig,
    stream: DuplexStream,
) -> std::io::Result<TlsStream<DuplexStream>> {
    TlsAcceptor::from(Arc::new(config)).accept(stream).await
}
