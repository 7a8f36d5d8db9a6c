//! Two windows of the guarded chat talk to one another.

use serde_json::json;

use crate::chromium::Chromium;
use crate::devtools::Window;
use crate::server;

/// The rows of the log that are neither hidden nor notices, as `NAME: TEXT`.
const SAID: &str = "[...document.querySelectorAll('#log .message')].map((each) => each.querySelector('.by b').textContent + ': ' + each.querySelector('p').textContent)";

#[tokio::test]
async fn two_windows_chat() {
    let Some(chromium) = Chromium::start("chat").await else { return };
    let (server, address) = server::start("guarded_chat", "chat", &[]);

    let ada = chromium.open(&format!("http://{address}/")).await;
    ada.click("#join").await;
    present(&ada, "1 present:", "Ada (you)").await;
    let grace = chromium.open(&format!("http://{address}/#guest")).await;
    grace.click("#join").await;
    present(&grace, "2 present:", "Ada, Grace (you)").await;
    present(&ada, "2 present:", "Ada (you), Grace").await;
    assert_eq!(ada.text("#identity").await.trim(), "You are Ada, member.");
    assert_eq!(grace.text("#identity").await.trim(), "You are Grace, guest.");

    ada.type_line("Good morning, Grace. 世界 😀").await;
    heard(&grace, &["Ada: Good morning, Grace. 世界 😀"]).await;
    grace.type_line("<b>Good morning</b>").await;
    heard(&ada, &["You: Good morning, Grace. 世界 😀", "Grace: <b>Good morning</b>"]).await;
    heard(&grace, &["Ada: Good morning, Grace. 世界 😀", "You: <b>Good morning</b>"]).await;
    assert_eq!(ada.evaluate("document.querySelector('#log b b')").await, json!(null), "markup stays text");

    // A guest may listen to the announcements, and is told why there is nothing to say.
    grace.click("[name=room][value=announcements]").await;
    grace.click("#join").await;
    grace.until("document.querySelector('#room').textContent === 'announcements'").await;
    present(&ada, "1 present:", "Ada (you)").await;
    grace.type_line("May I?").await;
    grace.until("document.querySelector('.trouble')").await;
    let trouble = grace.text(".trouble").await;
    assert!(
        trouble.contains("The token lacks a scope") && trouble.contains("scope-insufficient"),
        "{trouble}"
    );
    assert_eq!(grace.evaluate("document.querySelector('#text').value").await, "May I?", "nothing is lost");

    server::stop(server);
    for window in [&ada, &grace] {
        window.until("document.querySelector('#ended-title').textContent === 'Disconnected (1001).'").await;
        let reason = window.text("#ended-text").await;
        assert!(reason.contains("server-draining"), "{reason}");
    }
    chromium.end().await;
}

async fn present(window: &Window, count: &str, people: &str) {
    window
        .until(&format!(
            "document.querySelector('#count').textContent === {} && document.querySelector('#people').textContent === {}",
            json!(count),
            json!(people)
        ))
        .await;
}

async fn heard(window: &Window, said: &[&str]) {
    window.until(&format!("JSON.stringify({SAID}) === {}", json!(json!(said).to_string()))).await;
}
