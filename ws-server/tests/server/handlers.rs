//! What handlers get, and how connections end with them.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use tokio::time::timeout;
use ws_core::connection::Role;
use ws_core::message::{CloseCode, Message};
use ws_core::net::{Error, SocketConfig, WebSocket};
use ws_server::{Route, Session};

use crate::support::{Client, PATIENCE, Running, echo, handshake};

/// The code and reason that the server ends a connection with.
async fn ending(socket: &mut WebSocket) -> (u16, String) {
    while timeout(PATIENCE, socket.recv()).await.unwrap().unwrap().is_some() {}
    let frame = socket.close_frame().expect("a Close frame with a code");
    (frame.code.get(), frame.reason.to_string())
}

#[tokio::test]
async fn a_session_knows_where_it_is() {
    async fn describe(mut session: Session) -> Result<(), Error> {
        let info = Arc::clone(&session.info);
        let text = format!(
            "{} {} {:?} {:?} {:?} {} {}",
            info.route(),
            info.path(),
            info.query(),
            info.param("room"),
            info.subprotocol(),
            info.request_id().to_string().len(),
            session.identity().is_anonymous(),
        );
        session.send(text).await?;
        session.send(info.peer().to_string()).await
    }
    let running =
        Running::start(|server| server.route("/rooms/{room}", Route::new(describe).subprotocols(["b", "a"])))
            .await;
    // RFC 9112 3.2.2: a server takes the absolute form too, which means the same.
    for target in ["/rooms/caf%C3%A9?token=1", "http://localhost/rooms/caf%C3%A9?token=1"] {
        let mut client = running.connect().await;
        let request = handshake(target).replace("\r\n\r\n", "\r\nSec-WebSocket-Protocol: a, b\r\n\r\n");
        client.send(request).await;
        let answer = client.answer(true).await;
        assert_eq!((answer.status(), answer.field("Sec-WebSocket-Protocol")), (101, Some("b")));
        let local = client.stream.local_addr().unwrap();
        let mut socket = WebSocket::from_tcp(client.stream, SocketConfig::new(Role::Client), client.buffer);
        let text = r#"/rooms/{room} /rooms/caf%C3%A9 Some("token=1") Some("café") Some("b") 24 true"#;
        assert_eq!(socket.recv().await.unwrap(), Some(Message::text(text)));
        assert_eq!(socket.recv().await.unwrap(), Some(Message::text(local.to_string())));
    }
}

#[tokio::test]
async fn bytes_behind_the_head_are_the_first_frames() {
    let running = Running::start(|server| server.route("/", Route::new(echo))).await;
    let mut client = running.connect().await;
    // A masked text frame, "Hello", from RFC 6455 5.7.
    let mut bytes = handshake("/").into_bytes();
    bytes.extend_from_slice(&[0x81, 0x85, 0x37, 0xfa, 0x21, 0x3d, 0x7f, 0x9f, 0x4d, 0x51, 0x58]);
    client.send(bytes).await;
    assert_eq!(client.answer(true).await.status(), 101);
    let mut socket = WebSocket::from_tcp(client.stream, SocketConfig::new(Role::Client), client.buffer);
    assert_eq!(socket.recv().await.unwrap(), Some(Message::text("Hello")));
}

#[tokio::test]
async fn a_handler_that_returns_ends_the_connection_properly() {
    async fn nothing(_: Session) {}
    async fn farewell(mut session: Session) -> Result<(), Error> {
        session.send("bye").await
    }
    let running = Running::start(|server| {
        server.route("/nothing", Route::new(nothing)).route("/bye", Route::new(farewell))
    })
    .await;
    assert_eq!(ending(&mut running.open("/nothing").await).await, (1000, String::new()));
    let mut socket = running.open("/bye").await;
    assert_eq!(socket.recv().await.unwrap(), Some(Message::text("bye")));
    assert_eq!(ending(&mut socket).await.0, 1000);
}

#[tokio::test]
async fn a_handler_that_fails_or_panics_is_1011_and_harms_nobody_else() {
    async fn fail(_: Session) -> Result<(), std::num::ParseIntError> {
        "x".parse::<u8>().map(drop)
    }
    async fn panic(mut session: Session) {
        let _ = session.recv().await;
        panic!("a bug, on purpose");
    }
    // Panics before there is a future.
    fn panic_at_once(_: Session) -> std::future::Ready<()> {
        panic!("a bug, on purpose")
    }
    let running = Running::start(|server| {
        server
            .route("/fail", Route::new(fail))
            .route("/panic", Route::new(panic))
            .route("/at-once", Route::new(panic_at_once))
            .route("/echo", Route::new(echo))
    })
    .await;
    let mut bystander = running.open("/echo").await;
    for path in ["/fail", "/panic", "/at-once"] {
        let mut socket = running.open(path).await;
        // The panicking one waits for a message; the others may be gone.
        let _ = socket.send("go").await;
        let expected = (1011, "internal-error: The server failed".to_owned());
        assert_eq!(ending(&mut socket).await, expected, "{path}");
    }
    bystander.send("still here").await.unwrap();
    assert_eq!(bystander.recv().await.unwrap(), Some(Message::text("still here")));
}

#[tokio::test]
async fn what_the_handler_said_last_arrives_before_a_panic_ends_it() {
    async fn last_words(mut session: Session) {
        session.send("last words").await.unwrap();
        panic!("a bug, on purpose");
    }
    let running = Running::start(|server| server.route("/", Route::new(last_words))).await;
    let mut socket = running.open("/").await;
    assert_eq!(socket.recv().await.unwrap(), Some(Message::text("last words")));
    assert_eq!(ending(&mut socket).await.0, 1011);
}

#[tokio::test]
async fn a_handler_may_close_with_a_code_of_its_own() {
    async fn close(mut session: Session) -> Result<(), Error> {
        let frame = ws_core::message::CloseFrame::new(CloseCode::new(4001).unwrap(), "enough");
        session.close(frame).await.map(drop)
    }
    let running = Running::start(|server| server.route("/", Route::new(close))).await;
    assert_eq!(ending(&mut running.open("/").await).await, (4001, "enough".to_owned()));
}

#[tokio::test]
async fn a_reset_ends_the_session_and_gives_its_place_back() {
    static ENDED: AtomicBool = AtomicBool::new(false);
    async fn watch(session: Session) -> Result<(), Error> {
        let result = echo(session).await;
        ENDED.store(true, Ordering::SeqCst);
        result
    }
    let running = Running::start(|server| server.route("/", Route::new(watch))).await;
    let mut client = Client::to(running.address).await;
    client.send(handshake("/")).await;
    assert_eq!(client.answer(true).await.status(), 101);
    assert_eq!(running.handle.connections(), 1);
    // With no time to linger, closing sends a reset.
    client.stream.set_zero_linger().unwrap();
    drop(client);
    timeout(PATIENCE, async {
        while !ENDED.load(Ordering::SeqCst) || running.handle.connections() > 0 {
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
    })
    .await
    .unwrap();
}

#[tokio::test]
async fn a_peer_that_leaves_during_the_handshake_holds_no_place() {
    let running = Running::start(|server| server.route("/", Route::new(echo))).await;
    for part in ["", "GET", "GET / HTTP/1.1\r\nHost: localhost\r\n"] {
        let mut client = running.connect().await;
        client.send(part).await;
        timeout(PATIENCE, async {
            while running.handle.connections() != 1 {
                tokio::time::sleep(Duration::from_millis(5)).await;
            }
            drop(client);
            while running.handle.connections() != 0 {
                tokio::time::sleep(Duration::from_millis(5)).await;
            }
        })
        .await
        .unwrap();
    }
}

/// Closures need no types.
#[tokio::test]
async fn a_closure_is_a_handler() {
    let running = Running::start(|server| {
        let echo = Route::new(|mut session| async move {
            while let Some(message) = session.recv().await? {
                session.send(message).await?;
            }
            Ok::<_, Error>(())
        });
        server.route("/", echo)
    })
    .await;
    let mut socket = running.open("/").await;
    socket.send("hello").await.unwrap();
    assert_eq!(socket.recv().await.unwrap(), Some(Message::text("hello")));
}
