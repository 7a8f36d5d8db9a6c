//! What a route gets ready after all checks and before the 101.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use tokio::time::timeout;
use ws_core::connection::Role;
use ws_core::message::Message;
use ws_core::net::{SocketConfig, WebSocket};
use ws_core::refusal::{Cause, Refusal};
use ws_server::authenticate::{self, Identity, Scheme};
use ws_server::gate::Check;
use ws_server::prepare::{Admission, ForeignAnswer, Prepared, Unprepared};
use ws_server::{Route, Session};

use crate::support::{PATIENCE, Running, handshake};

async fn say(mut session: Session, text: String) -> Result<(), ws_core::net::Error> {
    session.send(text).await
}

async fn hold(mut session: Session, _one: One) -> Result<(), ws_core::net::Error> {
    session.recv().await.map(drop)
}

/// Counts what is alive of a kind.
#[derive(Clone, Default)]
struct Alive(Arc<AtomicUsize>);

struct One(Arc<AtomicUsize>);

impl Alive {
    fn one(&self) -> One {
        self.0.fetch_add(1, Ordering::SeqCst);
        One(Arc::clone(&self.0))
    }

    async fn are(&self, expected: usize) {
        let wait = async {
            while self.0.load(Ordering::SeqCst) != expected {
                tokio::time::sleep(Duration::from_millis(5)).await;
            }
        };
        timeout(PATIENCE, wait).await.expect("in time");
    }
}

impl Drop for One {
    fn drop(&mut self) {
        self.0.fetch_sub(1, Ordering::SeqCst);
    }
}

#[tokio::test]
async fn the_handler_gets_what_was_made_ready_and_the_subprotocol_can_change() {
    let prepare = |admission: &Admission<'_>| {
        let text = format!(
            "{} {:?} {:?} {:?}",
            admission.request.head().path(),
            admission.request.param("room"),
            admission.identity.subject(),
            admission.subprotocol,
        );
        std::future::ready(Ok::<_, Unprepared>(Prepared::new(text).select(Some("b".to_owned()))))
    };
    let ann = authenticate::from_fn(|_| async { Ok(Identity::new(Scheme::Basic).with_subject("ann")) });
    let route = Route::prepared(prepare, say).subprotocols(["a", "b"]).authenticate(ann);
    let running = Running::start(|server| server.route("/rooms/{room}", route)).await;
    let mut client = running.connect().await;
    let asked = handshake("/rooms/1").replace("\r\n\r\n", "\r\nSec-WebSocket-Protocol: a, b\r\n\r\n");
    let answer = client.ask(&asked).await;
    assert_eq!((answer.status(), answer.field("Sec-WebSocket-Protocol")), (101, Some("b")));
    let mut socket = WebSocket::from_tcp(client.stream, SocketConfig::new(Role::Client), client.buffer);
    let text = r#"/rooms/1 Some("1") Some("ann") Some("a")"#;
    assert_eq!(socket.recv().await.unwrap(), Some(Message::text(text)));
    // RFC 6455 4.2.2: what was not offered cannot be selected, whoever wants it.
    assert_eq!(running.connect().await.ask(&handshake("/rooms/2")).await.status(), 500);
}

#[tokio::test]
async fn without_it_there_is_no_101() {
    let prepare = |admission: &Admission<'_>| {
        let path = admission.request.head().path().to_owned();
        async move {
            match &*path {
                "/down" => Err(Unprepared::from(Refusal::new(Cause::UpstreamDown).detail("nobody there"))),
                "/panic" => panic!("a bug, on purpose"),
                "/slow" => std::future::pending().await,
                "/foreign" => {
                    let fields = [("X-Why", "no"), ("Content-Length", "999"), ("Content-Type", "text/plain")];
                    let fields = fields.map(|(name, value)| (name.to_owned(), value.to_owned())).into();
                    let answer = ForeignAnswer::new(402, fields, "pay first");
                    Err(Unprepared::Answered(Refusal::new(Cause::UpstreamRefused), answer))
                }
                _ => Ok(Prepared::new(path)),
            }
        }
    };
    let route = || Route::prepared(prepare, say).prepare_timeout(Duration::from_millis(50));
    let reported = Arc::new(std::sync::Mutex::new(Vec::new()));
    let log = Arc::clone(&reported);
    let running = Running::start(|server| {
        server.route("/{*path}", route()).dry_run(true).on_refusal(move |refusal| {
            let entry = (refusal.cause, refusal.status, refusal.trace.refused_by().map(Check::name));
            log.lock().unwrap().push(entry);
        })
    })
    .await;
    for (path, status, cause) in [
        ("/down", 502, Cause::UpstreamDown),
        ("/panic", 500, Cause::InternalError),
        ("/slow", 500, Cause::InternalError),
    ] {
        let answer = running.connect().await.ask(&handshake(path)).await;
        assert_eq!(answer.status(), status, "{path}");
        assert!(answer.body.contains(cause.code()), "{path}: {}", answer.body);
        let dry =
            format!("GET {path} HTTP/1.1\r\nHost: localhost\r\nAccept: application/problem+json\r\n\r\n");
        let dry = running.connect().await.ask(&dry).await;
        assert_eq!(dry.status(), status, "{path}");
        let expected = (cause, Some(status), Some("preparation"));
        assert_eq!(std::mem::take(&mut *reported.lock().unwrap()), [expected, expected]);
    }
    let mut client = running.connect().await;
    let answer = client.ask(&handshake("/foreign")).await;
    assert_eq!((answer.status(), &*answer.body), (402, "pay first"));
    assert_eq!((answer.field("X-Why"), answer.field("Content-Length")), (Some("no"), Some("9")));
    assert!(answer.field("Refused-By").is_none() && answer.field("X-Request-Id").is_some());
    assert_eq!(
        std::mem::take(&mut *reported.lock().unwrap()),
        [(Cause::UpstreamRefused, Some(402), Some("preparation"))]
    );
    // The connection is kept.
    assert_eq!(client.ask(&handshake("/good")).await.status(), 101);
}

#[tokio::test]
async fn nothing_is_made_ready_for_whoever_is_refused_and_nothing_stays_of_whoever_leaves() {
    let alive = Alive::default();
    let counted = alive.clone();
    let prepare = move |admission: &Admission<'_>| {
        let one = counted.one();
        let waits = admission.request.head().path() == "/wait";
        async move {
            if waits {
                std::future::pending::<()>().await;
            }
            Ok::<_, Unprepared>(Prepared::new(one))
        }
    };
    let nobody = authenticate::from_fn(|_| async {
        Err::<Identity, _>(authenticate::AuthenticationError::CredentialsRejected)
    });
    let running = Running::start(|server| {
        server
            .route("/closed", Route::prepared(prepare.clone(), hold).authenticate(nobody))
            .route("/wait", Route::prepared(prepare.clone(), hold))
            .route("/open", Route::prepared(prepare, hold))
    })
    .await;
    assert_eq!(running.connect().await.ask(&handshake("/closed")).await.status(), 401);
    alive.are(0).await;
    let mut impatient = running.connect().await;
    impatient.send(handshake("/wait")).await;
    alive.are(1).await;
    drop(impatient);
    alive.are(0).await;
    let socket = running.open("/open").await;
    alive.are(1).await;
    drop(socket);
    alive.are(0).await;
}
