//! The end of a server.

use std::time::{Duration, Instant};

use tokio::time::timeout;
use ws_core::message::Message;
use ws_server::{Route, ServeError, ServerLimits, Session};

use crate::support::{PATIENCE, Running, echo, get, handshake};

fn limits(drain: Duration) -> ServerLimits {
    ServerLimits { drain_timeout: drain, ..ServerLimits::default() }
}

#[tokio::test]
async fn sessions_are_told_when_to_come_back_and_new_handshakes_are_refused() {
    let running = Running::start(|server| server.route("/", Route::new(echo)).limits(limits(PATIENCE))).await;
    let mut socket = running.open("/").await;
    let mut early = running.connect().await;
    early.send("GET / HT").await;
    tokio::time::sleep(Duration::from_millis(50)).await;
    running.handle.shutdown();

    let refused = running.connect().await.upgrade("/").await.expect_err("the server is draining");
    assert_eq!((refused.status(), refused.field("Connection")), (503, Some("close")));
    let seconds: u64 = refused.field("Retry-After").unwrap().parse().unwrap();
    assert!((1..=10).contains(&seconds), "{seconds}");
    early.send(&handshake("/")["GET / HT".len()..]).await;
    assert_eq!(early.answer(false).await.status(), 503, "who had begun to ask is answered");

    assert_eq!(timeout(PATIENCE, socket.recv()).await.unwrap().unwrap(), None);
    let frame = socket.close_frame().unwrap();
    assert_eq!(frame.code.get(), 1001);
    assert!(frame.reason.starts_with("server-draining: retry after "), "{}", &*frame.reason);
    timeout(PATIENCE, running.serving).await.unwrap().unwrap().unwrap();
}

#[tokio::test]
async fn connections_that_ask_nothing_do_not_hold_it_up() {
    let running = Running::start(|server| server.page("/", "text/plain", "x").limits(limits(PATIENCE))).await;
    let silent = running.connect().await;
    let mut kept = running.connect().await;
    assert_eq!(kept.ask(&get("/")).await.status(), 200);
    let began = Instant::now();
    running.handle.shutdown();
    timeout(PATIENCE, running.serving).await.unwrap().unwrap().unwrap();
    assert!(began.elapsed() < PATIENCE / 4);
    drop((silent, kept));
}

#[tokio::test]
async fn a_handler_may_finish_its_work_before_it_ends() {
    async fn diligent(mut session: Session) -> Result<(), ws_core::net::Error> {
        while let Some(message) = session.recv().await? {
            session.send(message).await?;
        }
        tokio::time::sleep(Duration::from_millis(300)).await;
        Ok(())
    }
    let running =
        Running::start(|server| server.route("/", Route::new(diligent)).limits(limits(PATIENCE))).await;
    let mut socket = running.open("/").await;
    socket.send("a").await.unwrap();
    assert_eq!(socket.recv().await.unwrap(), Some(Message::text("a")));
    let began = Instant::now();
    running.handle.shutdown();
    assert_eq!(socket.recv().await.unwrap(), None);
    timeout(PATIENCE, running.serving).await.unwrap().unwrap().unwrap();
    assert!(began.elapsed() >= Duration::from_millis(300));
}

#[tokio::test]
async fn a_handler_that_does_not_listen_is_cut_off() {
    async fn deaf(session: Session) {
        std::future::pending::<()>().await;
        drop(session);
    }
    for threads in [false, true] {
        let running = Running::start(|server| {
            let server = server.route("/", Route::new(deaf)).limits(limits(Duration::from_millis(400)));
            if threads { server.threads(2) } else { server }
        })
        .await;
        let mut socket = running.open("/").await;
        let began = Instant::now();
        running.handle.shutdown();
        assert_eq!(socket.recv().await.unwrap(), None);
        assert_eq!(socket.close_frame().unwrap().code.get(), 1001);
        timeout(PATIENCE, running.serving).await.unwrap().unwrap().unwrap();
        assert!((400..4000).contains(&began.elapsed().as_millis()), "{:?}", began.elapsed());
    }
}

#[tokio::test]
async fn a_server_that_is_dropped_stops_to_accept_and_its_sessions_go_on() {
    let running = Running::start(|server| server.route("/", Route::new(echo))).await;
    let mut socket = running.open("/").await;
    running.serving.abort();
    timeout(PATIENCE, async {
        while tokio::net::TcpStream::connect(running.address).await.is_ok() {
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
    })
    .await
    .unwrap();
    socket.send("still here").await.unwrap();
    assert_eq!(socket.recv().await.unwrap(), Some(Message::text("still here")));
}

#[tokio::test]
async fn a_server_on_its_own_threads_that_is_dropped_shuts_down() {
    let running = Running::start(|server| server.threads(2).route("/", Route::new(echo))).await;
    let mut socket = running.open("/").await;
    running.serving.abort();
    assert_eq!(timeout(PATIENCE, socket.recv()).await.unwrap().unwrap(), None);
    assert_eq!(socket.close_frame().unwrap().code.get(), 1001);
}

/// A handler that never yields holds its thread, but not the one who serves.
#[tokio::test]
async fn a_thread_that_is_blocked_is_not_waited_for() {
    async fn blocks(_: Session) {
        std::thread::sleep(PATIENCE);
    }
    let short = limits(Duration::from_millis(100));
    let running =
        Running::start(|server| server.threads(1).limits(short).route("/", Route::new(blocks))).await;
    let socket = running.open("/").await;
    tokio::time::sleep(Duration::from_millis(100)).await;
    running.handle.shutdown();
    let ended = tokio::time::timeout(PATIENCE / 2, running.serving).await.unwrap().unwrap();
    assert!(matches!(ended, Err(ServeError::ThreadBlocked)), "{ended:?}");
    drop(socket);
}
