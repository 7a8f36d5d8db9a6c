//! Servers of others, as a new user would try them: FastAPI under uvicorn, and node's `ws`.

use std::fs;
use std::path::Path;
use std::process::Command;
use std::time::{Duration, Instant};

use tests::process::{Running, target};
use tests::{runtimes, suites};

use crate::program::ws;

const LIMIT: Duration = Duration::from_secs(60);

fn source(name: &str) -> String {
    format!("{}/cli/{name}", env!("CARGO_MANIFEST_DIR"))
}

/// Starts a server that says where it listens behind these words; `http` or `ws` makes no difference.
fn start(command: &mut Command, name: &str, words: &str) -> (Running, String) {
    let log = target().join("tmp").join(format!("cli-{name}.log"));
    let mut process = Running::start(command, &log).unwrap();
    let begun = Instant::now();
    loop {
        let said = [fs::read_to_string(&log).unwrap_or_default(), process.printed()].concat();
        let address = said.split_once(words).and_then(|(_, rest)| Some(rest.split_once('\n')?.0));
        if let Some(address) = address.and_then(|rest| rest.split_whitespace().next()) {
            return (process, format!("ws://{}", address.trim_end_matches('/')));
        }
        assert!(process.is_running() && begun.elapsed() < LIMIT, "{}", process.tail());
        std::thread::sleep(Duration::from_millis(20));
    }
}

fn fastapi(python: &Path) -> (Running, String) {
    let mut command = Command::new(python);
    command.args(["-m", "uvicorn", "--no-use-colors", "--host", "127.0.0.1", "--port", "0", "--app-dir"]);
    command.args([source("").as_str(), "app:app"]).env("PYTHONDONTWRITEBYTECODE", "1");
    start(&mut command, "fastapi", "running on http://")
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn fastapi_with_a_guarded_route() {
    if !suites::asked_for("ws and FastAPI", "cli") {
        return;
    }
    let python = match runtimes::python_fastapi() {
        Ok(python) => python,
        Err(why) => return suites::skip("ws and FastAPI", why),
    };
    let (_process, url) = fastapi(&python);
    ws([format!("{url}/echo").as_str()], "one\ntwo\n").await.is(0, "you said one\nyou said two\n");
    ws(["--json", &format!("{url}/json")], "{\"a\":  1}\n").await.is(0, "{\"got\":{\"a\":1}}\n");

    // Whatever is closed before it is accepted is a bare 403.
    let ran = ws([format!("{url}/guarded").as_str()], "").await;
    ran.is(1, "");
    assert_eq!(
        ran.stderr.lines().next(),
        Some("refused: 403 Forbidden, forbidden-unexplained"),
        "{}",
        ran.stderr
    );
    assert_eq!(ran.row("credentials sent").as_deref(), Some("none"), "{}", ran.stderr);
    let guarded = format!("{url}/guarded");
    let ran = ws(["--token", "open", &guarded], "").await;
    assert!(ran.row("why").unwrap().contains("lack the permission"), "{}", ran.stderr);
    ws(["--token", "sesame", &guarded], "x\n").await.is(0, "you said x\n");

    let ran = ws([format!("{url}/late").as_str()], "").await;
    ran.is(1, "");
    assert_eq!(ran.stderr.lines().next_back().map(|_| ()), Some(()));
    assert!(ran.stderr.contains("closed: close code 1008 (Policy Violation)"), "{}", ran.stderr);
    assert_eq!(ran.row("the server said").as_deref(), Some("no token"), "{}", ran.stderr);

    let ran = ws([format!("{url}/nowhere").as_str()], "").await;
    ran.is(1, "");
    assert!(
        ran.stderr.starts_with("refused: 403 Forbidden") || ran.stderr.starts_with("refused: 404"),
        "{}",
        ran.stderr
    );
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn node_ws() {
    if !suites::asked_for("ws and node's ws", "cli") {
        return;
    }
    let (node, package) = match runtimes::node_ws() {
        Ok(both) => both,
        Err(why) => return suites::skip("ws and node's ws", why),
    };
    let mut command = Command::new(node);
    command.arg(source("server.js")).env("WS_MODULE", package.join("node_modules/ws"));
    let (_process, url) = start(&mut command, "node", "listening on ws://");
    ws([url.as_str()], "one\ntwo\n").await.is(0, "one\ntwo\n");
    ws(["--compression", "--binary=hex", &url], "00ff\n").await.is(0, "00ff\n");
    let chosen = ws(["--subprotocol", "chat.v1", &url], "").await;
    chosen.is(0, "");
    assert!(chosen.stderr.contains(", subprotocol chat.v1"), "{}", chosen.stderr);

    let ran = ws([format!("{url}/guarded").as_str()], "").await;
    ran.is(1, "");
    assert_eq!(
        ran.stderr.lines().next(),
        Some("refused: 401 Unauthorized, unauthorized-unexplained"),
        "{}",
        ran.stderr
    );
    assert!(ran.row("why").unwrap().contains("none were sent"), "{}", ran.stderr);
    let ran = ws(["--basic", "ann:wrong", &format!("{url}/guarded")], "").await;
    assert!(ran.row("why").unwrap().contains("that were sent were not accepted"), "{}", ran.stderr);
    ws(["--basic", "ann:secret", &format!("{url}/guarded")], "x\n").await.is(0, "x\n");
    let ran = ws([format!("{url}/bye").as_str()], "x\n").await;
    ran.is(1, "");
    assert!(
        ran.stderr.contains("closed: close code 4002 (a code of this application's own)"),
        "{}",
        ran.stderr
    );
    let ran = ws([format!("{url}/cut").as_str()], "x\n").await;
    ran.is(1, "");
    assert!(ran.stderr.contains("the connection broke: connection-lost"), "{}", ran.stderr);
}
