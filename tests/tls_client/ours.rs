//! The server of this workspace.

use std::net::SocketAddr;

use tests::certificates::{Authority, Files};
use tests::suites;
use tests::wire::echo;
use ws_client::observe::{Stage, Stages};
use ws_client::{Builder, Client, ConnectError, TlsError};
use ws_core::refusal::Cause;
use ws_server::authenticate::ClientCertificates;
use ws_server::{Route, Server, Session, TlsFiles};

use crate::{client, talk, tls_error, trusting};

struct Scene {
    address: SocketAddr,
    authority: Authority,
    clients: Authority,
    files: Files,
}

/// A server with a certificate for `rooms.test`, one for `other.test`, and one for the address, that asks clients for
/// theirs: `/named` demands one.
async fn scene() -> Scene {
    let (authority, clients) = (Authority::new("an authority"), Authority::new("clients"));
    let files = Files::new().unwrap();
    let (certificate, key) = files.write_pair("address", &authority.issue("127.0.0.1"));
    let mut tls = TlsFiles::new(certificate, key).client_ca(files.write("clients.pem", clients.pem()));
    for name in ["rooms.test", "other.test"] {
        let (certificate, key) = files.write_pair(name, &authority.issue(name));
        tls = tls.server_name(name, certificate, key);
    }
    let server = Server::builder()
        .listen_tls("127.0.0.1:0", tls)
        .route("/echo", Route::new(echo))
        .route("/named", Route::new(greet).authenticate(ClientCertificates::new()))
        .bind()
        .await
        .unwrap();
    let address = server.local_addr();
    tokio::spawn(server.serve());
    Scene { address, authority, clients, files }
}

/// Says who is there.
async fn greet(mut session: Session) -> Result<(), ws_core::net::Error> {
    let subject = session.identity().subject().unwrap_or("nobody").to_owned();
    session.send(subject).await
}

impl Scene {
    fn client(&self, name: &str) -> Builder {
        client(self.address, name, &self.authority)
    }

    fn named(&self) -> Builder {
        trusting(Client::builder(format!("wss://{}/named", self.address)).unwrap(), &self.authority)
    }
}

#[tokio::test]
async fn each_name_and_the_address_have_a_certificate() {
    let scene = scene().await;
    for name in ["rooms.test", "other.test", "127.0.0.1"] {
        talk(scene.client(name)).await;
    }
    // By an address no name is asked for.
    talk(trusting(Client::builder(format!("wss://{}/echo", scene.address)).unwrap(), &scene.authority)).await;
    let (error, _) = tls_error(scene.client("third.test")).await;
    assert!(
        matches!(&error, TlsError::NameMismatch { presented, .. } if presented == &["127.0.0.1"]),
        "{error:?}"
    );
}

#[tokio::test]
async fn a_client_certificate_is_who_one_is() {
    let scene = scene().await;
    let with = |pair: &tests::certificates::Pair| {
        scene.named().tls_client_certificate(&pair.certificate, &pair.key).unwrap()
    };
    let mut socket = with(&scene.clients.issue("ann")).connect().await.expect("let in");
    let greeting = socket.recv().await.unwrap();
    assert!(matches!(greeting, Some(ws_core::message::Message::Text(name)) if name.as_str() == "ann"));

    // Without one the gate refuses, with a stranger's TLS does.
    let error = scene.named().connect().await.expect_err("nobody");
    assert_eq!(error.cause(), Some(Cause::ClientCertificateRequired), "{error}");
    for _ in 0..20 {
        let error = with(&scene.authority.issue("eve")).connect().await.expect_err("a stranger");
        assert!(
            matches!(&error, ConnectError::Tls(TlsError::ClientCertificateRejected { alert }) if alert == "unknown_ca (48)"),
            "{error:?}"
        );
    }
}

#[tokio::test]
async fn only_the_pinned_key_will_do() {
    let scene = scene().await;
    let nobody = "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=";
    let (error, code) = tls_error(scene.client("rooms.test").tls_pinned_key(nobody).unwrap()).await;
    assert_eq!(code, "certificate-not-pinned");
    let TlsError::PinMismatch { found } = error else { panic!("{error:?}") };
    talk(scene.client("rooms.test").tls_pinned_key(&found).unwrap()).await;
    let (error, _) = tls_error(scene.client("other.test").tls_pinned_key(&found).unwrap()).await;
    assert!(matches!(error, TlsError::PinMismatch { .. }), "{error:?}");
}

/// The pin is what curl's manual makes of a certificate.
#[tokio::test]
async fn the_pin_that_openssl_makes_is_the_one() {
    let Some(openssl) = crate::peers::find("openssl") else {
        return suites::skip("pins of OpenSSL", "the program `openssl` cannot be found");
    };
    let scene = scene().await;
    let script = "\"$0\" x509 -in \"$1\" -pubkey -noout | \"$0\" pkey -pubin -outform DER | \"$0\" dgst -sha256 -binary | \"$0\" base64";
    let certificate = scene.files.path().join("rooms.test.pem");
    let made =
        std::process::Command::new("sh").args(["-c", script]).arg(openssl).arg(certificate).output().unwrap();
    let pin = String::from_utf8(made.stdout).unwrap();
    talk(scene.client("rooms.test").tls_pinned_key(&pin).unwrap()).await;
}

// RFC 8446 2.2
#[tokio::test]
async fn sessions_are_resumed() {
    let scene = scene().await;
    let stages = Stages::default();
    let client = scene.client("rooms.test").observer(stages.clone());
    let client = client.build();
    for resumed in [false, true, true] {
        let mut socket = client.clone().connect().await.unwrap();
        // The tickets come with what the server sends.
        socket.send("hello").await.unwrap();
        socket.recv().await.unwrap();
        let records = stages.take();
        let tls = records.iter().find(|record| record.stage == Stage::Tls).expect("there is TLS");
        let told = if resumed { "a resumed session" } else { "a new session" };
        assert!(tls.detail.ends_with(told), "{resumed}: {}", tls.detail);
    }
}
