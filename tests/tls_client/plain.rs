//! Ports that speak no TLS.

use std::net::SocketAddr;
use std::time::Duration;

use tests::certificates::Authority;
use tests::wire::{Running, echo};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::{TcpListener, TcpStream};
use ws_client::{Timeouts, TlsError};
use ws_server::Route;

use crate::{client, tls_error};

/// A port at which each connection is treated like that.
async fn port<F: Future<Output = ()> + Send + 'static>(treat: fn(TcpStream) -> F) -> SocketAddr {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    tokio::spawn(async move {
        while let Ok((stream, _)) = listener.accept().await {
            tokio::spawn(treat(stream));
        }
    });
    address
}

async fn error_of(address: SocketAddr) -> (TlsError, &'static str) {
    let timeouts = Timeouts { tls: Duration::from_secs(2), ..Timeouts::default() };
    tls_error(client(address, "rooms.test", &Authority::new("an authority")).timeouts(timeouts)).await
}

#[tokio::test]
async fn our_own_plain_port_is_told() {
    let server = Running::start(|server| server.route("/echo", Route::new(echo))).await;
    let (error, code) = error_of(server.address).await;
    assert!(matches!(error, TlsError::NotTls), "{error:?}");
    assert_eq!(code, "tls-on-plain-port");
}

#[tokio::test]
async fn a_port_with_another_protocol_is_told() {
    let mail = port(|mut stream| async move {
        let _ = stream.write_all(b"220 mail.example ESMTP\r\n").await;
        let _ = stream.read_to_end(&mut Vec::new()).await;
    });
    let (error, code) = error_of(mail.await).await;
    assert!(matches!(error, TlsError::NotTls), "{error:?}");
    assert_eq!(code, "tls-on-plain-port");
}

#[tokio::test]
async fn who_closes_resets_or_is_silent_is_told_apart() {
    let closes = port(|stream| async move { drop(stream) }).await;
    let closes_later = port(|mut stream| async move {
        let _ = stream.read(&mut [0; 1024]).await;
    });
    let resets = port(|mut stream| async move {
        // What is not read resets.
        let _ = stream.read(&mut [0; 1]).await;
    });
    for address in [closes, closes_later.await, resets.await] {
        let (error, code) = error_of(address).await;
        assert!(matches!(error, TlsError::Closed), "{error:?}");
        assert_eq!(code, "connection-reset");
    }
    let silent = port(|mut stream| async move {
        let _ = stream.read_to_end(&mut Vec::new()).await;
    });
    let (error, code) = error_of(silent.await).await;
    assert!(matches!(error, TlsError::TimedOut { .. }), "{error:?}");
    assert_eq!(code, "tls-timeout");
}
