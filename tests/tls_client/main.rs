//! The client's TLS against real peers: OpenSSL's `s_server`, nginx, and the server of this workspace.
//!
//! It runs wherever these programs are there, and says so where one is not.

#![expect(clippy::unwrap_used, clippy::expect_used, reason = "a test that cannot go on has failed")]

mod abrupt;
mod nginx;
mod openssl;
mod ours;
mod peers;
mod plain;
mod roots;

use std::net::SocketAddr;

use tests::certificates::Authority;
use ws_client::{Builder, Client, ConnectError, TlsError};

/// A client of this port, which trusts this authority alone, and asks for a server of this name.
fn client(address: SocketAddr, name: &str, authority: &Authority) -> Builder {
    trusting(Client::builder(format!("wss://{address}/echo")).unwrap(), authority)
        .tls_server_name(name)
        .unwrap()
}

fn trusting(builder: Builder, authority: &Authority) -> Builder {
    builder.tls_no_platform_roots().unwrap().tls_root_certificates(authority.pem()).unwrap()
}

/// Why there is no TLS.
async fn tls_error(client: Builder) -> (TlsError, &'static str) {
    let error = client.connect().await.expect_err("there is no connection");
    let code = error.code();
    match error {
        ConnectError::Tls(error) => (error, code),
        error => panic!("another error than one of TLS: {code}: {error:?}"),
    }
}

/// Says something, and has it said back.
async fn talk(client: Builder) {
    let (mut socket, _) = client.build().connect_with_answer().await.expect("a connection");
    let long = "all the same ".repeat(50_000);
    for text in ["hello", &long] {
        socket.send(text).await.unwrap();
        let echo = socket.recv().await.unwrap().expect("an echo");
        assert!(matches!(echo, ws_core::message::Message::Text(echo) if echo.as_str() == text));
    }
    socket.close(None).await.unwrap();
    while socket.recv().await.unwrap().is_some() {}
}
