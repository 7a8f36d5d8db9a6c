//! The network in memory, as a user's test sees it.

use std::io;
use std::time::Duration;

use ws_core::connection::Role;
use ws_core::deflate::DeflateConfig;
use ws_core::message::{CloseCode, CloseFrame};
use ws_core::net::{self, SocketConfig};
use ws_core::refusal::{Cause, Refusal};

use super::*;
use crate::{Client, ConnectError, HandshakeError};

fn client(network: &Network) -> Client {
    Client::builder("ws://rooms.test:9001/lobby?token=1")
        .expect("valid")
        .subprotocols(["chat.v2", "chat.v1"])
        .expect("valid")
        .compression(DeflateConfig::default())
        .connector(network.clone())
        .build()
}

/// What becomes of a connection attempt when the server does this.
async fn attempt<F: Future>(answer: impl FnOnce(Incoming) -> F) -> ConnectError {
    let (network, mut listener) = network();
    let client = client(&network);
    let serve = async { answer(listener.accept().await.expect("a client")).await };
    let (connected, _) = tokio::join!(client.connect(), serve);
    connected.expect_err("not let in")
}

#[tokio::test]
async fn a_handshake_is_seen_and_accepted() {
    let (network, mut listener) = network();
    let client = client(&network);
    let serve = async {
        let incoming = listener.accept().await.expect("a client");
        assert_eq!(incoming.url().host_field(), "rooms.test:9001");
        assert_eq!((incoming.head().path(), incoming.head().query()), ("/lobby", Some("token=1")));
        let socket = incoming.subprotocol("chat.v1").field("X-Server", "memory");
        socket.compression(DeflateConfig::default()).accept().await.expect("accepted")
    };
    let (connected, mut server) = tokio::join!(client.connect_with_answer(), serve);
    let (mut socket, answer) = connected.expect("accepted");
    assert_eq!(answer.subprotocol.as_deref(), Some("chat.v1"));
    assert_eq!(answer.head.fields().get_str("X-Server"), Some("memory"));
    assert!(answer.compression.is_some());
    assert_eq!(network.connections(), 1);

    let echo = async {
        while let Some(message) = server.recv().await.expect("open") {
            server.send(message).await.expect("open");
        }
    };
    let talk = async {
        socket.send("hello").await.expect("open");
        let echoed = socket.recv().await.expect("open").expect("a message");
        assert_eq!(echoed.as_text(), Some("hello"));
        socket.close(CloseFrame::new(CloseCode::NORMAL, "")).await.expect("closed on both sides");
    };
    tokio::join!(echo, talk);
    drop((socket, server));
}

#[tokio::test]
async fn what_was_not_offered_cannot_be_accepted() {
    let error = attempt(|incoming| async {
        let error = incoming.subprotocol("mqtt").accept().await.expect_err("not offered");
        assert!(matches!(error, IncomingError::Answer(_)), "{error:?}");
    });
    assert!(matches!(error.await, ConnectError::Handshake(HandshakeError::NoAnswer)));
}

#[tokio::test]
async fn a_refusal_has_its_cause_and_what_else_it_says() {
    let refusal = Refusal::new(Cause::ServerFull).retry_after(Duration::from_secs(7));
    let error = attempt(|incoming| incoming.field("X-Server", "memory").refuse(refusal)).await;
    assert_eq!((error.cause(), error.retry_after()), (Some(Cause::ServerFull), Some(Duration::from_secs(7))));
    let ConnectError::Refused(refused) = error else { panic!("{error:?}") };
    assert_eq!(refused.fields().get_str("X-Server"), Some("memory"));
    let not_http = attempt(|incoming| async {
        let error = incoming.refuse(Cause::IdleTimeout).await.expect_err("only a close code");
        assert!(matches!(error, IncomingError::NotHttp(Cause::IdleTimeout)), "{error:?}");
    });
    assert_eq!(not_http.await.code(), "no-http-answer");
}

#[tokio::test]
async fn any_status_and_any_bytes() {
    let error = attempt(|incoming| incoming.field("Retry-After", "3").respond(503, "<html>")).await;
    let ConnectError::Refused(refused) = error else { panic!("{error:?}") };
    assert_eq!((refused.status, &refused.body.bytes()[..]), (503, &b"<html>"[..]));
    assert_eq!(refused.retry_after, Some(Duration::from_secs(3)));

    let garbage = attempt(|incoming| async move { incoming.raw(b"\x15\x03\x03\x00\x02\x02\x28").await });
    assert!(matches!(garbage.await, ConnectError::Handshake(HandshakeError::TlsPort)));
    let nothing = attempt(|incoming| async move { drop(incoming) });
    assert!(matches!(nothing.await, ConnectError::Handshake(HandshakeError::NoAnswer)));
    let cut = attempt(|incoming| async move { incoming.link().cut() });
    assert!(matches!(cut.await, ConnectError::Handshake(HandshakeError::Read(_))));
}

#[tokio::test]
async fn who_cannot_connect_is_told_why() {
    let (network, listener) = network();
    let client = client(&network);
    network.refuse(io::ErrorKind::HostUnreachable);
    let kind = |error: ConnectError| format!("{error:?}");
    assert!(kind(client.connect().await.expect_err("refused")).contains("HostUnreachable"));
    network.restore();
    drop(listener);
    assert!(kind(client.connect().await.expect_err("nobody listens")).contains("ConnectionRefused"));
}

#[tokio::test(start_paused = true)]
async fn a_silent_network_is_noticed_by_timers_alone() {
    let (network, mut listener) = network();
    let client = client(&network);
    let (connected, server) =
        tokio::join!(client.connect(), async { listener.accept().await?.accept().await.ok() });
    let (mut socket, mut server) = (connected.expect("accepted"), server.expect("accepted"));
    network.silence();
    socket.send("are you there?").await.expect("it waits for the network");
    let begun = tokio::time::Instant::now();
    let error = socket.recv().await.expect_err("no pong comes");
    assert!(matches!(error, net::Error::PingTimeout), "{error:?}");
    assert_eq!(begun.elapsed().as_secs(), 40, "an interval, and the time for the pong");
    // Nor does a new connection come about.
    assert!(client.connect().await.is_err());
    assert!(begun.elapsed().as_secs() > 41, "after its timeout, not at once");
    // Afterwards, what was on its way arrives.
    network.restore();
    assert_eq!(server.recv().await.expect("open").expect("sent before").as_text(), Some("are you there?"));
}

#[tokio::test]
async fn a_cut_ends_both_sides_after_what_was_sent() {
    let (mut client, mut server, link) =
        pair_with(SocketConfig::new(Role::Client), SocketConfig::new(Role::Server));
    client.send("last words").await.expect("open");
    client.flush().await.expect("open");
    link.cut();
    assert_eq!(server.recv().await.expect("sent before").expect("a message").as_text(), Some("last words"));
    for side in [&mut client, &mut server] {
        let error = side.recv().await.expect_err("lost");
        assert!(
            matches!(&error, net::Error::Io(why) if why.kind() == io::ErrorKind::ConnectionReset),
            "{error:?}"
        );
    }
    link.restore();
    assert!(server.recv().await.is_ok_and(|message| message.is_none()), "there is no way back");
}

#[tokio::test]
async fn a_cut_wakes_who_waits() {
    let (mut client, _server, link) =
        pair_with(SocketConfig::new(Role::Client), SocketConfig::new(Role::Server));
    let waiting = tokio::spawn(async move { client.recv().await });
    tokio::task::yield_now().await;
    link.cut();
    assert!(waiting.await.expect("no panic").is_err());
}

#[tokio::test]
async fn connections_that_are_over_are_forgotten() {
    let (network, mut listener) = network();
    let client = client(&network);
    for _ in 0..3 {
        let (refused, _) = tokio::join!(client.connect(), async {
            listener.accept().await.expect("a client").respond(403, "").await
        });
        drop(refused);
    }
    assert_eq!(network.connections(), 0);
    drop((client, network));
    assert!(listener.accept().await.is_none(), "nobody is left");
}
