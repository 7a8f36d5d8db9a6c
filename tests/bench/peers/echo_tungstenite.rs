//! An echo server on tokio-tungstenite, on one thread: message by message as the README of tungstenite shows
//! it, or with `forward` as the example of tokio-tungstenite does, which flushes only when nothing is left
//! to read.

use futures_util::{SinkExt, StreamExt, TryStreamExt, future};
use tokio::net::{TcpListener, TcpStream};
use tokio_tungstenite::tungstenite::Error;

async fn echo(stream: TcpStream, forward: bool) -> Result<(), Error> {
    let mut socket = tokio_tungstenite::accept_async(stream).await?;
    if forward {
        let (write, read) = socket.split();
        return read
            .try_filter(|message| future::ready(message.is_text() || message.is_binary()))
            .forward(write)
            .await;
    }
    while let Some(message) = socket.next().await {
        let message = message?;
        if message.is_text() || message.is_binary() {
            socket.send(message).await?;
        }
    }
    Ok(())
}

#[tokio::main(flavor = "current_thread")]
async fn main() -> std::io::Result<()> {
    let address = std::env::args().nth(1).unwrap_or_else(|| "127.0.0.1:0".into());
    let forward = std::env::args().nth(2).is_some_and(|word| word == "forward");
    let listener = TcpListener::bind(address).await?;
    println!("listening on ws://{}/", listener.local_addr()?);
    loop {
        let (stream, _) = listener.accept().await?;
        tokio::spawn(echo(stream, forward));
    }
}
