//! nginx, with a certificate of each kind: which one it shows is the name's choice.

use std::fmt::Write as _;
use std::net::{SocketAddr, TcpListener};
use std::path::PathBuf;
use std::process::Command;

use rcgen::{BasicConstraints, CertificateParams, IsCa, SerialNumber, date_time_ymd};
use tests::certificates::{Authority, Files, Pair, params};
use tests::process::Running;
use tests::suites;
use tests::wire::{self, echo};
use ws_client::{Builder, ConnectError, TlsError};
use ws_server::Route;

use crate::peers::{find, listening};
use crate::{client, talk, tls_error};

const SUITE: &str = "certificates of every kind, by nginx";

/// The number of the certificate that is revoked.
const REVOKED: u64 = 4711;

struct Nginx {
    address: SocketAddr,
    _running: Running,
}

impl Nginx {
    /// nginx with these blocks `server`, in which `LISTEN` stands for its address.
    fn start(nginx: PathBuf, files: &Files, servers: &str) -> Self {
        let address = address();
        let directory = files.path().display();
        let mut config =
            format!("daemon off; master_process off; pid {directory}/nginx.pid; events {{}} http {{\n");
        for kind in ["client_body", "proxy", "fastcgi", "uwsgi", "scgi"] {
            writeln!(config, "{kind}_temp_path {directory}/{kind};").unwrap();
        }
        writeln!(config, "access_log off;\n{}\n}}", servers.replace("LISTEN", &address.to_string())).unwrap();
        let config = files.write("nginx.conf", config);
        let mut command = Command::new(nginx);
        command.arg("-p").arg(files.path()).arg("-c").arg(config).args(["-e", "stderr"]);
        let mut running = Running::start(&mut command, &files.path().join("nginx.log")).unwrap();
        listening(address, &mut running);
        Self { address, _running: running }
    }
}

/// An address at which nobody listens. nginx cannot be asked to choose one; no other program of this machine's takes
/// ports of this address, so that it stays free.
fn address() -> SocketAddr {
    TcpListener::bind("127.0.10.1:0").unwrap().local_addr().unwrap()
}

fn nginx() -> Option<PathBuf> {
    let found = find("nginx");
    if found.is_none() {
        suites::skip(SUITE, "the program `nginx` cannot be found");
    }
    found
}

/// A block `server` that shows this certificate to who asks for `NAME.test`, and passes on to `behind` who gets through.
fn shows(name: &str, pair: &Pair, more: &str, files: &Files, behind: SocketAddr) -> String {
    let (certificate, key) = files.write_pair(name, pair);
    format!(
        "server {{ listen LISTEN ssl; server_name {name}.test; ssl_certificate {}; ssl_certificate_key {}; {more}
           location / {{ proxy_pass http://{behind}; proxy_http_version 1.1; proxy_set_header Host $host;
             proxy_set_header Upgrade $http_upgrade; proxy_set_header Connection upgrade; }} }}\n",
        certificate.display(),
        key.display(),
    )
}

/// What a certificate of this name says, and this besides.
fn saying(name: &str, say: impl FnOnce(&mut CertificateParams)) -> CertificateParams {
    let mut params = params(name);
    say(&mut params);
    params
}

/// nginx with all of these certificates, and our server behind it.
struct Scene {
    nginx: Nginx,
    root: Authority,
    stranger: Authority,
    pairs: Vec<(&'static str, Pair)>,
    _files: Files,
}

impl Scene {
    async fn start() -> Option<Self> {
        let nginx = nginx()?;
        let behind = wire::Running::start(|server| server.route("/echo", Route::new(echo))).await.address;
        let [root, stranger] = ["the root", "the stranger"].map(Authority::new);
        let (pairs, files) = (pairs(&root, &stranger), Files::new().unwrap());
        let servers: String =
            pairs.iter().map(|(name, pair)| shows(name, pair, "", &files, behind)).collect();
        let nginx = Nginx::start(nginx, &files, &servers);
        Some(Self { nginx, root, stranger, pairs, _files: files })
    }

    /// A client that asks for `NAME.test`, and trusts the root.
    fn to(&self, name: &str) -> Builder {
        client(self.nginx.address, &format!("{name}.test"), &self.root)
    }

    /// As [`to`](Self::to), with a revocation list.
    fn listing(&self, name: &str, list: String) -> Builder {
        self.to(name).tls_revocation_lists(list).unwrap()
    }
}

/// The certificates of `NAME.test`, and what is wrong with each.
fn pairs(root: &Authority, stranger: &Authority) -> Vec<(&'static str, Pair)> {
    let years = |params: &mut CertificateParams, first, last| {
        (params.not_before, params.not_after) = (date_time_ymd(first, 1, 1), date_time_ymd(last, 1, 1));
    };
    let between = root.intermediate("in between");
    let mut complete = between.issue("complete.test");
    complete.certificate += &between.pem();
    let authority = saying("selfca.test", |params| params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained));
    let revoked = saying("revoked.test", |params| params.serial_number = Some(SerialNumber::from(REVOKED)));
    vec![
        ("good", root.issue("good.test")),
        ("complete", complete),
        ("incomplete", between.issue("incomplete.test")),
        ("expired", root.sign(&saying("expired.test", |params| years(params, 2019, 2020)))),
        ("early", root.sign(&saying("early.test", |params| years(params, 2998, 2999)))),
        ("wrong", root.issue("right.test")),
        ("self", Pair::self_signed(&params("self.test"))),
        ("selfca", Pair::self_signed(&authority)),
        ("stranger", stranger.issue("stranger.test")),
        ("revoked", root.sign(&revoked)),
    ]
}

#[tokio::test]
async fn each_certificate_that_is_wrong_is_told_by_its_name() {
    let Some(scene) = Scene::start().await else { return };
    let (root, stranger) = (&scene.root, &scene.stranger);
    expect(scene.to("expired"), "certificate-expired", |error| {
        matches!(error, TlsError::Expired { not_after: Some(_), .. })
    })
    .await;
    expect(scene.to("early"), "certificate-not-yet-valid", |error| {
        matches!(error, TlsError::NotYetValid { not_before: Some(_), .. })
    })
    .await;
    expect(scene.to("wrong"), "certificate-name-mismatch", |error| {
        matches!(error, TlsError::NameMismatch { name, presented } if name == "wrong.test" && presented == &["right.test"])
    })
    .await;
    for name in ["self", "selfca"] {
        expect(scene.to(name), "certificate-untrusted", |error| matches!(error, TlsError::SelfSigned)).await;
    }
    for (name, from) in [("stranger", "CN=the stranger"), ("incomplete", "CN=in between")] {
        expect(
            scene.to(name),
            "certificate-untrusted",
            |error| matches!(error, TlsError::UnknownIssuer { issuer } if issuer == from),
        )
        .await;
    }
    let revoked = scene.listing("revoked", root.revocation_list(&[REVOKED]));
    expect(revoked, "certificate-revoked", |error| matches!(error, TlsError::Revoked)).await;
    let unknown = scene.listing("good", stranger.revocation_list(&[]));
    expect(unknown, "certificate-revocation-unknown", |error| {
        matches!(error, TlsError::RevocationUnknown { .. })
    })
    .await;
}

#[tokio::test]
async fn who_trusts_it_or_looks_away_gets_through() {
    let Some(scene) = Scene::start().await else { return };
    for name in ["good", "complete", "revoked"] {
        talk(scene.to(name)).await;
    }
    talk(scene.listing("good", scene.root.revocation_list(&[REVOKED]))).await;
    for (name, pair) in scene.pairs.iter().filter(|(name, _)| name.starts_with("self")) {
        talk(scene.to(name).tls_root_certificates(&pair.certificate).unwrap()).await;
    }
    for (name, _) in &scene.pairs {
        talk(scene.to(name).dangerously_skip_certificate_verification().unwrap()).await;
    }
}

/// nginx lets everybody through TLS, and refuses in HTTP.
#[tokio::test]
async fn a_client_certificate_that_is_demanded_in_http_is_a_refusal() {
    let Some(nginx) = nginx() else { return };
    let behind = wire::Running::start(|server| server.route("/echo", Route::new(echo))).await.address;
    let [root, clients] = ["the root", "clients"].map(Authority::new);
    let files = Files::new().unwrap();
    let authorities = files.write("clients.pem", clients.pem());
    let demands = format!("ssl_client_certificate {}; ssl_verify_client on;", authorities.display());
    let server = shows("demanding", &root.issue("demanding.test"), &demands, &files, behind);
    let nginx = Nginx::start(nginx, &files, &server);
    let nobody = || client(nginx.address, "demanding.test", &root);
    let own = |pair: &Pair| nobody().tls_client_certificate(&pair.certificate, &pair.key).unwrap();
    talk(own(&clients.issue("ann"))).await;
    for client in [nobody(), own(&root.issue("eve"))] {
        match client.connect().await {
            Err(ConnectError::Refused(refused)) => assert_eq!(refused.status, 400),
            other => panic!("not refused: {other:?}"),
        }
    }
}

async fn expect(client: Builder, code: &str, is_told: impl Fn(&TlsError) -> bool) {
    let (error, told) = tls_error(client).await;
    assert!(is_told(&error), "{code}: {error:?}");
    assert_eq!(told, code, "{error}");
}

#[tokio::test]
async fn a_port_for_plain_http_is_told() {
    let Some(nginx) = nginx() else { return };
    let files = Files::new().unwrap();
    let nginx = Nginx::start(nginx, &files, "server { listen LISTEN; }");
    let client = client(nginx.address, "good.test", &Authority::new("an authority"));
    expect(client, "tls-on-plain-port", |error| matches!(error, TlsError::NotTls)).await;
}
