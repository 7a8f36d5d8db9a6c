//! Interoperation: our client and our server with those of other libraries, in both directions.
//!
//! The Rust libraries are part of every run; none of them compresses. Python's `websockets` and node's `ws`,
//! which are installed from their registries first, run only when asked for, with compression and without:
//!
//! ```text
//! cargo test --release -p tests --test interop
//! ```

mod foreign;
mod peers;
mod talk;

use tokio::net::{TcpListener, TcpStream};

use crate::foreign::Foreign;
use crate::peers::ours::{self, Answering, Compression};
use crate::talk::{LIMIT, answer, converse, take_leave};

/// Two connections of this future of a client, and what it says on them.
macro_rules! ask {
    ($connect:expr) => {
        async {
            converse(&mut $connect.await).await;
            take_leave(&mut $connect.await).await;
        }
    };
}

/// Two connections to this library's server, and what it answers on them.
macro_rules! serve {
    ($server:ident, $listener:expr) => {
        async {
            for _ in 0..2 {
                let (stream, _) = $listener.accept().await.expect("a connection");
                answer(&mut peers::$server::accept(stream).await).await;
            }
        }
    };
}

/// A connection of this library's client.
macro_rules! connect {
    ($client:ident, $url:expr) => {
        async { peers::$client::connect(&$url, stream_to(&$url).await).await }
    };
}

macro_rules! both_directions {
    ($($test:ident: $peer:ident,)*) => {$(
        #[tokio::test]
        async fn $test() {
            let mut server = Answering::start(Compression::Off).await;
            let url = server.url.clone();
            in_time(async { tokio::join!(server.answered_two(), ask!(connect!($peer, url))) }).await;

            let (listener, url) = listen().await;
            in_time(async { tokio::join!(serve!($peer, listener), ask!(ours::connect(&url, Compression::Off))) }).await;
        }
    )*};
}

both_directions! {
    with_tungstenite: tungstenite,
    with_fastwebsockets: fastwebsockets,
    with_tokio_websockets: tokio_websockets,
}

#[tokio::test]
async fn with_ourselves() {
    for compression in Compression::ALL {
        let mut server = Answering::start(compression).await;
        let url = server.url.clone();
        in_time(async { tokio::join!(server.answered_two(), ask!(ours::connect(&url, compression))) }).await;
    }
}

#[tokio::test]
async fn with_python_websockets() {
    Foreign::Python.talk().await;
}

#[tokio::test]
async fn with_node_ws() {
    Foreign::Node.talk().await;
}

/// What the pairs with ours are measured by: the conversation is one that others can hold.
#[tokio::test]
async fn the_others_understand_each_other() {
    macro_rules! pair {
        ($client:ident, $server:ident) => {
            let (listener, url) = listen().await;
            in_time(async { tokio::join!(serve!($server, listener), ask!(connect!($client, url))) }).await;
        };
    }
    pair!(tungstenite, tungstenite);
    pair!(tungstenite, fastwebsockets);
    pair!(fastwebsockets, tokio_websockets);
    pair!(tokio_websockets, tungstenite);
}

async fn listen() -> (TcpListener, String) {
    let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port");
    let url = format!("ws://{}/", listener.local_addr().expect("an address"));
    (listener, url)
}

async fn stream_to(url: &str) -> TcpStream {
    let address = url.trim_start_matches("ws://").trim_end_matches('/');
    TcpStream::connect(address).await.expect("a connection")
}

async fn in_time<T>(conversation: impl Future<Output = T>) {
    tokio::time::timeout(LIMIT, conversation).await.expect("an end in time");
}
