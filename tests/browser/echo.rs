//! Chromium's WebSocket against the example `echo`, with compression and without.

use serde_json::{Value, json};

use crate::chromium::Chromium;
use crate::server;

/// Sends one message of each kind and says what came back, then closes and says with what.
const TALK: &str = r#"(async (url) => {
  const socket = new WebSocket(url);
  socket.binaryType = "arraybuffer";
  await new Promise((resolve, reject) => {
    socket.onopen = resolve;
    socket.onclose = (event) => reject(new Error(`closed with ${event.code}`));
  });
  const back = (message) => new Promise((resolve, reject) => {
    socket.onmessage = (event) => resolve(event.data);
    socket.onclose = (event) => reject(new Error(`closed with ${event.code}`));
    socket.send(message);
  });
  const equal = (a, b) => a.byteLength === b.byteLength && new Uint8Array(a).every((byte, at) => byte === b[at]);
  const noise = new Uint8Array(1 << 20);
  for (let at = 0; at < noise.length; at += 65536) crypto.getRandomValues(noise.subarray(at, at + 65536));
  const bytes = Uint8Array.from({ length: 256 }, (_, byte) => byte);
  const long = "0123456789abcdef".repeat(1 << 16);
  const seen = {
    extensions: socket.extensions,
    protocol: socket.protocol,
    text: await back("Grüße, 世界 😀"),
    empty: await back(""),
    long: await back(long) === long,
    bytes: equal(await back(bytes), bytes),
    nothing: (await back(new Uint8Array(0))).byteLength,
    noise: equal(await back(noise), noise),
  };
  const inOrder = [];
  seen.many = await new Promise((resolve) => {
    socket.onmessage = (event) => { inOrder.push(Number(event.data)); if (inOrder.length === 1000) resolve(inOrder.every((value, at) => value === at)); };
    for (let at = 0; at < 1000; at += 1) socket.send(String(at));
  });
  seen.closed = await new Promise((resolve) => {
    socket.onclose = ({ code, reason, wasClean }) => resolve([code, reason, wasClean]);
    socket.close(4001, "bye, 世界");
  });
  return seen;
})"#;

async fn talk(test: &str, flags: &[&str]) -> Option<Value> {
    let chromium = Chromium::start(test).await?;
    let (server, address) = server::start("echo", test, flags);
    // A page of the server itself, though it only says what the server is for: from elsewhere Chromium asks
    // its user before it connects to this machine.
    let window = chromium.open(&format!("http://{address}/")).await;
    let seen = window.evaluate(&format!("{TALK}({})", json!(format!("ws://{address}/")))).await;

    // RFC 6455 7.4.1: a server that goes away says so with 1001.
    let away = format!(
        "new Promise((resolve) => {{ window.away = new Promise((gone) => {{ \
           const socket = new WebSocket('ws://{address}/'); socket.onopen = () => resolve(true); \
           socket.onclose = ({{ code, reason, wasClean }}) => gone([code, reason.split(':')[0], wasClean]); }}); }})"
    );
    window.evaluate(&away).await;
    server::stop(server);
    assert_eq!(window.evaluate("window.away").await, json!([1001, "server-draining", true]));
    chromium.end().await;
    Some(seen)
}

fn assert_all_came_back(seen: &Value) {
    let mut seen = seen.clone();
    seen["extensions"].take();
    let expected = json!({
        "extensions": null,
        "protocol": "",
        "text": "Grüße, 世界 😀",
        "empty": "",
        "long": true,
        "bytes": true,
        "nothing": 0,
        "noise": true,
        "many": true,
        "closed": [4001, "bye, 世界", true],
    });
    assert_eq!(seen, expected);
}

#[tokio::test]
async fn everything_comes_back() {
    let Some(seen) = talk("plain", &[]).await else { return };
    assert_all_came_back(&seen);
    // Chromium always offers permessage-deflate; the server has not accepted.
    assert_eq!(seen["extensions"], "");
}

#[tokio::test]
async fn everything_comes_back_through_compression() {
    let Some(seen) = talk("deflate", &["--deflate"]).await else { return };
    assert_all_came_back(&seen);
    let extensions = seen["extensions"].as_str().unwrap_or_default();
    assert_eq!(extensions.split(';').next(), Some("permessage-deflate"), "{extensions}");
}
