//! Sessions that are found, and ended by policy.

use std::time::{Duration, SystemTime};

use tokio::time::timeout;
use ws_core::message::Message;
use ws_core::net::WebSocket;
use ws_core::refusal::{Cause, Refusal};
use ws_server::authenticate::{self, AuthenticationError, Identity, Scheme};
use ws_server::{RenewalError, RequestId, Route, ServerLimits, Session, SessionHandle};

use crate::support::{PATIENCE, Running, echo};

/// Who is named in the query, for as many milliseconds as it says.
pub(crate) fn by_query(route: Route) -> Route {
    route.authenticate(authenticate::from_fn(|request| {
        let query = request.head().query().unwrap_or_default().to_owned();
        let now = SystemTime::now();
        async move {
            let (name, time) = query.split_once('&').unwrap_or((&query, ""));
            if name.is_empty() {
                return Err(AuthenticationError::CredentialsMissing);
            }
            let who = Identity::new(Scheme::Custom("Query".into()))
                .with_subject(name)
                .with_issuer("query")
                .with_credential_id(format!("{name}-1"));
            Ok(match time.parse() {
                Ok(time) => who.with_expiry(now + Duration::from_millis(time)),
                Err(_) => who,
            })
        }
    }))
}

/// The code and the reason of the Close frame that comes, and nothing before it.
pub(crate) async fn closed(socket: &mut WebSocket) -> (u16, String) {
    assert_eq!(timeout(PATIENCE, socket.recv()).await.expect("it is closed in time").unwrap(), None);
    let frame = socket.close_frame().expect("a Close frame");
    (frame.code.get(), frame.reason.to_string())
}

async fn says(socket: &mut WebSocket, text: &str) {
    socket.send(text).await.unwrap();
    assert_eq!(timeout(PATIENCE, socket.recv()).await.unwrap().unwrap(), Some(Message::text(text)));
}

/// The session, once it is there.
pub(crate) async fn the_only(running: &Running) -> SessionHandle {
    timeout(PATIENCE, async {
        loop {
            if let Some(session) = running.handle.sessions().iter().next() {
                return session;
            }
            tokio::time::sleep(Duration::from_millis(1)).await;
        }
    })
    .await
    .unwrap()
}

#[tokio::test]
async fn sessions_are_found_by_all_that_is_known_of_them() {
    let running = Running::start(|server| {
        server.route("/rooms/{room}", by_query(Route::new(echo))).route("/open", Route::new(echo))
    })
    .await;
    let mut ann = running.open("/rooms/blue?ann").await;
    let mut ben = running.open("/rooms/red?ben").await;
    let mut nobody = running.open("/open").await;
    for socket in [&mut ann, &mut ben, &mut nobody] {
        says(socket, "here").await;
    }
    let sessions = running.handle.sessions();
    assert_eq!((sessions.len(), sessions.iter().count(), sessions.is_empty()), (3, 3, false));
    let found = sessions.of_subject("ann");
    assert_eq!(found.len(), 1);
    assert_eq!((found[0].info().path(), found[0].info().param("room")), ("/rooms/blue", Some("blue")));
    assert_eq!(found[0].identity().subject(), Some("ann"));
    let same = sessions.find(found[0].info().request_id()).unwrap();
    assert_eq!(same.info().request_id(), found[0].info().request_id());
    let id: RequestId = same.info().request_id().to_string().parse().unwrap();
    assert!(sessions.find(id).is_some());
    assert_eq!(sessions.of_credential("ben-1").len(), 1);
    assert_eq!(sessions.of_issuer("query").len(), 2);
    assert_eq!(sessions.on_route("/rooms/{room}").len(), 2);
    assert_eq!(sessions.of_address([127, 0, 0, 1].into()).len(), 3);
    assert_eq!(sessions.of_address([127, 0, 0, 2].into()).len(), 0);
    assert_eq!(sessions.filter(|session| session.identity().is_anonymous()).len(), 1);

    ann.close(None).await.unwrap();
    timeout(PATIENCE, async {
        while sessions.len() > 2 {
            tokio::time::sleep(Duration::from_millis(1)).await;
        }
    })
    .await
    .unwrap();
    assert!(sessions.find(id).is_none() && !found[0].is_open());
}

#[tokio::test]
async fn a_session_is_closed_with_the_code_of_the_cause_and_it_is_reported() {
    let (sender, mut reports) = tokio::sync::mpsc::unbounded_channel();
    let running = Running::start(|server| {
        let report = move |report: &ws_server::RefusalReport<'_>| {
            let _ = sender.send((report.cause, report.close_code, report.to_string()));
        };
        server.route("/", by_query(Route::new(echo))).on_refusal(report)
    })
    .await;
    for (cause, code) in [
        (Cause::PolicyDenied, 3003),
        (Cause::TokenRevoked, 3000),
        (Cause::MessageRateExceeded, 1008),
        (Cause::ServerFull, 1013),
        // There is no Close frame for this one.
        (Cause::RouteNotFound, 1011),
    ] {
        let mut socket = running.open("/?ann").await;
        let session = the_only(&running).await;
        assert!(session.close(Refusal::new(cause).public_detail("why not")));
        assert!(!session.close(Refusal::new(Cause::TokenExpired)), "it is closing");
        let (got, reason) = closed(&mut socket).await;
        assert_eq!(got, code, "{cause}");
        match code {
            1011 => {}
            1013 => assert!(reason.starts_with("server-full: retry after "), "{reason}"),
            _ => assert_eq!(reason, format!("{cause}: why not")),
        }
        let (reported, close_code, line) = timeout(PATIENCE, reports.recv()).await.unwrap().unwrap();
        assert_eq!((reported, close_code), (cause, cause.close_code()));
        assert!(line.contains("GET / from 127.0.0.1") && line.contains("why not"), "{line}");
        while !running.handle.sessions().is_empty() {
            tokio::time::sleep(Duration::from_millis(1)).await;
        }
    }
}

/// What a client says after it was refused does not reach the handler, even if it came before.
#[tokio::test]
async fn nothing_is_heard_after_it() {
    let (sender, mut heard) = tokio::sync::mpsc::unbounded_channel();
    let running = Running::start(|server| {
        server.route(
            "/",
            Route::new(move |mut session: Session| {
                let sender = sender.clone();
                async move {
                    while let Some(message) = session.recv().await? {
                        let _ = sender.send(message.as_text().unwrap_or_default().to_owned());
                        session.handle().close(Refusal::new(Cause::PolicyDenied));
                        // Both messages lie here, and the Close frame is sent meanwhile.
                        tokio::time::sleep(Duration::from_millis(50)).await;
                    }
                    let _ = sender.send("over".to_owned());
                    Ok::<_, ws_core::net::Error>(())
                }
            }),
        )
    })
    .await;
    let mut socket = running.open("/").await;
    socket.feed("first").await.unwrap();
    socket.feed("second").await.unwrap();
    socket.flush().await.unwrap();
    assert_eq!(closed(&mut socket).await.0, 3003);
    assert_eq!(heard.recv().await.as_deref(), Some("first"));
    assert_eq!(timeout(PATIENCE, heard.recv()).await.unwrap().as_deref(), Some("over"));
}

#[tokio::test]
async fn a_handler_ends_a_session_with_a_refusal_too() {
    let running = Running::start(|server| {
        let refuse = |_: Session| async { Err::<(), _>(Refusal::new(Cause::ScopeInsufficient)) };
        server.route("/", Route::new(refuse))
    })
    .await;
    let (code, reason) = closed(&mut running.open("/").await).await;
    assert_eq!(code, 3003);
    assert!(reason.starts_with("scope-insufficient: "), "{reason}");
}

#[tokio::test]
async fn a_handler_that_does_not_listen_is_cut_off() {
    async fn deaf(session: Session) {
        std::future::pending::<()>().await;
        drop(session);
    }
    let limits = ServerLimits { drain_timeout: Duration::from_millis(300), ..ServerLimits::default() };
    let running = Running::start(|server| server.limits(limits).route("/", Route::new(deaf))).await;
    let mut socket = running.open("/").await;
    the_only(&running).await.close(Refusal::new(Cause::PolicyDenied));
    assert_eq!(closed(&mut socket).await.0, 3003);
    timeout(PATIENCE, async {
        while running.handle.connections() > 0 {
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
    })
    .await
    .unwrap();
}

#[tokio::test]
async fn a_session_ends_with_its_credential_and_not_before() {
    let running = Running::start(|server| server.route("/", by_query(Route::new(echo)))).await;
    let begun = SystemTime::now();
    let mut socket = running.open("/?ann&300").await;
    says(&mut socket, "still here").await;
    let (code, reason) = closed(&mut socket).await;
    let took = begun.elapsed().unwrap();
    assert_eq!((code, &*reason), (3000, "token-expired: The token has expired"));
    assert!(took >= Duration::from_millis(300) && took < Duration::from_secs(3), "{took:?}");
}

#[tokio::test]
async fn a_session_that_is_renewed_goes_on_until_the_new_time() {
    let running = Running::start(|server| server.route("/", by_query(Route::new(echo)))).await;
    let mut socket = running.open("/?ann&60000").await;
    let session = the_only(&running).await;
    let now = SystemTime::now();
    let stranger = Identity::new(Scheme::Bearer).with_subject("ben").with_issuer("query");
    assert_eq!(session.renew(stranger), Err(RenewalError::OtherPrincipal));
    assert_eq!(session.renew(Identity::anonymous()), Err(RenewalError::OtherPrincipal));
    let fresh = Identity::new(Scheme::Bearer).with_subject("ann").with_issuer("query").with_roles(["admin"]);
    session.renew(fresh.clone().with_expiry(now + Duration::from_secs(3600))).unwrap();
    assert!(session.identity().has_role("admin"));
    says(&mut socket, "still here").await;
    session.renew(fresh.clone().with_expiry(now + Duration::from_millis(200))).unwrap();
    assert_eq!(closed(&mut socket).await.0, 3000);
    assert!(now.elapsed().unwrap() >= Duration::from_millis(200));
    assert_eq!(session.renew(fresh), Err(RenewalError::Ended));
}

#[tokio::test]
async fn on_threads_of_its_own_too() {
    let running = Running::start(|server| server.threads(2).route("/", by_query(Route::new(echo)))).await;
    let mut expiring = running.open("/?ann&200").await;
    let mut closing = running.open("/?ben").await;
    says(&mut closing, "here").await;
    for session in running.handle.sessions().of_subject("ben") {
        assert!(session.close(Refusal::new(Cause::PolicyDenied)));
    }
    assert_eq!(closed(&mut closing).await.0, 3003);
    assert_eq!(closed(&mut expiring).await.0, 3000);
}
