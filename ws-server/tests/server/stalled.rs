//! Clients that begin with TLS and never end: nobody keeps a place for longer than a handshake may take.

use std::sync::{Arc, Mutex};
use std::time::Duration;

use rustls::ServerConfig;
use rustls::pki_types::PrivateKeyDer;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::time::{Instant, sleep, timeout};
use ws_core::refusal::Cause;
use ws_server::{Route, Server, ServerBuilder, ServerLimits};

use crate::support::{PATIENCE, Running, echo};

/// The head of a record, and of the `ClientHello` in it, whose 512 bytes never come (RFC 8446 5.1, 4.1.2).
const BEGINNING: [u8; 9] = [0x16, 3, 1, 2, 4, 1, 0, 2, 0];
const LIMIT: Duration = Duration::from_millis(400);

async fn start(build: impl FnOnce(ServerBuilder) -> ServerBuilder) -> Running {
    let own = rcgen::generate_simple_self_signed(["localhost".to_owned()]).unwrap();
    let key = PrivateKeyDer::try_from(own.signing_key.serialize_der()).unwrap();
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let config = ServerConfig::builder_with_provider(provider).with_safe_default_protocol_versions().unwrap();
    let config = config.with_no_client_auth().with_single_cert(vec![own.cert.der().clone()], key).unwrap();
    let limits = ServerLimits {
        connections: 1,
        connections_per_address: 1,
        handshake_timeout: LIMIT,
        ..ServerLimits::default()
    };
    let server = Server::builder().listen_tls("127.0.0.1:0", config).limits(limits);
    Running::of(build(server.route("/", Route::new(echo)))).await
}

/// However the bytes trickle in.
#[tokio::test]
async fn the_handshake_has_one_deadline_for_all_its_bytes() {
    let running = start(|server| server).await;
    for trickles in [false, true] {
        let began = Instant::now();
        let mut client = running.connect().await;
        client.send(BEGINNING).await;
        let (mut reading, mut writing) = client.stream.into_split();
        let trickling = async {
            let pause = if trickles { LIMIT / 8 } else { PATIENCE };
            // Whoever is gone does not hear the end of it.
            loop {
                sleep(pause).await;
                let _ = writing.write_all(&[0]).await;
            }
        };
        let mut said = Vec::new();
        let ended = async {
            // A reset is an end as well.
            let _ = reading.read_to_end(&mut said).await;
        };
        let until_the_end = async {
            tokio::select! {
                () = ended => {}
                () = trickling => {}
            }
        };
        timeout(PATIENCE, until_the_end).await.expect("the server ends the connection");
        assert!(said.is_empty(), "{said:?}");
        assert!(began.elapsed() >= LIMIT);
        let given_back = async {
            while running.handle.connections() > 0 {
                sleep(Duration::from_millis(5)).await;
            }
        };
        timeout(PATIENCE, given_back).await.expect("the place is given back");
    }
}

/// There is no time for the handshake without which they could read an answer.
#[tokio::test]
async fn whoever_finds_no_seat_is_reported_as_not_answered() {
    let reported = Arc::new(Mutex::new(Vec::new()));
    let running = start(|server| {
        let reported = Arc::clone(&reported);
        server.on_refusal(move |report| reported.lock().unwrap().push((report.cause, report.status)))
    })
    .await;
    let mut seated = Vec::new();
    let turned_away = async {
        loop {
            let mut client = running.connect().await;
            client.send(BEGINNING).await;
            seated.push(client);
            // Between two clients, the server looks at the first.
            sleep(Duration::from_millis(5)).await;
            if let Some(report) = reported.lock().unwrap().pop() {
                break report;
            }
        }
    };
    let report = timeout(PATIENCE, turned_away).await.expect("the waiting room is small");
    assert_eq!(report, (Cause::AddressQuotaExceeded, None));
    let mut said = Vec::new();
    let _ = timeout(PATIENCE, seated.pop().unwrap().stream.read_to_end(&mut said)).await.unwrap();
    assert!(said.is_empty(), "{said:?}");
}
