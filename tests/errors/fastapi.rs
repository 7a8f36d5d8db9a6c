//! FastAPI under uvicorn, with the routes of `rooms.py`.

use std::net::SocketAddr;
use std::time::Duration;

use tests::process::{Running, workspace};
use tests::runtimes;
use ws_client::{Client, Error, NextStep};

use crate::programs::{self, Missing};
use crate::raw::{self, ended, refused};
use crate::row::{AGAIN, Peer, SERVER, Table, WHEN_TOLD};

/// Why uvicorn and the application say no, where they give their reasons to nobody.
const FORBIDDEN: (&str, NextStep) = ("forbidden-unexplained", NextStep::FindOut);

pub(crate) async fn rows(table: &mut Table) -> Result<(), Missing> {
    let (mut uvicorn, address) = start()?;
    let at = |path: &str| Client::builder(format!("ws://{address}{path}")).unwrap().build();
    for (path, what, expected) in [
        ("/nowhere", "a path that no route has", FORBIDDEN),
        ("/page", "the path of a page", FORBIDDEN),
        ("/closes-before", "`close(4401)` before `accept()`", FORBIDDEN),
        ("/raises", "`WebSocketException(1008)`", FORBIDDEN),
        ("/parameter", "a missing query parameter", FORBIDDEN),
        (
            "/http/401",
            "`HTTPException(401)` with `invalid_token`",
            ("unauthorized-unexplained", NextStep::RenewCredentials),
        ),
        (
            "/challenge",
            "`HTTPException(401)` with `Bearer`",
            ("unauthorized-unexplained", NextStep::Authenticate),
        ),
        ("/denial", "`send_denial_response` with JSON", ("unauthorized-unexplained", NextStep::Authenticate)),
        ("/http/403", "`HTTPException(403)`", FORBIDDEN),
        (
            "/scope",
            "`HTTPException(403)` with `insufficient_scope`",
            ("scope-insufficient", NextStep::AskPermission),
        ),
        ("/http/404", "`HTTPException(404)`", ("not-a-websocket-endpoint", NextStep::Correct)),
        ("/http/429", "`HTTPException(429)` with `Retry-After`", ("rate-limited", WHEN_TOLD)),
        ("/http/503", "`HTTPException(503)` with `Retry-After`", ("unavailable-unexplained", WHEN_TOLD)),
        ("/fails-before", "an exception before `accept()`", ("internal-error", AGAIN)),
        ("/returns-before", "the end before `accept()`", ("internal-error", AGAIN)),
    ] {
        table.add(Peer::FastApi, what, expected, refused(&at(path)).await);
    }
    let port = address.port();
    let host = Client::builder(format!("ws://rooms.example:{port}/chat"))
        .unwrap()
        .resolve("rooms.example", [address]);
    let what = "a host that `TrustedHostMiddleware` does not know";
    table.add(Peer::FastApi, what, ("host-not-served", NextStep::Correct), refused(&host.build()).await);
    let offers =
        Client::builder(format!("ws://{address}/other-subprotocol")).unwrap().subprotocols(["chat"]).unwrap();
    let what = "a subprotocol that was not offered";
    table.add(Peer::FastApi, what, ("subprotocol-not-offered", SERVER), refused(&offers.build()).await);
    for (path, what, expected) in [
        ("/fails-after", "an exception after `accept()`", ("connection-lost", AGAIN)),
        ("/returns-after", "the end after `accept()`", ("connection-lost", AGAIN)),
        (
            "/closes/4401?reason=Token+expired",
            "`close(4401, \"Token expired\")`",
            ("closed", NextStep::FindOut),
        ),
        (
            "/closes/1008?reason=Missing+scope",
            "`close(1008, \"Missing scope\")`",
            ("closed", NextStep::FindOut),
        ),
        (
            "/closes/3000?reason=token-expired",
            "`close(3000, \"token-expired\")`, a cause of the catalogue",
            ("token-expired", NextStep::RenewCredentials),
        ),
        ("/closes/1013?reason=busy", "`close(1013, \"busy\")`", ("closed", AGAIN)),
    ] {
        table.add(Peer::FastApi, what, expected, ended(&at(path)).await);
    }
    let mut socket = at("/chat").connect().await?;
    socket.send("a".repeat(2000)).await?;
    let what = "a message that is longer than `--ws-max-size`";
    table.add(Peer::FastApi, what, ("closed", NextStep::Correct), raw::end(socket).await);
    let socket = at("/chat").connect().await?;
    let stopping = tokio::task::spawn_blocking(move || uvicorn.terminate(Duration::from_secs(5)));
    let end: Error = raw::end(socket).await;
    let _ = stopping.await;
    table.add(Peer::FastApi, "uvicorn is stopped", ("closed", AGAIN), end);
    Ok(())
}

fn start() -> Result<(Running, SocketAddr), Missing> {
    let python = runtimes::python_fastapi()?;
    let address = programs::address();
    let (host, port) = (address.ip().to_string(), address.port().to_string());
    let directory = workspace().join("tests/errors");
    let arguments = [
        "-B",
        "-m",
        "uvicorn",
        "--no-use-colors",
        "--host",
        &host,
        "--port",
        &port,
        "--ws-max-size",
        "1000",
        "rooms:app",
    ];
    let running = programs::start(&python.to_string_lossy(), &arguments, &directory, &[address])?;
    Ok((running, address))
}
