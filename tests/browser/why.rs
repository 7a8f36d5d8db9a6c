//! `why.js` turns the 1006 of a browser into the cause: in a Close frame, and by the dry run.

use std::future::{Ready, ready};

use serde_json::{Value, json};
use tests::wire::{Running, echo};
use ws_server::authenticate::{AuthenticationError, HandshakeContext, Identity};
use ws_server::{Delivery, Route};

use crate::causes::{Refusing, all, with_page};
use crate::chromium::Chromium;
use crate::devtools::Window;

#[tokio::test]
async fn each_cause_is_shown_by_the_dry_run() {
    explain_all("why-http", Delivery::Http).await;
}

#[tokio::test]
async fn each_cause_is_shown_from_the_close_frame() {
    explain_all("why-frame", Delivery::CloseFrame).await;
}

async fn explain_all(test: &str, delivery: Delivery) {
    let Some(chromium) = Chromium::start(test).await else { return };
    let pages = Running::start(with_page).await;
    let origin = format!("http://{}", pages.address);
    let window = open(&chromium, &format!("{origin}/")).await;
    for refusing in all(delivery, &origin).await {
        match &refusing.page {
            None => explained(&window, &refusing, delivery).await,
            Some(page) => explained(&open(&chromium, page).await, &refusing, delivery).await,
        }
    }
    chromium.end().await;
}

async fn open(chromium: &Chromium, page: &str) -> Window {
    let window = chromium.open(page).await;
    window.until("window.ready").await;
    window
}

async fn explained(window: &Window, refusing: &Refusing, delivery: Delivery) {
    let Refusing { url, cause, told, .. } = refusing;
    let why = window.evaluate(&format!("connect({})", json!(url))).await;
    assert_eq!(why["code"], *told, "{cause}: {why}");
    assert_eq!(window.text("#code").await, *told, "{cause}");
    if *told == "unreadable" {
        assert_eq!(why["sawClose"], 1006, "{why}");
        return;
    }
    assert_eq!(why["refusedBy"], "server", "{cause}: {why}");
    let framed = delivery == Delivery::CloseFrame && cause.close_code().is_some();
    if framed {
        assert_eq!(why["closeCode"], json!(cause.close_code()), "{cause}: {why}");
        assert_eq!(why["sawClose"], why["closeCode"], "{cause}: {why}");
    } else {
        // All that a browser tells a page of a refused handshake.
        assert_eq!(why["sawClose"], 1006, "{cause}: {why}");
        assert_eq!(why["status"], json!(cause.status()), "{cause}: {why}");
        assert_eq!(why["title"], cause.disclosed().title(), "{cause}: {why}");
        assert_eq!(why["requestId"].as_str().map(str::len), Some(24), "{cause}: {why}");
    }
    if cause.is_temporary() {
        assert!(why["retryAfter"].as_u64().is_some_and(|seconds| seconds > 0), "{cause}: {why}");
    }
}

/// What is no refusal of ours is not taken for one.
#[tokio::test]
async fn what_the_server_did_not_do_is_not_blamed_on_it() {
    let Some(chromium) = Chromium::start("why-others").await else { return };
    let pages = Running::start(with_page).await;
    let window = open(&chromium, &format!("http://{}/", pages.address)).await;
    let ask = async |url: String| -> Value { window.evaluate(&format!("connect({})", json!(url))).await };

    // Nobody is there.
    let gone = std::net::TcpListener::bind("127.0.0.1:0").expect("a port");
    let address = gone.local_addr().expect("bound");
    drop(gone);
    let why = ask(format!("ws://{address}/")).await;
    assert_eq!((&why["code"], &why["refusedBy"]), (&json!("unreachable"), &json!("nobody")), "{why}");
    // A server that has no dry runs shows its page.
    let why = ask(format!("ws://{}/", pages.address)).await;
    assert_eq!(why["code"], "no-dry-run", "{why}");
    // One that refuses a handshake, and takes the question for a plain GET.
    let mute =
        Running::start(|server| with_page(server).route("/room", Route::new(echo).authenticate(nobody)))
            .await;
    let window = open(&chromium, &format!("http://{}/", mute.address)).await;
    let why = window.evaluate(&format!("connect('ws://{}/room')", mute.address)).await;
    assert_eq!(why["code"], "no-dry-run", "{why}");
    chromium.end().await;
}

fn nobody(_: &HandshakeContext<'_>) -> Ready<Result<Identity, AuthenticationError>> {
    ready(Err(AuthenticationError::CredentialsMissing))
}
