//! Scripted servers behind the gateway.

use std::net::SocketAddr;

use bytes::BytesMut;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpListener;
use tokio::sync::mpsc::{UnboundedReceiver, unbounded_channel};
use tokio::task::JoinHandle;
use tokio::time::timeout;
use ws_core::connection::Role;
use ws_core::deflate::{DeflateAnswer, DeflateConfig};
use ws_core::handshake::{UpgradeRequest, UpgradeResponse};
use ws_core::head::{HeadLimits, HeadReader, RequestHead};
use ws_core::net::{SocketConfig, Transport, WebSocket};

use crate::gateway::PATIENCE;

/// What a server answers to a handshake.
#[derive(Clone, Debug)]
pub(crate) enum Script {
    /// 101, with the last of the subprotocols that are offered, and compression if it is.
    Accept,
    /// These bytes, and the end.
    Say(String),
    /// Nothing, ever.
    Nothing,
}

/// A server that does what its script says.
pub(crate) struct Upstream {
    pub(crate) address: SocketAddr,
    arrivals: UnboundedReceiver<(RequestHead, Option<WebSocket>)>,
    serving: JoinHandle<()>,
}

impl Upstream {
    pub(crate) async fn start(script: Script) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let (sender, arrivals) = unbounded_channel();
        let serving = tokio::spawn(async move {
            loop {
                let (stream, _) = listener.accept().await.unwrap();
                let (sender, script) = (sender.clone(), script.clone());
                tokio::spawn(async move {
                    // A dry run connects and says nothing.
                    if let Some(arrival) = answer(stream, &script).await {
                        let _ = sender.send(arrival);
                    }
                });
            }
        });
        Self { address, arrivals, serving }
    }

    /// The next handshake, and the connection if it was accepted.
    pub(crate) async fn arrival(&mut self) -> (RequestHead, Option<WebSocket>) {
        timeout(PATIENCE, self.arrivals.recv()).await.expect("somebody comes").unwrap()
    }

    /// The next connection.
    pub(crate) async fn socket(&mut self) -> WebSocket {
        self.arrival().await.1.expect("it was accepted")
    }

    /// Whether nobody has come.
    pub(crate) fn is_alone(&mut self) -> bool {
        self.arrivals.try_recv().is_err()
    }
}

impl Drop for Upstream {
    fn drop(&mut self) {
        self.serving.abort();
    }
}

/// Answers one handshake.
pub(crate) async fn answer(
    mut stream: impl Transport,
    script: &Script,
) -> Option<(RequestHead, Option<WebSocket>)> {
    let (mut buffer, mut reader) = (BytesMut::new(), HeadReader::new(HeadLimits::default()));
    let head = loop {
        if let Some(head) = reader.read_request(&mut buffer).unwrap() {
            break head;
        }
        if stream.read_buf(&mut buffer).await.unwrap_or(0) == 0 {
            return None;
        }
    };
    match script {
        Script::Say(text) => {
            stream.write_all(text.as_bytes()).await.ok()?;
            stream.shutdown().await.ok()?;
            Some((head, None))
        }
        Script::Nothing => {
            // Until the other side gives up.
            while stream.read_buf(&mut buffer).await.unwrap_or(0) > 0 {}
            Some((head, None))
        }
        Script::Accept => {
            let request = UpgradeRequest::from_head(&head).unwrap();
            let mut response = UpgradeResponse::new(&request);
            if let Some(last) = request.subprotocols.last() {
                response.subprotocol(last).unwrap();
            }
            let mut config = SocketConfig::new(Role::Server);
            let ours = DeflateConfig::default();
            if let Some(DeflateAnswer { params, header }) = ours.negotiate(&request.extensions) {
                response.extensions(&header).unwrap();
                config.deflate = Some((params, ours));
            }
            let mut out = BytesMut::new();
            response.encode(&mut out);
            drop(response);
            stream.write_all(&out).await.ok()?;
            let socket = WebSocket::from_stream(stream, config, buffer);
            Some((head, Some(socket)))
        }
    }
}
