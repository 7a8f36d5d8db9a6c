//! TLS: to the gateway, and to servers behind it.

use std::net::SocketAddr;
use std::sync::Arc;

use rcgen::{BasicConstraints, CertificateParams, CertifiedIssuer, DnType, IsCa, KeyPair};
use serde_json::Value;
use tests::wire::handshake;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::{TcpListener, TcpStream};
use tokio::time::timeout;
use tokio_rustls::client::TlsStream;
use tokio_rustls::rustls::pki_types::pem::PemObject as _;
use tokio_rustls::rustls::pki_types::{CertificateDer, PrivateKeyDer, ServerName};
use tokio_rustls::rustls::{self, ClientConfig, RootCertStore, ServerConfig};
use tokio_rustls::{TlsAcceptor, TlsConnector};
use ws_core::message::Message;

use crate::gateway::{Folder, Gateway, PATIENCE, refusal, route, wait_until};
use crate::upstream_server::{Script, answer};

const OPEN: &str = "authenticate = [\"none\"]";

struct Authority(CertifiedIssuer<'static, KeyPair>);

struct Pair {
    certificate: String,
    key: String,
}

impl Authority {
    fn new(name: &str) -> Self {
        let mut params = CertificateParams::default();
        params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
        params.distinguished_name.push(DnType::CommonName, name);
        Self(CertifiedIssuer::self_signed(params, KeyPair::generate().unwrap()).unwrap())
    }

    fn issue(&self, name: &str) -> Pair {
        let mut params = CertificateParams::new([name.to_owned()]).unwrap();
        params.distinguished_name.push(DnType::CommonName, name);
        let key = KeyPair::generate().unwrap();
        let certificate = params.signed_by(&key, &self.0).unwrap();
        Pair { certificate: certificate.pem(), key: key.serialize_pem() }
    }

    fn issue_nameless(&self) -> Pair {
        let mut params = CertificateParams::new(["a.example".to_owned()]).unwrap();
        params.distinguished_name = rcgen::DistinguishedName::new();
        let key = KeyPair::generate().unwrap();
        let certificate = params.signed_by(&key, &self.0).unwrap();
        Pair { certificate: certificate.pem(), key: key.serialize_pem() }
    }

    fn pem(&self) -> String {
        self.0.as_ref().pem()
    }
}

impl Pair {
    fn chain(&self) -> Vec<CertificateDer<'static>> {
        CertificateDer::pem_slice_iter(self.certificate.as_bytes()).map(Result::unwrap).collect()
    }

    fn key(&self) -> PrivateKeyDer<'static> {
        PrivateKeyDer::from_pem_slice(self.key.as_bytes()).unwrap()
    }
}

fn provider() -> Arc<rustls::crypto::CryptoProvider> {
    Arc::new(rustls::crypto::ring::default_provider())
}

/// Connects as a client that trusts this authority, and shows a certificate if it has one.
async fn connect(
    address: SocketAddr,
    authority: &Authority,
    name: &str,
    own: Option<&Pair>,
) -> TlsStream<TcpStream> {
    let mut roots = RootCertStore::empty();
    roots.add(authority.0.as_ref().der().clone()).unwrap();
    let builder =
        ClientConfig::builder_with_provider(provider()).with_safe_default_protocol_versions().unwrap();
    let builder = builder.with_root_certificates(roots);
    let config = match own {
        None => builder.with_no_client_auth(),
        Some(own) => builder.with_client_auth_cert(own.chain(), own.key()).unwrap(),
    };
    let stream = TcpStream::connect(address).await.unwrap();
    let name = ServerName::try_from(name.to_owned()).unwrap();
    TlsConnector::from(Arc::new(config)).connect(name, stream).await.unwrap()
}

/// The status of a handshake, and its cause.
async fn ask(mut stream: TlsStream<TcpStream>, path: &str) -> (u16, String) {
    stream.write_all(handshake(path, "").as_bytes()).await.unwrap();
    let mut bytes = vec![0; 16 * 1024];
    let mut length = 0;
    let text = loop {
        let read = timeout(PATIENCE, stream.read(&mut bytes[length..])).await.unwrap().unwrap_or(0);
        length += read;
        let text = String::from_utf8_lossy(&bytes[..length]).into_owned();
        if read == 0 || text.contains("\r\n\r\n") && (text.contains(" 101 ") || text.ends_with('}')) {
            break text;
        }
    };
    let status = text.split(' ').nth(1).and_then(|status| status.parse().ok()).unwrap_or(0);
    let body = text.split_once("\r\n\r\n").map_or("", |(_, body)| body);
    let body: Value = serde_json::from_str(body).unwrap_or_default();
    (status, body["code"].as_str().unwrap_or_default().to_owned())
}

fn shown(stream: &TlsStream<TcpStream>) -> Vec<u8> {
    stream.get_ref().1.peer_certificates().unwrap()[0].to_vec()
}

fn files(authority: &Authority, clients: &Authority) -> Folder {
    let folder = Folder::new("tls");
    for (name, host) in [("own", "localhost"), ("other", "other.example")] {
        let pair = authority.issue(host);
        folder.write(&format!("{name}.pem"), pair.certificate);
        folder.write(&format!("{name}.key"), pair.key);
    }
    folder.write("clients.pem", clients.pem());
    folder
}

const TLS: &str = "[tls]\ncertificate = \"own.pem\"\nkey = \"own.key\"\nclient_ca = \"clients.pem\"\n";

#[tokio::test]
async fn certificates_of_the_gateway_and_its_clients() {
    let (authority, clients) = (Authority::new("servers"), Authority::new("clients"));
    let config = format!(
        "{TLS}client_certificate = \"optional\"\n[[tls.sni]]\nname = \"other.example\"\ncertificate = \"other.pem\"\n\
         key = \"other.key\"\n{}{}",
        route("/open", OPEN),
        route("/known", "authenticate = [\"client-certificate\"]")
    );
    let gateway = Gateway::start_in(files(&authority, &clients), &config);
    assert!(gateway.url.starts_with("wss://127.0.0.1:"), "{}", gateway.url);
    let (address, ann) = (gateway.address, clients.issue("ann"));
    let own = connect(address, &authority, "localhost", None).await;
    let other = connect(address, &authority, "other.example", None).await;
    assert_ne!(shown(&own), shown(&other));
    assert_eq!(ask(own, "/open").await.0, 101);
    assert_eq!(ask(other, "/known").await, (403, "client-certificate-required".to_owned()));
    let known = connect(address, &authority, "localhost", Some(&ann)).await;
    assert_eq!(ask(known, "/known").await.0, 101);
    let nameless = clients.issue_nameless();
    let rejected = connect(address, &authority, "localhost", Some(&nameless)).await;
    assert_eq!(ask(rejected, "/known").await, (403, "client-certificate-rejected".to_owned()));
    // Whoever speaks plain HTTP is told so, in plain HTTP.
    assert_eq!(refusal(&gateway.ask("/open", "").await), (400, "plain-http-on-tls-port".to_owned()));
}

#[tokio::test]
async fn a_certificate_demanded_of_everybody() {
    let (authority, clients) = (Authority::new("servers"), Authority::new("clients"));
    let config = format!("{TLS}client_certificate = \"required\"\n{}", route("/open", OPEN));
    let gateway = Gateway::start_in(files(&authority, &clients), &config);
    let nobody = connect(gateway.address, &authority, "localhost", None).await;
    assert_eq!(ask(nobody, "/open").await, (403, "client-certificate-required".to_owned()));
    let ann = clients.issue("ann");
    let known = connect(gateway.address, &authority, "localhost", Some(&ann)).await;
    assert_eq!(ask(known, "/open").await.0, 101);
}

#[tokio::test]
async fn certificates_change_under_open_connections() {
    let (authority, clients) = (Authority::new("servers"), Authority::new("clients"));
    let gateway = Gateway::start_in(files(&authority, &clients), &format!("{TLS}{}", route("/", OPEN)));
    let stream = connect(gateway.address, &authority, "localhost", None).await;
    let before = shown(&stream);
    let client = ws_client::Client::builder("ws://localhost/").unwrap().build();
    let (mut socket, _) = client.connect_over(stream).await.unwrap();
    let fresh = authority.issue("localhost");
    let after = fresh.chain()[0].to_vec();
    gateway.folder.write("own.key", fresh.key);
    gateway.folder.write("own.pem", fresh.certificate);
    for tries in 0.. {
        let now = shown(&connect(gateway.address, &authority, "localhost", None).await);
        if now == after {
            break;
        }
        assert!(now == before && tries < 200, "the certificate does not change: {}", gateway.log());
        tokio::time::sleep(std::time::Duration::from_millis(50)).await;
    }
    socket.send("still here").await.unwrap();
    assert_eq!(socket.recv().await.unwrap(), Some(Message::text("still here")));
    // Another pair of files is as good as other contents.
    let third = authority.issue("localhost");
    let after = third.chain()[0].to_vec();
    gateway.folder.write("third.pem", third.certificate);
    gateway.folder.write("third.key", third.key);
    let config = format!("{TLS}{}", route("/", OPEN)).replace("own.", "third.");
    gateway.folder.write("gateway.toml", Gateway::with_listen(&config));
    gateway.logs("the new configuration holds from now on").await;
    assert_eq!(shown(&connect(gateway.address, &authority, "localhost", None).await), after);
}

/// A server behind TLS is believed if one of our authorities has vouched for its name, and not otherwise.
#[tokio::test]
async fn a_server_behind_tls() {
    let (authority, stranger) = (Authority::new("behind"), Authority::new("a stranger"));
    for (name, expected) in [("127.0.0.1", 101), ("other.example", 502)] {
        let pair = authority.issue(name);
        let config = ServerConfig::builder_with_provider(provider())
            .with_safe_default_protocol_versions()
            .unwrap()
            .with_no_client_auth()
            .with_single_cert(pair.chain(), pair.key())
            .unwrap();
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let behind = listener.local_addr().unwrap();
        let serving = tokio::spawn(async move {
            let acceptor = TlsAcceptor::from(Arc::new(config));
            loop {
                let (stream, _) = listener.accept().await.unwrap();
                let Ok(stream) = acceptor.accept(stream).await else { continue };
                let Some((_, Some(mut socket))) = answer(stream, &Script::Accept).await else { continue };
                while let Ok(Some(message)) = socket.recv().await {
                    socket.send(message).await.unwrap();
                }
            }
        });
        let folder = Folder::new("wss");
        folder.write("ca.pem", authority.pem());
        folder.write("stranger.pem", stranger.pem());
        let config = |ca: &str| {
            format!(
                "[upstream]\nca_file = \"{ca}\"\n[[route]]\npath = \"/\"\nupstream = \"wss://{behind}\"\n{OPEN}\n"
            )
        };
        let gateway = Gateway::start_in(folder, &config("ca.pem"));
        assert_eq!(gateway.refusal("/", "").await.0, expected, "{name}");
        if expected == 101 {
            let mut socket = gateway.open("/", None).await;
            socket.send("over TLS").await.unwrap();
            assert_eq!(socket.recv().await.unwrap(), Some(Message::text("over TLS")));
        }
        gateway.folder.write("gateway.toml", Gateway::with_listen(&config("stranger.pem")));
        gateway.logs("the new configuration holds from now on").await;
        assert_eq!(gateway.refusal("/", "").await, (502, "upstream-down".to_owned()));
        wait_until("the log says why", || gateway.log().contains("the TLS handshake failed")).await;
        serving.abort();
    }
}
