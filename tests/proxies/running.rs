//! The proxies, as processes of their own, and a server behind them.

use std::net::SocketAddr;
use std::path::Path;
use std::process::Command;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use futures_util::{SinkExt as _, StreamExt as _};
use tests::process::{Running, target, workspace};
use tests::runtimes::Unavailable;
use tests::{runtimes, suites};
use tokio::net::TcpListener;

const LIMIT: Duration = Duration::from_secs(60);

/// A proxy that ends with this value. Its user is `ann`, with the password `pass word/%`.
pub(crate) struct Proxy {
    /// Where it listens.
    pub(crate) address: SocketAddr,
    process: Running,
}

impl Proxy {
    /// `proxy.py`, over TLS if there are the files of a certificate and its key. `None`: it cannot be had here, and that
    /// was said.
    pub(crate) fn http(suite: &str, files: &[&Path]) -> Option<Self> {
        Self::start(suite, || {
            let mut command = Command::new(runtimes::python_proxy()?);
            command.arg(workspace().join("tests/proxies/connect.py")).args(files);
            Ok(command)
        })
    }

    /// The SOCKS5 proxy of node's package, as [`http`](Self::http).
    pub(crate) fn socks(suite: &str) -> Option<Self> {
        Self::start(suite, || {
            let (node, installed) = runtimes::node_socks5_server()?;
            let mut command = Command::new(node);
            command.arg(workspace().join("tests/proxies/socks.js"));
            command.env("SOCKS_MODULE", installed.join("node_modules/@pondwader/socks5-server"));
            Ok(command)
        })
    }

    fn start(suite: &str, command: impl FnOnce() -> Result<Command, Unavailable>) -> Option<Self> {
        static NUMBER: AtomicUsize = AtomicUsize::new(0);
        if !suites::asked_for(suite, "proxies") {
            return None;
        }
        let mut command = match command() {
            Ok(command) => command,
            Err(why) => {
                suites::skip(suite, format_args!("the proxy cannot be had: {why}"));
                return None;
            }
        };
        let number = NUMBER.fetch_add(1, Ordering::Relaxed);
        let log = target().join("tmp").join(format!("proxies-{}-{number}.log", std::process::id()));
        let (process, address) = Running::start_server(&mut command, &log, LIMIT).expect("the proxy starts");
        Some(Self { address: address.parse().expect("an address"), process })
    }
}

/// `proxy.py` has processes of its own, which it ends if it is asked to.
impl Drop for Proxy {
    fn drop(&mut self) {
        let _ = self.process.terminate(LIMIT);
    }
}

/// A server that echoes, for as long as the test lasts.
pub(crate) async fn echo() -> SocketAddr {
    let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port");
    let address = listener.local_addr().expect("bound");
    tokio::spawn(async move {
        while let Ok((stream, _)) = listener.accept().await {
            tokio::spawn(async move {
                let mut socket = tokio_tungstenite::accept_async(stream).await.ok()?;
                while let Some(Ok(message)) = socket.next().await {
                    if message.is_text() {
                        socket.send(message).await.ok()?;
                    }
                }
                Some(())
            });
        }
    });
    address
}

/// An address of this machine at which nobody listens.
pub(crate) async fn closed() -> SocketAddr {
    let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port");
    listener.local_addr().expect("bound")
}
