//! Interoperation: our client and our server with those of other libraries, in both directions.
//!
//! The Rust libraries are part of every run. Python `websockets` and node `ws`, which are installed
//! from their registries first, run only when asked for:
//!
//! ```text
//! cargo test --release -p tests --test interop
//! ```

mod peers;
mod talk;

use tokio::net::{TcpListener, TcpStream};

use crate::talk::{LIMIT, answer, converse, take_leave};

/// Two connections between one of these servers and one of these clients, and what they say on them.
macro_rules! pair {
    ($client:ident, $server:ident) => {
        async {
            let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port");
            let url = format!("ws://{}/", listener.local_addr().expect("an address"));
            let serving = async {
                for _ in 0..2 {
                    let (stream, _) = listener.accept().await.expect("a connection");
                    let mut server = peers::$server::accept(stream).await;
                    answer(&mut server).await;
                }
            };
            let asking = async {
                for part in 0..2 {
                    let stream = TcpStream::connect(listener.local_addr().expect("an address"));
                    let mut client = peers::$client::connect(&url, stream.await.expect("a connection")).await;
                    if part == 0 { converse(&mut client).await } else { take_leave(&mut client).await }
                }
            };
            tokio::time::timeout(LIMIT, async { tokio::join!(serving, asking) }).await.expect("in time");
        }
    };
}

/// What the pairs with ours are measured by: the conversation is one that others can hold.
#[tokio::test]
async fn the_others_understand_each_other() {
    pair!(tungstenite, tungstenite).await;
    pair!(tungstenite, fastwebsockets).await;
    pair!(fastwebsockets, tokio_websockets).await;
    pair!(tokio_websockets, tungstenite).await;
}
