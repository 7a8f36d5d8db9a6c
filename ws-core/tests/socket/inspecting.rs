//! Whoever runs a connection sees messages before the application, and speaks beside it.

use bytes::BytesMut;
use ws_core::{
    connection::{Limits, ProtocolError, Role},
    deflate::{DeflateConfig, DeflateParams},
    frame::OpCode,
    message::{CloseCode, CloseFrame, Message},
    net::{Error, SocketConfig, WebSocket},
};

use crate::support::{masked, server, text, write};

/// Everything that begins with a slash is taken away.
fn takes_commands(ws: &mut WebSocket) {
    ws.inspect(|message: &Message| !message.as_text().is_some_and(|text| text.starts_with('/')));
}

#[tokio::test]
async fn what_an_inspector_takes_is_not_received() {
    let (mut ws, mut far, _) = server();
    takes_commands(&mut ws);
    write(&mut far, &[text("a"), text("/b"), text("/c"), text("d")]).await;
    assert_eq!(ws.recv().await.unwrap(), Some(Message::text("a")));
    assert_eq!(ws.recv().await.unwrap(), Some(Message::text("d")));
}

#[tokio::test]
async fn it_stays_with_the_receiving_half() {
    let (mut ws, mut far, _) = server();
    takes_commands(&mut ws);
    let (mut recv, _send) = ws.split();
    write(&mut far, &[text("/a"), text("b")]).await;
    assert_eq!(recv.recv().await.unwrap(), Some(Message::text("b")));
}

#[tokio::test]
async fn limits_may_change_between_two_messages() {
    let (mut ws, mut far, _) = server();
    ws.set_limits(Limits { frame: 4, message: 4, ..Limits::default() });
    write(&mut far, &[text("four")]).await;
    assert_eq!(ws.recv().await.unwrap(), Some(Message::text("four")));
    ws.set_limits(Limits { frame: 5, message: 5, ..Limits::default() });
    write(&mut far, &[text("fives")]).await;
    assert_eq!(ws.recv().await.unwrap(), Some(Message::text("fives")));
    write(&mut far, &[text("beyond")]).await;
    let error = ws.recv().await.unwrap_err();
    assert!(matches!(error, Error::Protocol(ProtocolError::FrameTooBig { limit: 5 })), "{error}");
}

/// Two sockets with compression, whose windows are kept from message to message.
fn compressing() -> (WebSocket, WebSocket) {
    let (near, far) = tokio::io::duplex(1 << 16);
    let params = DeflateParams {
        server_no_context_takeover: false,
        client_no_context_takeover: false,
        server_max_window_bits: 15,
        client_max_window_bits: 15,
    };
    let deflate = Some((params, DeflateConfig::default()));
    let config = |role| SocketConfig { deflate: deflate.clone(), ..SocketConfig::new(role) };
    (
        WebSocket::from_stream(near, config(Role::Server), BytesMut::new()),
        WebSocket::from_stream(far, config(Role::Client), BytesMut::new()),
    )
}

/// RFC 7692 6: an uncompressed message among compressed ones; the window does not see it.
#[tokio::test]
async fn a_text_from_beside_the_handler_stands_between_its_messages() {
    let (mut ours, mut theirs) = compressing();
    let driver = ours.driver();
    let long = "a message that is worth compressing, since it repeats itself, repeats itself".repeat(20);
    ours.send(long.as_str()).await.unwrap();
    driver.send_text("beside").unwrap();
    ours.send(long.as_str()).await.unwrap();
    for expected in [long.as_str(), "beside", long.as_str()] {
        assert_eq!(theirs.recv().await.unwrap(), Some(Message::text(expected)));
    }
    driver.close(&CloseFrame::new(CloseCode::NORMAL, "")).unwrap();
    assert!(matches!(driver.send_text("late"), Err(Error::Send(_))));
}

#[tokio::test]
async fn nothing_is_received_of_a_peer_that_is_dismissed() {
    let (mut ws, mut far, _) = server();
    let driver = ws.driver();
    write(&mut far, &[text("a"), text("b")]).await;
    assert_eq!(ws.recv().await.unwrap(), Some(Message::text("a")));
    driver.dismiss(&CloseFrame::new(CloseCode::FORBIDDEN, "")).unwrap();
    write(&mut far, &[text("c"), masked(OpCode::Close, true, &3003_u16.to_be_bytes())]).await;
    assert_eq!(ws.recv().await.unwrap(), None);
    assert_eq!(ws.close_frame().unwrap().code, CloseCode::FORBIDDEN);
}

#[tokio::test]
async fn who_only_speaks_beside_does_not_keep_the_connection() {
    let (ours, mut theirs) = compressing();
    let beside = ours.driver().downgrade();
    beside.send_text("beside").unwrap();
    assert_eq!(theirs.recv().await.unwrap(), Some(Message::text("beside")));
    let (recv, send) = ours.split();
    drop(recv);
    beside.send_text("half").unwrap();
    assert_eq!(theirs.recv().await.unwrap(), Some(Message::text("half")));
    drop(send);
    assert!(matches!(beside.send_text("late"), Err(Error::Send(_))));
    assert_eq!(theirs.recv().await.unwrap(), None);
    assert_eq!(theirs.close_frame().unwrap().code, CloseCode::GOING_AWAY);
}
