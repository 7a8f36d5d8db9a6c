//! Names that lead nowhere, and networks that do not get through.

use std::io;
use std::net::SocketAddr;
use std::time::Duration;

use tokio::net::{TcpListener, TcpSocket, TcpStream};
use tokio::time::timeout;
use ws_client::{Client, ConnectError, ConnectFuture, Connector, NextStep, TcpError, Timeouts, WsUrl};

use crate::namespace;
use crate::raw::{SOON, hurried, refused};
use crate::row::{AGAIN, Peer, Table};

pub(crate) async fn rows(table: &mut Table) {
    let nobody = refused(&hurried(&format!("ws://{}/", closed_port().await))).await;
    table.add(Peer::System, "a port on which nobody listens", ("port-closed", AGAIN), nobody);
    table.add(Peer::System, "a server whose queue is full", ("connect-timeout", AGAIN), full().await);
    table.add(Peer::Raw, "a reset at once", ("connection-reset", AGAIN), reset_at_once().await);
    let link_local = refused(&hurried("ws://[fe80::1]/")).await;
    table.add(
        Peer::System,
        "an IPv6 address that wants an interface",
        ("connect-failed", NextStep::Correct),
        link_local,
    );
    let own = |fails| Client::builder("ws://rooms.example/").unwrap().connector(Own { fails });
    let fails = own(true).build();
    table.add(Peer::None, "a connector that fails", ("connect-failed", AGAIN), refused(&fails).await);
    let timeouts = Timeouts { tcp: SOON, ..Timeouts::default() };
    let slow = own(false).timeouts(timeouts).build();
    table.add(
        Peer::None,
        "a connector that takes too long",
        ("connect-timeout", AGAIN),
        refused(&slow).await,
    );
    namespace::rows(table).await;
}

/// An address where nobody listens.
pub(crate) async fn closed_port() -> SocketAddr {
    TcpListener::bind("127.0.0.1:0").await.unwrap().local_addr().unwrap()
}

/// A listener that takes nobody out of its queue: what does not fit in is dropped.
async fn full() -> ConnectError {
    let socket = TcpSocket::new_v4().unwrap();
    socket.bind("127.0.0.1:0".parse().unwrap()).unwrap();
    let listener = socket.listen(1).unwrap();
    let address = listener.local_addr().unwrap();
    let mut waiting = Vec::new();
    while let Ok(stream) = timeout(SOON, TcpStream::connect(address)).await {
        waiting.push(stream.unwrap());
        assert!(waiting.len() < 100, "the queue has no end");
    }
    refused(&hurried(&format!("ws://{address}/"))).await
}

/// The client has asked the system for a connection, which is there, and gone before the system has told.
async fn reset_at_once() -> ConnectError {
    for _ in 0..1000 {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let client = hurried(&format!("ws://{}/", listener.local_addr().unwrap()));
        let (error, ()) = tokio::join!(refused(&client), async {
            let (stream, _) = listener.accept().await.unwrap();
            stream.set_zero_linger().unwrap();
        });
        // Mostly; else the request was on its way already.
        if matches!(error, ConnectError::Tcp(TcpError::Reset { .. })) {
            return error;
        }
    }
    panic!("it always came too late");
}

/// A way of the caller's own to the server.
struct Own {
    fails: bool,
}

impl Connector for Own {
    fn connect<'a>(&'a self, _: &'a WsUrl) -> ConnectFuture<'a> {
        Box::pin(async {
            if !self.fails {
                tokio::time::sleep(Duration::from_secs(3600)).await;
            }
            Err(io::Error::other("the tunnel is closed"))
        })
    }
}
