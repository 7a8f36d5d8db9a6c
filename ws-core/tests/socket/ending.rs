//! How connections end: every way has its word and its deadline.

use std::time::Duration;

use bytes::BytesMut;
use tokio::{
    io::AsyncWriteExt,
    time::{Instant, sleep},
};
use ws_core::{
    connection::{Event, ProtocolError, Role, SendError},
    frame::OpCode,
    message::{CloseCode, CloseFrame},
    net::{Error, SocketConfig},
};

use crate::support::{echo, masked, read_frame, server, socket, text, write};

fn close(code: u16, reason: &str) -> Vec<u8> {
    [&code.to_be_bytes()[..], reason.as_bytes()].concat()
}

#[tokio::test]
async fn the_peer_closes() {
    let (mut ws, mut far, _) = server();
    write(&mut far, &[text("last"), masked(OpCode::Close, true, &close(1001, "bye"))]).await;
    assert!(ws.recv().await.unwrap().is_some());
    assert_eq!(ws.recv().await.unwrap(), None);
    assert_eq!(ws.recv().await.unwrap(), None);
    assert_eq!(ws.close_frame(), Some(&CloseFrame::new(CloseCode::GOING_AWAY, "bye")));
    assert!(matches!(ws.send("late").await, Err(Error::Send(SendError::Closed))));
    let mut buffer = BytesMut::new();
    assert_eq!(read_frame(&mut far, &mut buffer).await, Some((OpCode::Close, close(1001, "bye"))));
    assert_eq!(read_frame(&mut far, &mut buffer).await, None);
}

#[tokio::test]
async fn we_close_and_messages_under_way_are_not_in_the_way() {
    let (mut ws, mut far, _) = server();
    let peer = tokio::spawn(async move {
        let mut buffer = BytesMut::new();
        assert_eq!(read_frame(&mut far, &mut buffer).await, Some((OpCode::Close, close(3003, "no"))));
        write(&mut far, &[text("under way"), masked(OpCode::Close, true, &close(3003, "no"))]).await;
        assert_eq!(read_frame(&mut far, &mut buffer).await, None);
    });
    let answer = ws.close(CloseFrame::new(CloseCode::FORBIDDEN, "no")).await.unwrap();
    assert_eq!(answer, Some(CloseFrame::new(CloseCode::FORBIDDEN, "no")));
    drop(ws);
    peer.await.unwrap();
}

#[tokio::test(start_paused = true)]
async fn a_peer_that_does_not_answer_the_close_frame_is_not_waited_for() {
    let (mut ws, _far, _) = server();
    let start = Instant::now();
    assert!(matches!(ws.close(None).await, Err(Error::CloseTimeout)));
    assert_eq!(start.elapsed().as_secs(), 5);
}

#[tokio::test]
async fn a_stream_that_just_ends_is_told_from_a_close() {
    let (mut ws, far, _) = server();
    drop(far);
    assert!(matches!(ws.recv().await, Err(Error::Lost)));
    assert_eq!(ws.recv().await.unwrap(), None);
}

/// RFC 6455 7.1.7: whoever breaks the protocol is told so, and hears the end of the stream.
#[tokio::test]
async fn a_fault_is_answered_with_its_code() {
    let cases = [
        (vec![0x81, 0x00], 1002, ProtocolError::MaskMissing),
        (masked(OpCode::Continuation, true, b""), 1002, ProtocolError::ContinuationUnexpected),
        (masked(OpCode::Text, true, b"\xff"), 1007, ProtocolError::InvalidUtf8),
        (
            masked(OpCode::Binary, true, &vec![0; (1 << 20) + 1]),
            1009,
            ProtocolError::FrameTooBig { limit: 1 << 20 },
        ),
    ];
    for (frame, code, fault) in cases {
        let (mut ws, mut far, _) = server();
        let peer = tokio::spawn(async move {
            // The stream may end before all has been written.
            let _ = far.write_all(&frame).await;
            let mut buffer = BytesMut::new();
            let (opcode, payload) = read_frame(&mut far, &mut buffer).await.unwrap();
            assert_eq!((opcode, &payload[..2]), (OpCode::Close, &u16::to_be_bytes(code)[..]));
            assert_eq!(read_frame(&mut far, &mut buffer).await, None);
        });
        match ws.recv().await {
            Err(Error::Protocol(error)) => assert_eq!(error, fault),
            other => panic!("{other:?}"),
        }
        drop(ws);
        peer.await.unwrap();
    }
}

/// However the handler ends, the driver ends the connection with the code that it is given.
#[tokio::test]
async fn a_driver_ends_the_connection_of_a_handler_that_returns() {
    let (ws, mut far, _) = server();
    let driver = ws.driver();
    let session = tokio::spawn(async move {
        driver.run(Box::pin(async move { drop(ws) })).await;
        driver.finish(&CloseFrame::new(CloseCode::INTERNAL_ERROR, "internal-error")).await;
    });
    let mut buffer = BytesMut::new();
    let answer = read_frame(&mut far, &mut buffer).await;
    assert_eq!(answer, Some((OpCode::Close, close(1011, "internal-error"))));
    assert_eq!(read_frame(&mut far, &mut buffer).await, None);
    drop(far);
    session.await.unwrap();
}

#[tokio::test]
async fn a_socket_that_is_dropped_says_goodbye() {
    let (ws, mut far, _) = server();
    drop(ws.split());
    let mut buffer = BytesMut::new();
    assert_eq!(read_frame(&mut far, &mut buffer).await, Some((OpCode::Close, close(1001, ""))));
    assert_eq!(read_frame(&mut far, &mut buffer).await, None);
}

#[tokio::test(start_paused = true)]
async fn a_silent_peer_is_pinged_and_given_up() {
    let (ws, mut far, _) = server();
    let start = Instant::now();
    let session = tokio::spawn(echo(ws));
    let mut buffer = BytesMut::new();
    assert_eq!(read_frame(&mut far, &mut buffer).await, Some((OpCode::Ping, vec![])));
    assert_eq!(start.elapsed().as_secs(), 20);
    write(&mut far, &[masked(OpCode::Pong, true, b"")]).await;
    assert_eq!(read_frame(&mut far, &mut buffer).await, Some((OpCode::Ping, vec![])));
    assert!(matches!(session.await.unwrap(), Err(Error::PingTimeout)));
    assert!(start.elapsed() <= Duration::from_secs(90));
}

#[tokio::test]
async fn pings_are_answered_and_seen() {
    let (mut ws, mut far, _) = server();
    write(&mut far, &[masked(OpCode::Ping, true, b"are you there"), masked(OpCode::Pong, true, b"yes")])
        .await;
    assert_eq!(ws.recv_event().await.unwrap(), Some(Event::Ping("are you there".into())));
    assert_eq!(ws.recv_event().await.unwrap(), Some(Event::Pong("yes".into())));
    let reader = tokio::spawn(echo(ws));
    let mut buffer = BytesMut::new();
    assert_eq!(read_frame(&mut far, &mut buffer).await, Some((OpCode::Pong, b"are you there".to_vec())));
    reader.abort();
}

/// The driver closes beside the handler, as at a shutdown.
#[tokio::test]
async fn a_driver_can_close_while_the_handler_waits() {
    let (ws, mut far, _) = socket(SocketConfig::new(Role::Server), 1 << 16);
    let driver = ws.driver();
    let session = tokio::spawn(async move {
        let mut handler = Box::pin(driver.run(Box::pin(echo(ws))));
        tokio::select! {
            _ = &mut handler => panic!("nothing ended it"),
            () = sleep(Duration::from_millis(10)) => {}
        }
        driver.close(&CloseFrame::new(CloseCode::GOING_AWAY, "server-draining")).unwrap();
        handler.await.unwrap();
    });
    let mut buffer = BytesMut::new();
    let frame = read_frame(&mut far, &mut buffer).await;
    assert_eq!(frame, Some((OpCode::Close, close(1001, "server-draining"))));
    write(&mut far, &[masked(OpCode::Close, true, &close(1001, ""))]).await;
    session.await.unwrap();
}
