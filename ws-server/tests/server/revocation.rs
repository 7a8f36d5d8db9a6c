//! What is revoked: handshakes are refused, and sessions end.

use std::time::{Duration, Instant, SystemTime};

use tokio::time::timeout;
use ws_server::Route;
use ws_server::authenticate::{Revocation, Revocations};

use crate::ending::{by_query, closed};
use crate::support::{PATIENCE, Running, echo};

const REVOKED: (u16, &str) = (3000, "token-revoked: The token was revoked");

#[tokio::test]
async fn a_credential_and_a_subject() {
    let running = Running::start(|server| server.route("/", by_query(Route::new(echo)))).await;
    let mut ann = running.open("/?ann").await;
    let mut ben = running.open("/?ben").await;
    let mut eve = running.open("/?eve").await;
    let begun = Instant::now();
    running.handle.revoke(Revocation::credential("ann-1")).unwrap();
    let (code, reason) = closed(&mut ann).await;
    assert_eq!((code, &*reason), REVOKED);
    running.handle.revoke(Revocation::subject("ben").of_issuer("query")).unwrap();
    let (code, reason) = closed(&mut ben).await;
    assert_eq!((code, &*reason), REVOKED);
    assert!(begun.elapsed() < Duration::from_secs(2));
    for who in ["ann", "ben"] {
        let refused = running.connect().await.upgrade(&format!("/?{who}")).await.expect_err("it is revoked");
        assert_eq!(refused.status(), 401);
        assert!(refused.field("Refused-By").unwrap().contains("code=token-revoked"), "{refused:?}");
    }
    running.handle.revoke(Revocation::subject("eve").of_issuer("another")).unwrap();
    running.handle.revoke(Revocation::subject("eve").until(SystemTime::now())).unwrap();
    eve.send("still here").await.unwrap();
    assert!(timeout(PATIENCE, eve.recv()).await.unwrap().unwrap().is_some());
    assert!(running.handle.revocations().restore(&Revocation::credential("ann-1")));
    running.open("/?ann").await;
}

/// Two servers with one list, which is fed by a file.
#[tokio::test]
async fn a_list_of_several_servers_from_a_file() {
    let path = std::env::temp_dir().join(format!("ws-server-revocation-{}", std::process::id()));
    std::fs::write(&path, "# nobody yet\n").unwrap();
    let revocations = Revocations::new();
    revocations.watch_file(&path).unwrap();
    let start = || {
        Running::start(|server| {
            server.revocations(revocations.clone()).route("/", by_query(Route::new(echo)))
        })
    };
    let (one, other) = (start().await, start().await);
    let mut sockets = [one.open("/?ann").await, other.open("/?ann").await];
    std::fs::write(&path, "ann-1\n").unwrap();
    let begun = Instant::now();
    for socket in &mut sockets {
        assert_eq!(closed(socket).await.0, 3000);
    }
    assert!(begun.elapsed() < Duration::from_secs(5), "{:?}", begun.elapsed());
    assert!(one.connect().await.upgrade("/?ann").await.is_err());
    std::fs::remove_file(&path).unwrap();
}
