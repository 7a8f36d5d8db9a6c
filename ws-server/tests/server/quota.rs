//! Connections of one principal.

use std::time::Duration;

use tokio::time::timeout;
use ws_server::{Route, ServerLimits};

use crate::ending::by_query;
use crate::support::{PATIENCE, Running, echo};

#[tokio::test]
async fn a_principal_has_so_many_connections_and_gives_them_back() {
    let limits = ServerLimits {
        connections_per_principal: 2,
        retry_after: Duration::from_secs(7),
        ..ServerLimits::default()
    };
    let running = Running::start(|server| {
        server
            .limits(limits)
            .dry_run(true)
            .route("/", by_query(Route::new(echo)))
            .route("/open", Route::new(echo))
    })
    .await;
    let mut first = running.open("/?ann").await;
    let _second = running.open("/?ann").await;
    let refused = running.connect().await.upgrade("/?ann").await.expect_err("there is no third place");
    assert_eq!((refused.status(), refused.field("Retry-After")), (429, Some("7")));
    assert!(refused.field("Refused-By").unwrap().contains("code=principal-quota-exceeded"), "{refused:?}");

    // A dry run looks, and takes nothing.
    let rehearse = "GET /?ann HTTP/1.1\r\nHost: localhost\r\nAccept: application/problem+json\r\n\r\n";
    assert_eq!(running.connect().await.ask(rehearse).await.status(), 429);
    let other = rehearse.replace("ann", "ben");
    for _ in 0..5 {
        assert_eq!(running.connect().await.ask(&other).await.status(), 200);
    }
    let _others = (running.open("/?ben").await, running.open("/?ben").await, running.open("/?eve").await);
    // Nobody in particular has no quota.
    let _anonymous = (running.open("/open").await, running.open("/open").await, running.open("/open").await);

    first.close(None).await.unwrap();
    timeout(PATIENCE, async {
        while running.connect().await.upgrade("/?ann").await.is_err() {
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
    })
    .await
    .expect("the place comes free");
}
