//! Peers that fall silent, and peers that do not keep up.

use std::time::Duration;

use bytes::BytesMut;
use tokio::net::TcpSocket;
use tokio::sync::mpsc;
use tokio::time::{sleep, timeout};
use ws_core::connection::Role;
use ws_core::handshake::ClientHandshake;
use ws_core::head::{HeadLimits, HeadReader};
use ws_core::message::Message;
use ws_core::net::{Error, SocketConfig, WebSocket};
use ws_core::refusal::Cause;
use ws_server::{Route, Session};

use crate::support::{Client, PATIENCE, Running, echo};

const SHORT: Duration = Duration::from_millis(200);

/// Sends without end.
async fn pour(mut session: Session) -> Result<(), Error> {
    loop {
        session.send(vec![0; 65_536]).await?;
    }
}

/// A client with a small window.
async fn narrow(running: &Running) -> WebSocket {
    let socket = TcpSocket::new_v4().unwrap();
    socket.set_recv_buffer_size(8 * 1024).unwrap();
    let stream = socket.connect(running.address).await.unwrap();
    let mut client = Client { stream, buffer: BytesMut::new() };
    let handshake = ClientHandshake::new("localhost", "/").unwrap();
    let mut request = BytesMut::new();
    handshake.encode(&mut request);
    client.send(&request).await;
    let mut reader = HeadReader::new(HeadLimits::default());
    while reader.read_response(&mut client.buffer).unwrap().is_none() {
        tokio::io::AsyncReadExt::read_buf(&mut client.stream, &mut client.buffer).await.unwrap();
    }
    WebSocket::from_tcp(client.stream, SocketConfig::new(Role::Client), client.buffer)
}

#[tokio::test]
async fn a_peer_that_does_not_keep_up_is_told_so_when_it_reads_again() {
    let (sender, mut reports) = mpsc::unbounded_channel();
    let running = Running::start(|server| {
        let report = move |report: &ws_server::RefusalReport<'_>| {
            sender.send((report.cause, report.close_code)).unwrap();
        };
        server.write_timeout(SHORT).route("/", Route::new(pour)).on_refusal(report)
    })
    .await;
    let mut socket = narrow(&running).await;
    let reported = timeout(PATIENCE, reports.recv()).await.unwrap();
    assert_eq!(reported, Some((Cause::SlowConsumer, Some(1008))));
    // What was on its way comes whole, and then the reason.
    while let Some(message) = timeout(PATIENCE, socket.recv()).await.unwrap().unwrap() {
        assert!(matches!(message, Message::Binary(bytes) if bytes.len() == 65_536));
    }
    let frame = socket.close_frame().unwrap();
    assert_eq!(frame.code.get(), 1008);
    assert!(frame.reason.starts_with("slow-consumer: "), "{}", &*frame.reason);
}

#[tokio::test]
async fn a_peer_that_never_reads_again_is_let_go() {
    let running = Running::start(|server| {
        server.write_timeout(SHORT).close_timeout(SHORT).route("/", Route::new(pour))
    })
    .await;
    let _socket = narrow(&running).await;
    timeout(PATIENCE, async {
        while running.handle.connections() > 0 || !running.handle.sessions().is_empty() {
            sleep(Duration::from_millis(5)).await;
        }
    })
    .await
    .expect("its place comes free");
}

#[tokio::test]
async fn a_silent_peer_is_told_so() {
    let running = Running::start(|server| server.keepalive(SHORT, SHORT).route("/", Route::new(echo))).await;
    let socket = running.open("/").await;
    // Nobody answers its pings meanwhile.
    sleep(SHORT * 4).await;
    let mut socket = socket;
    assert_eq!(timeout(PATIENCE, socket.recv()).await.unwrap().unwrap(), None);
    let frame = socket.close_frame().unwrap();
    assert_eq!(frame.code.get(), 3008);
    assert!(frame.reason.starts_with("idle-timeout: "), "{}", &*frame.reason);
}
