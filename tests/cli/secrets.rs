//! No secret is ever shown.

use crate::program::{connect, feed};
use crate::servers::{ours, raw, url};

const SECRET: &str = "hunter2hunter2";

#[tokio::test]
async fn no_output_has_a_secret() {
    let server = ours().await;
    let (echoes, _) = raw(format!(
        "HTTP/1.1 401 Unauthorized\r\nSet-Cookie: session={SECRET}\r\nContent-Type: text/plain\r\n\r\nno"
    ))
    .await;
    let (elsewhere, _) = raw(format!("HTTP/1.1 302 Found\r\nLocation: /login?token={SECRET}\r\n\r\n")).await;
    let (bearer, basic) = (SECRET.to_owned(), format!("ann:{SECRET}"));
    let (cookie, key) = (format!("Cookie: a={SECRET}"), format!("X-Api-Key: {SECRET}"));
    let urls = [
        url(&server, &format!("/guarded?ticket={SECRET}&{SECRET}")),
        url(&server, "/"),
        format!("ws://{echoes}/?access_token={SECRET}"),
        format!("ws://{elsewhere}/"),
        format!("ws://127.0.0.1:1/?t={SECRET}"),
        format!("ws://ann:{SECRET}@127.0.0.1:1/"),
        format!("ws://192.0.2.1/?t={SECRET}"),
    ];
    let ways: [&[&str]; 7] = [
        &["--token", &bearer],
        &["--basic", &basic],
        &["--header", &cookie, "--header", &key],
        &["--subprotocol", "bearer", "--subprotocol", &bearer],
        &["--token", &bearer, "--token-in", "query:t"],
        &["--token", &bearer, "--token-in", "first-message"],
        &["--token", "hunter2 hunter2hunter2"],
    ];
    for url in &urls {
        for way in ways {
            let mut command = connect(way.iter().copied().chain(["-v", "--wait", "0s", url]));
            command.env("RUST_LOG", "trace").env("RUST_BACKTRACE", "1");
            let ran = feed(command.spawn().unwrap(), b"").await;
            assert!(
                !ran.stdout.contains("hunter2") && !ran.stderr.contains("hunter2"),
                "{url} {way:?}: {ran:?}"
            );
        }
    }
}

#[tokio::test]
async fn what_is_masked_is_sent_all_the_same() {
    let (address, mut asked) = raw("HTTP/1.1 403 Forbidden\r\n\r\n").await;
    let url = format!("ws://{address}/room?ticket={SECRET}");
    let command = connect(["-v", "--token", SECRET, "--header", "X-Api-Key: k3y", &url]).spawn();
    let ran = feed(command.unwrap(), b"").await;
    let head = asked.recv().await.unwrap();
    for line in [
        &format!("GET /room?ticket={SECRET} HTTP/1.1"),
        &format!("Authorization: Bearer {SECRET}"),
        "X-Api-Key: k3y",
    ] {
        assert!(head.lines().any(|sent| sent == line), "{line} in {head}");
    }
    for line in [
        "> GET /room?ticket=*** HTTP/1.1",
        "> Authorization: Bearer ***",
        "> X-Api-Key: ***",
        "< HTTP/1.1 403 Forbidden",
    ] {
        assert!(ran.stderr.lines().any(|shown| shown == line), "{line} in {}", ran.stderr);
    }
}
