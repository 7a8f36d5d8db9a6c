//! `--reconnect`.

use std::net::SocketAddr;

use tests::wire::{PATIENCE, Running, echo};
use tokio::io::{AsyncBufReadExt as _, AsyncWriteExt as _, BufReader, Lines};
use tokio::net::TcpListener;
use tokio::process::ChildStdout;
use tokio::time::timeout;
use ws_server::{Route, Server};

use crate::program::{connect, feed, ws};
use crate::servers::{ours, url};

async fn start(address: SocketAddr) -> Running {
    let server = Server::builder().listen(address).route("/", Route::new(echo)).bind().await.unwrap();
    Running { address: server.local_addr(), handle: server.handle(), serving: tokio::spawn(server.serve()) }
}

async fn line(lines: &mut Lines<BufReader<ChildStdout>>) -> String {
    timeout(PATIENCE, lines.next_line()).await.expect("a line in time").unwrap().expect("a line")
}

/// The server comes late, goes away, and comes again: every line that was given meanwhile arrives.
#[tokio::test]
async fn lines_wait_for_the_connection() {
    let address = TcpListener::bind("127.0.0.1:0").await.unwrap().local_addr().unwrap();
    let mut child = connect(["--reconnect", &format!("ws://{address}/")]).spawn().unwrap();
    let mut stdin = child.stdin.take().unwrap();
    let mut lines = BufReader::new(child.stdout.take().unwrap()).lines();
    stdin.write_all(b"early\n").await.unwrap();
    let mut said = BufReader::new(child.stderr.take().unwrap()).lines();
    while !timeout(PATIENCE, said.next_line()).await.unwrap().unwrap().unwrap().contains("attempt 2 comes in")
    {
    }
    let first = start(address).await;
    assert_eq!(line(&mut lines).await, "early");
    first.handle.shutdown();
    timeout(PATIENCE, first.serving).await.unwrap().unwrap().unwrap();
    while !timeout(PATIENCE, said.next_line()).await.unwrap().unwrap().unwrap().contains("1001") {}
    stdin.write_all(b"meanwhile\n").await.unwrap();
    let second = start(address).await;
    assert_eq!(line(&mut lines).await, "meanwhile");
    drop(stdin);
    let status = timeout(PATIENCE, child.wait()).await.unwrap().unwrap();
    assert_eq!(status.code(), Some(0));
    second.handle.shutdown();
}

#[tokio::test]
async fn it_stops_where_coming_back_does_not_help() {
    let server = ours().await;
    let ran = ws(["--reconnect", &url(&server, "/guarded")], "").await;
    ran.is(1, "");
    assert!(ran.stderr.contains("refused: 401 Unauthorized, credentials-missing"), "{}", ran.stderr);
    let ran = feed(connect(["--reconnect", &url(&server, "/closes")]).spawn().unwrap(), b"1000\n").await;
    ran.is(0, "");
    let ran = ws(["--reconnect", &url(&server, "/closes")], "1008\n").await;
    ran.is(1, "");
    assert!(ran.stderr.contains("close code 1008 (Policy Violation)"), "{}", ran.stderr);
}
