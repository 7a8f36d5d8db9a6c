//! OpenSSL's own server, for what the others do not do: old versions, and alerts of every kind.

use std::net::SocketAddr;
use std::process::Command;

use tests::certificates::{Authority, Files, Pair};
use tests::process::Running;
use tests::suites;
use ws_client::{Builder, ConnectError, TlsError};

use crate::peers::{find, started};
use crate::{client, tls_error};

const NAME: &str = "rooms.test";

/// How often what depends on who is faster is tried.
const TRIES: usize = 25;

/// An authority, and a directory with a certificate of it and what else servers read.
struct Scene {
    openssl: std::path::PathBuf,
    files: Files,
    authority: Authority,
    clients: Authority,
}

struct Server {
    address: SocketAddr,
    _running: Running,
}

impl Scene {
    fn new(suite: &str) -> Option<Self> {
        let Some(openssl) = find("openssl") else {
            suites::skip(suite, "the program `openssl` cannot be found");
            return None;
        };
        let (files, authority, clients) =
            (Files::new().unwrap(), Authority::new("an authority"), Authority::new("clients"));
        files.write_pair("server", &authority.issue(NAME));
        files.write("clients.pem", clients.pem());
        Some(Self { openssl, files, authority, clients })
    }

    /// `openssl s_server` with these arguments; whoever gets through is told about TLS in a page.
    fn server(&self, arguments: &[&str]) -> Server {
        let mut command = Command::new(&self.openssl);
        command.current_dir(self.files.path()).args(["s_server", "-accept", "127.0.0.1:0", "-www"]);
        command.args(["-cert", "server.pem", "-key", "server.key"]).args(arguments);
        let (running, address) = started(&mut command, &self.files.path().join("openssl.log"), "ACCEPT ");
        Server { address: address.parse().expect("an address"), _running: running }
    }

    fn client(&self, server: &Server) -> Builder {
        client(server.address, NAME, &self.authority)
    }

    fn client_with(&self, server: &Server, own: &Pair) -> Builder {
        self.client(server).tls_client_certificate(&own.certificate, &own.key).unwrap()
    }
}

/// TLS is there: the server answers with a page.
async fn gets_through(client: Builder) {
    match client.connect().await {
        Err(ConnectError::Refused(refused)) => assert_eq!(refused.status, 200),
        other => panic!("not a page: {other:?}"),
    }
}

// RFC 8996: TLS 1.0 and 1.1 must not be used.
#[tokio::test]
async fn a_server_that_is_too_old_is_told_so() {
    let Some(scene) = Scene::new("TLS 1.1 only") else { return };
    for version in ["-tls1", "-tls1_1"] {
        let server = scene.server(&[version, "-cipher", "ALL:@SECLEVEL=0"]);
        let (error, code) = tls_error(scene.client(&server)).await;
        assert!(matches!(error, TlsError::VersionUnsupported { .. }), "{version}: {error:?}");
        assert_eq!(code, "tls-version-unsupported");
    }
    for version in ["-tls1_2", "-tls1_3"] {
        gets_through(scene.client(&scene.server(&[version]))).await;
    }
}

// RFC 5246 7.4.3: a suite that rustls does not have, since it is not safe.
#[tokio::test]
async fn a_server_without_a_cipher_in_common_is_told_so() {
    let Some(scene) = Scene::new("no cipher in common") else { return };
    let server = scene.server(&["-tls1_2", "-cipher", "ECDHE-ECDSA-AES128-SHA"]);
    let (error, code) = tls_error(scene.client(&server)).await;
    assert!(
        matches!(&error, TlsError::NothingInCommon { reason } if reason.contains("handshake_failure (40)")),
        "{error:?}"
    );
    assert_eq!(code, "tls-failed");
}

// RFC 6066 3
#[tokio::test]
async fn a_name_that_the_server_does_not_have_is_told() {
    let Some(scene) = Scene::new("an unknown name") else { return };
    let more =
        ["-servername", "other.test", "-servername_fatal", "-cert2", "server.pem", "-key2", "server.key"];
    let (error, _) = tls_error(scene.client(&scene.server(&more))).await;
    assert!(matches!(&error, TlsError::NameUnknown { name } if name == NAME), "{error:?}");
}

/// RFC 8446 4.4.2.4: in TLS 1.3 the alert comes when the request is already on its way, and the server then goes without
/// having read it, so that the connection is reset; the alert is heard all the same.
#[tokio::test]
async fn a_client_certificate_that_is_demanded_is_heard_of_before_the_reset() {
    let Some(scene) = Scene::new("a client certificate demanded") else { return };
    let (good, strange) = (scene.clients.issue("ann"), scene.authority.issue("eve"));
    for version in ["-tls1_2", "-tls1_3"] {
        let server = scene.server(&[
            version,
            "-Verify",
            "3",
            "-verify_return_error",
            "-CAfile",
            "clients.pem",
            "-no_ticket",
        ]);
        for _ in 0..TRIES {
            let (error, code) = tls_error(scene.client(&server)).await;
            assert!(matches!(error, TlsError::ClientCertificateRequired), "{version}: {error:?}");
            assert_eq!(code, "client-certificate-required");
            let (error, code) = tls_error(scene.client_with(&server, &strange)).await;
            assert!(matches!(error, TlsError::ClientCertificateRejected { .. }), "{version}: {error:?}");
            assert_eq!(code, "client-certificate-rejected");
        }
        gets_through(scene.client_with(&server, &good)).await;
    }
}
