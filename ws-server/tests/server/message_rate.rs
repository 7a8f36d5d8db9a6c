//! Clients that send too much.

use ws_core::message::Message;
use ws_core::net::WebSocket;
use ws_server::{MessageRate, Rate, Route};

use crate::ending::closed;
use crate::support::{Running, echo};

fn rate(text: &str) -> Rate {
    text.parse().unwrap()
}

/// Sends so many messages at once and counts the answers until the end, and what it was.
async fn flood(socket: &mut WebSocket, messages: usize, size: usize) -> (usize, u16, String) {
    for _ in 0..messages {
        socket.feed(vec![0; size]).await.unwrap();
    }
    socket.flush().await.unwrap();
    let mut answers = 0;
    while let Some(Message::Binary(_)) = socket.recv().await.unwrap() {
        answers += 1;
    }
    let frame = socket.close_frame().unwrap();
    (answers, frame.code.get(), frame.reason.to_string())
}

#[tokio::test]
async fn too_many_messages_or_bytes_end_the_connection() {
    let running = Running::start(|server| {
        server
            .route("/messages", Route::new(echo).message_rate(MessageRate::new(rate("10/1h"))))
            .route("/bytes", Route::new(echo).message_rate(MessageRate::of_bytes(rate("1000/1h"))))
    })
    .await;
    for (path, size, expected) in [("/messages", 1, 10), ("/bytes", 300, 3)] {
        let (answers, code, reason) = flood(&mut running.open(path).await, 40, size).await;
        assert_eq!((answers, code), (expected, 1008), "{reason}");
        assert!(reason.starts_with("message-rate-exceeded: "), "{reason}");
    }
}

#[tokio::test]
async fn the_servers_rate_holds_where_a_route_has_none_of_its_own() {
    let running = Running::start(|server| {
        server
            .message_rate(MessageRate::from(rate("3/1h")))
            .route("/", Route::new(echo))
            .route("/any", Route::new(echo).message_rate(None))
    })
    .await;
    assert_eq!(flood(&mut running.open("/").await, 10, 1).await.0, 3);
    let mut free = running.open("/any").await;
    for _ in 0..100 {
        free.send("x").await.unwrap();
        assert!(free.recv().await.unwrap().is_some());
    }
    // Pings are not messages, and within the rate nothing happens.
    let mut quiet = running.open("/").await;
    for _ in 0..50 {
        quiet.ping(&b"x"[..]).await.unwrap();
    }
    for _ in 0..3 {
        quiet.send("x").await.unwrap();
        assert!(quiet.recv().await.unwrap().is_some());
    }
    quiet.send("x").await.unwrap();
    assert_eq!(closed(&mut quiet).await.0, 1008);
}
