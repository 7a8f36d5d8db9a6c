//! A connection as a stream and a sink, with the adapters of `futures-util`, and what it holds back.

use std::time::Duration;

use futures_util::{Sink, SinkExt, StreamExt, TryStreamExt, future, stream};
use tokio::time::timeout;
use ws_client::memory;
use ws_core::connection::{Limits, ProtocolError, Role, SendError};
use ws_core::message::{CloseCode, Message};
use ws_core::net::{Error, SocketConfig, WebSocket};

fn texts(count: usize) -> Vec<Message> {
    (0..count).map(|number| Message::text(number.to_string())).collect()
}

/// Sends everything back until the connection is closed.
async fn echo(socket: WebSocket) -> Result<(), Error> {
    let (sink, stream) = StreamExt::split(socket);
    stream.forward(sink).await
}

#[tokio::test]
async fn what_is_forwarded_comes_back_through_adapters() {
    let (client, server) = memory::pair();
    let server = tokio::spawn(echo(server));
    let (sink, stream) = StreamExt::split(client);
    let mut numbers = sink.with(|number: usize| future::ok::<_, Error>(Message::text(number.to_string())));
    let mut sent = stream::iter(0..1_000).map(Ok);
    let lengths = stream.take(1_000).map_ok(|message| message.len());
    let all = lengths.try_fold(0, |sum, length| future::ok(sum + length));
    let (sent, all) = tokio::join!(numbers.send_all(&mut sent), all);
    sent.expect("open");
    assert_eq!(all.expect("open"), 10 + 2 * 90 + 3 * 900);
    numbers.close().await.expect("the whole closing handshake");
    server.await.expect("no panic").expect("closed well");
}

#[tokio::test]
async fn the_sockets_own_halves_are_a_stream_and_a_sink() {
    let (client, server) = memory::pair();
    let server = tokio::spawn(echo(server));
    let (stream, mut sink) = client.split();
    let mut sent = stream::iter(texts(1_000)).map(Ok);
    let listen = stream.take(1_000).try_collect::<Vec<_>>();
    let (sent, received) = tokio::join!(sink.send_all(&mut sent), listen);
    sent.expect("open");
    assert_eq!(received.expect("open"), texts(1_000));
    drop(sink);
    server.await.expect("no panic").expect("closed well when both halves were dropped");
}

#[tokio::test]
async fn closing_the_sending_half_ends_the_receiving_one() {
    let (client, mut server) = memory::pair();
    let (mut stream, mut sink) = client.split();
    server.send("late").await.expect("open");
    server.flush().await.expect("open");
    let answer = async { while server.recv().await.expect("open").is_some() {} };
    let closing = async {
        SinkExt::close(&mut sink).await.expect("open");
        assert_eq!(stream.next().await.expect("sent before").expect("open").as_text(), Some("late"));
        assert!(stream.next().await.is_none());
        assert!(stream.next().await.is_none(), "and stays so");
        let after = SinkExt::send(&mut sink, Message::text("more")).await;
        assert!(matches!(after, Err(Error::Send(SendError::Closed))), "{after:?}");
    };
    tokio::join!(answer, closing);
}

#[tokio::test]
async fn halves_become_one_socket_again_unless_they_are_strangers() {
    let ((client, server), (other, _)) = (memory::pair(), memory::pair());
    let ((stream, sink), (other_stream, other_sink)) = (client.split(), other.split());
    let strangers = WebSocket::reunite(stream, other_sink).expect_err("of two connections");
    assert!(WebSocket::reunite(other_stream, strangers.1).is_ok());
    let mut client = WebSocket::reunite(strangers.0, sink).expect("of one connection");
    let server = tokio::spawn(echo(server));
    client.send("hello").await.expect("open");
    assert_eq!(client.recv().await.expect("open"), Some(Message::text("hello")));
    client.close(None).await.expect("closed on both sides");
    server.await.expect("no panic").expect("closed well");
}

#[tokio::test]
async fn after_an_error_the_stream_ends() {
    let config = |limits| SocketConfig { limits, ..SocketConfig::new(Role::Client) };
    let limits = Limits { message: 1_000, frame: 1_000, ..Limits::default() };
    let (mut client, mut server, _) = memory::pair_with(config(limits), config(Limits::default()));
    for length in [1_000, 1_001] {
        server.send("x".repeat(length)).await.expect("open");
    }
    assert_eq!(client.next().await.expect("a message").expect("within the limit").len(), 1_000);
    let error = client.next().await.expect("an error").expect_err("beyond the limit");
    assert_eq!(error.close_code(), Some(CloseCode::MESSAGE_TOO_BIG), "{error:?}");
    assert!(matches!(error, Error::Protocol(ProtocolError::FrameTooBig { .. })), "{error:?}");
    assert!(client.next().await.is_none());
    while let Some(Ok(_)) = server.next().await {}
    assert_eq!(
        server.close_frame().map(|frame| frame.code),
        Some(CloseCode::MESSAGE_TOO_BIG),
        "the peer is told"
    );
}

/// How many bytes a sink takes before it is no longer ready, in messages of this size.
async fn taken(sink: &mut (impl Sink<Message, Error = Error> + Unpin), message: usize) -> usize {
    let mut taken = 0;
    loop {
        let fed = timeout(Duration::from_millis(50), sink.feed(Message::binary(vec![0; message]))).await;
        let Ok(fed) = fed else { return taken };
        fed.expect("open");
        taken += message;
    }
}

#[tokio::test(start_paused = true)]
async fn who_sends_to_a_peer_that_takes_nothing_waits() {
    const OUTPUT: usize = 100_000;
    const MESSAGE: usize = 1_000;
    // What the network itself holds.
    const ON_THE_WAY: usize = 64 << 10;
    let config = |role| SocketConfig {
        limits: Limits { output: OUTPUT, ..Limits::default() },
        ping_interval: None,
        ..SocketConfig::new(role)
    };
    let (mut client, mut server, _) = memory::pair_with(config(Role::Client), config(Role::Server));
    let whole = taken(&mut client, MESSAGE).await;
    assert!((OUTPUT..=OUTPUT + ON_THE_WAY + 2 * MESSAGE).contains(&whole), "{whole}");
    // Flushing waits for the peer, too; what it has taken makes room.
    assert!(timeout(Duration::from_secs(1), SinkExt::flush(&mut client)).await.is_err());
    let read = async {
        for _ in 0..whole / MESSAGE {
            assert!(server.recv().await.expect("open").is_some());
        }
    };
    let (flushed, ()) = tokio::join!(SinkExt::flush(&mut client), read);
    flushed.expect("open");
    let (_stream, mut sink) = client.split();
    assert!(taken(&mut sink, MESSAGE).await >= OUTPUT, "the half has the same room");
}
