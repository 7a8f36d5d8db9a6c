//! The machine's own roots, which are those of a file here: each case is a process of its own, since a process reads them
//! once.

use std::path::Path;
use std::process::Command;

use tests::certificates::{Authority, Files};
use tests::process::{Running, target};
use tests::wire::{self, echo};
use ws_client::{Builder, Client, TlsError};
use ws_server::{Route, Server, TlsFiles};

use crate::{talk, tls_error};

/// What the other process is to see, and where it finds the server.
const ROLE: &str = "WS_TESTS_TLS_ROOTS";
const PORT: &str = "WS_TESTS_TLS_PORT";

#[tokio::test]
async fn the_machines_roots_are_trusted_and_no_others() {
    if let (Ok(role), Ok(port)) = (std::env::var(ROLE), std::env::var(PORT)) {
        return see(&role, Client::builder(format!("wss://localhost:{port}/echo")).unwrap()).await;
    }
    let files = Files::new().unwrap();
    let authority = Authority::new("the machine's authority");
    let (certificate, key) = files.write_pair("server", &authority.issue("localhost"));
    let server = Server::builder().listen_tls("127.0.0.1:0", TlsFiles::new(certificate, key));
    let server = server.route("/echo", Route::new(echo)).bind().await.unwrap();
    let port = server.local_addr().port();
    tokio::spawn(server.serve());
    in_another_process("trust", &files.write("roots.pem", authority.pem()), port).await;
    in_another_process("distrust", &files.write("others.pem", Authority::new("another").pem()), port).await;
    in_another_process("nothing", &files.path().join("nowhere.pem"), port).await;
}

async fn in_another_process(role: &str, roots: &Path, port: u16) {
    let test = std::thread::current().name().unwrap_or_default().to_owned();
    let mut command = Command::new(std::env::current_exe().unwrap());
    command.args(["--exact", &test, "--nocapture"]);
    command
        .env("SSL_CERT_FILE", roots)
        .env_remove("SSL_CERT_DIR")
        .env(ROLE, role)
        .env(PORT, port.to_string());
    let log = target().join("tmp").join(format!("tls-client-{role}.log"));
    let ended = tokio::task::spawn_blocking(move || {
        let mut running = Running::start(&mut command, &log).unwrap();
        (running.wait(wire::PATIENCE).unwrap(), running.tail())
    });
    let (status, tail) = ended.await.unwrap();
    assert!(status.success() && tail.contains("1 passed"), "{role}: {tail}");
}

/// A client with nothing said of TLS, in a process with these roots.
async fn see(role: &str, client: Builder) {
    let with_more = || client.clone().tls_root_certificates(Authority::new("one more").pem()).unwrap();
    match role {
        "trust" => {
            talk(client.clone()).await;
            // The caller's own come in addition.
            talk(with_more()).await;
        }
        "distrust" => assert!(matches!(tls_error(client).await.0, TlsError::UnknownIssuer { .. })),
        _ => {
            let (error, code) = tls_error(client.clone()).await;
            assert!(
                matches!(&error, TlsError::NoRoots { reason } if reason.contains("nowhere.pem")),
                "{error:?}"
            );
            assert_eq!(code, "no-roots");
            // The caller's own are enough.
            assert!(matches!(tls_error(with_more()).await.0, TlsError::UnknownIssuer { .. }));
        }
    }
}
