//! Static pages beside the routes.

use ws_server::Route;

use crate::support::{Running, echo, get, handshake};

const HTML: &str = "<!doctype html><title>chat</title>";

async fn start() -> Running {
    Running::start(|server| {
        server
            .page("/", "text/html; charset=utf-8", HTML)
            .page("/both", "text/plain", "a page")
            .route("/both", Route::new(echo))
            .route("/rooms/{room}", Route::new(echo))
    })
    .await
}

#[tokio::test]
async fn a_page_is_shown_on_a_connection_that_is_kept() {
    let running = start().await;
    let mut client = running.connect().await;
    let shown = client.ask(&get("/?x=1")).await;
    assert_eq!((shown.status(), &*shown.body), (200, HTML));
    assert_eq!(shown.field("Content-Type"), Some("text/html; charset=utf-8"));
    assert!(shown.field("Date").is_some_and(|date| date.ends_with(" GMT")));
    let etag = shown.field("ETag").unwrap().to_owned();
    // RFC 9110 9.3.2
    let head = client.ask("HEAD / HTTP/1.1\r\nHost: localhost\r\n\r\n").await;
    assert_eq!((head.status(), head.field("Content-Length"), &*head.body), (200, Some("34"), ""));
    // RFC 9110 13.1.2
    let known =
        client.ask(&format!("GET / HTTP/1.1\r\nHost: localhost\r\nIf-None-Match: {etag}\r\n\r\n")).await;
    assert_eq!((known.status(), known.field("ETag"), &*known.body), (304, Some(&*etag), ""));
    // Two at once.
    client.send(get("/both").repeat(2)).await;
    assert_eq!(client.answer(false).await.body, "a page");
    assert_eq!(client.answer(false).await.body, "a page");
    assert!(!client.is_closed().await);
}

#[tokio::test]
async fn whoever_wants_to_close_gets_it() {
    let running = start().await;
    let mut client = running.connect().await;
    let shown = client.ask("GET / HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n").await;
    assert_eq!((shown.status(), shown.field("Connection")), (200, Some("close")));
    assert!(client.is_closed().await);
}

#[tokio::test]
async fn a_page_and_a_route_can_share_a_path() {
    let running = start().await;
    let mut client = running.connect().await;
    assert_eq!(client.ask(&get("/both")).await.body, "a page");
    let answer = client.ask(&handshake("/both")).await;
    assert_eq!(answer.status(), 101);
}

#[tokio::test]
async fn other_methods_and_upgrades_are_refused() {
    let running = start().await;
    let mut client = running.connect().await;
    let post = client.ask("POST / HTTP/1.1\r\nHost: localhost\r\n\r\n").await;
    assert_eq!((post.status(), post.field("Allow")), (405, Some("GET")));
    assert_eq!(client.ask(&handshake("/")).await.status(), 404);
    assert_eq!(client.ask(&get("/other")).await.status(), 404);
    assert_eq!(client.ask(&get("/rooms/a")).await.status(), 426);
    let body = client.ask("POST / HTTP/1.1\r\nHost: localhost\r\nContent-Length: 1\r\n\r\nx").await;
    assert_eq!(body.status(), 400);
    assert!(client.is_closed().await);
}
