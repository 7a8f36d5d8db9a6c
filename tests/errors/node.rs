//! Servers on node's `ws`: those of `rooms.js`.

use std::time::Duration;

use tests::process::workspace;
use tests::runtimes;
use ws_client::{Client, NextStep};

use crate::programs::{self, Missing};
use crate::raw::{self, ended, hurried, refused};
use crate::row::{AGAIN, Peer, SERVER, Table, WHEN_TOLD};

pub(crate) async fn rows(table: &mut Table) -> Result<(), Missing> {
    let (node, installed) = runtimes::node_ws()?;
    let [address, without] = [(); 2].map(|()| programs::address());
    let script = workspace().join("tests/errors/rooms.js");
    let module = format!("WS_MODULE={}", installed.join("node_modules/ws").display());
    let (host, port, second) =
        (address.ip().to_string(), address.port().to_string(), without.port().to_string());
    let arguments = [&*module, &node.to_string_lossy(), &script.to_string_lossy(), &host, &port, &second];
    // `env` sets the variable.
    let without_host = address.ip();
    let second_address = std::net::SocketAddr::new(without_host, without.port());
    let mut process = programs::start("env", &arguments, &installed, &[address, second_address])?;
    let at = |path: &str| Client::builder(format!("ws://{address}{path}")).unwrap().build();
    let unauthorized = |next| ("unauthorized-unexplained", next);
    for (path, what, expected) in [
        ("/chat-room", "another path than the server's", ("refused-unexplained", NextStep::Correct)),
        ("/401", "`verifyClient` says 401 with `invalid_token`", unauthorized(NextStep::RenewCredentials)),
        ("/401-words", "`verifyClient` says 401 and why", unauthorized(NextStep::Authenticate)),
        ("/403", "`verifyClient` says 403", ("forbidden-unexplained", NextStep::FindOut)),
        ("/429", "`verifyClient` says 429 with `Retry-After`", ("rate-limited", WHEN_TOLD)),
        ("/503", "`verifyClient` says 503", ("unavailable-unexplained", AGAIN)),
        ("/4401", "`verifyClient` says 4401", ("http-answer-invalid", SERVER)),
        ("/destroyed", "`socket.destroy()` in place of an answer", ("no-http-answer", AGAIN)),
        ("/written", "an answer that is written by hand", unauthorized(NextStep::Authenticate)),
    ] {
        table.add(Peer::Node, what, expected, refused(&at(path)).await);
    }
    let never = hurried(&format!("ws://{address}/never"));
    table.add(
        Peer::Node,
        "an `upgrade` that nobody handles",
        ("no-http-answer", AGAIN),
        refused(&never).await,
    );
    let plain = Client::builder(format!("ws://{second_address}/")).unwrap().build();
    let what = "an HTTP server without `ws`";
    table.add(Peer::Node, what, ("not-a-websocket-endpoint", NextStep::Correct), refused(&plain).await);
    let offers =
        Client::builder(format!("ws://{address}/subprotocol")).unwrap().subprotocols(["chat"]).unwrap();
    let what = "a subprotocol that was not offered";
    table.add(Peer::Node, what, ("subprotocol-not-offered", SERVER), refused(&offers.build()).await);
    for (path, what, expected) in [
        ("/close/4401?reason=jwt+expired", "`close(4401, 'jwt expired')`", ("closed", NextStep::FindOut)),
        ("/close/1001", "`close(1001)`", ("closed", AGAIN)),
        ("/close/1011", "`close(1011)`", ("closed", AGAIN)),
        ("/close/3003", "`close(3003)`", ("closed", NextStep::AskPermission)),
        ("/terminate", "`terminate()`", ("connection-lost", AGAIN)),
        ("/reset", "a reset", ("connection-lost", AGAIN)),
    ] {
        table.add(Peer::Node, what, expected, ended(&at(path)).await);
    }
    let mut socket = at("/").connect().await?;
    socket.send("a".repeat(2000)).await?;
    table.add(
        Peer::Node,
        "a message that is longer than `maxPayload`",
        ("closed", NextStep::Correct),
        raw::end(socket).await,
    );
    let socket = at("/").connect().await?;
    let _ = process.terminate(Duration::from_secs(5));
    table.add(Peer::Node, "node is stopped", ("connection-lost", AGAIN), raw::end(socket).await);
    Ok(())
}
