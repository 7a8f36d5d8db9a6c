//! Redirections, and Unix sockets.

use std::net::SocketAddr;

use tests::certificates::Files;
use tokio::net::{UnixListener, UnixSocket, UnixStream};
use ws_client::{Client, NextStep};

use crate::network::closed_port;
use crate::raw::{answering, client, refused};
use crate::row::{AGAIN, Peer, SERVER, Table};

pub(crate) async fn rows(table: &mut Table) {
    redirections(table).await;
    sockets(table).await;
}

async fn redirecting(to: &str) -> SocketAddr {
    answering(format!("HTTP/1.1 302 Found\r\nLocation: {to}\r\nContent-Length: 0\r\n\r\n")).await
}

async fn redirections(table: &mut Table) {
    let mut add = |what, expected, error| table.add(Peer::Raw, what, expected, error);
    let following = |address: SocketAddr| {
        Client::builder(format!("ws://{address}/")).unwrap().follow_redirects(2).build()
    };
    let not_followed = refused(&client(redirecting("https://rooms.example/").await)).await;
    add("a redirection, which is not followed unasked", ("redirected", NextStep::Correct), not_followed);
    let third = redirecting("ws://127.0.0.1:1/").await;
    let second = redirecting(&format!("ws://{third}/")).await;
    let first = redirecting(&format!("ws://{second}/")).await;
    let many = ("redirected-in-circles", NextStep::Correct);
    add("more redirections than are allowed", many, refused(&following(first)).await);
    let circle = ("redirected-in-circles", SERVER);
    add("a redirection to itself", circle, refused(&following(redirecting("/").await)).await);
    let page = redirecting("ftp://rooms.example/").await;
    let nowhere = ("redirected-nowhere", SERVER);
    add("a redirection to what is no WebSocket address", nowhere, refused(&following(page)).await);
    let elsewhere = redirecting(&format!("ws://{}/", closed_port().await)).await;
    add(
        "a redirection to a server that is down",
        ("port-closed", AGAIN),
        refused(&following(elsewhere)).await,
    );
}

async fn sockets(table: &mut Table) {
    let files = Files::new().unwrap();
    let at =
        |name: &str| Client::builder("ws://rooms/").unwrap().unix_socket(files.path().join(name)).build();
    let mut add = |what, expected, error| table.add(Peer::System, what, expected, error);
    add("a Unix socket that is not there", ("socket-not-found", AGAIN), refused(&at("rooms.sock")).await);
    files.write("file", "");
    add("a file that is no socket", ("not-a-socket", NextStep::Correct), refused(&at("file")).await);
    drop(UnixListener::bind(files.path().join("left")).unwrap());
    add("a Unix socket that a server has left behind", ("port-closed", AGAIN), refused(&at("left")).await);
    let long = "rooms".repeat(40);
    add("a path of more than 108 bytes", ("not-a-socket", NextStep::Correct), refused(&at(&long)).await);
    let socket = UnixSocket::new_stream().unwrap();
    socket.bind(files.path().join("full")).unwrap();
    let _listener = socket.listen(1).unwrap();
    let mut waiting = Vec::new();
    while let Ok(stream) = UnixStream::connect(files.path().join("full")).await {
        waiting.push(stream);
        assert!(waiting.len() < 100, "the queue has no end");
    }
    add("a Unix socket whose queue is full", ("server-busy", AGAIN), refused(&at("full")).await);
}
