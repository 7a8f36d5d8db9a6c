//! nginx: in place of the server, or in front of it.

use std::net::SocketAddr;

use tests::certificates::{Authority, Files};
use tests::process::{Running, workspace};
use tests::wire::{self, echo};
use tokio::io::AsyncWriteExt as _;
use ws_client::{Client, NextStep};
use ws_core::refusal::Cause;
use ws_server::Route;

use crate::programs::{self, Missing};
use crate::raw::{self, SOON, ended, hurried, refused};
use crate::row::{AGAIN, PROXY, Peer, Table, WHEN_TOLD};
use crate::{proxies, tls};

const NOT_HERE: (&str, NextStep) = ("not-a-websocket-endpoint", NextStep::Correct);

/// nginx, and what is behind it.
struct Nginx {
    plain: SocketAddr,
    tls: SocketAddr,
    process: Running,
    _files: Files,
}

pub(crate) async fn rows(table: &mut Table) -> Result<(), Missing> {
    let behind = wire::Running::start(|server| {
        server.route("/open", Route::new(echo)).route("/once", Route::new(echo))
    })
    .await;
    let mut nginx = start(behind.address).await?;
    pages(table, &nginx).await;
    upstreams(table, &nginx).await;
    proxies::nginx_rows(table, nginx.plain).await;
    connections(table, &mut nginx).await;
    Box::pin(tls::nginx_rows(table)).await?;
    Ok(())
}

async fn start(behind: SocketAddr) -> Result<Nginx, Missing> {
    let files = Files::new()?;
    let pair = Authority::new("the suite's").issue("localhost");
    files.write_pair("localhost", &pair);
    files.write("nobody", "");
    std::fs::create_dir_all(files.path().join("directory"))?;
    let (plain, tls) = (programs::address(), programs::address());
    let config = std::fs::read_to_string(workspace().join("tests/errors/nginx.conf"))?;
    let replaced = [
        ("PLAIN", plain),
        ("TLS", tls),
        ("DOWN", programs::address()),
        ("MUTE", programs::repeating(raw::ignore).await),
        (
            "GARBAGE",
            programs::repeating(|mut stream| async move {
                let _ = stream.write_all(b"220 mail.example ESMTP\r\n").await;
                let _ = stream.shutdown().await;
                raw::linger(stream).await;
            })
            .await,
        ),
        ("CLOSES", programs::repeating(raw::leave).await),
        ("OPEN", behind),
    ];
    let config = replaced.iter().fold(config, |config, (name, address)| {
        config
            .replace(&format!("//{name};"), &format!("//{address};"))
            .replace(&format!("listen {name}"), &format!("listen {address}"))
    });
    files.write("nginx.conf", config);
    let prefix = format!("{}/", files.path().display());
    let arguments = ["-p", &prefix, "-c", "nginx.conf", "-e", "stderr"];
    let process = programs::start("nginx", &arguments, files.path(), &[plain, tls])?;
    Ok(Nginx { plain, tls, process, _files: files })
}

async fn pages(table: &mut Table, nginx: &Nginx) {
    let mut add = |what, expected, error| table.add(Peer::Nginx, what, expected, error);
    let at = |path: &str| hurried(&format!("ws://{}{path}", nginx.plain));
    for (path, what, expected) in [
        ("/nowhere", "a file that is not there", NOT_HERE),
        ("/page", "the page of an application", NOT_HERE),
        ("/gone", "410", NOT_HERE),
        ("/method", "405", NOT_HERE),
        ("/upgrade", "426, without saying to what", NOT_HERE),
        ("/misdirected", "421, a host that it does not serve", ("host-not-served", NextStep::Correct)),
        ("/legal", "451, legal reasons", ("refused-unexplained", NextStep::FindOut)),
        ("/failed", "500", ("internal-error", AGAIN)),
        ("/deny", "an address that is denied", ("forbidden-unexplained", NextStep::FindOut)),
        ("/basic", "a password is wanted", ("unauthorized-unexplained", NextStep::Authenticate)),
        ("/ask", "401 of the application that it asks", ("unauthorized-unexplained", NextStep::Authenticate)),
        ("/silent", "444, the end without an answer", ("no-http-answer", AGAIN)),
        ("/moved", "a redirection to https", ("redirected", NextStep::Correct)),
        ("/directory", "a path without its slash at the end", ("redirected", NextStep::Correct)),
        ("/maintenance", "503 with `Retry-After`", ("unavailable-unexplained", WHEN_TOLD)),
    ] {
        add(what, expected, refused(&at(path)).await);
    }
    for (path, what, expected) in [
        ("/limited", "too many requests, as a 503", ("unavailable-unexplained", AGAIN)),
        ("/limited-429", "too many requests, as a 429", ("rate-limited", AGAIN)),
    ] {
        let _first = refused(&at(path)).await;
        add(what, expected, refused(&at(path)).await);
    }
    let long = at(&format!("/{}", "a".repeat(9000)));
    add("a URL that is too long", ("target-too-long", NextStep::Correct), refused(&long).await);
    let plain = Client::builder(format!("ws://{}/", nginx.plain)).unwrap();
    let large = plain.header("X-Large", &"a".repeat(9000)).unwrap().build();
    add("a header that is too long", ("head-too-large", NextStep::Correct), refused(&large).await);
    let tls = hurried(&format!("ws://{}/", nginx.tls));
    add(
        "`ws://` to a port that speaks TLS",
        ("plain-http-on-tls-port", NextStep::Correct),
        refused(&tls).await,
    );
}

async fn upstreams(table: &mut Table, nginx: &Nginx) {
    let mut add = |what, expected, error| table.add(Peer::Nginx, what, expected, error);
    let at = |path: &str| Client::builder(format!("ws://{}{path}", nginx.plain)).unwrap().build();
    for (path, what, expected) in [
        ("/down", "the server behind it is down", ("upstream-down", AGAIN)),
        ("/mute", "the server behind it does not answer", ("upstream-timeout", AGAIN)),
        (
            "/garbage",
            "what is behind it speaks no HTTP, and it passes that on",
            ("no-http-answer", NextStep::Correct),
        ),
        ("/closes", "the server behind it closes at once", ("upstream-down", AGAIN)),
        ("/refused", "our own server behind it refuses", (Cause::RouteNotFound.code(), NextStep::Correct)),
        ("/default", "as installed, with our own server behind it", ("upgrade-headers-stripped", PROXY)),
        (
            "/half",
            "without the field `Upgrade`, with our own server behind it",
            ("upgrade-headers-stripped", PROXY),
        ),
    ] {
        add(what, expected, refused(&at(path)).await);
    }
}

/// Connections that it lets through.
async fn connections(table: &mut Table, nginx: &mut Nginx) {
    let at = |path: &str| Client::builder(format!("ws://{}{path}", nginx.plain)).unwrap().build();
    let mut add = |what, expected, error| table.add(Peer::Nginx, what, expected, error);
    let lost = ("connection-lost", AGAIN);
    add("it gives up a connection on which nothing is said", lost, ended(&at("/open")).await);
    let held = at("/once").connect().await.unwrap();
    add(
        "too many connections, as a 503",
        ("unavailable-unexplained", AGAIN),
        refused(&at("/once")).await.into(),
    );
    let _ = nginx.process.terminate(SOON * 10);
    add("it is stopped", lost, raw::end(held).await);
}
