//! What goes in comes out: sizes, fragments, splits, both roles, over TCP and over anything.

use std::time::Duration;

use bytes::BytesMut;
use futures_util::{SinkExt, StreamExt};
use tokio::{
    io::{AsyncWriteExt, duplex},
    net::{TcpListener, TcpStream},
    time::timeout,
};
use ws_core::{
    connection::{Limits, Role},
    frame::OpCode,
    message::Message,
    net::{SocketConfig, WebSocket},
};

use crate::support::{echo, masked, read_frame, server, text};

fn config(role: Role) -> SocketConfig {
    let limits = Limits { frame: 64 << 20, message: 64 << 20, ..Limits::default() };
    SocketConfig { limits, ..SocketConfig::new(role) }
}

async fn tcp_pair() -> (WebSocket, WebSocket) {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let near = TcpStream::connect(listener.local_addr().unwrap()).await.unwrap();
    let (far, _) = listener.accept().await.unwrap();
    let client = WebSocket::from_tcp(near, config(Role::Client), BytesMut::new());
    (client, WebSocket::from_tcp(far, config(Role::Server), BytesMut::new()))
}

fn sample(size: usize) -> Vec<u8> {
    (0..size).map(|index| (index * 7 + index / 251).to_le_bytes()[0]).collect()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn every_size_comes_back_over_tcp() {
    for driven in [true, false] {
        let (mut client, server) = tcp_pair().await;
        let driver = server.driver();
        let session = tokio::spawn(async move {
            let handler = Box::pin(echo(server));
            if driven { driver.run(handler).await } else { handler.await }
        });
        let borders = [125, 126, 127, 4096, 16 << 10, 32 << 10, 64 << 10, 65_535, 65_536, 1 << 20, 2 << 20];
        let sizes = borders.iter().flat_map(|size| [size - 1, *size, size + 1]).chain([0, 1]);
        for size in sizes {
            let message = Message::binary(sample(size));
            client.send(message.clone()).await.unwrap();
            let answer = timeout(Duration::from_secs(20), client.recv()).await.expect("in time").unwrap();
            assert!(answer.as_ref() == Some(&message), "{size} bytes, driven: {driven}");
        }
        client.close(None).await.unwrap();
        session.await.unwrap().unwrap();
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn many_in_flight_keep_their_order() {
    let (client, server) = tcp_pair().await;
    let driver = server.driver();
    let session = tokio::spawn(async move { driver.run(Box::pin(echo(server))).await });
    let (mut recv, mut send) = client.split();
    let sender = tokio::spawn(async move {
        for number in 0..20_000usize {
            send.send(Message::binary(sample(number % 700))).await.unwrap();
            if number % 1000 == 0 {
                send.send(Message::binary(sample(300_000 + number))).await.unwrap();
            }
        }
        send
    });
    for number in 0..20_000usize {
        assert!(recv.recv().await.unwrap() == Some(Message::binary(sample(number % 700))), "{number}");
        if number % 1000 == 0 {
            assert!(
                recv.recv().await.unwrap() == Some(Message::binary(sample(300_000 + number))),
                "{number}"
            );
        }
    }
    sender.await.unwrap().start_close(None).unwrap();
    assert_eq!(recv.recv().await.unwrap(), None);
    session.await.unwrap().unwrap();
}

#[tokio::test]
async fn fragments_come_together_around_control_frames() {
    let (mut ws, mut far, _) = server();
    let frames = [
        masked(OpCode::Text, false, "Gr".as_bytes()),
        masked(OpCode::Ping, true, b"ping"),
        masked(OpCode::Continuation, false, &"üß".as_bytes()[..3]),
        masked(OpCode::Continuation, false, b""),
        masked(OpCode::Continuation, true, &"üße".as_bytes()[3..]),
        text("next"),
    ];
    for chunk in frames.concat().chunks(3) {
        far.write_all(chunk).await.unwrap();
        tokio::task::yield_now().await;
    }
    assert_eq!(ws.recv().await.unwrap(), Some(Message::text("Grüße")));
    assert_eq!(ws.recv().await.unwrap(), Some(Message::text("next")));
    let mut buffer = BytesMut::new();
    ws.flush().await.unwrap();
    assert_eq!(read_frame(&mut far, &mut buffer).await, Some((OpCode::Pong, b"ping".to_vec())));
}

/// What was read behind the handshake's head belongs to the first frames.
#[tokio::test]
async fn leftover_bytes_are_the_first_frames() {
    let (near, mut far) = duplex(1024);
    let (first, second) = (text("first"), text("second"));
    let leftover = BytesMut::from(&[&first[..], &second[..5]].concat()[..]);
    let mut ws = WebSocket::from_stream(near, SocketConfig::new(Role::Server), leftover);
    assert_eq!(ws.recv().await.unwrap(), Some(Message::text("first")));
    far.write_all(&second[5..]).await.unwrap();
    assert_eq!(ws.recv().await.unwrap(), Some(Message::text("second")));
}

#[tokio::test]
async fn stream_and_sink_do_as_recv_and_send() {
    let (client, server) = tcp_pair().await;
    let session = tokio::spawn(echo(server));
    let (mut sink, mut stream) = client.split_sink();
    for number in 0..100 {
        sink.feed(Message::text(number.to_string())).await.unwrap();
    }
    sink.flush().await.unwrap();
    for number in 0..100 {
        assert_eq!(stream.next().await.unwrap().unwrap(), Message::text(number.to_string()));
    }
    let (closed, end) = tokio::join!(sink.close(), stream.next());
    closed.unwrap();
    assert!(end.is_none());
    session.await.unwrap().unwrap();
}

trait SplitSink {
    fn split_sink(
        self,
    ) -> (futures_util::stream::SplitSink<WebSocket, Message>, futures_util::stream::SplitStream<WebSocket>);
}

impl SplitSink for WebSocket {
    fn split_sink(
        self,
    ) -> (futures_util::stream::SplitSink<WebSocket, Message>, futures_util::stream::SplitStream<WebSocket>)
    {
        StreamExt::split(self)
    }
}

/// Cancel safety: a `recv` that is dropped at any point loses nothing.
#[tokio::test]
async fn recv_can_be_cancelled_anywhere() {
    let (mut ws, mut far, _) = server();
    let writer = tokio::spawn(async move {
        for number in 0..50 {
            for byte in text(&format!("message {number}")) {
                far.write_all(&[byte]).await.unwrap();
                tokio::task::yield_now().await;
            }
        }
        far
    });
    for number in 0..50 {
        let message = loop {
            tokio::select! {
                biased;
                message = ws.recv() => break message,
                () = tokio::task::yield_now() => {}
            }
        };
        assert_eq!(message.unwrap(), Some(Message::text(format!("message {number}"))));
    }
    writer.await.unwrap();
}
