//! What somebody may in a running connection, and permission that is withdrawn.

use std::future::ready;
use std::sync::Arc;
use std::sync::atomic::{AtomicU8, Ordering};

use ws_core::message::Message;
use ws_server::authenticate::{BoxFuture, HandshakeContext, Identity};
use ws_server::authorize::{self, Action, Authorization, AuthorizationError, Authorizer, Permit};
use ws_server::{Rechecked, Route, Server, Session};

use crate::ending::{by_query, closed};
use crate::support::{Running, echo};

/// What the one rule says now.
#[derive(Clone, Default)]
struct Rule(Arc<AtomicU8>);

const DENIES_BEN: u8 = 1;
const IS_DOWN: u8 = 2;

impl Rule {
    fn set(&self, state: u8) {
        self.0.store(state, Ordering::SeqCst);
    }

    fn say(&self, who: &Identity) -> Result<(), AuthorizationError> {
        match self.0.load(Ordering::SeqCst) {
            DENIES_BEN if who.subject() == Some("ben") => {
                Err(AuthorizationError::PolicyDenied { rule: "no-ben".into() })
            }
            IS_DOWN => Err(AuthorizationError::Unavailable { retry_after: None }),
            _ => Ok(()),
        }
    }
}

#[tokio::test]
async fn withdrawn_permission_ends_sessions_when_it_is_asked_again() {
    let rule = Rule::default();
    let running = Running::start(|server| {
        let rule = rule.clone();
        let ask = authorize::from_fn(move |request, who| {
            assert_eq!((request.route(), request.param("room")), ("/rooms/{room}", Some("blue")));
            ready(rule.say(who))
        });
        server
            .route("/rooms/{room}", by_query(Route::new(echo)).authorize(ask))
            .route("/open", Route::new(echo))
    })
    .await;
    let mut ann = running.open("/rooms/blue?ann").await;
    let mut ben = running.open("/rooms/blue?ben").await;
    let _open = running.open("/open").await;
    let recheck = async || {
        let Rechecked { asked, ended, undecided, .. } = running.handle.sessions().recheck().await;
        (asked, ended, undecided)
    };
    assert_eq!(recheck().await, (2, 0, 0));
    rule.set(IS_DOWN);
    assert_eq!(recheck().await, (2, 0, 2));
    rule.set(DENIES_BEN);
    assert_eq!(recheck().await, (2, 1, 0));
    let (code, reason) = closed(&mut ben).await;
    assert_eq!((code, &*reason), (3003, "policy-denied: denied by the rule \"no-ben\""));
    assert_eq!(recheck().await.1, 0);
    ann.send("still here").await.unwrap();
    assert!(ann.recv().await.unwrap().is_some());
}

/// After a reload it is the new rules that are asked.
#[tokio::test]
async fn permission_that_new_settings_withdraw() {
    let route = || by_query(Route::new(echo));
    let running = Running::start(|server| server.route("/", route()).route("/gone", route())).await;
    let mut here = running.open("/?ann").await;
    let mut gone = running.open("/gone?ann").await;
    assert_eq!(running.handle.sessions().recheck().await, Rechecked::default());
    running.handle.reload(Server::builder().route("/", route().roles(["member"]))).unwrap();
    let Rechecked { asked, ended, undecided, .. } = running.handle.sessions().recheck().await;
    assert_eq!((asked, ended, undecided), (1, 1, 0));
    let (code, reason) = closed(&mut here).await;
    assert_eq!((code, reason.split(':').next()), (3003, Some("role-missing")));
    gone.send("still here").await.unwrap();
    assert!(gone.recv().await.unwrap().is_some(), "its route has no rules any more");
}

/// Ann may write, and nobody may delete.
struct Writers;

impl Authorizer for Writers {
    fn authorize<'a>(&'a self, _: &'a HandshakeContext<'a>, _: &'a Identity) -> BoxFuture<'a, Authorization> {
        Box::pin(ready(Ok(Permit::new())))
    }

    fn authorize_action<'a>(
        &'a self,
        action: &'a Action<'a>,
        who: &'a Identity,
    ) -> BoxFuture<'a, Authorization> {
        Box::pin(async move {
            match (action.name(), who.subject()) {
                ("write", Some("ann")) if action.param("room") == Some(action.resource()) => {
                    Ok(Permit::new())
                }
                ("write", _) => Err(AuthorizationError::PolicyDenied { rule: "writers".into() }),
                ("think", _) => Err(AuthorizationError::Undecided),
                _ => panic!("a bug"),
            }
        })
    }
}

/// Does what it is told, as far as that is allowed.
async fn obey(mut session: Session) -> Result<(), Box<dyn std::error::Error + Send + Sync>> {
    while let Some(message) = session.recv().await? {
        let (action, resource) = message.as_text().and_then(|text| text.split_once(' ')).unwrap();
        session.authorize(action, resource).await?;
        session.send(message).await?;
    }
    Ok(())
}

#[tokio::test]
async fn actions_are_decided_by_the_routes_authorizers() {
    let running = Running::start(|server| {
        server
            .route("/rooms/{room}", by_query(Route::new(obey)).authorize(Writers))
            .route("/free", by_query(Route::new(obey)))
    })
    .await;
    let mut ann = running.open("/rooms/blue?ann").await;
    ann.send("write blue").await.unwrap();
    assert_eq!(ann.recv().await.unwrap(), Some(Message::text("write blue")));
    for (path, says, code, cause) in [
        ("/rooms/blue?ann", "write red", 3003, "policy-denied"),
        ("/rooms/blue?ben", "write blue", 3003, "policy-denied"),
        ("/rooms/blue?ann", "think blue", 3003, "policy-denied"),
        ("/rooms/blue?ann", "break blue", 1011, "internal-error"),
        ("/free?ann", "write blue", 3003, "policy-denied"),
    ] {
        let mut socket = running.open(path).await;
        socket.send(says).await.unwrap();
        let (got, reason) = closed(&mut socket).await;
        assert_eq!((got, reason.split(':').next()), (code, Some(cause)), "{path}: {says}");
    }
}
