//! TLS: certificates, names, clients with certificates of their own, and what comes to the wrong port.

use std::fs;
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use bytes::BytesMut;
use rcgen::{BasicConstraints, CertificateParams, CertifiedIssuer, DnType, IsCa, KeyPair};
use rustls::pki_types::pem::PemObject as _;
use rustls::pki_types::{CertificateDer, PrivateKeyDer, ServerName};
use rustls::{ClientConfig, RootCertStore};
use tokio::io::AsyncReadExt as _;
use tokio::net::TcpStream;
use tokio::time::timeout;
use tokio_rustls::TlsConnector;
use tokio_rustls::client::TlsStream;
use ws_core::connection::Role;
use ws_core::message::Message;
use ws_core::net::{SocketConfig, WebSocket};
use ws_core::refusal::Cause;
use ws_server::authenticate::{CertificateName, ClientCertificates};
use ws_server::{
    BuildError, ProxyProtocol, Route, Server, ServerBuilder, ServerHandle, ServerLimits, Session, TlsError,
    TlsFiles, TrustedProxies,
};

use crate::events::Events;
use crate::support::{Client, PATIENCE, Running, echo, get, handshake};

/// A directory of a test's own, removed at its end.
struct Files(PathBuf);

impl Files {
    fn new() -> Self {
        static NEXT: AtomicUsize = AtomicUsize::new(0);
        let nth = NEXT.fetch_add(1, Ordering::Relaxed);
        let path = std::env::temp_dir().join(format!("ws-server-tls-{}-{nth}", std::process::id()));
        fs::create_dir_all(&path).unwrap();
        Self(path)
    }

    fn write(&self, name: &str, text: impl AsRef<[u8]>) -> PathBuf {
        let path = self.0.join(name);
        fs::write(&path, text).unwrap();
        path
    }

    /// Writes a certificate and its key.
    fn pair(&self, name: &str, pair: &Pair) -> (PathBuf, PathBuf) {
        (self.write(&format!("{name}.pem"), &pair.certificate), self.write(&format!("{name}.key"), &pair.key))
    }
}

impl Drop for Files {
    fn drop(&mut self) {
        let _ = fs::remove_dir_all(&self.0);
    }
}

struct Pair {
    certificate: String,
    key: String,
}

struct Authority(CertifiedIssuer<'static, KeyPair>);

impl Authority {
    fn new() -> Self {
        Self::named("an authority")
    }

    fn named(name: &str) -> Self {
        let mut params = CertificateParams::default();
        params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
        params.distinguished_name.push(DnType::CommonName, name);
        Self(CertifiedIssuer::self_signed(params, KeyPair::generate().unwrap()).unwrap())
    }

    fn issue(&self, name: &str, change: impl FnOnce(&mut CertificateParams)) -> Pair {
        let mut params = CertificateParams::new([name.to_owned()]).unwrap();
        params.distinguished_name.push(DnType::CommonName, name);
        change(&mut params);
        let key = KeyPair::generate().unwrap();
        let certificate = params.signed_by(&key, &self.0).unwrap();
        Pair { certificate: certificate.pem(), key: key.serialize_pem() }
    }

    fn pem(&self) -> String {
        self.0.as_ref().pem()
    }
}

/// What a client trusts, and shows.
fn client(authority: &Authority, own: Option<&Pair>) -> ClientConfig {
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

type Encrypted = Client<TlsStream<TcpStream>>;

async fn connect(config: &ClientConfig, address: SocketAddr, name: &str) -> std::io::Result<Encrypted> {
    over(config, TcpStream::connect(address).await?, name).await
}

async fn over(config: &ClientConfig, stream: TcpStream, name: &str) -> std::io::Result<Encrypted> {
    let connector = TlsConnector::from(Arc::new(config.clone()));
    let name = ServerName::try_from(name.to_owned()).unwrap();
    let stream = timeout(PATIENCE, connector.connect(name, stream)).await.expect("a handshake in time")?;
    Ok(Client { stream, buffer: BytesMut::new() })
}

impl Encrypted {
    /// The certificate that the server showed.
    fn shown(&self) -> Vec<u8> {
        self.stream.get_ref().1.peer_certificates().unwrap()[0].to_vec()
    }

    async fn open(mut self, path: &str) -> WebSocket {
        assert_eq!(self.ask(&handshake(path)).await.status(), 101);
        WebSocket::from_stream(self.stream, SocketConfig::new(Role::Client), self.buffer)
    }
}

fn der(pair: &Pair) -> Vec<u8> {
    CertificateDer::from_pem_slice(pair.certificate.as_bytes()).unwrap().to_vec()
}

/// A server that speaks TLS as these files say.
async fn serve(files: TlsFiles, build: impl FnOnce(ServerBuilder) -> ServerBuilder) -> Running {
    Running::of(build(Server::builder().listen_tls("127.0.0.1:0", files))).await
}

/// Waits until a new connection is shown this certificate.
async fn until_shown(config: &ClientConfig, address: SocketAddr, certificate: &[u8]) {
    timeout(PATIENCE, async {
        while connect(config, address, "localhost").await.unwrap().shown() != certificate {
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
    })
    .await
    .expect("the new certificate is shown in time");
}

#[tokio::test]
async fn messages_go_through_tls_in_both_versions() {
    let (files, authority) = (Files::new(), Authority::new());
    let (certificate, key) = files.pair("own", &authority.issue("localhost", |_| {}));
    let running = serve(TlsFiles::new(certificate, key), |builder| {
        builder.route("/echo", Route::new(echo)).page("/", "text/plain", "hello")
    })
    .await;
    for version in [&rustls::version::TLS12, &rustls::version::TLS13] {
        let mut config = client(&authority, None);
        let provider = Arc::clone(config.crypto_provider());
        let mut roots = RootCertStore::empty();
        roots.add(authority.0.as_ref().der().clone()).unwrap();
        let builder =
            ClientConfig::builder_with_provider(provider).with_protocol_versions(&[version]).unwrap();
        config = builder.with_root_certificates(roots).with_no_client_auth();
        config.alpn_protocols = vec![b"h2".to_vec(), b"http/1.1".to_vec()];
        let mut connection = connect(&config, running.address, "localhost").await.unwrap();
        // RFC 7301: of what the client offers, what is spoken here.
        assert_eq!(connection.stream.get_ref().1.alpn_protocol(), Some(&b"http/1.1"[..]));
        let page = connection.ask(&get("/")).await;
        assert_eq!((page.status(), &*page.body), (200, "hello"));
        let mut socket = connection.open("/echo").await;
        for message in [Message::text("hello"), Message::binary(vec![7; 300_000])] {
            socket.send(message.clone()).await.unwrap();
            assert_eq!(socket.recv().await.unwrap(), Some(message));
        }
        socket.close(None).await.unwrap();
    }
}

/// RFC 6455 10.2: the scheme of the same origin comes from TLS.
#[tokio::test]
async fn the_same_origin_is_an_encrypted_one() {
    let (files, authority) = (Files::new(), Authority::new());
    let (certificate, key) = files.pair("own", &authority.issue("localhost", |_| {}));
    let running =
        serve(TlsFiles::new(certificate, key), |builder| builder.route("/echo", Route::new(echo))).await;
    let config = client(&authority, None);
    for (origin, status) in [("https://localhost", 101), ("http://localhost", 403)] {
        let mut connection = connect(&config, running.address, "localhost").await.unwrap();
        let request = handshake("/echo").replace("Host:", &format!("Origin: {origin}\r\nHost:"));
        assert_eq!(connection.ask(&request).await.status(), status, "{origin}");
    }
}

#[tokio::test]
async fn a_client_gets_the_certificate_of_the_name_that_it_asks_for() {
    let (files, authority) = (Files::new(), Authority::new());
    let pairs = ["localhost", "a.example", "*.wild.example"].map(|name| authority.issue(name, |_| {}));
    let [own, a, wild] = &pairs;
    let tls = {
        let [(c, k), (ca, ka), (cw, kw)] =
            [files.pair("own", own), files.pair("a", a), files.pair("w", wild)];
        TlsFiles::new(c, k).server_name("A.example", ca, ka).server_name("*.wild.example", cw, kw)
    };
    let running = serve(tls, |builder| builder.page("/", "text/plain", "hello")).await;
    let config = client(&authority, None);
    for (name, pair) in [("localhost", own), ("a.example", a), ("A.EXAMPLE", a), ("b.wild.example", wild)] {
        assert_eq!(connect(&config, running.address, name).await.unwrap().shown(), der(pair), "{name}");
    }
    // For these nobody has a certificate; the client sees that of the server and objects.
    for name in ["b.example", "wild.example", "b.c.wild.example", "127.0.0.1"] {
        let error = connect(&config, running.address, name).await.map(|_| ()).unwrap_err();
        assert!(error.to_string().contains("not valid for name"), "{name}: {error}");
    }
}

/// RFC 9110 4.2.2: the answer to plain HTTP is plain, and the last one.
#[tokio::test]
async fn plain_http_on_a_tls_port_is_answered_in_plain_text() {
    let (files, authority) = (Files::new(), Authority::new());
    let (certificate, key) = files.pair("own", &authority.issue("localhost", |_| {}));
    let reported = Arc::new(Mutex::new(Vec::new()));
    let limits = ServerLimits { handshake_timeout: Duration::from_millis(300), ..ServerLimits::default() };
    let running = serve(TlsFiles::new(certificate, key), |builder| {
        let reported = Arc::clone(&reported);
        builder.limits(limits).route("/echo", Route::new(echo)).page("/", "text/plain", "hello").on_refusal(
            move |report| reported.lock().unwrap().push((report.cause, report.path.map(str::to_owned))),
        )
    })
    .await;
    for (request, path) in [(handshake("/echo"), "/echo"), (get("/"), "/"), (get("/nowhere"), "/nowhere")] {
        let mut plain = running.connect().await;
        let answer = plain.ask(&request).await;
        assert_eq!((answer.status(), answer.field("Connection")), (400, Some("close")));
        assert!(answer.field("Refused-By").unwrap().contains("code=plain-http-on-tls-port"));
        assert!(answer.body.contains("\"code\":\"plain-http-on-tls-port\""), "{}", answer.body);
        assert!(plain.is_closed().await);
        let report = reported.lock().unwrap().pop();
        assert_eq!(report, Some((Cause::PlainHttpOnTlsPort, Some(path.to_owned()))));
    }
    let mut head = running.connect().await;
    assert_eq!(head.ask(&get("/").replace("GET", "HEAD")).await.status(), 400);
    // What is neither TLS nor HTTP, and what never becomes either.
    let mut junk = running.connect().await;
    junk.send("\0\0\0\0").await;
    assert_eq!(junk.answer(false).await.status(), 400);
    assert_eq!(reported.lock().unwrap().pop().unwrap().0, Cause::MalformedRequest);
    let mut slow = running.connect().await;
    slow.send("GET / HTTP/1.1\r\n").await;
    assert_eq!(slow.answer(false).await.status(), 408);
    let mut silent = running.connect().await;
    let mut nothing = Vec::new();
    timeout(PATIENCE, silent.stream.read_to_end(&mut nothing)).await.unwrap().unwrap();
    assert!(nothing.is_empty(), "there is nobody to whom plain text would mean something");
}

/// TLS clients tell their users of plain text ("wrong version number", "HTTP response to HTTPS client"); an alert would
/// say that TLS is spoken here and something is wrong with theirs.
#[tokio::test]
async fn tls_on_a_plain_port_is_answered_in_plain_text() {
    let reported = Arc::new(Mutex::new(Vec::new()));
    let running = Running::start(|builder| {
        let reported = Arc::clone(&reported);
        builder.route("/echo", Route::new(echo)).on_refusal(move |report| {
            reported.lock().unwrap().push((report.cause, report.status));
        })
    })
    .await;
    let error = connect(&client(&Authority::new(), None), running.address, "localhost")
        .await
        .map(|_| ())
        .unwrap_err();
    assert!(error.to_string().contains("corrupt message"), "{error}");
    assert_eq!(*reported.lock().unwrap(), [(Cause::TlsOnPlainPort, Some(400))]);
    let mut raw = running.connect().await;
    raw.send(b"\x16\x03\x01\x02\x00\x01").await;
    let answer = raw.answer(false).await;
    assert_eq!((answer.status(), answer.field("Connection")), (400, Some("close")));
    assert!(answer.body.contains("\"code\":\"tls-on-plain-port\""), "{}", answer.body);
    assert!(raw.is_closed().await);
}

/// Tells its peer who it is.
async fn who(mut session: Session) -> Result<(), ws_core::net::Error> {
    let identity = session.identity();
    let told = format!("{:?} {:?}", identity.subject(), identity.roles());
    session.send(told).await?;
    while session.recv().await?.is_some() {}
    Ok(())
}

#[tokio::test]
async fn clients_are_known_by_their_certificates() {
    let (files, authority, strangers) = (Files::new(), Authority::new(), Authority::named("another one"));
    let (certificate, key) = files.pair("own", &authority.issue("localhost", |_| {}));
    let tls = TlsFiles::new(certificate, key).client_ca(files.write("ca.pem", authority.pem()));
    let reported = Arc::new(Mutex::new(Vec::new()));
    let running = serve(tls, |builder| {
        let reported = Arc::clone(&reported);
        let known = ClientCertificates::new().named_by(CertificateName::Dns).map(|certificate, identity| {
            (identity.subject() != Some("mallory.example"))
                .then(|| identity.with_roles([certificate.common_name.clone().unwrap_or_default()]))
        });
        builder
            .route("/who", Route::new(who).authenticate(known))
            .route("/open", Route::new(echo))
            .on_refusal(move |report| reported.lock().unwrap().push((report.cause, report.detail.to_owned())))
    })
    .await;
    let ann = authority.issue("ann.example", |_| {});
    let mut socket = connect(&client(&authority, Some(&ann)), running.address, "localhost")
        .await
        .unwrap()
        .open("/who")
        .await;
    let told = socket.recv().await.unwrap().unwrap();
    assert_eq!(told.as_text().unwrap(), r#"Some("ann.example") ["ann.example"]"#);

    // Without a certificate TLS is done, and the gate asks.
    let nobody = client(&authority, None);
    let mut anonymous = connect(&nobody, running.address, "localhost").await.unwrap();
    let answer = anonymous.ask(&handshake("/who")).await;
    assert_eq!((answer.status(), answer.field("WWW-Authenticate")), (403, None));
    assert!(answer.body.contains("\"code\":\"client-certificate-required\""), "{}", answer.body);
    assert_eq!(anonymous.ask(&handshake("/open")).await.status(), 101);

    let mallory = authority.issue("mallory.example", |_| {});
    let mut rejected =
        connect(&client(&authority, Some(&mallory)), running.address, "localhost").await.unwrap();
    let answer = rejected.ask(&handshake("/who")).await;
    assert_eq!(answer.status(), 403);
    assert!(answer.body.contains("\"code\":\"client-certificate-rejected\""), "{}", answer.body);
    let details: Vec<_> = reported.lock().unwrap().drain(..).collect();
    assert_eq!(details[0], (Cause::ClientCertificateRequired, "a client certificate is required".to_owned()));
    assert_eq!(
        details[1],
        (
            Cause::ClientCertificateRejected,
            "the holder of the client certificate is not known here".to_owned()
        )
    );

    // What nobody trusted has issued, or has expired, ends in an alert, and nothing is said over HTTP.
    let expired =
        authority.issue("late.example", |params| params.not_after = rcgen::date_time_ymd(2020, 1, 1));
    for (own, alert) in
        [(strangers.issue("eve.example", |_| {}), "UnknownCA"), (expired, "CertificateExpired")]
    {
        let failed = async {
            let mut connection =
                connect(&client(&authority, Some(&own)), running.address, "localhost").await?;
            let mut answer = Vec::new();
            // With TLS 1.3 the client is done before the server has looked at the certificate.
            connection.stream.read_to_end(&mut answer).await.map(|_| panic!("{answer:?}"))
        };
        let error: std::io::Error = failed.await.unwrap_err();
        assert!(error.to_string().contains(alert), "{error}");
    }
    assert!(reported.lock().unwrap().is_empty());
}

/// Once, and after a second look: before that somebody may be in the middle of writing them.
#[tokio::test]
async fn broken_new_files_are_told_to_the_operator() {
    let (files, authority) = (Files::new(), Authority::new());
    let (old, new) = (authority.issue("localhost", |_| {}), authority.issue("localhost", |_| {}));
    let (certificate, key) = files.pair("own", &old);
    let events = Events::default();
    let _guard = events.listen();
    let running = serve(TlsFiles::new(&certificate, &key), |builder| builder).await;
    let told = async || {
        let waiting = async {
            loop {
                if let Some(event) = events.of(&["ws_server::tls"]).pop() {
                    return event;
                }
                tokio::time::sleep(Duration::from_millis(20)).await;
            }
        };
        timeout(PATIENCE, waiting).await.expect("an event in time")
    };
    fs::write(&certificate, &new.certificate).unwrap();
    let broken = told().await;
    assert_eq!(broken["message"], "new certificates cannot be used; the old ones stay in use");
    assert!(broken["error"].contains("own.key does not belong to the first certificate in"), "{broken:?}");
    // It is not repeated: what is told next is the end of it.
    tokio::time::sleep(Duration::from_millis(1500)).await;
    fs::write(&key, &new.key).unwrap();
    assert_eq!(told().await["message"], "new certificates are in use");
    let config = client(&authority, None);
    assert_eq!(connect(&config, running.address, "localhost").await.unwrap().shown(), der(&new));

    // So is a client that cannot be spoken with.
    let strangers = client(&Authority::named("another one"), None);
    let stream = TcpStream::connect(running.address).await.unwrap();
    let from = stream.local_addr().unwrap().to_string();
    assert!(over(&strangers, stream, "localhost").await.is_err());
    let failed = told().await;
    assert_eq!((&*failed["message"], &failed["peer"]), ("no TLS handshake", &from));
    assert!(failed["error"].contains("UnknownCA"), "{failed:?}");
}

#[tokio::test]
async fn certificates_change_under_open_connections() {
    let (files, authority) = (Files::new(), Authority::new());
    let (old, new) = (authority.issue("localhost", |_| {}), authority.issue("localhost", |_| {}));
    let (certificate, key) = files.pair("own", &old);
    let running =
        serve(TlsFiles::new(&certificate, &key), |builder| builder.route("/echo", Route::new(echo))).await;
    let config = client(&authority, None);
    let mut open = Vec::new();
    for _ in 0..10 {
        let connection = connect(&config, running.address, "localhost").await.unwrap();
        assert_eq!(connection.shown(), der(&old));
        open.push(connection.open("/echo").await);
    }
    // One file after the other, as it happens: in between they do not belong together.
    fs::write(&certificate, &new.certificate).unwrap();
    let error = running.handle.reload_tls().await.unwrap_err();
    assert!(matches!(&error, TlsError::KeyMismatch { key: file, .. } if *file == key), "{error}");
    assert_eq!(connect(&config, running.address, "localhost").await.unwrap().shown(), der(&old));
    fs::write(&key, &new.key).unwrap();
    until_shown(&config, running.address, &der(&new)).await;
    // Broken: the last good one stays.
    fs::write(&certificate, "no certificate").unwrap();
    let error = running.handle.reload_tls().await.unwrap_err();
    assert!(matches!(&error, TlsError::NoCertificate { file } if *file == certificate), "{error}");
    fs::remove_file(&key).unwrap();
    assert!(
        matches!(running.handle.reload_tls().await, Err(TlsError::Unreadable { file, .. }) if file == key)
    );
    assert_eq!(connect(&config, running.address, "localhost").await.unwrap().shown(), der(&new));
    files.pair("own", &old);
    running.handle.reload_tls().await.unwrap();
    assert_eq!(connect(&config, running.address, "localhost").await.unwrap().shown(), der(&old));
    for (nth, socket) in open.iter_mut().enumerate() {
        socket.send(format!("still {nth}")).await.unwrap();
        assert_eq!(socket.recv().await.unwrap().unwrap().as_text().unwrap(), format!("still {nth}"));
    }
}

/// New settings may name other files; connections stay.
#[tokio::test]
async fn new_settings_may_speak_tls_with_other_files() {
    let (files, authority) = (Files::new(), Authority::new());
    let (old, new) = (authority.issue("localhost", |_| {}), authority.issue("localhost", |_| {}));
    let first = files.pair("first", &old);
    let second = files.pair("second", &new);
    let running =
        serve(TlsFiles::new(&first.0, &first.1), |builder| builder.route("/echo", Route::new(echo))).await;
    let config = client(&authority, None);
    let mut socket = connect(&config, running.address, "localhost").await.unwrap().open("/echo").await;
    let settings = |certificate: &Path, key: &Path| {
        let files = TlsFiles::new(certificate, key);
        Server::builder().listen_tls("127.0.0.1:0", files).route("/echo", Route::new(echo))
    };
    let error = running.handle.reload(settings(&first.0, &second.1)).unwrap_err();
    assert!(matches!(error, BuildError::Tls(TlsError::KeyMismatch { .. })), "{error}");
    assert_eq!(connect(&config, running.address, "localhost").await.unwrap().shown(), der(&old));
    running.handle.reload(settings(&second.0, &second.1)).unwrap();
    assert_eq!(connect(&config, running.address, "localhost").await.unwrap().shown(), der(&new));
    // From now on the new files are looked at.
    files.pair("second", &old);
    until_shown(&config, running.address, &der(&old)).await;
    socket.send("still here").await.unwrap();
    assert_eq!(socket.recv().await.unwrap().unwrap().as_text().unwrap(), "still here");
}

#[tokio::test]
async fn each_fault_of_a_file_is_named_with_the_file() {
    let (files, authority) = (Files::new(), Authority::new());
    let (certificate, key) = files.pair("own", &authority.issue("localhost", |_| {}));
    let other = files.pair("other", &authority.issue("localhost", |_| {}));
    let text = files.write("text.pem", "hello");
    let cut = files.write("cut.pem", "-----BEGIN CERTIFICATE-----\nMIIB\n");
    let junk = files.write("junk.pem", "-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n");
    let junk_key = files.write("junk.key", "-----BEGIN PRIVATE KEY-----\nAAAA\n-----END PRIVATE KEY-----\n");
    let locked = files.write(
        "locked.key",
        "-----BEGIN ENCRYPTED PRIVATE KEY-----\nAAAA\n-----END ENCRYPTED PRIVATE KEY-----\n",
    );
    let missing = files.0.join("missing.pem");
    let own = || TlsFiles::new(&certificate, &key);
    for (tls, words, file) in [
        (TlsFiles::new(&missing, &key), "cannot read", &missing),
        (TlsFiles::new(&certificate, &missing), "cannot read", &missing),
        (TlsFiles::new(&text, &key), "holds no certificate", &text),
        (TlsFiles::new(&cut, &key), "is not valid PEM", &cut),
        (TlsFiles::new(&junk, &key), "is not valid X.509", &junk),
        (TlsFiles::new(&certificate, &certificate), "holds no private key", &certificate),
        (TlsFiles::new(&key, &key), "holds no certificate", &key),
        (TlsFiles::new(&certificate, &junk_key), "cannot be used", &junk_key),
        (TlsFiles::new(&certificate, &locked), "is encrypted", &locked),
        (TlsFiles::new(&certificate, &other.1), "does not belong to the first certificate", &other.1),
        (own().client_ca(&text), "holds no certificate", &text),
        (own().client_ca(&junk), "is not valid X.509", &junk),
        (own().server_name("a.example", &other.0, &key), "does not belong", &key),
    ] {
        let error = Server::builder().listen_tls("127.0.0.1:0", tls).bind().await.unwrap_err();
        assert!(matches!(error, BuildError::Tls(_)));
        let told = error.to_string();
        assert!(told.contains(words) && told.contains(&file.display().to_string()), "{told}");
    }
    for name in ["a b", "", "*", "*.", "127.0.0.1:80"] {
        let tls = own().server_name(name, &certificate, &key);
        let error = Server::builder().listen_tls("127.0.0.1:0", tls).bind().await.unwrap_err();
        assert!(matches!(error, BuildError::Tls(TlsError::ServerName { .. })), "{name}: {error}");
    }
    let twice =
        own().server_name("a.example", &certificate, &key).server_name("A.example", &certificate, &key);
    let error = Server::builder().listen_tls("127.0.0.1:0", twice).bind().await.unwrap_err();
    assert!(matches!(error, BuildError::Tls(TlsError::ServerNameRepeated { .. })), "{error}");
}

/// It is served all the same: the clients say what is wrong with it.
#[tokio::test]
async fn an_expired_certificate_is_no_fault_of_the_files() {
    let (files, authority) = (Files::new(), Authority::new());
    let expired = authority.issue("localhost", |params| params.not_after = rcgen::date_time_ymd(2020, 1, 1));
    let (certificate, key) = files.pair("own", &expired);
    let running = serve(TlsFiles::new(certificate, key), |builder| builder).await;
    let refused = connect(&client(&authority, None), running.address, "localhost").await.map(|_| ());
    assert!(refused.unwrap_err().to_string().contains("expired"));
}

/// The PROXY header comes before TLS, in one piece with it or not.
#[tokio::test]
async fn a_proxy_header_before_tls() {
    let (files, authority) = (Files::new(), Authority::new());
    let (certificate, key) = files.pair("own", &authority.issue("localhost", |_| {}));
    let running = serve(TlsFiles::new(certificate, key), |builder| {
        builder
            .trusted_proxies(TrustedProxies::new(["127.0.0.1"]).unwrap())
            .proxy_protocol(ProxyProtocol::V1)
            .route(
                "/peer",
                Route::new(async |mut session: Session| {
                    let peer = session.info.peer().to_string();
                    session.send(peer).await
                }),
            )
    })
    .await;
    let mut stream = running.connect().await;
    stream.send("PROXY TCP4 192.0.2.1 127.0.0.1 4711 443\r\n").await;
    let connection = over(&client(&authority, None), stream.stream, "localhost").await.unwrap();
    let mut socket = connection.open("/peer").await;
    assert_eq!(socket.recv().await.unwrap().unwrap().as_text().unwrap(), "192.0.2.1:4711");
}

#[tokio::test]
async fn tls_on_threads_of_the_servers_own_and_until_the_shutdown() {
    let (files, authority) = (Files::new(), Authority::new());
    let (old, new) = (authority.issue("localhost", |_| {}), authority.issue("localhost", |_| {}));
    let (certificate, key) = files.pair("own", &old);
    let running = serve(TlsFiles::new(&certificate, &key), |builder| {
        builder.threads(2).route("/echo", Route::new(echo))
    })
    .await;
    let config = client(&authority, None);
    let mut socket = connect(&config, running.address, "localhost").await.unwrap().open("/echo").await;
    files.pair("own", &new);
    until_shown(&config, running.address, &der(&new)).await;
    let handle: ServerHandle = running.handle.clone();
    handle.shutdown();
    assert_eq!(socket.recv().await.unwrap(), None);
    assert_eq!(socket.close_frame().unwrap().code.get(), 1001);
    timeout(PATIENCE, running.serving).await.unwrap().unwrap().unwrap();
}
